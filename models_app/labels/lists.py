"""Lists of image names without scores, such as AVA's .jpgl files."""

from pathlib import Path

from models_app.labels.base import LabelsRefused
from models_app.labels.text import lines_read


def ids_read(path: Path) -> list[str]:
    """Return the names of a list, one a line, in its order; each name once.

    Raises
    ------
    LabelsRefused
        If the file cannot be read, or a line has more than one word.
    """
    names: list[str] = []
    for line, words in lines_read(path):
        if len(words) != 1:
            raise LabelsRefused(
                f"Line {line} of the list {path.name} has {len(words)} words; "
                "expected is one image name a line."
            )
        names.append(words[0])
    return list(dict.fromkeys(names))
