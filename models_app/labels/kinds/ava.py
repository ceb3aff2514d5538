"""AVA.txt (Murray et al. 2012): index, image, ten counts, two tags, challenge."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from models_app.labels.base import Read, Scale
from models_app.labels.reading import cells_check, from_counts, number, options_check, reader_make
from models_app.labels.text import lines_read

SCALE = Scale(1, 10, bins=10, first_bin=1)
OPTIONS = ("part",)
COLUMNS = 15
COUNTS = slice(2, 12)


class Ava:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        reader = reader_make(path, SCALE, options)
        tags, challenges = _words(path, "tags.txt"), _words(path, "challenges.txt")
        for line, cells in lines_read(path):
            name = cells[1] if len(cells) > 1 else cells[0]
            with reader.line(line, name):
                cells_check(cells, COLUMNS)
                counts = [number(cell, "a count") for cell in cells[COUNTS]]
                said = [tags.get(tag, tag) for tag in cells[12:14] if tag != "0"]
                challenge = challenges.get(cells[14], cells[14])
                row = from_counts(name, counts, SCALE)
                reader.take(line, replace(row, attributes={"tags": said, "challenge": challenge}))
        return reader.done()


def _words(path: Path, name: str) -> dict[str, str]:
    """Return number -> word of AVA's table of this name, where it lies beside the label file."""
    table = path.parent / name
    if not table.is_file():
        return {}
    return {cells[0]: " ".join(cells[1:]) for _line, cells in lines_read(table)}
