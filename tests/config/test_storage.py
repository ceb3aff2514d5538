"""Stored files behave alike in a folder and in a bucket (moto's S3)."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from config import checks, env
from config.storage import BucketStorage, StorageError
from tests.config.conftest import ROOT
from tests.people import Annotator
from tests.servers import BUCKET, KEYS, bucket_make, keys_are_checked, storage_url

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def entry(endpoint: str, prefix: str = "") -> dict:
    return env.storage("X", env={"X": storage_url(endpoint, prefix)})


def bucket(endpoint: str, **options: object) -> BucketStorage:
    return BucketStorage(**{**entry(endpoint, uuid4().hex)["OPTIONS"], **options})


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, keys: None, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return FileSystemStorage(tmp_path)
    return bucket(request.getfixturevalue("bucket_server"))


def test_what_is_saved_is_read_again(storage: Storage):
    name = storage.save("photos/a.jpg", ContentFile(CONTENT))
    assert name == "photos/a.jpg"
    assert storage.exists(name)
    assert storage.size(name) == len(CONTENT)
    assert abs(timezone.now() - storage.get_modified_time(name)) < timedelta(minutes=1)
    with storage.open(name) as file:
        assert file.size == len(CONTENT)
        assert file.read(10) == CONTENT[:10]
        assert file.seek(256) == 256
        assert file.read() == CONTENT[256:]


def test_a_name_is_never_written_twice(storage: Storage):
    first = storage.save("a.txt", ContentFile(b"one"))
    second = storage.save("a.txt", ContentFile(b"two"))
    assert first != second
    with storage.open(first) as file:
        assert file.read() == b"one"


def test_a_file_opened_for_writing_is_replaced(storage: Storage):
    name = storage.save("a.txt", ContentFile(b"one"))
    with storage.open(name, "wb") as file:
        file.write(b"other")
    with storage.open(name, "rb") as file:
        assert file.read() == b"other"


def test_a_file_that_is_not_there_is_file_not_found(storage: Storage):
    assert not storage.exists("nothing.jpg")
    with pytest.raises(FileNotFoundError) as caught:
        storage.open("nothing.jpg")
    assert caught.value.strerror == "No such file or directory"
    for ask in (storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("nothing.jpg")
    storage.delete("nothing.jpg")
    with pytest.raises(ValueError, match="name"):
        storage.delete("")


def test_deleting_removes_one_file_only(storage: Storage):
    kept, gone = (storage.save(f"a/{name}", ContentFile(b"x")) for name in ("kept", "gone"))
    storage.delete(gone)
    assert storage.listdir("a") == ([], ["kept"])
    assert storage.listdir("") == (["a"], [])
    assert storage.exists(kept)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd"])
def test_a_name_that_leads_out_is_refused(storage: Storage, name: str):
    with pytest.raises(SuspiciousOperation):
        storage.save(name, ContentFile(b"x"))


def test_a_picture_decodes_straight_from_the_storage(storage: Storage, real_photos: list[Path]):
    name = storage.save("photos/real.jpg", ContentFile(real_photos[0].read_bytes()))
    with storage.open(name) as file, Image.open(file) as image, Image.open(real_photos[0]) as own:
        assert image.tobytes() == own.tobytes()


def one_sentence(error: OSError) -> str:
    text = str(error)
    assert text == error.strerror
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_wrong_keys_are_one_sentence(bucket_server: str, keys: None):
    storage = bucket(bucket_server)
    keys_are_checked(bucket_server, True)
    try:
        for attempt in (
            lambda: storage.open("a"),
            lambda: storage.save("a", ContentFile(b"x")),
            lambda: storage.listdir(""),
            storage.answer_check,
        ):
            with pytest.raises(StorageError) as caught:
                attempt()
            assert "refuses these keys" in one_sentence(caught.value)
            assert "AWS_ACCESS_KEY_ID" in str(caught.value)
    finally:
        keys_are_checked(bucket_server, False)


def test_a_bucket_that_is_not_there_is_one_sentence(bucket_server: str, keys: None):
    storage = bucket(bucket_server, bucket_name="not-made-yet")
    with pytest.raises(StorageError) as caught:
        storage.answer_check()
    assert one_sentence(caught.value).startswith("There is no bucket not-made-yet at http://")
    bucket_make(bucket_server, "not-made-yet")
    storage.answer_check()


def test_a_server_that_is_gone_is_one_sentence(keys: None):
    storage = bucket("http://127.0.0.1:1")
    with pytest.raises(StorageError) as caught:
        storage.open("a")
    assert one_sentence(caught.value) == (
        "The storage server http://127.0.0.1:1 does not answer; start it, or correct STORAGE_URL."
    )


def test_no_keys_are_one_sentence(bucket_server: str, monkeypatch: pytest.MonkeyPatch):
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    with pytest.raises(StorageError) as caught:
        bucket(bucket_server).open("a")
    assert one_sentence(caught.value) == (
        f"The bucket {BUCKET} wants keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )


def test_a_forked_child_has_connections_of_its_own(bucket_server: str, keys: None):
    # In a fresh process: forking this one would copy pytest.
    program = f"""
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
import django
django.setup()
from django.core.files.base import ContentFile
from config.storage import BucketStorage
storage = BucketStorage(**{entry(bucket_server, uuid4().hex)["OPTIONS"]!r})
storage.save("a", ContentFile(b"x"))
parent = storage.connection
pid = os.fork()
if not pid:
    ok = storage.connection is not parent and storage.open("a").read() == b"x"
    os._exit(0 if ok else 1)
assert os.waitpid(pid, 0)[1] == 0
assert storage.connection is parent
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)


@pytest.mark.django_db
def test_a_participant_sees_pictures_out_of_a_bucket(
    bucket_server: str, keys: None, settings: Settings, request: pytest.FixtureRequest
):
    settings.STORAGES = {**settings.STORAGES, "default": entry(bucket_server, uuid4().hex)}
    annotator: Annotator = request.getfixturevalue("annotator")
    trial = annotator.pair()["trials"][0]
    answers = [annotator.client.get(trial[side]) for side in ("left", "right")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content.startswith(b"\xff\xd8\xff")
    for stimulus in annotator.survey.stimuli.all():
        default_storage.delete(stimulus.file)
    assert annotator.client.get(trial["left"]).status_code == 404


def test_the_deployment_check_asks_the_bucket(keys: None, settings: Settings):
    settings.STORAGES = {**settings.STORAGES, "default": entry("http://127.0.0.1:1")}
    (found,) = checks.bucket_answers(None)
    assert found.id == "config.E004"
    assert "does not answer" in found.msg


def test_nothing_starts_without_the_storage_server(environment: dict[str, str]):
    env = {**environment, **KEYS, "STORAGE_URL": storage_url("http://127.0.0.1:1")}
    done = subprocess.run(
        [sys.executable, "-m", "config.run"], env=env, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == (
        "proofsheet: The storage server http://127.0.0.1:1 does not answer; start it, or correct "
        "STORAGE_URL.\n"
    )
