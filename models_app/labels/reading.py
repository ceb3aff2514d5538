"""Building a `Read` line by line: what every importer checks of a row."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import mul
from pathlib import Path

from models_app.labels.base import LabelsRefused, Problem, Read, Row, Scale
from models_app.labels.text import PARTS, part_of

NAME_MOST = 255
# What sums of shares may be off by rounding in a file.
SUM_SLACK = 1e-3
# What a mean may lie beyond the scale by rounding in a file.
RANGE_SLACK = 1e-9


class Malformed(ValueError):
    """This line is no label; the text says why."""


class OutOfRange(ValueError):
    """This line has a score that the scale does not know."""


@dataclass(slots=True)
class Reader:
    """Takes rows; each line's problem is noted, and the next line goes on."""

    path: Path
    scale: Scale
    # Of every row that does not tell its own.
    part: str = ""
    read: Read = field(init=False)
    # Name -> line and score of the row that counts.
    _known: dict[str, tuple[int, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read = Read(self.scale)

    @contextmanager
    def line(self, number: int, name: str) -> Iterator[None]:
        """Note what goes wrong inside as this line's problem."""
        try:
            yield
        except OutOfRange as error:
            self.read.out_of_range.append(Problem(number, name, str(error)))
        except Malformed as error:
            self.read.malformed.append(Problem(number, name, str(error)))

    def take(self, number: int, row: Row) -> None:
        """Take a row. Raises Malformed, OutOfRange; a name again is noted as a duplicate."""
        name_check(row.name)
        low, high = self.scale.low, self.scale.high
        if not low - RANGE_SLACK <= row.mean <= high + RANGE_SLACK:
            raise OutOfRange(f"the score {row.mean:g} is not between {low:g} and {high:g}")
        known = self._known.get(row.name)
        if known is not None:
            line, mean = known
            score = "the same score" if mean == row.mean else f"the score {mean:g}"
            said = f"line {line} has this name already, with {score}, and counts"
            self.read.duplicates.append(Problem(number, row.name, said))
            return
        self._known[row.name] = (number, row.mean)
        self.read.rows.append(row if row.part else replace(row, part=self.part))

    def done(self) -> Read:
        """Return what was read. Raises LabelsRefused if fewer lines were labels than were none."""
        labels, malformed = len(self.read.rows), len(self.read.malformed)
        if not labels:
            problems = [*self.read.malformed, *self.read.out_of_range]
            first = min(problems, key=lambda problem: problem.line, default=None)
            said = (
                f"line {first.line}: {first.reason}" if first else "it has no line but its header"
            )
            raise LabelsRefused(
                f"The label file {self.path.name} has no label of this kind ({said}); "
                "choose the kind that it is of."
            )
        if malformed > labels:
            # Text about labels has some words that look like one.
            first = self.read.malformed[0]
            raise LabelsRefused(
                f"The label file {self.path.name} is not of this kind: {malformed} lines are no "
                f"labels and {labels} are (line {first.line}: {first.reason}); choose the kind "
                "that it is of, or take those lines out."
            )
        return self.read


def reader_make(path: Path, scale: Scale, options: Mapping[str, str]) -> Reader:
    """Return a reader whose rows belong to the part that the option or the file's name tells."""
    return Reader(path, scale, part_option(path, options))


def part_option(path: Path, options: Mapping[str, str]) -> str:
    said = options.get("part", "")
    if not said:
        return part_of(path)
    if said == "none":
        return ""
    if said not in PARTS:
        raise LabelsRefused(
            f"The option part is {said!r}; allowed are train, validation, test and none."
        )
    return PARTS[said]


def options_check(options: Mapping[str, str], allowed: Sequence[str]) -> None:
    """Raise LabelsRefused for an option that this kind does not know."""
    for key in options:
        if key not in allowed:
            raise LabelsRefused(
                f"The option {key!r} is unknown to this kind; allowed are {', '.join(allowed)}."
            )


def name_check(name: str) -> None:
    if not name:
        raise Malformed("it names no image")
    if len(name) > NAME_MOST:
        raise Malformed(f"its name has {len(name)} letters; allowed are {NAME_MOST}")
    if not name.isprintable():
        raise Malformed("its name has letters that cannot be shown")


def number(text: str, what: str) -> float:
    """Return a finite number. Raises Malformed."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Malformed(f"{what} is {text.strip()!r}, which is no number")
    return found


def cells_check(cells: Sequence[str], wanted: int) -> None:
    if len(cells) != wanted:
        raise Malformed(f"it has {len(cells)} columns; expected are {wanted}")


def part_word(text: str) -> str:
    """Return train, validation, test or "" for what a file calls a part. Raises Malformed."""
    word = text.strip().lower()
    if word and word not in PARTS:
        raise Malformed(f"it belongs to {text.strip()!r}; known are train, validation and test")
    return PARTS.get(word, "")


def from_counts(name: str, counts: Sequence[float], scale: Scale) -> Row:
    """Make a row of how many people gave each score of the scale, lowest first.

    Mean and standard deviation are those of the votes (the deviation divides by their number).
    Raises Malformed, OutOfRange.
    """
    for score, count in enumerate(counts, start=scale.first_bin):
        if count < 0 or count != int(count):
            raise OutOfRange(f"{count:g} people gave the score {score}; a count is 0, 1, 2, …")
    votes = int(sum(counts))
    if not votes:
        raise Malformed("it has no votes")
    return _row(name, [count / votes for count in counts], scale, votes)


def from_shares(name: str, shares: Sequence[float], scale: Scale) -> Row:
    """Make a row of the share of each score of the scale, lowest first.

    Shares that sum to 1 up to rounding are made to sum to 1. Raises Malformed, OutOfRange.
    """
    if min(shares) < 0:
        raise OutOfRange(f"the share {min(shares):g} is below 0")
    total = math.fsum(shares)
    if abs(total - 1) > SUM_SLACK:
        raise OutOfRange(f"the shares sum to {total:g} instead of 1")
    return _row(name, [share / total for share in shares], scale, None)


def _row(name: str, shares: Sequence[float], scale: Scale, votes: int | None) -> Row:
    scores = range(scale.first_bin, scale.first_bin + scale.bins)
    if len(shares) != len(scores):
        raise Malformed(f"it has {len(shares)} scores; expected are {scale.bins}")
    mean = sum(map(mul, scores, shares))
    variance = sum((score - mean) ** 2 * share for score, share in zip(scores, shares, strict=True))
    return Row(name, mean, math.sqrt(variance), tuple(shares), votes)
