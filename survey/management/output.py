"""The file that a command writes: refused before the work where it can be known, not after it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from survey.exports import file_write


def output_check(path: Path, *, example: str) -> None:
    """Raise CommandError where no file can be made at this path; makes none."""
    # What is written replaces the file; a folder is not replaced, nor a device.
    if not path.name or (path.exists() and not path.is_file()):
        raise CommandError(
            _("%(path)s is no file; name one, as in %(example)s.")
            % {"path": path, "example": example}
        )
    with output_errors(path), NamedTemporaryFile(dir=path.parent):
        pass


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn what the system says of a file into one sentence."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            _("%(path)s cannot be written (%(reason)s); name another file.")
            % {"path": path, "reason": error.strerror}
        ) from error


def json_write(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file for people to read; CommandError where that fails."""
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    with output_errors(path):
        file_write(path, [text.encode()])
