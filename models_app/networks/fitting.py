"""Whether named tensors are the weights of an architecture, told by names, shapes and values."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from models_app.networks.errors import CheckpointRefused

SHOWN = 3
"""So many names are given of each kind of mistake."""

# BatchNorm counts its batches here; judging does not use it, and files before 2018 lack it.
COUNTER = "num_batches_tracked"


class Fitted(NamedTuple):
    """Weights that fit: float32 where numbers are meant, in the architecture's order of names."""

    weights: dict[str, Tensor]
    dropped: tuple[str, ...]


def weights_fit(
    found: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    *,
    what: str,
    helpers: tuple[str, ...] = (),
    hint: Callable[[], str],
) -> Fitted:
    """Check tensors against an architecture and return them as its weights.

    Half and double precision become float32. Counters of BatchNorm that are missing are 0.

    Parameters
    ----------
    found
        From a file.
    expected
        Names, shapes and types; the values are not looked at.
    what
        The architecture, as the sentence names it.
    helpers
        How names begin that are dropped.
    hint
        Returns what the sentence says to do; called only for a refusal.

    Raises
    ------
    CheckpointRefused
        With one sentence that names missing, unexpected and wrongly shaped or typed tensors, or
        the one that is not finite.
    """
    dropped = tuple(n for n in found if n not in expected and n.startswith(helpers or ("\0",)))
    faults = _faults({n: t for n, t in found.items() if n not in dropped}, expected)
    if faults:
        raise CheckpointRefused(
            f"its weights do not fit {what}: of {len(expected)} tensors, {'; '.join(faults)}: "
            f"{hint()}"
        )
    weights = {n: _ready(found, n, expected[n]) for n in expected}
    _check_finite(weights)
    return Fitted(weights, dropped)


def _faults(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    """Say what is missing, unexpected, of another shape or type; touches no value."""
    missing = [n for n in expected if n not in found and not n.endswith(COUNTER)]
    unexpected = [n for n in found if n not in expected]
    both = [n for n in expected if n in found]
    shapes = [n for n in both if found[n].shape != expected[n].shape]
    types = [n for n in both if n not in shapes and _found_kind(found[n]) != _kind(expected[n])]
    faults = [
        _listed(missing, "missing", repr),
        _listed(unexpected, "unexpected", lambda n: repr(n[:80])),
        _listed(
            shapes,
            "of another shape",
            lambda n: f"{n!r} has {list(found[n].shape)} instead of {list(expected[n].shape)}",
        ),
        _listed(
            types,
            "of another type",
            lambda n: f"{n!r} is {_found_kind(found[n])} instead of {_kind(expected[n])}",
        ),
    ]
    return [fault for fault in faults if fault]


def _listed(names: list[str], fault: str, told: Callable[[str], str]) -> str:
    if not names:
        return ""
    shown = ", ".join(told(name) for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {fault} ({shown}{more})"


def _found_kind(tensor: Tensor) -> str:
    return "without values" if tensor.is_meta else _kind(tensor)


def _kind(tensor: Tensor) -> str:
    """Name a tensor's type as far as it matters: any precision of plain numbers will do."""
    if tensor.layout != torch.strided or tensor.is_quantized:
        return "sparse or quantised"
    if tensor.is_floating_point():
        return "floating point"
    if tensor.is_complex() or tensor.dtype == torch.bool:
        return str(tensor.dtype).removeprefix("torch.")
    return "whole numbers"


def _ready(found: Mapping[str, Tensor], name: str, expected: Tensor) -> Tensor:
    if name not in found:
        return torch.zeros(expected.shape, dtype=expected.dtype)
    # A copy: what was read may be a view of a larger tensor, or mapped from the file.
    return found[name].to("cpu", expected.dtype, copy=True).contiguous()


def _check_finite(weights: Mapping[str, Tensor]) -> None:
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            bad = int((~torch.isfinite(tensor)).sum())
            raise CheckpointRefused(
                f"its weights {name!r} hold {bad} values that are infinite or no number: "
                "take a file from before the training went wrong"
            )
