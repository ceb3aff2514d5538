"""What an archive's photos bring along reaches whoever is shown them."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from models_app.models import Dataset, Photo, Rendition
from models_app.services.publish import publish, survey_make
from models_app.services.releases import release_write
from models_app.services.renditions import ORIGINAL
from survey.models import Stimulus
from tests.models_app.zips import zip_of

pytestmark = pytest.mark.django_db
TABLE = (
    "photo,credit,licence,source\nx/a.png,=1+1,CC0,https://x.org/a\nchelsea.png,Stefan,CC BY 4.0,\n"
)


def import_zip(path: Path, archive: bytes, dataset: str) -> str:
    path.write_bytes(archive)
    out, err = io.StringIO(), io.StringIO()
    call_command("import_photos", path, dataset=dataset, stdout=out, stderr=err)
    return err.getvalue()


@pytest.fixture
def dataset(tmp_path: Path, real_photos: list[Path]) -> Dataset:
    one, two, three = (path.read_bytes() for path in real_photos[:3])
    files = [("x/a.png", one), ("chelsea.png", two), ("y/a.png", three)]
    import_zip(tmp_path / "my.zip", zip_of([*files, ("credits.csv", TABLE.encode())]), "first")
    return Dataset.objects.get(name="first")


def about(dataset: Dataset) -> set[tuple[str, ...]]:
    return set(dataset.photos.values_list("name", "credit", "licence", "source_url"))


def test_a_release_imports_again_with_names_credits_and_licences(dataset: Dataset, tmp_path: Path):
    assert about(dataset) == {
        ("x/a.png", "=1+1", "CC0", "https://x.org/a"),
        ("chelsea.png", "Stefan", "CC BY 4.0", ""),
        ("y/a.png", "", "", ""),
    }
    with (tmp_path / "release.zip").open("wb") as out:
        release_write(dataset, out, photos=True)
    said = import_zip(tmp_path / "again.zip", (tmp_path / "release.zip").read_bytes(), "second")
    assert about(Dataset.objects.get(name="second")) == about(dataset)
    # Its texts are no photos, and said so.
    assert len(said.splitlines()) == 4
    assert "has no photo here" not in said


def test_a_release_without_credits_has_no_table_and_imports(dataset: Dataset, tmp_path: Path):
    dataset.photos.update(credit="", licence="", source_url="")
    with (tmp_path / "release.zip").open("wb") as out:
        release_write(dataset, out, photos=True)
    import_zip(tmp_path / "again.zip", (tmp_path / "release.zip").read_bytes(), "second")
    assert Photo.objects.filter(dataset__name="second").count() == 3


def test_the_licence_goes_with_the_picture_into_a_survey(dataset: Dataset):
    source = survey_make("s", title="S", dataset="first", settings={})
    for photo in dataset.photos.all():
        Rendition.objects.filter(photo=photo, distortion=ORIGINAL).update(
            state=Rendition.State.READY, file=photo.file, width=9, height=9, bytes=9
        )
    publish(source)
    found = Stimulus.objects.values_list("photo", "credit", "licence")
    assert set(found) == {row[:3] for row in about(dataset)}
