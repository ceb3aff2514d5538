"""How the losses of several terms become the one that is minimised."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

MAX_EXPONENT = 20.0
"""Beyond L / T of so much the exponential goes on as its tangent: exp(89) is no float32."""


class Balanced(NamedTuple):
    """What becomes of the losses of a step.

    Attributes
    ----------
    total
        Scalar with gradient, float32.
    balanced
        What each term adds to the total; without gradient.
    weights
        Derivative of the total by each raw loss; without gradient.
    clamped
        Scalar bool: whether a loss is so large that the tangent acted. It stays on the device,
        since asking for it makes the processor wait.
    """

    total: Tensor
    balanced: dict[str, Tensor]
    weights: dict[str, Tensor]
    clamped: Tensor


class Balance(nn.Module):
    """Join the losses of some terms, always in float32.

    Parameters
    ----------
    rule
        Takes losses, shape [n], and the log variances, and returns what each adds to the total,
        and its derivative.
    terms
        Their keys.
    temperature
        T of the exponentials.
    learns
        Whether the weights are parameters.
    """

    def __init__(
        self, rule: "_Rule", terms: Sequence[str], temperature: float, *, learns: bool = False
    ) -> None:
        super().__init__()
        self.terms = tuple(terms)
        self.temperature = temperature
        self._rule = rule
        self.log_variances = nn.Parameter(torch.zeros(len(terms))) if learns else None

    def forward(self, raw: Mapping[str, Tensor]) -> Balanced:
        """Join raw losses, scalars by term.

        Raises
        ------
        ValueError
            If they are not those of the terms.
        """
        if set(raw) != set(self.terms):
            raise ValueError(
                f"Losses of {', '.join(raw) or 'no term'} are given; wanted are those of "
                f"{', '.join(self.terms)}."
            )
        device = next(iter(raw.values())).device
        with torch.autocast(device.type, enabled=False):
            losses = torch.stack([raw[term].float() for term in self.terms])
            parts, slopes = self._rule(losses, self.temperature, self.log_variances)
            total = parts.sum()
        return Balanced(
            total,
            dict(zip(self.terms, parts.detach().unbind(), strict=True)),
            dict(zip(self.terms, slopes.detach().unbind(), strict=True)),
            self._clamped(losses),
        )

    def _clamped(self, losses: Tensor) -> Tensor:
        if self._rule is not _exp:
            return torch.zeros((), dtype=torch.bool, device=losses.device)
        return (losses.detach() / self.temperature > MAX_EXPONENT).any()


_Rule = Callable[[Tensor, float, Tensor | None], tuple[Tensor, Tensor]]


def _exp(
    losses: Tensor, temperature: float, _log_variances: Tensor | None
) -> tuple[Tensor, Tensor]:
    exponents = losses / temperature
    curve = exponents.clamp(max=MAX_EXPONENT).exp()
    # A plain clamp has no gradient beyond it: the term would never be learnt again.
    tangent = curve.detach() * (1 + exponents - MAX_EXPONENT)
    return torch.where(exponents > MAX_EXPONENT, tangent, curve), curve / temperature


def _sum(
    losses: Tensor, _temperature: float, _log_variances: Tensor | None
) -> tuple[Tensor, Tensor]:
    return losses, torch.ones_like(losses)


def _logsumexp(
    losses: Tensor, temperature: float, _log_variances: Tensor | None
) -> tuple[Tensor, Tensor]:
    # The total is no sum over terms; each is told its share of it, in proportion to the weights.
    shares = (losses.detach() / temperature).softmax(0)
    return shares * temperature * (losses / temperature).logsumexp(0), shares


def _uncertainty(
    losses: Tensor, _temperature: float, log_variances: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Kendall et al. 2018, section 3.2, with s = log sigma^2: exp(-s) L + s / 2.

    Their factor of a half on squared errors is left out for all terms: it shifts s by log 2 and
    changes no weight at the optimum, which is 1 / (2 L) either way.
    """
    if log_variances is None:
        raise ValueError("Uncertainty weighting needs log variances; build it by balance_build.")
    slopes = (-log_variances).exp()
    return slopes * losses + log_variances / 2, slopes


_RULES: Mapping[str, _Rule] = {
    "exp": _exp,
    "sum": _sum,
    "logsumexp": _logsumexp,
    "uncertainty": _uncertainty,
}


def balance_build(name: str, terms: Sequence[str], temperature: float) -> Balance:
    """Build a balance: `exp`, `sum`, `logsumexp` or `uncertainty`.

    Parameters
    ----------
    name
        Which.
    terms
        Keys of the terms.
    temperature
        T of `exp` and `logsumexp`, above 0.

    Raises
    ------
    ValueError
        If the name is unknown, there is no term, or the temperature is not positive.
    """
    if name not in _RULES:
        raise ValueError(f"Unknown balance {name!r}; choose from {', '.join(_RULES)}.")
    if not terms:
        raise ValueError("There is no term to balance; give at least one.")
    if not temperature > 0:
        raise ValueError(f"The temperature is {temperature}; it must be above 0.")
    return Balance(_RULES[name], terms, temperature, learns=name == "uncertainty")
