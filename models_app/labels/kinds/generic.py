"""Any table with a header: the image, and its mean or how people's answers are distributed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.reading import (
    OutOfRange,
    Reader,
    cells_check,
    from_counts,
    from_shares,
    number,
    options_check,
    part_option,
    part_word,
)
from models_app.labels.text import (
    Table,
    column_of,
    header_read,
    is_number,
    names_of,
    table_read,
)

# What a column may be called where no option names it.
CALLED = {
    "name": ("image", "image_name", "image_id", "name", "file", "filename", "id", "path"),
    "mean": ("mean", "mos", "score", "quality"),
    "sd": ("sd", "std", "mos_std"),
    "votes": ("votes", "n_votes", "c_total"),
    "reference": ("reference", "ref", "ref_img"),
    "part": ("set", "split"),
}
OPTIONS = (
    "part", "name", "mean", "sd", "votes", "reference", "part_column", "low", "high", "first_bin",
    "better",
)  # fmt: skip
FEWEST_BINS = 2
BIN = re.compile(r"([A-Za-z_]*)(\d+)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Places in the header."""

    name: int
    # Of the least score to the greatest; none where there are means.
    bins: tuple[int, ...]
    mean: int | None
    sd: int | None
    votes: int | None
    reference: int | None
    part: int | None

    @property
    def used(self) -> set[int | None]:
        own = {self.name, self.sd, self.votes, self.reference, self.part, *self.bins}
        return own if self.bins else own | {self.mean}


class Generic:
    def preview(self, path: Path, options: Mapping[str, str]) -> None:
        options_check(options, OPTIONS)
        header = header_read(path)
        _scale(header, _columns(path, header, options), options)

    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        table = table_read(path)
        columns = _columns(path, table.header, options)
        scale = _scale(table.header, columns, options)
        names = names_of([c[columns.name] for _l, c in table.lines if len(c) > columns.name])
        reader = Reader(path, scale, part_option(path, options))
        shares = _make(table, columns)
        for line, cells in table.lines:
            raw = cells[columns.name].strip() if len(cells) > columns.name else ""
            name = names.get(raw.replace("\\", "/"), raw)
            with reader.line(line, name):
                cells_check(cells, len(table.header))
                reader.take(line, _row(name, cells, columns, scale, shares))
        read = reader.done()
        read.unused = [each for place, each in enumerate(table.header) if place not in columns.used]
        return read


def _columns(path: Path, header: Sequence[str], options: Mapping[str, str]) -> Columns:
    found = {what: _column(path, header, what, options) for what in CALLED}
    bins = () if options.get("mean") else _bins(header)
    name = found["name"]
    if name is None or (found["mean"] is None and not bins):
        missing = "image" if name is None else "score"
        raise LabelsRefused(
            f"The label file {path.name} has no column of the {missing} among "
            f"{', '.join(header[:14])}; name it with the option "
            f"{'name' if name is None else 'mean'}, as in mean=quality."
        )
    return Columns(
        name, bins, found["mean"], found["sd"], found["votes"], found["reference"], found["part"]
    )


def _column(path: Path, header: Sequence[str], what: str, options: Mapping[str, str]) -> int | None:
    named = options.get("part_column" if what == "part" else what)
    if not named:
        return column_of(header, *CALLED[what])
    place = column_of(header, named)
    if place is None:
        raise LabelsRefused(
            f"The label file {path.name} has no column {named!r}; it has {', '.join(header[:20])}."
        )
    return place


def _bins(header: Sequence[str]) -> tuple[int, ...]:
    """Return the longest run of columns like b1, b2, b3: one word, numbers that count up."""
    best: tuple[int, ...] = ()
    run: list[int] = []
    for place, cell in enumerate(header):
        follows = bool(run) and _follows(header[run[-1]], cell)
        run = [*run, place] if follows else [place] if BIN.fullmatch(cell) else []
        best = max(best, tuple(run), key=len)
    return best if len(best) >= FEWEST_BINS else ()


def _follows(before: str, cell: str) -> bool:
    first, second = BIN.fullmatch(before), BIN.fullmatch(cell)
    return bool(first and second and first[1] == second[1] and int(second[2]) == int(first[2]) + 1)


def _scale(header: Sequence[str], columns: Columns, options: Mapping[str, str]) -> Scale:
    better = options.get("better", "high")
    if better not in ("high", "low"):
        raise LabelsRefused(f"The option better is {better!r}; allowed are high and low.")
    higher = better == "high"
    if not columns.bins:
        low, high = _bound(options, "low"), _bound(options, "high")
        if low >= high:
            raise LabelsRefused(f"The scale goes from {low:g} to {high:g}; low must be the less.")
        return Scale(low, high, higher_is_better=higher)
    found = BIN.fullmatch(header[columns.bins[0]])
    first = options.get("first_bin") or (found[2] if found else "")
    if not re.fullmatch(r"-?\d+", first):
        raise LabelsRefused(f"The option first_bin is {first!r}; give a whole number.")
    if "first_bin" not in options and int(first) > 1:
        raise LabelsRefused(
            f"The first column of answers is {header[columns.bins[0]]}; say which score it "
            "counts with the option first_bin, as in first_bin=1."
        )
    last = int(first) + len(columns.bins) - 1
    return Scale(int(first), last, len(columns.bins), int(first), higher)


def _bound(options: Mapping[str, str], which: str) -> float:
    given = options.get(which, "")
    if not is_number(given):
        raise LabelsRefused(
            f"The file gives means, and the option {which} is {given!r}; say which scores people "
            "could give, as in low=1 and high=10."
        )
    return float(given)


def _make(table: Table, columns: Columns) -> Callable[[str, Sequence[float], Scale], Row]:
    """Return what makes rows of this table's bins: shares if every line sums to about 1."""
    for _line, cells in table.lines:
        said = [cells[place] for place in columns.bins if place < len(cells)]
        if said and all(map(is_number, said)) and abs(sum(map(float, said)) - 1) > 0.5:
            return from_counts
    return from_shares


def _row(
    name: str,
    cells: Sequence[str],
    columns: Columns,
    scale: Scale,
    make: Callable[[str, Sequence[float], Scale], Row],
) -> Row:
    if columns.bins:
        said = [number(cells[place], "a bin") for place in columns.bins]
        row = make(name, said, scale)
    else:
        row = Row(name, number(cells[columns.mean or 0], "the score"), _sd(cells, columns))
    if columns.votes is not None and row.votes is None:
        row = replace(row, votes=_votes(cells[columns.votes]))
    if columns.reference is not None:
        row = replace(row, reference=cells[columns.reference].strip())
    if columns.part is not None:
        row = replace(row, part=part_word(cells[columns.part]))
    return row


def _sd(cells: Sequence[str], columns: Columns) -> float | None:
    if columns.sd is None:
        return None
    sd = number(cells[columns.sd], "the deviation")
    if sd < 0:
        raise OutOfRange(f"the deviation {sd:g} is below 0")
    return sd


def _votes(cell: str) -> int:
    votes = number(cell, "the number of votes")
    if votes < 0 or votes != int(votes):
        raise OutOfRange(f"{cell.strip()} people is no number of people")
    return int(votes)
