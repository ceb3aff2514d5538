"""Write a file atomically."""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile


def file_write(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file: a reader finds the old one or the whole new one, never a half."""
    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            # As a file that the user made, not as a private temporary one.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
