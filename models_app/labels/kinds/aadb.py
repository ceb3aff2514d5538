"""AADB (Kong et al. 2016): 0 to 1, with eleven attributes from -1 to 1.

Three layouts: IQA-Dataset's, a table of image_id, quality, cl1 to cl11 (in the same order of
attributes), and the authors' lists of "file score".
"""

from collections.abc import Mapping
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.iqa_dataset import IqaDataset, is_iqa_dataset
from models_app.labels.reading import cells_check, number, options_check, reader_make
from models_app.labels.text import base_name, column_of, lines_read, table_read, text_read

SCALE = Scale(0, 1)
# As the authors spell them.
ATTRIBUTES = (
    "BalacingElements",
    "ColorHarmony",
    "Content",
    "DoF",
    "Light",
    "MotionBlur",
    "Object",
    "Repetition",
    "RuleOfThirds",
    "Symmetry",
    "VividColor",
)
OPTIONS = ("part",)


class Aadb(IqaDataset):
    scale = SCALE

    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        if is_iqa_dataset(path):
            return super().read(path, options)
        if "," in text_read(path).split("\n", 1)[0]:
            return _table(path, options)
        return _list(path, options)


def _list(path: Path, options: Mapping[str, str]) -> Read:
    reader = reader_make(path, SCALE, options)
    for line, cells in lines_read(path):
        with reader.line(line, base_name(cells[0])):
            cells_check(cells, 2)
            reader.take(line, Row(base_name(cells[0]), number(cells[1], "the score")))
    return reader.done()


def _table(path: Path, options: Mapping[str, str]) -> Read:
    table = table_read(path)
    columns = [f"cl{place}" for place in range(1, len(ATTRIBUTES) + 1)]
    places = [column_of(table.header, name) for name in ("image_id", "quality", *columns)]
    used = [place for place in places if place is not None]
    if len(used) < len(places):
        raise LabelsRefused(
            f"The label file {path.name} has the columns {', '.join(table.header[:14])}; expected "
            "are image_id, quality and cl1 to cl11."
        )
    reader = reader_make(path, SCALE, options)
    for line, cells in table.lines:
        name = base_name(cells[used[0]]) if len(cells) > used[0] else ""
        with reader.line(line, name):
            cells_check(cells, len(table.header))
            mean, *said = (number(cells[place], table.header[place]) for place in used[1:])
            attributes = dict(zip(ATTRIBUTES, said, strict=True))
            reader.take(line, Row(name, mean, attributes=attributes))
    read = reader.done()
    read.unused = [name for place, name in enumerate(table.header) if place not in used]
    return read
