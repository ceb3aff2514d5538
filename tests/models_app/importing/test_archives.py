"""Archives that nobody trusts: each attack is planted, named and refused."""

import io
import tracemalloc
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from PIL import Image

from models_app.imaging import PhotoRefused
from models_app.importing import archives
from models_app.importing.archives import ArchiveRefused, archive_open
from tests.models_app.zips import (
    CRC,
    FLAGS,
    LINK,
    PACKED,
    PIPE,
    SIZE,
    bomb,
    changed,
    entry,
    overlapping,
    zip_of,
)

MOST = 5_000_000


@pytest.fixture
def photo(real_photos: list[Path]) -> bytes:
    return real_photos[3].read_bytes()


def reasons(archive: bytes) -> dict[str, str]:
    with archive_open(io.BytesIO(archive), max_bytes=MOST) as opened:
        return {each.path: each.reason for each in opened.entries}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../evil.jpg", "leads out of the archive"),
        ("a/../../evil.jpg", "leads out of the archive"),
        ("..\\..\\evil.jpg", "leads out of the archive"),
        ("../.ssh/authorized_keys", "leads out of the archive"),
        ("/etc/evil.jpg", "root of a disk"),
        ("\\\\server\\share\\evil.jpg", "root of a disk"),
        ("C:\\evil.jpg", "drive letter"),
        ("c:evil.jpg", "drive letter"),
        ("photo.jpg\0.php", "zero byte"),
        (" ", "no file name"),
        ("inner.zip", "archive inside the archive"),
        ("inner.tar.gz", "archive inside the archive"),
        ("notes.txt", "no photo by its name"),
        ("page.svg", "no photo by its name"),
        (entry("link.jpg", mode=LINK), "it is a link"),
        (entry("pipe.jpg", mode=PIPE), "no ordinary file"),
        (entry("packed.jpg", method=ZIP_LZMA), "by a method that is not read"),
        (entry("packed.jpg", method=ZIP_BZIP2), "by a method that is not read"),
    ],
)
def test_an_entry_that_leads_astray_is_named_and_refused(name, said: str, photo: bytes):
    found = reasons(zip_of([(name, photo), ("good.jpg", photo)]))
    assert found.pop("good.jpg") == ""
    (reason,) = found.values()
    assert said in reason


def test_what_systems_put_beside_photos_is_skipped_and_counted(photo: bytes):
    names = ["__MACOSX/._a.jpg", ".DS_Store", "x/Thumbs.db", ".hidden/b.jpg", "desktop.ini"]
    content = zip_of([("folder/", b""), *((name, b"x") for name in names), ("folder/a.jpg", photo)])
    with archive_open(io.BytesIO(content), max_bytes=MOST) as opened:
        assert [each.path for each in opened.entries] == ["folder/a.jpg"]
        assert opened.skipped == 6
        assert opened.read(opened.entries[0]) == photo


def test_names_that_differ_in_case_or_in_composition_are_one_name(photo: bytes):
    found = reasons(zip_of([("A/É.jpg", photo), ("a/e\u0301.JPG", photo), ("a/b.jpg", photo)]))
    assert [bool(reason) for reason in found.values()] == [False, True, False]
    assert "another file of this name" in found["a/é.JPG"]


def test_a_name_of_macos_is_read_as_it_was_meant(photo: bytes):
    # UTF-8 without the flag that says so, accents apart.
    archive = zip_of([("Schloss Scho\u0308n.jpg", photo)])
    archive = changed(archive, "Schloss Scho\u0308n.jpg", FLAGS, 0)
    with ZipFile(io.BytesIO(archive)) as plain:
        assert plain.namelist() != ["Schloss Sch\u00f6n.jpg"]
    assert list(reasons(archive)) == ["Schloss Sch\u00f6n.jpg"]


def test_an_encrypted_entry_is_refused(photo: bytes):
    archive = changed(zip_of([("a.jpg", photo)]), "a.jpg", FLAGS, 1)
    assert "it is encrypted" in reasons(archive)["a.jpg"]


def test_a_bomb_is_refused_by_what_it_claims_and_by_what_it_does():
    assert "it has 6.0 MB; allowed are 5 MB" in reasons(bomb("a.jpg", 6_000_000))["a.jpg"]
    assert "more than 100 times its size" in reasons(bomb("a.jpg", 4_000_000))["a.jpg"]
    # It claims to be small, and goes on.
    lying = changed(bomb("a.jpg", 50_000_000), "a.jpg", SIZE, 1000, 4)
    with archive_open(io.BytesIO(lying), max_bytes=MOST) as opened:
        (found,) = opened.entries
        assert not found.reason
        tracemalloc.start()
        with pytest.raises(PhotoRefused, match="damaged in the archive"):
            opened.read(found)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3_000_000


def padded(photo: bytes, n: int) -> bytes:
    """Photos with zeros behind them, each just below the size from which its ratio counts."""
    content = photo.ljust(archives.RATIO_FROM - 1, b"\0")
    return zip_of((entry(f"{i}.jpg", method=ZIP_DEFLATED), content) for i in range(n))


def test_many_small_bombs_are_one_bomb(photo: bytes):
    small = Image.open(io.BytesIO(photo)).convert("RGB").resize((8, 8))
    out = io.BytesIO()
    small.save(out, "JPEG")
    assert set(reasons(padded(out.getvalue(), 10)).values()) == {""}
    with pytest.raises(ArchiveRefused, match="claims to unpack to 11 MB, more than 20 times"):
        reasons(padded(out.getvalue(), 11))
    # The same photos beside others that are no bombs.
    assert len(padded(photo, 11)) * 20 > 11 * archives.RATIO_FROM
    assert len(reasons(padded(photo, 11))) == 11


def test_a_read_ends_at_the_limit_whatever_the_header_says(photo: bytes, monkeypatch):
    with archive_open(io.BytesIO(zip_of([("a.jpg", photo)])), max_bytes=len(photo)) as opened:
        (found,) = opened.entries
        monkeypatch.setattr(opened, "_max_bytes", len(photo) - 1)
        with pytest.raises(PhotoRefused, match="save it smaller"):
            opened.read(found)


def test_entries_on_top_of_each_other_are_refused(photo: bytes):
    assert reasons(overlapping(photo, 1)) == {"0.jpg": ""}
    with pytest.raises(ArchiveRefused, match="on top of each other"):
        reasons(overlapping(photo, 50))


def test_a_list_that_is_too_long_is_not_read(monkeypatch, photo: bytes):
    archive = zip_of((f"{n}.jpg", b"x") for n in range(30))
    monkeypatch.setattr(archives, "ENTRIES_MOST", 29)
    with pytest.raises(ArchiveRefused, match="30 entries; allowed are 29"):
        reasons(archive)
    monkeypatch.setattr(archives, "READ_MOST", 1000)
    with pytest.raises(ArchiveRefused, match="list of entries is too long"):
        reasons(archive)


def test_damage_is_one_files_affair(photo: bytes):
    archive = zip_of([("a.jpg", photo), ("b.jpg", photo)])
    for field, value in ((CRC, 1), (SIZE, len(photo) - 1), (SIZE, len(photo) + 7)):
        with archive_open(
            io.BytesIO(changed(archive, "a.jpg", field, value, 4)), max_bytes=MOST
        ) as opened:
            first, second = opened.entries
            with pytest.raises(PhotoRefused, match="damaged in the archive"):
                opened.read(first)
            assert opened.read(second) == photo
    # It says to be longer than it is, into what follows.
    with pytest.raises(ArchiveRefused, match="on top of each other"):
        reasons(changed(archive, "a.jpg", PACKED, len(photo) + 100, 4))


@pytest.mark.parametrize("cut", [0, 3, 100, -1, -30])
def test_what_is_no_zip_or_half_of_one_is_one_sentence(cut: int, photo: bytes):
    archive = zip_of([("a.jpg", photo)])
    with pytest.raises(ArchiveRefused, match="no zip, or a damaged one"):
        reasons(archive[:cut])


def test_the_table_of_credits_nearest_to_the_root_is_taken(photo: bytes):
    content = zip_of([("x/y/credits.csv", b"far"), ("x/Credits.CSV", b"near"), ("x/a.jpg", photo)])
    with archive_open(io.BytesIO(content), max_bytes=MOST) as opened:
        assert opened.credits(1000) == b"near"
        assert "another table of credits" in opened.entries[0].reason
        with pytest.raises(ArchiveRefused, match=r"credits.csv: it has 0.0 MB"):
            opened.credits(3)
