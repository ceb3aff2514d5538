"""Photos with labels, and which of them train, validate and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import floor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models_app.networks.architectures import BINS
from models_app.training.data import Photos, names_list
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.draws import bases, order_draw
from models_app.training.finetuning.errors import LabelsUnusable

TRAIN, VALIDATION, TEST = "train", "validation", "test"

Members = Mapping[str, Sequence[str]]
"""Names by part: train, validation and, where there is one, test."""

# Shares in files are rounded; beyond this something else is wrong.
_TOLERANCE = 1e-3


class Labelled(Photos, Protocol):
    """Photos and what people judged each to be worth; see `training.data.Photos` for the rest.

    No two photos have the same name.
    """

    def distribution(self, index: int) -> NDArray[np.float64] | None:
        """Return the shares of the scores 1 to 10, shape [10]; None where only a mean is known."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a label set's photos.

    Attributes
    ----------
    train
        Places of those that train, after the share was drawn, in an order that depends on content
        alone.
    validation, test
        Places of the others, in such an order too.
    available
        Photos that could train, before the share was drawn.
    digest
        SHA-256 of contents, labels and parts: the same for the same photos, labels and share,
        whatever photos are called.
    missing
        Names in a part that have no photo here.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    available: int
    digest: str
    missing: tuple[str, ...] = ()


def parts_make(labelled: Labelled, members: Members, config: FinetuneConfig) -> Parts:
    """Find the members of each part among the photos, and draw the share that trains.

    A drawn share is the first of an order that depends on `subset_seed` and content: 20 % lie
    within 40 %. `first` takes them in the order of the list.

    Raises
    ------
    LabelsUnusable
        If a part is unknown, empty or torn, or a photo has no distribution over ten scores.
    """
    _check_names(members)
    places = {labelled.name(index): index for index in range(len(labelled))}
    found = {
        part: [places[name] for name in members.get(part, ()) if name in places]
        for part in (TRAIN, VALIDATION, TEST)
    }
    missing = tuple(name for names in members.values() for name in names if name not in places)
    _check_found(labelled, found, missing)
    available = len(found[TRAIN])
    found[TRAIN] = _share(labelled, found[TRAIN], config)
    if len(found[TRAIN]) == 1:
        raise LabelsUnusable(
            f"1 photo trains (of {available}, with share {config.share:g}), and a network cannot "
            f"learn from one; raise share, or give the part {TRAIN} 2 photos or more."
        )
    ordered = {part: _by_content(labelled, indices) for part, indices in found.items()}
    digest = sha256()
    for part in (TRAIN, VALIDATION):
        for index in ordered[part]:
            judged = truth(labelled, index).tobytes()
            digest.update(f"{part} {labelled.key(index)} {sha256(judged).hexdigest()}\n".encode())
    return Parts(
        train=ordered[TRAIN],
        validation=ordered[VALIDATION],
        test=ordered[TEST],
        available=available,
        digest=digest.hexdigest(),
        missing=missing,
    )


def truth(labelled: Labelled, index: int) -> NDArray[np.float64]:
    """Return a photo's shares of the scores 1 to 10, which sum to 1.

    Raises
    ------
    LabelsUnusable
        If there are none, or they are no distribution over ten scores.
    """
    found = labelled.distribution(index)
    name = labelled.name(index)[:80]
    if found is None:
        raise LabelsUnusable(
            f"The label of {name} is a mean without a distribution, and the network learns shares "
            f"of the scores 1 to {BINS}; choose a label set that has distributions."
        )
    shares = np.asarray(found, dtype=np.float64)
    if shares.shape != (BINS,):
        raise LabelsUnusable(
            f"The label of {name} has {shares.size} bins, and the network judges the scores 1 to "
            f"{BINS}; choose a label set with {BINS} bins."
        )
    if not (np.isfinite(shares).all() and (shares >= 0).all()):
        raise LabelsUnusable(
            f"The label of {name} holds a share that is negative or not finite; correct it."
        )
    total = float(shares.sum())
    if abs(total - 1) > _TOLERANCE:
        raise LabelsUnusable(
            f"The shares of {name} sum to {total:g} instead of 1; divide counts by their sum."
        )
    made: NDArray[np.float64] = shares / total
    return made


def truths(labelled: Labelled, indices: Sequence[int]) -> NDArray[np.float32]:
    """Return the shares of several photos, [N, 10]; raises as `truth`."""
    found = np.zeros((len(indices), BINS), dtype=np.float32)
    for place, index in enumerate(indices):
        found[place] = truth(labelled, index)
    return found


def _check_names(members: Members) -> None:
    unknown = sorted(set(members) - {TRAIN, VALIDATION, TEST})
    if unknown:
        raise LabelsUnusable(
            f"{unknown[0][:80]!r} is no part; allowed are {TRAIN}, {VALIDATION} and {TEST}."
        )


def _check_found(
    labelled: Labelled, found: Mapping[str, Sequence[int]], missing: Sequence[str]
) -> None:
    for part in (TRAIN, VALIDATION):
        if not found[part]:
            named = f" ({names_list(list(missing))})" if missing else ""
            raise LabelsUnusable(
                f"None of the names of the part {part} is a photo here{named}; check that the "
                "parts belong to these labels, and that both train and validation have photos."
            )
    seen: dict[str, str] = {}
    for part, indices in found.items():
        for index in indices:
            # Twice in one part is another label of the same photo.
            other = seen.setdefault(labelled.key(index), part)
            if other != part:
                raise LabelsUnusable(
                    f"{labelled.name(index)[:80]} is in {other} and {part}, itself or as another "
                    "file of the same content; leave one of them out."
                )


def _share(labelled: Labelled, indices: Sequence[int], config: FinetuneConfig) -> list[int]:
    wanted = max(1, floor(config.share * len(indices) + 0.5))
    if config.subset == "first" or wanted == len(indices):
        return list(indices[:wanted])
    ordered = _by_content(labelled, indices)
    keys = [labelled.key(index) for index in ordered]
    order = order_draw(bases(keys), config.subset_seed, "share")
    return [ordered[place] for place in order[:wanted]]


def _by_content(labelled: Labelled, indices: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(indices, key=lambda each: (labelled.key(each), labelled.name(each))))
