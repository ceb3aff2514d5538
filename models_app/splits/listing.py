"""Files that name the images of a part."""

import hashlib
from pathlib import Path

from models_app.labels.base import LabelsRefused
from models_app.labels.text import text_read
from models_app.splits.base import NameList, SplitRefused

# Of text, unpacked: a web process reads lists too. All of AVA's ids have 2 MB.
TEXT_MOST = 50_000_000


def list_read(path: Path, file: str = "") -> NameList:
    """Read a file of image names, one a line, gzip or not, such as AVA's .jpgl; each name once.

    Parameters
    ----------
    file
        What people call it, where that is not its name.

    Raises
    ------
    SplitRefused
        If it cannot be read, names nothing, or has more than 50 MB of text.
    """
    try:
        lines = text_read(path, TEXT_MOST).splitlines()
    except LabelsRefused as refused:
        raise SplitRefused(str(refused).replace(path.name, file or path.name)) from refused
    names = dict.fromkeys(line.strip() for line in lines if line.strip())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return NameList(file or path.name, digest, tuple(names))
