"""From the outputs of a batch to the one number that a step makes smaller."""

from collections.abc import Mapping

import torch
from torch import Tensor

from models_app.training.losses.balance import Balance, Balanced
from models_app.training.pretext.base import Term
from models_app.training.processes import Processes


class Objective:
    """The balanced losses of one step; remembers them for whoever reports.

    Parameters
    ----------
    terms
        By key.
    balance
        What joins them.
    processes
        Over which losses are means.
    photos
        Of this process in this batch.
    """

    def __init__(
        self, terms: Mapping[str, Term], balance: Balance, processes: Processes, photos: int
    ) -> None:
        self._terms = terms
        self._balance = balance
        self._processes = processes
        self._photos = photos
        self._raw: dict[str, Tensor] = {}
        self._balanced: Balanced | None = None

    def __call__(self, outputs: dict[str, Tensor]) -> Tensor:
        """Return the total of outputs, float32 [B, V, K] a term; always in float32."""
        device = next(iter(outputs.values())).device
        with torch.autocast(device.type, enabled=False):
            local = {key: term.loss(outputs[key].float()) for key, term in self._terms.items()}
            raw = self._processes.means(local, self._photos)
            balanced = self._balance(raw)
        self._raw = {key: loss.detach() for key, loss in raw.items()}
        self._balanced = balanced
        total: Tensor = balanced.total
        return total

    def read(self, finite: Tensor) -> tuple[dict[str, float], bool]:
        """Return the numbers of the last call, and whether they and the gradients are finite.

        Asks the device once for all of them, since each question makes the processor wait.

        Parameters
        ----------
        finite
            Scalar bool: whether the gradients are.
        """
        if self._balanced is None:
            raise RuntimeError("No step has been computed yet; nothing can be read.")
        total = self._balanced.total.detach()
        named = {f"loss/{key}": loss for key, loss in self._raw.items()}
        named |= {f"balanced/{key}": part for key, part in self._balanced.balanced.items()}
        named |= {f"weight/{key}": weight for key, weight in self._balanced.weights.items()}
        named["loss/total"] = total
        flags = [finite.to(total.device), self._balanced.clamped]
        packed = torch.stack([each.float() for each in (*named.values(), *flags)]).tolist()
        values = dict(zip(named, packed, strict=False))
        values["balance_clamped"] = packed[-1]
        # An average over processes: one that is not finite makes all of them skip.
        return values, bool(packed[-2]) and all(map(_finite, values.values()))


def _finite(value: float) -> bool:
    return value - value == 0
