"""Several files of one kind as one set of labels, such as one file a part."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models_app.labels.base import LabelsRefused, Problem, Read, Row
from models_app.labels.registry import entry_get, importer_get


def files_read(kind: str, paths: Sequence[Path], options: Mapping[str, str]) -> Read:
    """Read files of one kind, in their order; a name that an earlier file has is a duplicate.

    Problems of more than one file say which file's line is meant.

    Raises
    ------
    LabelsRefused
        If one of them cannot be read, or their scales differ.
    """
    entry_get(kind)
    if not paths:
        raise LabelsRefused("No label file was given; name one.")
    reads = [importer_get(kind).read(path, options) for path in paths]
    if len(reads) == 1:
        return reads[0]
    whole = Read(reads[0].scale)
    known: dict[str, tuple[Path, Row]] = {}
    for path, read in zip(paths, reads, strict=True):
        if read.scale != whole.scale:
            raise LabelsRefused(
                f"{path.name} has another scale than {paths[0].name}; import them one by one."
            )
        _add(whole, read, path, known)
    return whole


def _add(whole: Read, read: Read, path: Path, known: dict[str, tuple[Path, Row]]) -> None:
    for number, row in enumerate(read.rows, start=1):
        if row.name in known:
            first, other = known[row.name]
            score = "the same score" if other.mean == row.mean else f"the score {other.mean:g}"
            said = f"{first.name} has this name already, with {score}, and counts"
            whole.duplicates.append(Problem(number, row.name, f"{path.name}: {said}"))
            continue
        known[row.name] = (path, row)
        whole.rows.append(row)
    for mine, theirs in (
        (whole.duplicates, read.duplicates),
        (whole.out_of_range, read.out_of_range),
        (whole.malformed, read.malformed),
    ):
        mine.extend(replace(each, reason=f"{path.name}: {each.reason}") for each in theirs)
    whole.unused = list(dict.fromkeys([*whole.unused, *read.unused]))
    whole.unscored = list(dict.fromkeys([*whole.unscored, *read.unscored]))


def files_hash(paths: Sequence[Path]) -> str:
    """Return the SHA-256 of a file's bytes; of several files or a folder, that of all of theirs.

    Of a folder whose files are the labels, names count and contents do not.
    """
    digests = [_hash(path) for path in paths]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _hash(path: Path) -> str:
    if path.is_dir():
        names = sorted(each.relative_to(path).as_posix() for each in path.rglob("*"))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
