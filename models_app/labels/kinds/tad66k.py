"""TAD66K (He et al. 2022): image and score, 1 to 10; one file a part."""

from collections.abc import Mapping
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.reading import cells_check, number, options_check, reader_make
from models_app.labels.text import base_name, column_of, table_read

SCALE = Scale(1, 10)
OPTIONS = ("part",)


class Tad66k:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        table = table_read(path)
        image, score = column_of(table.header, "image"), column_of(table.header, "score")
        if image is None or score is None:
            raise LabelsRefused(
                f"The label file {path.name} has the columns {', '.join(table.header[:14])}; "
                "expected are image and score."
            )
        reader = reader_make(path, SCALE, options)
        for line, cells in table.lines:
            name = base_name(cells[image]) if len(cells) > image else ""
            with reader.line(line, name):
                cells_check(cells, len(table.header))
                reader.take(line, Row(name, number(cells[score], "the score")))
        return reader.done()
