"""CUHK-PQ (Tang et al. 2013): photos in folders called high and low, and no label file.

The mean is 1 for high quality and 0 for low; the other folders are the category.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from models_app.imaging import SUFFIXES
from models_app.labels.base import LabelsRefused, Read, Row, Scale
from models_app.labels.reading import Malformed, Reader, options_check, part_option

SCALE = Scale(0, 1)
OPTIONS = ("part",)
# high, low, HighQuality, low_quality, High-Quality ...
FOLDER = re.compile(r"(high|low)[ _-]?(quality)?", re.IGNORECASE)


class CuhkPq:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        if not path.is_dir():
            raise LabelsRefused(
                f"{path.name} is no folder; CUHK-PQ's labels are its folders high and low: give "
                "the folder that holds them."
            )
        reader = Reader(path, SCALE, part_option(path, options))
        files = (each for each in sorted(path.rglob("*")) if each.suffix.lower() in SUFFIXES)
        for line, file in enumerate(files, start=1):
            inside = file.relative_to(path)
            name = inside.as_posix()
            with reader.line(line, name):
                folders = [*inside.parts[:-1]]
                quality = [folder for folder in folders if FOLDER.fullmatch(folder)]
                if len(quality) != 1:
                    raise Malformed("it lies below no folder high or low, or below both")
                high = quality[0].lower().startswith("high")
                category = "/".join(folder for folder in folders if folder not in quality)
                words: dict[str, object] = {"category": category} if category else {}
                reader.take(line, Row(name, float(high), attributes=words))
        return reader.done()
