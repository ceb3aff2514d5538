"""What a part of a split gives away of a later one."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from models_app.splits.base import PARTS, TRAIN, VALIDATION, Item, Members, ids_of
from models_app.splits.nearness import nearest
from models_app.splits.perceptual import NEAR

SAME_ID, SAME_CONTENT, SAME_REFERENCE, NEAR_DUPLICATE = KINDS = (
    "same_id",
    "same_content",
    "same_reference",
    "near_duplicate",
)


@dataclass(frozen=True, slots=True)
class Leak:
    """One image that a later part holds as well, in one way or another.

    Attributes
    ----------
    kind
        One of `KINDS`, the first that applies.
    a, part_a
        The image that would have to go, and where it is.
    b, part_b
        What it is the same as; of several the nearest.
    bits
        In which their perceptual hashes differ; None where these were not compared.
    others
        How many more images of the later part it is the same as, in this way.
    """

    kind: str
    a: str
    part_a: str
    b: str
    part_b: str
    bits: int | None = None
    others: int = 0


def leaks_find(members: Members, items: Mapping[str, Item], near: int = NEAR) -> list[Leak]:
    """Find what train has of validation and of test, and validation of test.

    Parameters
    ----------
    members
        Names by part.
    items
        Every member by name.
    near
        Bits in which perceptual hashes may differ, 0 to 11.

    Returns
    -------
    list[Leak]
        At most one for an image and a later part, in the order of parts and names.
    """
    ids = ids_of(items)
    # Beside references only images that may be one: a copy called like a reference is none.
    bases = ids_of([item.reference or item.name for item in items.values()])
    sides = {
        part: _side([items[name] for name in sorted(members.get(part, ()))], ids, bases)
        for part in PARTS
    }
    return [
        leak
        for part_a, part_b in combinations(PARTS, 2)
        for leak in _between(sides[part_a], part_a, sides[part_b], part_b, near)
    ]


def leaks_dropped(
    members: Members, items: Mapping[str, Item], near: int = NEAR
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Leave out the images of train and validation that leak; never one of test.

    Returns
    -------
    tuple
        What is left by part, and how many were left out by part.
    """
    left = {part: list(members.get(part, ())) for part in PARTS}
    counts = dict.fromkeys(PARTS, 0)
    # Validation first: what trains need not go for an image that goes itself.
    for part in (VALIDATION, TRAIN):
        leaking = {leak.a for leak in leaks_find(left, items, near) if leak.part_a == part}
        counts[part] = len(leaking)
        left[part] = [name for name in left[part] if name not in leaking]
    return left, counts


def leaks_counted(leaks: Sequence[Leak]) -> dict[str, int]:
    """Return how many leaks there are of each kind that occurs, in the order of `KINDS`."""
    counts = Counter(leak.kind for leak in leaks)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def checks_made(members: Members, items: Mapping[str, Item], near: int) -> dict[str, int]:
    """Return over how many members each kind of leak could be looked for, and how near is near."""
    inside = [items[name] for part in PARTS for name in members.get(part, ())]
    return {
        SAME_ID: len(inside),
        SAME_CONTENT: sum(bool(item.photo_key) for item in inside),
        SAME_REFERENCE: sum(bool(item.reference) for item in inside),
        NEAR_DUPLICATE: sum(bool(item.perceptual_hash) for item in inside),
        "near": near,
    }


@dataclass(frozen=True, slots=True)
class _Side:
    """A part's images and, in their order, what each kind of leak goes by; empty: nothing."""

    items: Sequence[Item]
    keys: Mapping[str, Sequence[str]]
    # What those without a reference would be called as one.
    own: Sequence[str]


def _side(items: Sequence[Item], ids: Mapping[str, str], bases: Mapping[str, str]) -> _Side:
    """Gather keys; `bases` has the ids of references, and of images that have none."""
    return _Side(
        items,
        {
            SAME_ID: [ids[item.name] for item in items],
            SAME_CONTENT: [item.photo_key for item in items],
            SAME_REFERENCE: [bases[item.reference] if item.reference else "" for item in items],
        },
        ["" if item.reference else bases[item.name] for item in items],
    )


def _between(ours: _Side, part_a: str, theirs: _Side, part_b: str, near: int) -> list[Leak]:
    found: dict[str, Leak] = {}
    our_keys, their_keys = _keys(ours, theirs), _keys(theirs, ours)
    for kind in (SAME_ID, SAME_CONTENT, SAME_REFERENCE):
        there: dict[str, list[str]] = defaultdict(list)
        for item, key in zip(theirs.items, their_keys[kind], strict=True):
            there[key].append(item.name)
        for item, key in zip(ours.items, our_keys[kind], strict=True):
            same = there.get(key) if key else None
            if same and item.name not in found:
                found[item.name] = Leak(
                    kind, item.name, part_a, same[0], part_b, others=len(same) - 1
                )
    left = [item for item in ours.items if item.perceptual_hash and item.name not in found]
    hashed = [item for item in theirs.items if item.perceptual_hash]
    close = nearest(_hashes(left), _hashes(hashed), near)
    for at in np.flatnonzero(close.count):
        other = hashed[close.place[at]].name
        bits, more = int(close.bits[at]), int(close.count[at]) - 1
        name = left[at].name
        found[name] = Leak(NEAR_DUPLICATE, name, part_a, other, part_b, bits, more)
    return [found[name] for name in sorted(found)]


def _keys(ours: _Side, theirs: _Side) -> dict[str, Sequence[str]]:
    """Return our keys, where an undistorted reference belongs to its copies on either side."""
    named = {key for side in (ours, theirs) for key in side.keys[SAME_REFERENCE] if key}
    if not named:
        return dict(ours.keys)
    references = [
        reference or (own if own in named else "")
        for own, reference in zip(ours.own, ours.keys[SAME_REFERENCE], strict=True)
    ]
    return {**ours.keys, SAME_REFERENCE: references}


def _hashes(items: Sequence[Item]) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    return np.fromiter((item.perceptual_hash for item in items), np.uint64, len(items))
