"""Photos and pictures in an S3 bucket, behind the same calls as the local folder.

Whoever uses `default_storage` sees what a folder would do: a missing file is FileNotFoundError,
deleting it is no error, names are never written twice, and everything else that goes wrong is an
OSError whose text is one sentence.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as UnreachableError
from django.core.files.base import File
from django.utils.translation import gettext as _
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

# Pictures stay in memory; what is larger (a checkpoint) goes to a temporary file.
MEMORY_BYTES = 16_000_000
DENIED = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
MISSING = {"404", "NoSuchKey", "NotFound"}


class StorageError(OSError):
    """The bucket cannot be used; `str()` and `strerror` are one sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(errno.EIO, sentence)

    def __str__(self) -> str:
        return str(self.strerror)


class BucketStorage(S3Storage):  # type: ignore[misc]  # it ships no types
    """django-storages' S3 with a folder's manners."""

    def __init__(self, **options: Any) -> None:
        endpoint = options.get("endpoint_url")
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 3, "mode": "standard"},
            # A server of one's own seldom has a name for each bucket, and some know no checksums.
            s3={"addressing_style": "path" if endpoint else "auto"},
            request_checksum_calculation="when_required" if endpoint else "when_supported",
            response_checksum_validation="when_required" if endpoint else "when_supported",
        )
        # Threads for a picture of some hundred kilobytes would cost more than they bring.
        transfer = TransferConfig(use_threads=False)
        super().__init__(
            **options, file_overwrite=False, client_config=config, transfer_config=transfer
        )
        self._process = os.getpid()

    @property
    def server(self) -> str:
        return str(self.endpoint_url or "Amazon S3")

    @property
    def connection(self) -> Any:
        self._forget_after_fork()
        return super().connection

    @property
    def bucket(self) -> Any:
        self._forget_after_fork()
        return super().bucket

    def _forget_after_fork(self) -> None:
        """A worker's child must not talk on its parent's sockets."""
        if self._process != os.getpid():
            self.__setstate__(self.__getstate__())
            self._process = os.getpid()

    def answer_check(self) -> None:
        """Raise StorageError unless the bucket is there and lists its files to us."""
        with self._told():
            self.connection.meta.client.list_objects_v2(
                Bucket=self.bucket_name, Prefix=self.location, MaxKeys=1
            )

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        with self._told(name):
            if mode != "rb":
                return super()._open(name, mode)  # type: ignore[no-any-return]
            # All of it at once: what fails, fails here, where callers look for a missing file.
            content: IO[bytes] = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115
            try:
                key = self._normalize_name(clean_name(name))
                self.bucket.Object(key).download_fileobj(content, Config=self.transfer_config)
            except BaseException:
                content.close()
                raise
            content.seek(0)
            return File(content, name)

    def _save(self, name: str, content: File[Any]) -> str:
        with self._told(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        if not name:
            # Without this, the prefix itself would be deleted.
            raise ValueError("The name must be given to delete().")
        with self._told(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with self._told(name):
            return bool(super().exists(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._told(path):
            folders, files = super().listdir(path)
        return folders, files

    def size(self, name: str) -> int:
        with self._told(name):
            return int(super().size(name))

    def get_modified_time(self, name: str) -> datetime:
        with self._told(name):
            found: datetime = super().get_modified_time(name)
        return found

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if code in MISSING:
                text = os.strerror(errno.ENOENT)
                raise FileNotFoundError(errno.ENOENT, text, name) from error
            raise StorageError(self._answered(code)) from error
        except (BotoCoreError, Boto3Error) as error:
            raise StorageError(self._silent(error)) from error

    def _answered(self, code: str) -> str:
        about = {"bucket": self.bucket_name, "server": self.server, "code": code}
        if code in DENIED:
            return (
                _(
                    "The bucket %(bucket)s at %(server)s refuses these keys (%(code)s); correct "
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or let them list, read, write "
                    "and delete there."
                )
                % about
            )
        if code == "NoSuchBucket":
            return (
                _("There is no bucket %(bucket)s at %(server)s; make it, or correct STORAGE_URL.")
                % about
            )
        return (
            _("The bucket %(bucket)s at %(server)s cannot be used (%(code)s); see its log.") % about
        )

    def _silent(self, error: Exception) -> str:
        about = {"bucket": self.bucket_name, "server": self.server}
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return (
                _(
                    "The bucket %(bucket)s wants keys; set AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY."
                )
                % about
            )
        if isinstance(error, HTTPClientError | UnreachableError):
            return (
                _(
                    "The storage server %(server)s does not answer; start it, or correct "
                    "STORAGE_URL."
                )
                % about
            )
        about["error"] = " ".join(str(error).split())[:200]
        return _("The bucket %(bucket)s at %(server)s cannot be used (%(error)s).") % about
