"""What a column, a table and a file format are."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from survey.models import Condition

T = TypeVar("T")
R = TypeVar("R")
Values = Sequence[Any]


class Type(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    # A float, or a text that writes one; CSV keeps that text as it is.
    NUMBER = "number"
    BOOLEAN = "boolean"
    # Aware, UTC.
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some votes, as columns of the query, and what is looked up instead of read with each."""

    fields: Mapping[str, Values]
    size: int
    survey: str
    preset: str
    conditions: Mapping[int, Condition]
    # Number of every session that is not its observer's first.
    sessions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of every format; the codebook says of it what stands here.

    The texts are English in all languages: they travel with the data.
    """

    name: str
    type: Type
    meaning: str
    taken: Callable[[Batch], Values]
    unit: str = ""
    # Which values there may be: a list of them, or a range.
    values: str = ""
    # When it has no value; "" where it always has one.
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a format writes: each batch holds one sequence of values a column."""

    columns: Sequence[Column]
    batches: Iterable[Sequence[Values]]
    codebook: Mapping[str, Any]


class Format(Protocol):
    """A kind of file. One file in survey/exports/formats and one line in its registry."""

    content_type: str

    def chunks(self, table: Table) -> Iterator[bytes]:
        """Yield the file piece by piece; memory does not grow with the number of votes."""
        ...


def each(function: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Apply a function to every value, once for each that differs."""
    values = list(values)
    known = {value: function(value) for value in set(values)}
    return [known[value] for value in values]
