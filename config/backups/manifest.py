"""What a backup says about itself, and the refusal of one that cannot be believed."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

FORMAT = 1
SHA256 = re.compile(r"[0-9a-f]{64}")
NAME_MOST = 1024


class BackupError(Exception):
    """A backup cannot be made or used; the message is one sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: its name there, bytes, and SHA-256 in hexadecimal digits."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database holds: rows by table, and the migrations it has had (`app.name`)."""

    tables: dict[str, int]
    migrations: list[str]


@dataclass(frozen=True, slots=True)
class Manifest:
    version: str
    engine: str
    created_at: str
    facts: Facts
    database: Entry
    # False where only the database was asked for.
    has_media: bool
    media: list[Entry] = field(default_factory=list)
    # Deleted by others while the backup was made.
    gone: list[str] = field(default_factory=list)
    key: Entry | None = None
    format: int = FORMAT

    @property
    def entries(self) -> list[Entry]:
        return [self.database, *self.media, *([self.key] if self.key else [])]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def manifest_read(content: bytes) -> Manifest:
    """Read a manifest; raises BackupError for another format or anything of the wrong shape."""
    try:
        raw = json.loads(content)
        if raw["format"] != FORMAT:
            raise BackupError(
                _(
                    "This backup has format %(found)s and this Proofsheet reads %(known)s; restore "
                    "it with the version that made it (%(version)s)."
                )
                % {"found": raw["format"], "known": FORMAT, "version": raw.get("version", "?")}
            )
        return _manifest(raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(
            _("This is no backup of Proofsheet: its manifest is not right.")
        ) from error


def _manifest(raw: dict[str, Any]) -> Manifest:
    tables = {str(name): int(rows) for name, rows in raw["facts"]["tables"].items()}
    return Manifest(
        version=str(raw["version"]),
        engine=str(raw["engine"]),
        created_at=str(raw["created_at"]),
        facts=Facts(tables, [str(name) for name in raw["facts"]["migrations"]]),
        database=_entry(raw["database"]),
        has_media=bool(raw["has_media"]),
        media=[_entry(entry) for entry in raw["media"]],
        gone=[str(name) for name in raw["gone"]],
        key=_entry(raw["key"]) if raw["key"] else None,
    )


def _entry(raw: dict[str, Any]) -> Entry:
    entry = Entry(str(raw["name"]), int(raw["size"]), str(raw["sha256"]))
    if entry.size < 0 or not SHA256.fullmatch(entry.sha256):
        raise ValueError(entry)
    return entry


def name_check(name: str) -> None:
    """Refuse a name that could lead out of the folder into which it is restored."""
    plain = name.isprintable() and "\\" not in name and len(name) <= NAME_MOST
    if not plain or any(part in {"", ".", ".."} for part in name.split("/")):
        raise BackupError(
            _("The file name %(name)s may not be in a backup; nothing was changed.")
            % {"name": ascii(name[:80])}
        )
