"""Tables as icbcbicc/IQA-Dataset has them: dis_img_path, dis_type, ref_img_path, score, others."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.reading import cells_check, number, options_check, reader_make
from models_app.labels.text import (
    base_name,
    column_of,
    is_number,
    names_of,
    table_read,
    text_read,
)

IMAGE, REFERENCE, SCORE, KIND = "dis_img_path", "ref_img_path", "score", "dis_type"
# What a data set without distortions has in that column.
NO_KINDS = ("Authentic", "image_natural")


def is_iqa_dataset(path: Path) -> bool:
    return text_read(path).lstrip().startswith(IMAGE)


class IqaDataset:
    """Reads such a table; further columns become attributes."""

    scale: ClassVar[Scale]

    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, ("part",))
        table = table_read(path)
        image, score = column_of(table.header, IMAGE), column_of(table.header, SCORE)
        if image is None or score is None:
            raise LabelsRefused(
                f"The label file {path.name} has the columns {', '.join(table.header[:14])}; "
                f"expected are {IMAGE} and {SCORE}, as in IQA-Dataset."
            )
        names = names_of([cells[image] for _line, cells in table.lines if len(cells) > image])
        reader = reader_make(path, self.scale, options)
        for line, cells in table.lines:
            raw = cells[image].strip().replace("\\", "/") if len(cells) > image else ""
            with reader.line(line, names.get(raw, raw)):
                cells_check(cells, len(table.header))
                mean = number(cells[score], "the score")
                words = dict(zip(table.header, cells, strict=True))
                reader.take(line, _row(names[raw], mean, words))
        return reader.done()


def _row(name: str, mean: float, words: dict[str, str]) -> Row:
    kind, reference = words.get(KIND, ""), base_name(words.get(REFERENCE, ""))
    attributes: dict[str, object] = {
        key: float(cell) if is_number(cell) else cell
        for key, cell in words.items()
        if key not in (IMAGE, REFERENCE, SCORE, KIND)
    }
    if kind and kind not in NO_KINDS:
        attributes["distortion"] = kind
    return Row(name, mean, reference=reference, attributes=attributes)
