"""What the audit collects of a trial, and what a family of features is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from analysis.telltale import Feature
from survey.blinding.pictures import PictureFacts


class AuditRefused(Exception):
    """The audit cannot be made; its text is one sentence: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Served:
    """One picture as it came over the wire; its bytes are read at once and not kept."""

    address: str
    # In the order in which they came.
    headers: tuple[tuple[str, str], ...]
    # Bytes of the body as sent, before any decompression.
    sent: int
    # From the request to the last byte.
    seconds: float
    asked_first: bool
    picture: PictureFacts


@dataclass(frozen=True, slots=True)
class Trial:
    """All that a participant's browser receives about one pair."""

    participant: int
    # Within the participant's session, from 0.
    place: int
    # The API's object of this pair, and the text of the whole answer.
    entry: Mapping[str, Any]
    answer: str
    answer_headers: tuple[tuple[str, str], ...]
    # The pair page, loaded while this pair was open.
    page: str
    page_headers: tuple[tuple[str, str], ...]
    left: Served
    right: Served

    @property
    def token(self) -> str:
        return str(self.entry["token"])

    @property
    def sides(self) -> tuple[Served, Served]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Truth:
    """What the database knows of a trial and its participant does not."""

    original_left: bool
    photo: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial with its truth."""

    trial: Trial
    truth: Truth


@dataclass(frozen=True, slots=True)
class Trait:
    """A feature of all pairs.

    With `reason` it is information: it cannot be at chance by its nature, or no participant sees
    it; the reason says which. Without, it must be at chance.
    """

    name: str
    feature: Feature
    reason: str = ""


class Family(Protocol):
    """Features that belong together. One file in survey/blinding/families and one line."""

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        """Give each feature of the pairs, in their order."""
        ...


def headers_joined(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return headers by their name in small letters; repeated ones are joined."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
