"""AVA as idealo/image-quality-assessment has it: the label is votes for 1 to 10."""

from collections.abc import Mapping
from pathlib import Path

from models_app.labels.base import Read, Scale
from models_app.labels.idealo import entries_read
from models_app.labels.reading import from_counts

SCALE = Scale(1, 10, bins=10, first_bin=1)


class IdealoAva:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        return entries_read(path, options, SCALE, from_counts)
