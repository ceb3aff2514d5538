"""A state as one file, for a storage that knows files only."""

import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from models_app.training.checkpoint import (
    BEST,
    BEST_JSON,
    BESTS,
    LAST,
    STATE_JSON,
    STATES,
    TRAINING,
    WEIGHTS,
    best_read,
    state_read,
)
from models_app.training.durable import PART, folder_replacing, folder_sync, link_replace
from models_app.training.errors import StateDamaged

_FILES = {STATES: {STATE_JSON, WEIGHTS, TRAINING}, BESTS: {BEST_JSON, WEIGHTS}}
_MEMBER = re.compile(rf"({STATES}|{BESTS})/([0-9]{{8,18}})/([a-z]+\.(?:json|safetensors))")
_Members = dict[tuple[str, str], dict[str, tarfile.TarInfo]]


def state_pack(state: Path, file: Path) -> None:
    """Write a state, and the best weights of its run so far, into one tar.

    Without compression: weights do not get smaller.

    Raises
    ------
    OSError
        If it cannot be written; then nothing is left behind, and an older file stays.
    """
    run = state.parent.parent
    folders = [state]
    if (run / BEST).exists():
        # Where the link points now: it may be swapped while the tar is written. The state comes
        # last, so that a tar that was cut short lacks it and is found out.
        folders.insert(0, (run / BEST).resolve())
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=PART, dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w+b") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for path, member in _content(folders):
                    archive.add(path, member, recursive=False, filter=_plain)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
        folder_sync(file.parent)
    finally:
        part.unlink(missing_ok=True)


def state_unpack(file: Path, run: Path) -> Path:
    """Put the state of a tar, and the best weights in it, into the folder of a run.

    Returns
    -------
    Path
        The state's folder, to which `last` points now.

    Raises
    ------
    StateDamaged
        If the file is no such tar or is damaged; then the run is as it was.
    OSError
        If it cannot be written.
    """
    try:
        with tarfile.open(file, mode="r:") as archive:
            members = _members(archive)
            # The best first: a state that is there is complete.
            for kind, step in sorted(members):
                target = run / kind / step
                with folder_replacing(target) as part:
                    for name, member in members[kind, step].items():
                        _extract(archive, member, part / name)
                    (state_read if kind == STATES else best_read)(part)
                link_replace(run / (LAST if kind == STATES else BEST), f"{kind}/{step}")
    except (tarfile.TarError, EOFError) as error:
        raise StateDamaged(f"{file.name} is no packed state ({error}); pack it again.") from error
    return next(run / kind / step for kind, step in members if kind == STATES)


def _content(folders: list[Path]) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        kind = folder.parent.name
        for name in sorted(_FILES[kind]):
            yield folder / name, f"{kind}/{folder.name}/{name}"


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who packed it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def _members(archive: tarfile.TarFile) -> _Members:
    found: _Members = {}
    for member in archive.getmembers():
        match = _MEMBER.fullmatch(member.name)
        if match is None or not member.isreg():
            raise StateDamaged(
                f"A packed state holds {member.name[:80]!r}, which does not belong into one; pack "
                "it again."
            )
        kind, step, name = match.groups()
        found.setdefault((kind, step), {})[name] = member
    whole = all(set(files) == _FILES[kind] for (kind, _step), files in found.items())
    kinds = sorted(kind for kind, _step in found)
    if not whole or kinds not in ([STATES], [BESTS, STATES]):
        raise StateDamaged(
            "A packed state lacks files, or holds more than one state; pack it again."
        )
    return found


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = archive.extractfile(member)
    if source is None:
        raise StateDamaged(f"{member.name} is not in the packed state; pack it again.")
    with path.open("wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
