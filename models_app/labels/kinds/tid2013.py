"""TID2013 (Ponomarenko et al. 2015): `mos_with_names.txt`, with `mos_std.txt` beside it.

The layout of IQA-Dataset (a table with dis_img_path) is taken as well.
"""

from collections.abc import Mapping
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.iqa_dataset import IqaDataset, is_iqa_dataset
from models_app.labels.reading import cells_check, number, options_check, reader_make
from models_app.labels.text import lines_read
from models_app.labels.tid import tid_words

SCALE = Scale(0, 9)
OPTIONS = ("part", "sd_file")
DEVIATIONS = "mos_std.txt"


class Tid2013(IqaDataset):
    scale = SCALE

    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        if is_iqa_dataset(path):
            return super().read(path, options)
        lines = list(lines_read(path))
        deviations = _deviations(path, options, len(lines))
        reader = reader_make(path, SCALE, options)
        for place, (line, cells) in enumerate(lines):
            name = cells[-1]
            with reader.line(line, name):
                cells_check(cells, 2)
                mean = number(cells[0], "the score")
                sd = number(deviations[place], "the deviation") if deviations else None
                reference, words = tid_words(name)
                reader.take(line, Row(name, mean, sd, reference=reference, attributes=words))
        return reader.done()


def _deviations(path: Path, options: Mapping[str, str], wanted: int) -> list[str]:
    """Return one deviation a line of the label file; none where there is no such file."""
    given = options.get("sd_file")
    table = Path(given) if given else path.parent / DEVIATIONS
    if not given and not table.is_file():
        return []
    found = [words[0] for _line, words in lines_read(table)]
    if len(found) != wanted:
        raise LabelsRefused(
            f"{table.name} has {len(found)} lines and {path.name} has {wanted}; they belong "
            "together line by line."
        )
    return found
