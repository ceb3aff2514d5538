"""KonIQ-10k (Hosu et al. 2020): shares or counts of five answers, scores, official sets.

The mean is that of the answers, 1 to 5, which the distribution says; the scores that papers
compare with (0 to 100, from z-scores of raters) are kept as the attribute mos_zscore. The option
`score=mos` makes them the mean instead, without a distribution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.reading import (
    Reader,
    cells_check,
    from_counts,
    from_shares,
    number,
    options_check,
    part_option,
    part_word,
)
from models_app.labels.text import Table, base_name, column_of, table_read

ANSWERS = Scale(1, 5, bins=5, first_bin=1)
SCORES = Scale(0, 100)
OPTIONS = ("part", "score")
BINS = ("c1", "c2", "c3", "c4", "c5")


@dataclass(frozen=True, slots=True)
class Columns:
    name: int
    bins: tuple[int, ...]
    total: int
    # From 0 to 100: called MOS_zscore where MOS is that of the answers.
    mos: int
    # None in files without the official sets.
    part: int | None


class Koniq10k:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        score = options.get("score", "answers")
        if score not in ("answers", "mos"):
            raise LabelsRefused(f"The option score is {score!r}; allowed are answers and mos.")
        table = table_read(path)
        columns = _columns(path, table.header)
        scale = SCORES if score == "mos" else ANSWERS
        reader = Reader(path, scale, part_option(path, options))
        for line, cells in table.lines:
            name = base_name(cells[columns.name]) if len(cells) > columns.name else ""
            with reader.line(line, name):
                cells_check(cells, len(table.header))
                reader.take(line, _row(name, cells, columns, score))
        read = reader.done()
        read.unused = _unused(table, columns)
        return read


def _columns(path: Path, header: Sequence[str]) -> Columns:
    mos = column_of(header, "MOS_zscore", "MOS")
    found = [column_of(header, name) for name in ("image_name", *BINS, "c_total")]
    places = [place for place in found if place is not None]
    if mos is None or len(places) < len(found):
        raise LabelsRefused(
            f"The label file {path.name} has the columns {', '.join(header[:14])}; expected are "
            "image_name, c1 to c5, c_total and MOS."
        )
    return Columns(places[0], tuple(places[1:6]), places[6], mos, column_of(header, "set", "split"))


def _row(name: str, cells: Sequence[str], columns: Columns, score: str) -> Row:
    said = [number(cells[place], "a share of answers") for place in columns.bins]
    total = number(cells[columns.total], "c_total")
    mos = number(cells[columns.mos], "MOS")
    # The authors' file counts people, copies of it have shares.
    row = (from_counts if sum(said) > 1.5 else from_shares)(name, said, ANSWERS)
    if score == "mos":
        row = replace(row, mean=mos, sd=None, distribution=None)
    else:
        row = replace(row, attributes={"mos_zscore": mos})
    part = "" if columns.part is None else part_word(cells[columns.part])
    return replace(row, votes=int(total), part=part)


def _unused(table: Table, columns: Columns) -> list[str]:
    used = {columns.name, *columns.bins, columns.total, columns.mos, columns.part}
    return [name for place, name in enumerate(table.header) if place not in used]
