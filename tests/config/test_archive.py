"""A backup file that was damaged, or made to do harm, is refused before any of it is used."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from config.backups.archive import ArchiveWriter, archive_open
from config.backups.manifest import BackupError, Entry, Facts, Manifest
from tests.config.archives import MANIFEST, changed, read, write

PHOTO = "media/photos/a.jpg"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    with ArchiveWriter(path) as writer:
        database = writer.add("database", io.BytesIO(b"rows" * 1000), packed=True)
        photo = writer.add(PHOTO, io.BytesIO(b"a photo"))
        facts = Facts({"survey_vote": 3}, ["survey.0001_initial"])
        writer.finish(Manifest("0.1.0", "sqlite", "now", facts, database, True, [photo]))
    return path


def use(path: Path) -> Manifest:
    with archive_open(path) as archive:
        archive.verify()
        return archive.manifest


def test_what_was_written_is_read(backup: Path, tmp_path: Path):
    found = use(backup)
    digest = hashlib.sha256(b"a photo").hexdigest()
    assert found.media == [Entry(PHOTO, 7, digest)]
    assert found.facts.tables == {"survey_vote": 3}
    with archive_open(backup) as archive:
        archive.extract(found.media[0], tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").read_bytes() == b"a photo"
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize(
    "name",
    [
        "media/../../owned",
        "media/../owned",
        "/owned",
        "//owned",
        "media//owned",
        "media/./owned",
        "media/..\\owned",
        "media/a\nowned",
        "media/..",
        "media/" + "x" * 2000,
        "C:\\owned",
        "owned",
        "secret-key/owned",
    ],
)
def test_a_name_that_leads_out_is_refused(backup: Path, name: str):
    write(backup, changed(read(backup), {name: b"owned"}))
    with pytest.raises(BackupError, match=r"may not be in a backup|does not hold the files"):
        use(backup)


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"a photo", b"a fraud"))


def flipped(path: Path) -> None:
    """In the packed database, where not zipfile's checksum but its unpacking fails."""
    content = bytearray(path.read_bytes())
    at = content.index(b"database") + 40
    content[at : at + 4] = bytes(255 - byte for byte in content[at : at + 4])
    path.write_bytes(content)


def bomb(path: Path) -> None:
    write(path, {**read(path), PHOTO: bytes(10**8)}, zipfile.ZIP_DEFLATED)


def twice(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(PHOTO, b"another")


def told(**values: object) -> Callable[[Path], None]:
    return lambda path: write(path, changed(read(path), {MANIFEST: values}))


def unlisted(path: Path) -> None:
    write(path, {**read(path), "media/more.jpg": b"more"})


def missing(path: Path) -> None:
    write(path, {name: content for name, content in read(path).items() if name != PHOTO})


NOT_RIGHT = "its manifest is not right"
NOT_SAID = f"The backup is damaged: {PHOTO} is not what its manifest says"
NOT_HELD = "does not hold the files that its manifest names"
NO_BACKUP = "is no backup, or only a part of one"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (damaged, NOT_SAID),
        (bomb, NOT_SAID),
        (flipped, "The backup is damaged: database is not"),
        (twice, NOT_HELD),
        (unlisted, NOT_HELD),
        (missing, NOT_HELD),
        (told(database={"name": PHOTO, "size": 7, "sha256": "0" * 64}), NOT_HELD),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), NO_BACKUP),
        (lambda path: path.write_text("nonsense"), NO_BACKUP),
        (lambda path: path.unlink(), "cannot be read (No such file or directory)"),
        (lambda path: write(path, {"a": b""}), "it has no manifest"),
        (lambda path: write(path, {MANIFEST: b"[]"}), NOT_RIGHT),
        (lambda path: write(path, {MANIFEST: b"{"}), NOT_RIGHT),
        (told(media=[{"name": 1}]), NOT_RIGHT),
        (told(media=[{"name": PHOTO, "size": -1, "sha256": "0" * 64}]), NOT_RIGHT),
        (told(media=[{"name": PHOTO, "size": 7, "sha256": "x"}]), NOT_RIGHT),
        (told(facts=[]), NOT_RIGHT),
        (told(format=9), "This backup has format 9"),
    ],
)
def test_what_is_no_good_backup_is_one_sentence(
    backup: Path, change: Callable[[Path], None], sentence: str
):
    change(backup)
    with pytest.raises(BackupError) as caught:
        use(backup)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_two_never_write_to_one_file(tmp_path: Path):
    path = tmp_path / "backup.zip"
    with ArchiveWriter(path), pytest.raises(BackupError, match="Another backup is being written"):
        ArchiveWriter(path).__enter__()


def test_what_fails_leaves_nothing(tmp_path: Path):
    class Broken:
        def read(self, size: int, /) -> bytes:
            raise OSError(5, "Input/output error")

    with (
        pytest.raises(BackupError, match=r"media/a cannot be read \(Input/output error\)"),
        ArchiveWriter(tmp_path / "backup.zip") as writer,
    ):
        writer.add("media/a", Broken())
    assert list(tmp_path.iterdir()) == []
