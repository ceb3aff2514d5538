"""What a distortion, its levels, its chains and a preset are; no torch, no Django."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

OPS = f"{__package__}.ops"
"""Where the code of distortions lies."""

Aspect = Literal["technical", "style", "composition"]
Variant = tuple[str, str]
"""Distortion key and level key; a reference has its own key and an empty level key."""


def gettext_noop(message: str) -> str:
    """Mark a label for `makemessages`; the web side translates it when it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Level:
    """One setting of a distortion.

    Attributes
    ----------
    key
        As the reference's lists spell it: `-1.0`, `0.2`, `-100`, `2000`, `0.75`, `3`.
    value
        The same as a number, in the distortion's own unit.
    step
        Place in the chain counted away from the reference: -1, -2, ... below the default level,
        1, 2, ... above it. The reference itself is step 0.
    identity
        True where the result is the reference, bit for bit.
    """

    key: str
    value: float
    step: int
    identity: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Levels of one sign, from the least to the most distorted, behind their reference.

    Every two members of a chain are an ordered pair: the earlier one is less distorted.

    Attributes
    ----------
    distortion
        Key of the distortion.
    polarity
        -1 for levels below the default, 1 for levels above it.
    reference
        Key of the undistorted picture that stands at the head of the chain.
    levels
        Outwards from the reference.
    """

    distortion: str
    polarity: Literal[-1, 1]
    reference: str
    levels: tuple[Level, ...]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The reference, then every level outwards."""
        distorted = ((self.distortion, level.key) for level in self.levels)
        return ((self.reference, ""), *distorted)

    def pairs(self) -> Iterator[tuple[Variant, Variant]]:
        """Every ordered pair: less distorted, more distorted."""
        members = self.variants
        for place, less in enumerate(members):
            for more in members[place + 1 :]:
                yield less, more


@dataclass(frozen=True, slots=True)
class Entry:
    """One distortion.

    Attributes
    ----------
    key
        The reference's name; stored in the database and used in file names.
    label
        What people read, in English; translate it when showing it.
    aspect
        What the distortion spoils.
    levels
        Ascending by value, without the default.
    path
        Dotted path of the class that renders it.
    source
        Where its formula and its levels come from.
    default
        The level that the reference gives the undistorted picture; None where no number stands
        for it.
    reference
        Key of the picture that its levels are ranked against.
    ordered
        False where a larger level is another distortion, not a stronger one: then it has no
        chains.
    mixes
        True where it needs another photo beside the one that is distorted.
    options
        Fixed settings of the class that renders it.
    note
        What a reader of results has to know about this distortion.
    """

    key: str
    label: str
    aspect: Aspect
    levels: tuple[Level, ...]
    path: str
    source: str
    default: float | None = 0.0
    reference: str = "original"
    ordered: bool = True
    mixes: bool = False
    options: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    note: str = ""

    @property
    def polarity(self) -> Literal["both", "above", "below", "none"]:
        """On which sides of the default its levels lie; `none` where they have no order."""
        signs = {level.step > 0 for level in self.levels}
        if not self.ordered:
            return "none"
        if len(signs) == 2:
            return "both"
        return "above" if signs == {True} else "below"

    @property
    def chains(self) -> tuple[Chain, ...]:
        """The levels below the default, then those above it, where there are any."""
        if not self.ordered:
            return ()
        below = tuple(level for level in reversed(self.levels) if level.step < 0)
        above = tuple(level for level in self.levels if level.step > 0)
        chains = (
            Chain(self.key, -1, self.reference, below),
            Chain(self.key, 1, self.reference, above),
        )
        return tuple(chain for chain in chains if chain.levels)


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of distortions with their levels.

    Attributes
    ----------
    key
        Stored beside renditions, votes and trained networks.
    label
        What people read, in English.
    distortions
        By key, in the order of tables and tensors.
    geometry
        `square`: the whole photo on a black square; `patch`: a square cut out of the photo.
    """

    key: str
    label: str
    distortions: Mapping[str, Entry]
    geometry: Literal["square", "patch"] = "square"

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of the undistorted pictures that its chains start from, `original` first."""
        used = [entry.reference for entry in self.distortions.values()]
        return tuple(dict.fromkeys(["original", *used]))

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The references, then every level: the order of the tensors of one photo."""
        references = tuple((reference, "") for reference in self.references)
        return references + tuple(
            (entry.key, level.key) for entry in self.distortions.values() for level in entry.levels
        )

    def needs_partner(self, variant: Variant) -> bool:
        """Whether another photo is needed to make a variant."""
        entry = self.distortions.get(variant[0])
        return entry is not None and entry.mixes

    @property
    def chains(self) -> tuple[Chain, ...]:
        """All chains, in the order of the distortions."""
        return tuple(chain for entry in self.distortions.values() for chain in entry.chains)


def levels_make(
    spelled: str, default: float | None = 0.0, identity: str | None = None
) -> tuple[Level, ...]:
    """Return levels from their spelled keys, ascending; without a default all count upwards.

    Raises
    ------
    ValueError
        If two levels are equal, or one equals the default.
    """
    keys = sorted(spelled.split(), key=float)
    values = [float(key) for key in keys]
    if len(set(values)) != len(values) or default in values:
        raise ValueError(f"Levels {spelled!r} must differ from each other and from {default}.")
    below = 0 if default is None else sum(value < default for value in values)
    return tuple(
        Level(key, value, place - below if place < below else place - below + 1, key == identity)
        for place, (key, value) in enumerate(zip(keys, values, strict=True))
    )


def entries_collect(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """Return entries by key.

    Raises
    ------
    ValueError
        If a key comes twice.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"Distortion {entry.key!r} is registered twice; keys must be unique.")
        found[entry.key] = entry
    return MappingProxyType(found)
