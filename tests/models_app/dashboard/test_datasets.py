"""The list of datasets and one dataset: who sees it, what it shows, which photos a filter takes."""

import re
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from models_app.models import Dataset, Photo, PhotoScore
from models_app.selectors.photos import PAGE_PHOTOS
from models_app.services.datasets import photos_import
from models_app.services.publish import survey_make
from tests.models_app.dashboard.dataset_rows import checkpoint_make, diversity_make, nima_make

LIST = "/dashboard/models/datasets/"
pytestmark = pytest.mark.django_db
NAMES = ["astronaut.png", "chelsea.png", "china.jpg", "coffee.png", "flower.jpg",
         "motorcycle_left.png", "rocket.jpg"]  # fmt: skip
LABELS = {
    "astronaut.png": ("space suit", {"person": 1}),
    "chelsea.png": ("tabby", {"cat": 1}),
    "coffee.png": ("espresso", {"cup": 2, "spoon": 1}),
    "rocket.jpg": ("missile", {}),
    "motorcycle_left.png": ("espresso", {"person": 2}),
}


@pytest.fixture
def dataset(db: None, real_photos) -> Dataset:
    credits = {path: f"credit of {path.stem}" for path in real_photos[:5]}
    photos_import("demo", {path: path.name for path in real_photos}, credits=credits)
    return Dataset.objects.get()


@pytest.fixture
def analyst(db: None) -> Client:
    user = User.objects.create_user("anna", is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(response) -> str:
    html = response.content.decode()
    body = html[html.index("<main") : html.index("</main")]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def shown(response) -> list[str]:
    """Names of the photos in the grid, in order."""
    return re.findall(r'<p class="name" title="([^"]*)"', response.content.decode())


def get(client: Client, dataset: Dataset, **query: object):
    return client.get(f"{LIST}{dataset.pk}/?{urlencode(query)}")


def test_only_people_with_a_role_look(
    client: Client, outsider: Client, analyst: Client, dataset: Dataset
):
    photo = dataset.photos.first()
    for path in ("", f"{dataset.pk}/", f"photos/{photo.pk}/", f"photos/{photo.pk}/320.jpg",
                 "disk/", f"{dataset.pk}/sample/", f"{dataset.pk}/sample/figure.png",
                 f"{dataset.pk}/sample/list.csv", f"{dataset.pk}/release/",
                 f"{dataset.pk}/release/release.zip"):  # fmt: skip
        assert client.get(LIST + path)["Location"].startswith("/login/?next="), path
        assert outsider.get(LIST + path).status_code == 403, path
        answer = analyst.get(LIST + path)
        # Read to its end, as a server does: only then are its files closed.
        b"".join(answer)
        assert answer.status_code == 200, path


def test_analysts_change_nothing_and_see_no_form_that_does(analyst: Client, dataset: Dataset):
    photo = dataset.photos.first()
    for path in (f"photos/{photo.pk}/mark/", f"{dataset.pk}/marks/", "disk/clean/",
                 f"{dataset.pk}/release/photos.zip"):  # fmt: skip
        assert analyst.post(LIST + path, {"reason": "not sharp"}).status_code == 403, path
    assert analyst.get(f"{LIST}{dataset.pk}/marks/").status_code == 403
    assert not Photo.objects.exclude(excluded_at=None).exists()
    for path in (f"{dataset.pk}/", f"photos/{photo.pk}/", "disk/", f"{dataset.pk}/release/"):
        page = analyst.get(LIST + path).content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        assert 'method="post"' not in main
        assert "/marks/" not in main


def test_the_empty_list_says_how_to_import(admin: Client):
    said = text(admin.get(LIST))
    assert "There is no dataset yet." in said
    assert "python manage.py import_photos FOLDER --dataset NAME" in said


def test_the_list_has_the_figures_of_each_dataset(admin: Client, dataset: Dataset):
    Dataset.objects.create(name="<b>none</b>")
    Photo.objects.filter(name="rocket.jpg").update(split="val")
    survey_make("study", title="A <i>study</i>", dataset="demo", settings={"long_side": 640})
    checkpoint = checkpoint_make(is_random=True)
    nima_make(dataset, checkpoint=checkpoint)
    diversity_make(dataset, LABELS)
    response = admin.get(LIST)
    said = text(response)
    size = sum(dataset.photos.values_list("bytes", flat=True))
    assert size > 100_000
    assert "demo 7 0 val 1 · no split 6 " in said
    # Four of seven scores are above 5: Wilson's interval by hand.
    assert "57.1% random weights 25.0–84.2%, n = 7 4 A &lt;i&gt;study&lt;/i&gt;" in said
    assert "&lt;b&gt;none&lt;/b&gt; 0 0 0 bytes — — — —" in said


def test_a_dataset_shows_its_photos(admin: Client, dataset: Dataset):
    response = get(admin, dataset)
    said = text(response)
    assert shown(response) == NAMES
    assert "7 photos" in said
    assert "no NIMA check yet" in said
    assert "2 photos without a credit" in said
    page = response.content.decode()
    photo = Photo.objects.get(name="china.jpg")
    assert f'src="{LIST}photos/{photo.pk}/320.jpg?v={photo.pixel_sha256[:12]}"' in page
    assert 'width="320" height="214" loading="lazy" decoding="async" alt="china.jpg"' in page
    assert 'name="low"' not in page
    assert 'name="split"' not in page


def test_a_dataset_shows_what_the_last_checks_that_succeeded_found(admin, dataset: Dataset):
    nima_make(dataset, [9.0] * 7, finished_at="2020-01-01T00:00Z")
    nima_make(dataset, checkpoint=checkpoint_make())
    nima_make(dataset, [1.0] * 7, state="cancelled")
    diversity_make(dataset, LABELS)
    Photo.objects.filter(name="astronaut.png").update(excluded_at="2026-01-01T00:00Z")
    said = text(get(admin, dataset))
    assert "57.1% 95% Wilson interval 25.0–84.2%; n = 7" in said
    assert "without the excluded 66.7%, n = 6" in said
    assert "weights kentsyx" in said
    assert "4 classes seen" in said
    assert "excluded:" in said
    assert "2.50 space suit astronaut.png" in said


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"split": "val"}, ["coffee.png", "rocket.jpg"]),
        ({"split": "-"}, [n for n in NAMES if n not in {"coffee.png", "rocket.jpg"}]),
        ({"class": "espresso"}, ["coffee.png", "motorcycle_left.png"]),
        ({"object": "person"}, ["astronaut.png", "motorcycle_left.png"]),
        ({"object": "person", "class": "espresso"}, ["motorcycle_left.png"]),
        ({"high": "4.5"}, NAMES[:2]),
        ({"low": "4.5", "high": "6.5"}, NAMES[2:4]),
        ({"low": "4,5", "high": "6,5"}, NAMES[2:4]),
        ({"state": "excluded"}, ["flower.jpg"]),
        ({"state": "included"}, [n for n in NAMES if n != "flower.jpg"]),
        ({"name": "CH"}, ["chelsea.png", "china.jpg"]),
        ({"name": "published-1"}, ["rocket.jpg"]),
        ({"name": "%"}, []),
        ({"survey": "nothing"}, []),
        ({"split": "val", "low": "5"}, ["coffee.png", "rocket.jpg"]),
        ({"sort": "-score", "split": "val"}, ["rocket.jpg", "coffee.png"]),
        ({"sort": "score"}, NAMES),
        ({"sort": "-score"}, NAMES[::-1]),
    ],
)
def test_a_filter_takes_the_photos_that_it_names(
    admin: Client, dataset: Dataset, query: dict[str, str], names: list[str]
):
    nima_make(dataset)
    diversity_make(dataset, LABELS)
    Photo.objects.filter(name__in=["coffee.png", "rocket.jpg"]).update(split="val")
    Photo.objects.filter(name="rocket.jpg").update(list_name="published-1.jpeg")
    Photo.objects.filter(name="flower.jpg").update(excluded_at="2026-01-01T00:00Z")
    response = get(admin, dataset, **query)
    assert shown(response) == names
    if not names:
        assert "No photo is like this." in text(response)


def test_photos_of_a_survey_are_those_it_has_pictures_of(admin: Client, dataset: Dataset):
    from models_app.models import Rendition

    survey_make("study", title="A study", dataset="demo", settings={"long_side": 640})
    ready = Rendition.objects.filter(photo__name__in=["china.jpg", "rocket.jpg"])
    ready.filter(distortion="original").update(state="ready")
    ready.filter(distortion="contrast").update(state="ready")
    assert shown(get(admin, dataset, survey="study")) == ["china.jpg", "rocket.jpg"]


def test_sizes_sort_by_pixels(admin: Client, dataset: Dataset):
    by_size = sorted(dataset.photos.all(), key=lambda p: (p.width * p.height, p.pk))
    assert shown(get(admin, dataset, sort="size")) == [p.name for p in by_size]
    largest = shown(get(admin, dataset, sort="-size"))[0]
    assert largest == by_size[-1].name


def test_photos_without_a_score_are_left_out_and_the_page_says_so(admin, dataset: Dataset):
    nima_make(dataset, [3.0, 4.0])
    response = get(admin, dataset, sort="score")
    assert shown(response) == NAMES[:2]
    assert "Photos without a score are left out" in text(response)
    PhotoScore.objects.all().delete()
    assert shown(get(admin, dataset, low="1")) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"low": "three"}, "The score &#x27;three&#x27; is no number; write one from 1 to 10"),
        ({"high": "nan"}, "is no number"),
        ({"sort": "excluded_by"}, "there are: name, score, -score, -size, size."),
        ({"state": "<b>"}, "There is no state &#x27;&lt;b&gt;&#x27;; there are: included"),
        ({"name": "\0"}, "is no text of at most 255 letters"),
        ({"split": "x" * 300}, "is no text of at most 255 letters"),
    ],
)
def test_what_cannot_be_asked_shows_no_photo_and_a_sentence(
    admin: Client, dataset: Dataset, query: dict[str, str], said: str
):
    response = get(admin, dataset, **query)
    assert response.status_code == 400
    assert said in text(response)
    assert shown(response) == []
    assert "Exclude" not in text(response).replace("Excluded", "")


def test_conditions_are_said_and_taken_back_one_by_one(admin: Client, dataset: Dataset):
    nima_make(dataset)
    page = get(admin, dataset, high="3", split="-", sort="-score").content.decode()
    without = f'href="{LIST}{dataset.pk}/?sort=-score&amp;high=3" aria-label="Remove the condition'
    assert without in page
    assert f'href="{LIST}{dataset.pk}/?split=-&amp;sort=-score"' in page
    assert ">score below 3 <" in page


def test_pages_are_turned_and_keep_the_filter(admin: Client, dataset: Dataset, monkeypatch):
    monkeypatch.setattr("models_app.selectors.photos.PAGE_PHOTOS", 3)
    assert PAGE_PHOTOS == 48
    first, second, last = (get(admin, dataset, page=n) for n in (1, 2, 3))
    assert shown(first) + shown(second) + shown(last) == NAMES
    assert "2 of 3" in text(second)
    assert 'rel="next" href="' + f"{LIST}{dataset.pk}/?page=3" in second.content.decode()
    for number in ("0", "99", "x", "-1", "1" * 400):
        there = get(admin, dataset, page=number)
        assert shown(there) in (shown(first), shown(last))
    more = get(admin, dataset, state="included", page=2).content.decode()
    assert f'rel="next" href="{LIST}{dataset.pk}/?state=included&amp;page=3"' in more


def test_nothing_on_the_pages_needs_more_than_the_strict_policy(admin: Client, dataset: Dataset):
    nima_make(dataset)
    photo = dataset.photos.first()
    for path in ("", f"{dataset.pk}/", f"{dataset.pk}/marks/", f"{dataset.pk}/sample/", "disk/",
                 f"photos/{photo.pk}/", f"{dataset.pk}/release/"):  # fmt: skip
        response = admin.get(LIST + path)
        assert response.status_code == 200
        assert "unsafe" not in response["Content-Security-Policy"]
        page = response.content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", page), path


def test_unknown_datasets_are_not_found(admin: Client):
    for path in ("9/", "9/sample/", "9/release/", "9/marks/", "photos/9/", "photos/9/320.jpg",
                 "disk/?dataset=9", "disk/?dataset=x"):  # fmt: skip
        assert admin.get(LIST + path).status_code == 404, path
