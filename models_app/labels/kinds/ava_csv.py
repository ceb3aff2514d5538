"""AVA as CSV, as kentsyx' NIMA reads it: image, ten counts; a header and further columns or not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.reading import cells_check, from_counts, number, options_check, reader_make
from models_app.labels.text import Table, base_name, column_of, is_number, table_read

# Files that call the columns score2 to score11 number the columns: the scores are 1 to 10.
SCALE = Scale(1, 10, bins=10, first_bin=1)
OPTIONS = ("part",)
TAGS = ("tag1", "tag2")
# tag3 is the challenge in TANet's files.
CHALLENGES = ("challenge", "tag3")


class AvaCsv:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        table = table_read(path)
        lines = table.lines
        if all(is_number(cell) for cell in table.header[1:]):
            # No header: the first line is a label.
            lines = [(1, table.header), *lines]
            header = ["image_id", *(f"score{score}" for score in range(1, len(table.header)))]
            table = Table(header, lines)
        first = _counts_begin(path, table.header)
        reader = reader_make(path, SCALE, options)
        used = {0, *range(first, first + SCALE.bins)}
        known = {name: column_of(table.header, name) for name in (*TAGS, *CHALLENGES)}
        for line, cells in lines:
            name = base_name(cells[0])
            with reader.line(line, name):
                cells_check(cells, len(table.header))
                said = [number(cell, "a count") for cell in cells[first : first + SCALE.bins]]
                row = from_counts(name, said, SCALE)
                reader.take(line, _with_words(row, cells, known))
        used |= {place for place in known.values() if place is not None}
        unused = [name for place, name in enumerate(table.header) if place not in used]
        read = reader.done()
        read.unused = unused
        return read


def _counts_begin(path: Path, header: Sequence[str]) -> int:
    """Return the place of the first of ten count columns that follow one another."""
    lowered = [cell.lower() for cell in header]
    for begin in (1, 2):
        names = [f"score{score}" for score in range(begin, begin + SCALE.bins)]
        if names[0] in lowered:
            first = lowered.index(names[0])
            if first and lowered[first : first + SCALE.bins] == names:
                return first
    raise LabelsRefused(
        f"The label file {path.name} has the columns {', '.join(header[:14])}; expected are the "
        "image and then score1 to score10 or score2 to score11, or no header."
    )


def _with_words(row: Row, cells: Sequence[str], known: Mapping[str, int | None]) -> Row:
    tags = [cells[place] for name in TAGS if (place := known[name]) is not None]
    words: dict[str, object] = {}
    if tags:
        words["tags"] = [tag for tag in tags if tag != "0"]
    for name in CHALLENGES:
        place = known[name]
        if place is not None:
            words["challenge"] = cells[place]
    return replace(row, attributes=words) if words else row
