"""Backup, destroy, restore: with the real commands, on a real database, with real photos."""

import json
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.config.archives import changed, read, write
from tests.config.backup_world import VOTES
from tests.config.conftest import NAMED, ROOT
from tests.config.worlds import DEV, World
from tests.conftest import needs
from tests.servers import KEYS, storage_url


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Proofsheet on SQLite with photos and votes, made once and only copied."""
    var = tmp_path_factory.mktemp("made")
    kept = {name: value for name, value in os.environ.items() if name not in NAMED}
    world = World({**kept, "DJANGO_SETTINGS_MODULE": DEV, "PROOFSHEET_VAR": str(var)})
    world.make()
    return var


@pytest.fixture
def world(environment: dict[str, str]) -> World:
    return World(environment)


@pytest.fixture
def filled(world: World, made: Path) -> World:
    shutil.copytree(made, world.var, dirs_exist_ok=True)
    return world


KINDS = ("SQLite and a folder", "PostgreSQL and a bucket")
BOTH = pytest.mark.parametrize("either", KINDS, indirect=True)
# Each of a second kind takes half a minute.
SECOND_SLOW = pytest.mark.parametrize(
    "either", [KINDS[0], pytest.param(KINDS[1], marks=pytest.mark.slow)], indirect=True
)


@pytest.fixture
def either(request: pytest.FixtureRequest, environment: dict[str, str]) -> World:
    if request.param == "SQLite and a folder":
        return World(environment)
    needs(shutil.which("pg_dump") is not None, "pg_dump")
    url = request.getfixturevalue("postgres_url")
    bucket = storage_url(request.getfixturevalue("bucket_server"), uuid4().hex)
    return World({**environment, **KEYS, "DATABASE_URL": url, "STORAGE_URL": bucket})


@BOTH
def test_backup_destroy_restore(either: World, tmp_path: Path) -> None:
    either.make()
    was = either.look()
    assert was["rows"]["survey_vote"] == VOTES
    assert was["rows"]["models_app_photo"] == 3
    assert len(was["files"]) == 3 + 28
    key = (either.var / "secret-key").read_text()
    backup = tmp_path / "backup.zip"
    assert f"{len(was['files'])} files" in either.does("backup", backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [backup]

    either.destroy()
    table = either.does("restore", backup)
    assert either.look() == was
    assert was["whole"]
    assert (either.var / "secret-key").read_text() == key
    (votes,) = [line.split() for line in table.splitlines() if line.startswith("survey_vote ")]
    assert votes[1:] == ["-", str(VOTES)]

    # Over what is there: only when told, and then what was there is kept.
    assert "add --replace" in either.refuses("restore", backup)
    said = either.does("restore", backup, "--replace")
    assert f"{len(was['files'])} were there already" in said
    assert either.look()["rows"] == was["rows"]
    (kept,) = (either.var / "backups").iterdir()
    assert either.does("restore", kept, "--replace")


@SECOND_SLOW
def test_a_backup_beside_a_writer_is_one_moment(either: World, tmp_path: Path) -> None:
    either.make()
    backup = tmp_path / "backup.zip"
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.config.backup_world", "write"],
        env=either.env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert writer.stdout is not None
        before = [writer.stdout.readline() for _ in range(2)]
        either.does("backup", backup)
        assert writer.poll() is None, "writing went on"
        after = writer.stdout.readline()
    finally:
        writer.kill()
        writer.communicate()
    assert all(before)
    assert after
    manifest = json.loads(zipfile.ZipFile(backup).read("manifest.json"))
    either.destroy()
    either.does("restore", backup)
    found = either.look()
    assert found["missing"] == []
    assert found["rows"]["survey_vote"] >= VOTES + 2 * len(before)
    tables = manifest["facts"]["tables"]
    assert {name: tables[name] for name in found["rows"]} == found["rows"]
    assert {entry["name"].removeprefix("media/") for entry in manifest["media"]} == {
        *found["files"]
    }


def test_a_file_deleted_meanwhile_is_named(filled: World, tmp_path: Path) -> None:
    stored = sorted((filled.var / "media" / "photos").iterdir())
    # Listed, but not to be opened any more.
    stored[0].unlink()
    stored[0].symlink_to(tmp_path / "nowhere")
    done = filled.manage("backup", tmp_path / "backup.zip")
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"deleted meanwhile, not in the backup: photos/{stored[0].name}\n"


def test_a_backup_is_not_overwritten_and_not_put_into_itself(world: World, tmp_path: Path) -> None:
    world.does("migrate", "-v0")
    backup = tmp_path / "backup.zip"
    backup.write_text("precious")
    assert "add --force" in world.refuses("backup", backup)
    assert backup.read_text() == "precious"
    world.does("backup", backup, "--force")
    assert zipfile.is_zipfile(backup)
    inside = world.var / "media" / "backup.zip"
    assert "in the folder that is backed up" in world.refuses("backup", inside)
    assert "is a folder" in world.refuses("backup", tmp_path)


@pytest.mark.parametrize("kilobytes", [30, 120])
def test_a_full_disk_leaves_nothing(filled: World, tmp_path: Path, kilobytes: int) -> None:
    def full() -> None:
        limit = kilobytes * 1024
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    sentence = filled.refuses("backup", tmp_path / "backup.zip", preexec_fn=full)
    assert "space" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def backup(filled: World, tmp_path: Path) -> Path:
    """Of a Proofsheet that has been destroyed since."""
    path = tmp_path / "backup.zip"
    filled.does("backup", path)
    filled.destroy()
    return path


def test_a_backup_that_does_not_fit_changes_nothing(world: World, backup: Path) -> None:
    world.does("migrate", "-v0")
    path = world.var / "proofsheet.sqlite3"
    before = path.read_bytes()
    whole = read(backup)
    facts = {"tables": {}, "migrations": ["survey.9999_from_the_future"]}
    picture = next(name for name in whole if name.startswith("media/"))
    for change, sentence in (
        ({"manifest.json": {"engine": "postgresql"}}, "The backup is of a PostgreSQL database"),
        ({"manifest.json": {"facts": facts}}, "survey.9999_from_the_future; update Proofsheet"),
        ({picture: b"another picture"}, f"{picture} is not what its manifest says"),
        ({"media/../../owned": b"owned"}, "may not be in a backup"),
    ):
        write(backup, changed(whole, change))
        assert sentence in world.refuses("restore", backup)
        assert path.read_bytes() == before
        assert not (world.var / "media").exists()
        assert not list(world.var.parent.rglob("*owned*"))


def test_sqlite_is_not_restored_under_a_program_that_has_it_open(
    world: World, backup: Path
) -> None:
    world.does("migrate", "-v0")
    with closing(sqlite3.connect(world.var / "proofsheet.sqlite3")) as idle:
        idle.execute("SELECT COUNT(*) FROM survey_vote").fetchone()
        assert "Another program has the database" in world.refuses("restore", backup)
    world.does("restore", backup)


def test_sqlite_is_not_restored_while_proofsheet_runs(world: World, backup: Path) -> None:
    holder = "from pathlib import Path; from config.claims import lock_take; import time;"
    holder += f"lock_take(Path({str(world.var)!r})); print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", holder], cwd=ROOT, env=world.env, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert world.refuses("restore", backup) == (
            f"Proofsheet runs on {world.var}; stop it, then restore."
        )
    finally:
        process.kill()
        process.communicate()


@SECOND_SLOW
def test_a_migration_of_a_database_with_data_is_preceded_by_a_backup(either: World) -> None:
    either.make()
    assert not (either.var / "backups").exists(), "nobody backs up an empty database"
    folder = either.var / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"before-2020010{day}T000000-x.zip").touch()
    # Taking a migration back is a change as well.
    said = either.does("migrate", "models_app", "0001")
    (first,) = folder.glob("before-*-models_app.zip")
    assert f"The database was backed up before its migration: {first}" in said
    either.does("migrate", "-v0")
    (second,) = folder.glob("before-*-models_app.0002*.zip")
    kept = sorted(folder.iterdir())
    assert kept[-2:] == [first, second]
    assert len(kept) == 5
    # Nothing is due any more.
    either.does("migrate", "-v0")
    assert sorted(folder.iterdir()) == kept
    # Files are left out of it: a migration changes none.
    assert set(read(first)) == {"database", "secret-key", "manifest.json"}
    # Back to the older tables, over the newer ones, and up again.
    assert "run manage.py migrate now" in either.does("restore", second, "--replace")
    either.does("migrate", "-v0")
    assert either.look()["rows"]["survey_vote"] == VOTES


def test_without_pg_dump_nothing_is_migrated(postgres_url: str, environment: dict[str, str]):
    world = World({**environment, "DATABASE_URL": postgres_url})
    world.does("migrate", "-v0")
    world.env["DJANGO_SUPERUSER_PASSWORD"] = "correct horse"
    world.does("createsuperuser", "--noinput", "--username=ada", "--email=ada@example.org")
    world.env["PATH"] = ""
    sentence = world.refuses("migrate", "models_app", "0001")
    assert "pg_dump is not installed" in sentence
    assert "BACKUP_BEFORE_MIGRATE=0" in sentence
