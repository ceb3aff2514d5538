"""AVA's official .jpgl lists: which images train and test; the scores come from another file.

With the option `scores_file` (AVA.txt, or a CSV of AVA) every listed image that has a score there
becomes a row of the list's part; listed images without a score are named. Without it there are no
rows: a list alone is no label, and serves splits.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from models_app.labels.base import LabelsRefused, Read
from models_app.labels.kinds.ava import SCALE, Ava
from models_app.labels.kinds.ava_csv import AvaCsv
from models_app.labels.lists import ids_read
from models_app.labels.reading import options_check, part_option
from models_app.labels.text import lines_read

OPTIONS = ("part", "scores_file")


class AvaLists:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        options_check(options, OPTIONS)
        part = part_option(path, options)
        names = ids_read(path)
        if not options.get("scores_file"):
            return Read(SCALE, unscored=names)
        scores = Path(options["scores_file"])
        _line, cells = next(lines_read(scores))
        importer = Ava() if len(cells) > 1 else AvaCsv()
        read = importer.read(scores, {"part": "none"})
        known = {row.name: row for row in read.rows}
        rows = [replace(known[name], part=part) for name in names if name in known]
        if not rows:
            raise LabelsRefused(
                f"None of the {len(names)} images of the list {path.name} has a score in "
                f"{scores.name}; give the file with the scores of AVA."
            )
        return Read(SCALE, rows, unscored=[name for name in names if name not in known])
