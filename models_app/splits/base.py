"""What a split is made of; no Django, no torch."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from models_app.splits.config import SplitConfig
    from models_app.splits.leakage import Leak

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = PARTS

Members = Mapping[str, Sequence[str]]
"""The names of every part, sorted; all three parts are there."""


class SplitRefused(ValueError):
    """A split that cannot be made; one sentence for the person, and the option it is about."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


class LeakingSplit(SplitRefused):
    """A split of which a later part holds what an earlier one is taught.

    Attributes
    ----------
    leaks
        One for every image that would have to go.
    """

    def __init__(self, text: str, leaks: "Sequence[Leak]") -> None:
        super().__init__(text)
        self.leaks = tuple(leaks)


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled image, as far as a split must know it."""

    name: str
    # The image that this one is a distorted copy of.
    reference: str = ""
    # Where its label file itself puts it.
    part: str = ""
    # Hash of its pixels; empty where the image is not at hand.
    photo_key: str = ""
    # Of splits.perceptual; 0 where the image is not at hand or has but one colour.
    perceptual_hash: int = 0


@dataclass(frozen=True, slots=True)
class NameList:
    """A file that names the images of a part."""

    file: str
    # Of its bytes.
    sha256: str
    names: tuple[str, ...]


Lists = Mapping[str, Sequence[NameList]]
"""The lists of every part that has any."""


@dataclass(frozen=True, slots=True)
class Divided:
    """What a rule makes of the images."""

    members: Members
    # Names of lists that no label has, by part.
    unlabelled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Labels that the rule puts nowhere.
    left_out: Sequence[str] = ()
    # What a person should know of where the parts come from.
    source: str = ""


class Rule(Protocol):
    """Says which image goes where; the same on every machine, in whatever order images come."""

    def divide(self, items: Sequence[Item], lists: Lists, config: "SplitConfig") -> Divided:
        """Divide images into parts.

        Raises
        ------
        SplitRefused
            If the rule does not fit these images or lists.
        """
        ...


def image_id(name: str) -> str:
    """Return what an image is called, whatever its folder, its suffix, and its capitals."""
    return path_id(name).rpartition("/")[2]


def path_id(name: str) -> str:
    """Return what an image is called with its folders, whatever its suffix and its capitals."""
    folders, slash, base = "/".join(_folded(name)).rpartition("/")
    stem, _dot, suffix = base.rpartition(".")
    bare = stem if stem and suffix.isalnum() and not suffix.isdigit() else base
    return f"{folders}{slash}{bare}"


def ids_of(names: Iterable[str]) -> dict[str, str]:
    """Return the id of every name: folders count where several have the same name without them.

    CUHK-PQ's high/animal/1.jpg and low/animal/1.jpg are two images. A name that gives fewer
    folders may mean any image that has these last: all of them have its id.
    """
    groups: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for name in names:
        path = path_id(name)
        groups[path.rpartition("/")[2]].setdefault(path, []).append(name)
    found: dict[str, str] = {}
    for base, paths in groups.items():
        for path, called in paths.items():
            found |= dict.fromkeys(called, _shortest(path, paths) if len(paths) > 1 else base)
    return found


def _folded(name: str) -> list[str]:
    parts = name.replace("\\", "/").casefold().split("/")
    return [part for part in parts[:-1] if part not in ("", ".")] + parts[-1:]


def _shortest(path: str, paths: Container[str]) -> str:
    """Return the shortest of the paths that this one ends with, folder by folder; maybe itself."""
    parts = path.split("/")
    endings = ("/".join(parts[-n:]) for n in range(1, len(parts)))
    return next((each for each in endings if each in paths), path)


def members_sorted(members: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the members in the one order that is stored and hashed."""
    return {part: sorted(members.get(part, ())) for part in PARTS}


def members_hash(members: Mapping[str, Sequence[str]]) -> str:
    """Return the SHA-256 of the members as canonical JSON, 64 hexadecimal digits.

    Parts and names are sorted, nothing stands between the tokens, and all but ASCII is escaped: the
    same split has the same hash wherever it is made.
    """
    text = json.dumps(members_sorted(members), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
