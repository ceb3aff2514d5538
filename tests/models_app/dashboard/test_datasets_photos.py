"""A photo's page, its thumbnails, and leaving photos out: one, or all that a filter takes."""

import io
import re
from threading import Barrier, Thread

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from models_app.models import Dataset, Photo, Rendition, SurveySource
from models_app.services.datasets import photos_import
from models_app.services.publish import survey_make
from models_app.services.renditions import renditions_plan
from models_app.services.thumbnails import thumb_name, thumb_read
from survey.models import AuditEntry
from tests.models_app.dashboard.dataset_rows import checkpoint_make, diversity_make, nima_make
from tests.models_app.dashboard.test_datasets import LABELS, LIST, NAMES, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(db: None, real_photos) -> Dataset:
    photos_import("demo", {path: path.name for path in real_photos}, credits={})
    return Dataset.objects.get()


@pytest.fixture
def photo(dataset: Dataset) -> Photo:
    return dataset.photos.get(name="chelsea.png")


def excluded() -> dict[str, str]:
    found = Photo.objects.exclude(excluded_at=None).order_by("name")
    return dict(found.values_list("name", "excluded_reason"))


def test_a_photo_page_says_all_that_is_known(admin: Client, dataset: Dataset, photo: Photo):
    Photo.objects.filter(pk=photo.pk).update(split="val", list_name="l.jpeg", credit="<i>CC0</i>")
    survey_make("study", title="A study", dataset="demo", settings={"long_side": 640})
    nima = nima_make(dataset, checkpoint=checkpoint_make(is_random=True))
    diversity_make(dataset, LABELS)
    response = admin.get(f"{LIST}photos/{photo.pk}/?high=4")
    said = text(response)
    for part in ("2 of 7", "451 × 300 pixels, 234.9 KB", "val", "l.jpeg", "&lt;i&gt;CC0&lt;/i&gt;",
                 "3.50 ± 1.25", "tabby class, confidence 0.75", "1 × cat",
                 photo.file_sha256[:12], "weights kentsyx", "random weights"):  # fmt: skip
        assert part in said, part
    page = response.content.decode()
    assert f'src="{LIST}photos/{photo.pk}/960.jpg' in page
    assert f"/dashboard/models/distortions/?photo={photo.pk}" in page
    assert f'/dashboard/models/jobs/{nima.pk}/"' in page
    assert f'<a href="{LIST}{dataset.pk}/?high=4">demo</a>' in page
    # The sixth of ten shares is the highest: its bar fills the drawing.
    assert page.count("<rect ") == 10
    assert '<rect x="120" y="0.0" width="20" height="80.0">' in page
    # No survey has a picture of it yet.
    assert "/dashboard/surveys/study/" not in page
    Rendition.objects.filter(photo=photo, distortion="original").update(state="ready")
    assert "/dashboard/surveys/study/" in admin.get(f"{LIST}photos/{photo.pk}/").content.decode()


def test_a_photo_without_findings_says_so(admin: Client, photo: Photo):
    said = text(admin.get(f"{LIST}photos/{photo.pk}/"))
    assert "the dataset has no NIMA check yet" in said
    assert "the dataset has no diversity check yet" in said
    assert "No credit is known." in said


@pytest.mark.parametrize("side", [320, 960])
def test_a_thumbnail_is_a_small_jpeg_without_metadata(
    admin: Client, dataset: Dataset, side: int, real_photos, tmp_path
):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    exif[0x010E] = "a private note"
    with Image.open(real_photos[5]) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(
            tmp_path / "gps.jpg", exif=exif, comment=b"a private comment"
        )
    assert b"private note" in (tmp_path / "gps.jpg").read_bytes()
    photos_import("gps", {tmp_path / "gps.jpg": "gps.jpg"}, credits={})
    photo = Photo.objects.get(name="gps.jpg")
    response = admin.get(f"{LIST}photos/{photo.pk}/{side}.jpg")
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(response.content)) as image:
        # 427 x 640: never enlarged.
        assert image.size == ((214, 320) if side == 320 else (427, 640))
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"private" not in response.content
    assert default_storage.exists(thumb_name(photo.pixel_sha256, side))


def test_a_thumbnail_is_made_once(photo: Photo, monkeypatch):
    first = thumb_read(photo, 320)
    default_storage.delete(photo.file)
    assert thumb_read(photo, 320) == first
    with pytest.raises(FileNotFoundError):
        thumb_read(photo, 960)


@pytest.mark.parametrize("broken", [b"", b"\xff\xd8\xff half of a picture"])
def test_a_thumbnail_that_a_crash_cut_short_is_made_again(photo: Photo, broken: bytes):
    name = thumb_name(photo.pixel_sha256, 320)
    default_storage.delete(name)
    default_storage.save(name, ContentFile(broken))
    whole = thumb_read(photo, 320)
    assert whole.endswith(b"\xff\xd9")
    with default_storage.open(name) as file:
        assert file.read() == whole


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_whole_pictures_and_leave_one_file(photo: Photo):
    for side in (320, 960):
        default_storage.delete(thumb_name(photo.pixel_sha256, side))
    barrier, got, failed = Barrier(6), [], []

    def ask() -> None:
        barrier.wait()
        try:
            got.append(thumb_read(photo, 960))
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost
            failed.append(error)

    threads = [Thread(target=ask) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(got)) == 1
    assert got[0].endswith(b"\xff\xd9")
    name = thumb_name(photo.pixel_sha256, 960)
    folder, own = name.rsplit("/", 1)
    mine = [f for f in default_storage.listdir(folder)[1] if f.startswith(photo.pixel_sha256)]
    assert mine == [own]


def test_a_photo_whose_file_is_gone_or_odd_has_no_thumbnail(admin: Client, photo: Photo):
    for side in (320, 960):
        default_storage.delete(thumb_name(photo.pixel_sha256, side))
    default_storage.delete(photo.file)
    assert admin.get(f"{LIST}photos/{photo.pk}/320.jpg").status_code == 404
    default_storage.save(photo.file, ContentFile(b"<html>"))
    assert admin.get(f"{LIST}photos/{photo.pk}/320.jpg").status_code == 404


@pytest.mark.parametrize("path", ["319.jpg", "0.jpg", "99999999.jpg", "320.png", "-1.jpg",
                                  "..%2f320.jpg", "320.jpg%00"])  # fmt: skip
def test_only_the_sizes_that_pages_use_are_made(admin: Client, photo: Photo, path: str):
    assert admin.get(f"{LIST}photos/{photo.pk}/{path}").status_code == 404


def test_a_photo_is_excluded_with_a_reason_and_included_again(admin: Client, photo: Photo):
    address = f"{LIST}photos/{photo.pk}/mark/"
    body = {"do": "exclude", "reason": "  not \n sharp ", "high": "4"}
    response = admin.post(address, body, follow=True)
    assert response.redirect_chain == [(f"{LIST}photos/{photo.pk}/?high=4", 302)]
    assert "chelsea.png is excluded." in response.content.decode()
    photo.refresh_from_db()
    assert (photo.excluded_reason, photo.excluded_by) == ("not sharp", "ada")
    assert photo.excluded_at is not None
    again = admin.post(address, {"do": "exclude", "reason": "blurred"}, follow=True)
    assert "was excluded already; its reason stays." in again.content.decode()
    assert excluded() == {"chelsea.png": "not sharp"}
    admin.post(address, {"do": "include", "reason": "sharp enough"})
    photo.refresh_from_db()
    assert (photo.excluded_at, photo.excluded_reason, photo.excluded_by) == (None, "", "")
    entries = AuditEntry.objects.filter(target_kind="photo").order_by("pk")
    assert [(e.action, e.actor_name, e.target_label, e.detail["reason"]) for e in entries] == [
        ("photo.exclude", "ada", "chelsea.png", "not sharp"),
        ("photo.include", "ada", "chelsea.png", "sharp enough"),
    ]
    assert entries[1].detail["was"] == "not sharp"


@pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 256, "bad\x00reason", "a\u202ereason"])
def test_a_reason_is_needed_and_kept_in_the_form(admin: Client, photo: Photo, reason: str):
    response = admin.post(f"{LIST}photos/{photo.pk}/mark/", {"do": "exclude", "reason": reason})
    assert response.status_code == 400
    assert "The reason has" in text(response)
    assert excluded() == {}
    assert not AuditEntry.objects.filter(action="photo.exclude").exists()
    if reason == "ab":
        assert 'value="ab"' in response.content.decode()
        assert "The reason has 2 letters; write 3 to 255" in text(response)


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_a_form_goes_back_to_this_site_only(admin: Client, photo: Photo, next_: str):
    body = {"do": "exclude", "reason": "blurred"}
    address = f"{LIST}photos/{photo.pk}/mark/"
    assert admin.post(address, {**body, "next": next_})["Location"] == f"{LIST}photos/{photo.pk}/"
    job = "/dashboard/models/jobs/3/"
    assert admin.post(address, {**body, "next": job})["Location"] == job


def test_changes_need_post_and_the_token(admin: Client, dataset: Dataset, photo: Photo):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    body = {"do": "exclude", "reason": "blurred", "photos": "7", "agreed": "0:0", "may": "1"}
    for path in (f"photos/{photo.pk}/mark/", f"{dataset.pk}/marks/", "disk/clean/",
                 f"{dataset.pk}/release/photos.zip"):  # fmt: skip
        assert strict.post(LIST + path, body).status_code == 403, path
    for path in (f"photos/{photo.pk}/mark/", "disk/clean/", f"{dataset.pk}/release/photos.zip"):
        assert admin.get(LIST + path).status_code == 405, path
    assert excluded() == {}


def test_the_confirmation_states_what_would_be_excluded(admin: Client, dataset: Dataset):
    nima_make(dataset)
    response = admin.get(f"{LIST}{dataset.pk}/marks/?high=4.5&do=exclude")
    said = text(response)
    assert "2 photos : score below 4.5." in said
    assert "Exclude 2 photos" in said
    assert "A survey that shows one already goes on showing it" in said
    page = response.content.decode()
    assert re.findall(r'<p class="name" title="([^"]*)"', page) == NAMES[:2]
    assert '<input type="hidden" name="photos" value="2">' in page
    assert excluded() == {}


def test_all_that_a_filter_takes_are_excluded_at_once(admin: Client, dataset: Dataset):
    nima_make(dataset)
    body = {"high": "4.5", "do": "exclude", "photos": "2", "reason": "disliked"}
    response = admin.post(f"{LIST}{dataset.pk}/marks/", body, follow=True)
    assert response.redirect_chain == [(f"{LIST}{dataset.pk}/?high=4.5", 302)]
    assert "2 photos are excluded." in response.content.decode()
    assert excluded() == dict.fromkeys(NAMES[:2], "disliked")
    entry = AuditEntry.objects.get(action="photos.exclude")
    assert entry.detail == {"reason": "disliked", "photos": 2, "chosen": {"high": "4.5"}}
    assert entry.target_label == "demo"
    back = {"state": "excluded", "do": "include", "photos": "2", "reason": "a mistake"}
    admin.post(f"{LIST}{dataset.pk}/marks/", back)
    assert excluded() == {}


def test_photos_that_were_excluded_before_keep_their_reason(
    admin: Client, dataset: Dataset, photo: Photo
):
    admin.post(f"{LIST}photos/{photo.pk}/mark/", {"do": "exclude", "reason": "a cat"})
    assert "Exclude 6 photos" in text(admin.get(f"{LIST}{dataset.pk}/marks/"))
    admin.post(f"{LIST}{dataset.pk}/marks/", {"photos": "6", "reason": "all of them"})
    assert excluded() == {**dict.fromkeys(NAMES, "all of them"), "chelsea.png": "a cat"}


@pytest.mark.parametrize("agreed", ["1", "3", "", "x", "-2", "²"])
def test_nothing_is_excluded_where_the_number_changed(admin: Client, dataset: Dataset, agreed: str):
    nima_make(dataset)
    body = {"high": "4.5", "do": "exclude", "photos": agreed, "reason": "disliked"}
    response = admin.post(f"{LIST}{dataset.pk}/marks/", body)
    assert response.status_code == 400
    assert "It would be 2 photos by now" in text(response)
    assert '<input type="hidden" name="photos" value="2">' in response.content.decode()
    assert excluded() == {}


def test_a_filter_that_cannot_be_read_excludes_nothing(admin: Client, dataset: Dataset):
    for odd in ({"high": "x"}, {"state": "no"}, {"do": "delete"}, {"sort": "pk"}):
        body = {"do": "exclude", "photos": "7", "reason": "all of them", **odd}
        assert admin.post(f"{LIST}{dataset.pk}/marks/", body).status_code == 404, odd
    # A score without a check takes nothing, rather than everything.
    body = {"high": "5", "do": "exclude", "photos": "7", "reason": "all of them"}
    assert admin.post(f"{LIST}{dataset.pk}/marks/", body).status_code == 400
    assert excluded() == {}


def test_other_datasets_are_left_alone(admin: Client, dataset: Dataset, real_photos):
    photos_import("other", {path: path.name for path in real_photos[:2]}, credits={})
    admin.post(f"{LIST}{dataset.pk}/marks/", {"photos": "7", "reason": "all of them"})
    assert not Photo.objects.filter(dataset__name="other").exclude(excluded_at=None).exists()


def test_new_surveys_leave_excluded_photos_out_and_old_ones_keep_them(
    admin: Client, dataset: Dataset, photo: Photo
):
    old = survey_make("old", title="Old", dataset="demo", settings={"long_side": 640})
    before = Rendition.objects.filter(photo=photo).count()
    admin.post(f"{LIST}photos/{photo.pk}/mark/", {"do": "exclude", "reason": "blurred"})
    survey_make("new", title="New", dataset="demo", settings={"long_side": 512})
    assert before == 81
    assert Rendition.objects.filter(photo=photo, long_side=640).count() == before
    assert not Rendition.objects.filter(photo=photo, long_side=512).exists()
    assert Rendition.objects.filter(long_side=512).count() == 6 * 81
    assert renditions_plan(old) == 0
    assert SurveySource.objects.count() == 2
