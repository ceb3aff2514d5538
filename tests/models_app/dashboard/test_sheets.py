"""The page of distortions: who sees it, its states, what it costs."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image

from models_app.dashboard.sheets import PATIENCE_S
from models_app.distortions.registry import PRESETS
from models_app.models import ContactSheet, Job, Photo
from models_app.selectors import pictures as selectors
from models_app.services.contact_sheets import sheet_ask
from models_app.services.datasets import photos_import

PAGE = "/dashboard/models/distortions/"
GETS = [PAGE, f"{PAGE}state/", f"{PAGE}1/contrast.jpg"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def photos(real_photos) -> list[Photo]:
    photos_import("d", {path: path.name for path in real_photos[:3]}, credits={})
    return list(Photo.objects.order_by("pk"))


def sheet_make(photo: Photo, preset: str = "pfister2021", **values: object) -> ContactSheet:
    now = timezone.now()
    defaults = {"version": selectors.sheet_version(photo, preset), "asked_at": now}
    return ContactSheet.objects.create(photo=photo, preset=preset, **defaults | values)


def ready_make(photo: Photo, preset: str = "pfister2021", **values: object) -> ContactSheet:
    out = io.BytesIO()
    Image.new("RGB", (60, 20)).save(out, "JPEG")
    files = {
        key: default_storage.save("sheets/test.jpg", ContentFile(out.getvalue()))
        for key in PRESETS[preset].distortions
    }
    version = selectors.sheet_version(photo, preset)
    defaults = {"state": "ready", "files": files, "made_at": timezone.now(), "made_with": version,
                "cell_width": 232, "cell_height": 147}  # fmt: skip
    return sheet_make(photo, preset, **defaults | values)


def text(response) -> str:
    html = response.content.decode()
    body = html[html.index("<main") :] if "<main" in html else html
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


@pytest.mark.parametrize("address", GETS)
def test_anonymous_people_are_sent_to_the_log_in(client: Client, address: str):
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=/dashboard/models/distortions/")


@pytest.mark.parametrize("address", GETS)
def test_people_without_a_role_see_no_photo(outsider: Client, address: str):
    assert outsider.get(address).status_code == 403


def test_only_staff_ask(client: Client, outsider: Client, photos: list[Photo]):
    body = {"photo": photos[0].pk}
    assert client.post(f"{PAGE}ask/", body)["Location"].startswith("/login/")
    assert outsider.post(f"{PAGE}ask/", body).status_code == 403
    assert not ContactSheet.objects.exists()


def test_asking_needs_the_token(admin: Client, photos: list[Photo]):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    assert strict.post(f"{PAGE}ask/", {"photo": photos[0].pk}).status_code == 403
    assert admin.get(f"{PAGE}ask/").status_code == 405
    assert admin.post(PAGE).status_code == 405
    assert not ContactSheet.objects.exists()


def test_without_photos_it_says_how_to_import_some(admin: Client):
    said = text(admin.get(PAGE))
    assert "There is no photo yet." in said
    assert "python manage.py import_photos FOLDER --dataset NAME" in said


def test_looking_asks_for_nothing(admin: Client, photos: list[Photo]):
    response = admin.get(PAGE)
    assert f"{photos[0].name} 1 of 3" in text(response)
    assert "A worker is asked to render this photo." in text(response)
    assert not ContactSheet.objects.exists()


def test_asking_goes_back_to_the_page(admin: Client, photos: list[Photo]):
    body = {"photo": photos[1].pk, "preset": "identity_zero"}
    for _again in range(3):
        response = admin.post(f"{PAGE}ask/", body)
    assert response["Location"] == f"{PAGE}?photo={photos[1].pk}&preset=identity_zero"
    sheet = ContactSheet.objects.get()
    assert (sheet.photo, sheet.preset, sheet.state) == (photos[1], "identity_zero", "pending")
    assert Job.objects.get().config == {"photo": photos[1].pk, "preset": "identity_zero"}


def test_every_state_is_said_in_words(admin: Client, photos: list[Photo]):
    def state() -> dict:
        return admin.get(f"{PAGE}state/?photo={photos[0].pk}").json()

    assert state()["state"] == "absent"
    sheet_ask(photos[0], preset="pfister2021")
    sheet = ContactSheet.objects.get()
    assert state() == {"state": "waiting", "said": "Waiting for a worker to begin."}
    long_ago = timezone.now() - timedelta(seconds=PATIENCE_S + 1)
    ContactSheet.objects.update(asked_at=long_ago)
    assert state()["state"] == "waiting"
    assert "No worker has begun for 20 seconds" in state()["said"]
    assert "No worker has begun" in text(admin.get(f"{PAGE}?photo={photos[0].pk}"))
    Job.objects.update(state="running")
    said = "A worker renders 174 pictures of this photo; it takes some seconds."
    assert state() == {"state": "rendering", "said": said}
    Job.objects.update(state="failed", error="<b>coffee.png</b> is gone")
    assert state() == {"state": "failed", "said": "<b>coffee.png</b> is gone"}
    page = admin.get(f"{PAGE}?photo={sheet.photo_id}").content.decode()
    assert "&lt;b&gt;coffee.png&lt;/b&gt; is gone" in page
    assert '<input type="hidden" name="again" value="1">' in page
    assert "data-wait" not in page
    ContactSheet.objects.update(state="ready")
    assert state() == {"state": "ready", "said": ""}


def test_the_family_is_shown_row_by_row(admin: Client, photos: list[Photo]):
    sheet = ready_make(photos[0])
    response = admin.get(f"{PAGE}?photo={photos[0].pk}")
    page = response.content.decode()
    assert page.count('class="distortion"') == page.count("<img ") == 21
    for said in ("Technical 6 distortions, 30 levels", "Style 9 distortions, 81 levels",
                 "Composition 6 distortions, 60 levels", "174 pictures, 224 pixels"):  # fmt: skip
        assert said in text(response)
    assert "models_app/distortions/ops/contrast.py" in page
    assert re.search(
        rf'src="{PAGE}{sheet.pk}/contrast.jpg\?made=\d+" width="2552" height="147"', page
    )
    assert page.count('<li class="reference">') == 21
    assert f"--photo {photos[0].pk} --preset pfister2021" in page
    assert "data-wait" not in page


def test_a_ready_page_costs_the_same_for_any_number_of_photos(
    admin: Client, photos: list[Photo], django_assert_num_queries
):
    ready_make(photos[1])
    # 1 session, 2 person, 3 photo, 4 sheet and job, 5 its place, 6 datasets
    with django_assert_num_queries(6):
        assert admin.get(f"{PAGE}?photo={photos[1].pk}").status_code == 200


def test_a_look_at_the_state_is_cheap(
    admin: Client, photos: list[Photo], django_assert_num_queries
):
    # 1 session, 2 person, 3 photo, 4 sheet
    with django_assert_num_queries(4):
        admin.get(f"{PAGE}state/?photo={photos[1].pk}")


def test_photos_and_datasets_are_walked_through(admin: Client, photos: list[Photo], real_photos):
    photos_import("<b>new</b>", {path: path.name for path in real_photos[4:6]})
    new = Photo.objects.order_by("pk").last()
    assert new is not None
    page = admin.get(PAGE).content.decode()
    # The newest dataset comes first, and a name is no markup.
    assert real_photos[4].name in page
    assert "&lt;b&gt;new&lt;/b&gt;" in page
    assert page.count('aria-disabled="true"') == 1
    page = admin.get(f"{PAGE}?photo={photos[1].pk}").content.decode()
    assert f'rel="prev" href="{PAGE}?photo={photos[0].pk}&amp;preset=pfister2021"' in page
    assert f'rel="next" href="{PAGE}?photo={photos[2].pk}&amp;preset=pfister2021"' in page
    other = f"{PAGE}?photo={photos[1].pk}&dataset={new.dataset_id}&preset=sheng2020"
    assert real_photos[4].name in text(admin.get(other))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("photo=9999", "There is no photo 9999."),
        ("photo=-1", "There is no photo -1."),
        ("photo=1%27--", "There is no photo 1&#x27;--."),
        ("photo=" + "9" * 5000, "There is no photo 999"),
        ("photo=%00", "There is no photo"),
        ("photo=²", "There is no photo ²."),
        ("dataset=9999", "There is no dataset 9999 with photos."),
        ("preset=other", "there are pfister2021, identity_zero, sheng2020."),
    ],
)
def test_what_is_not_there_is_said_in_words(
    admin: Client, photos: list[Photo], query: str, said: str
):
    response = admin.get(f"{PAGE}?{query}")
    assert response.status_code == 404
    assert said in text(response)
    assert admin.get(f"{PAGE}state/?{query}").status_code == 404
    fields = dict([query.split("=", 1)])
    assert admin.post(f"{PAGE}ask/", fields).status_code in {302, 404}
    assert not ContactSheet.objects.exists() or "photo" not in fields


def test_a_strip_is_a_jpeg_for_this_browser_only(admin: Client, photos: list[Photo]):
    sheet = ready_make(photos[0])
    response = admin.get(f"{PAGE}{sheet.pk}/contrast.jpg")
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, max-age=86400, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8\xff")
    default_storage.delete(sheet.files["contrast"])
    assert admin.get(f"{PAGE}{sheet.pk}/contrast.jpg").status_code == 404


@pytest.mark.parametrize("key", ["nothing", "..%2f..%2fsecret-key", "%00", "contrast%2e%2e"])
def test_no_path_comes_from_a_client(admin: Client, photos: list[Photo], key: str):
    sheet = ready_make(photos[0])
    assert admin.get(f"{PAGE}{sheet.pk}/{key}.jpg").status_code == 404
    assert admin.get(f"{PAGE}9999/contrast.jpg").status_code == 404
    assert admin.get(f"/media/{sheet.files['contrast']}").status_code == 404


def test_a_photo_without_another_says_why_it_is_not_mixed(admin: Client, real_photos):
    photos_import("one", {real_photos[0]: "one.png"})
    sheet = ready_make(Photo.objects.get(), "sheng2020")
    del sheet.files["sheng_mixup"]
    sheet.save()
    page = admin.get(f"{PAGE}?photo={sheet.photo_id}&preset=sheng2020")
    assert "It mixes two photos, and this dataset has only one." in text(page)
    assert page.content.decode().count("<img ") == 9


def test_pictures_of_a_worker_with_other_formulas_are_marked(admin: Client, photos: list[Photo]):
    sheet = ready_make(photos[0])
    address = f"{PAGE}?photo={photos[0].pk}"
    assert "restart the workers" not in text(admin.get(address))
    ContactSheet.objects.filter(pk=sheet.pk).update(made_with="older")
    assert "restart the workers" in text(admin.get(address))


@pytest.mark.parametrize("state", ["absent", "pending", "ready"])
def test_nothing_on_the_page_needs_more_than_the_strict_policy(
    admin: Client, photos: list[Photo], state: str
):
    if state == "ready":
        ready_make(photos[0])
    elif state != "absent":
        sheet_make(photos[0], state=state)
    response = admin.get(f"{PAGE}?photo={photos[0].pk}")
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", response.content.decode())


def test_the_navigation_leads_here(admin: Client):
    assert f'<a href="{PAGE}">Distortions</a>' in admin.get("/dashboard/").content.decode()
    page = admin.get(PAGE).content.decode()
    assert f'<a href="{PAGE}" aria-current="page">Distortions</a>' in page
