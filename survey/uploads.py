"""Files that browsers send: dropped unread, except where a view has looked who sends them.

The check of a form's token reads the whole request, before any view: what it read of a file would
lie on the disk of whoever runs this, sent by anybody.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    SkipFile,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest

# Of a form beside its files.
FORM_BYTES = 1_000_000


class NoFiles(FileUploadHandler):
    """Keeps nothing of any file; the form's fields are read as ever."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any
    ) -> None:
        """Refuse with 400, unread, what is larger than all fields of a form may be."""
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig(f"A form without files has {content_length} bytes.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep nothing; not called for a file that was skipped."""

    def file_complete(self, file_size: int) -> None:
        """Give nothing; not called for a file that was skipped."""


def files_take(request: HttpRequest, *, on_disk: bool = False) -> None:
    """Let this request bring files: called once it is known who sends them, and how much.

    Before anything of the request is read; so the view is exempt from the usual check of the
    form's token, and makes it itself afterwards. Small uploads stay in memory unless `on_disk`.
    """
    handlers: list[FileUploadHandler] = [TemporaryFileUploadHandler(request)]
    if not on_disk:
        handlers.insert(0, MemoryFileUploadHandler(request))
    request.upload_handlers = handlers


def length_told(request: HttpRequest) -> int:
    """How many bytes the body has; 0 where the request does not say, and then it has none."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
