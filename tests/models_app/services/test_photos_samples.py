"""The seeded random sample: the same everywhere, drawn from what is asked for, as one figure."""

import csv
import hashlib
import io
from itertools import pairwise

import pytest
from django.test import Client
from PIL import Image, ImageStat

from models_app.imaging import open_photo
from models_app.models import Dataset, Photo
from models_app.selectors.photos import Checks, PhotoFilter, photos_sample
from models_app.services.datasets import photos_import
from models_app.services.samples import GAP, ROW_MOST, WIDTH, figure_make, places_make, sample_csv

LIST = "/dashboard/models/datasets/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(db: None, real_photos) -> Dataset:
    credits = {path: f"credit of {path.stem}" for path in real_photos[:5]}
    photos_import("demo", {path: path.name for path in real_photos}, credits=credits)
    return Dataset.objects.get()


def drawn(dataset: Dataset, size: int, seed: int, **wanted: str) -> list[str]:
    keys = photos_sample(dataset, PhotoFilter(**wanted), Checks(), size=size, seed=seed)
    names = dict(Photo.objects.values_list("pk", "name"))
    return [names[key] for key in keys]


def test_a_seed_draws_the_photos_that_its_method_says(dataset: Dataset):
    for seed in (0, 1, 2021):
        order = sorted(
            dataset.photos.all(),
            key=lambda p: hashlib.sha256(f"{seed}:{p.pixel_sha256}".encode()).hexdigest(),
        )
        assert drawn(dataset, 4, seed) == [photo.name for photo in order[:4]]
    assert len({tuple(drawn(dataset, 7, seed)) for seed in range(20)}) > 15


def test_a_sample_is_the_same_in_another_database(dataset: Dataset, real_photos):
    """Other keys, another order of import, other names of the files' folder."""
    before = drawn(dataset, 4, 1)
    Dataset.objects.all().delete()
    photos_import("again", {path: path.name for path in reversed(real_photos)})
    assert drawn(Dataset.objects.get(), 4, 1) == before


def test_leaving_a_photo_out_changes_no_others_place(dataset: Dataset):
    whole = drawn(dataset, 7, 1)
    Photo.objects.filter(name=whole[1]).update(excluded_at="2026-01-01T00:00Z")
    assert drawn(dataset, 3, 1, state="included") == [whole[0], *whole[2:4]]


def test_every_photo_is_as_likely(dataset: Dataset):
    counts = dict.fromkeys(dataset.photos.values_list("name", flat=True), 0)
    for seed in range(700):
        counts[drawn(dataset, 1, seed)[0]] += 1
    # 100 each are expected; 40 are four standard deviations.
    assert all(60 < n < 140 for n in counts.values()), counts


def test_photos_stand_in_rows_of_one_width_in_their_order(dataset: Dataset):
    photos = list(dataset.photos.order_by("pk")) * 4
    places = places_make(photos)
    assert [place.photo for place in places] == photos
    rows: dict[int, list] = {}
    for place in places:
        rows.setdefault(place.row, []).append(place)
    assert len(rows) > 2
    for row in rows.values():
        assert abs(row[-1].x + row[-1].width - WIDTH) <= 2
        assert len({(place.y, place.height) for place in row}) == 1
        for left, right in pairwise(row):
            assert abs(right.x - left.x - left.width - GAP) <= 1
    for place in places:
        own = place.photo.width / place.photo.height
        assert place.width / place.height == pytest.approx(own, rel=0.01)


@pytest.mark.parametrize(("width", "height"), [(20, 4000), (4000, 20), (1, 1)])
def test_odd_shapes_get_a_place_of_a_bearable_size(width: int, height: int):
    (place,) = places_make([Photo(width=width, height=height)])
    assert 1 <= place.width <= WIDTH
    assert 1 <= place.height <= ROW_MOST


def test_the_figure_shows_each_photo_where_its_list_says(dataset: Dataset, real_photos):
    photos = list(dataset.photos.order_by("pk"))
    content = figure_make(photos)
    assert content == figure_make(photos)
    by_name = {path.name: path for path in real_photos}
    with Image.open(io.BytesIO(content)) as figure:
        assert (figure.format, figure.mode, figure.width) == ("PNG", "RGB", WIDTH)
        assert not figure.info
        for place in places_make(photos):
            box = (place.x, place.y, place.x + place.width, place.y + place.height)
            own = ImageStat.Stat(open_photo(by_name[place.photo.name])).mean
            assert ImageStat.Stat(figure.crop(box)).mean == pytest.approx(own, abs=1)


def test_the_list_names_place_credit_and_hashes(dataset: Dataset):
    Photo.objects.filter(name="coffee.png").update(credit="=1+1")
    photos = list(dataset.photos.order_by("pk"))
    rows = list(csv.DictReader(io.StringIO("".join(sample_csv(photos, seed=3)), newline="")))
    places = places_make(photos)
    assert [(r["place"], r["row"], r["column"]) for r in rows] == [
        (str(n), str(p.row), str(p.column)) for n, p in enumerate(places, start=1)
    ]
    coffee = next(row for row in rows if row["photo"] == "coffee.png")
    assert coffee["credit"] == "'=1+1"
    assert coffee["pixel_sha256"] == Photo.objects.get(name="coffee.png").pixel_sha256
    assert {row["seed"] for row in rows} == {"3"}


def test_the_page_shows_the_sample_with_credits_and_downloads(admin: Client, dataset: Dataset):
    names = drawn(dataset, 4, 7)
    response = admin.get(f"{LIST}{dataset.pk}/sample/?sample=4&seed=7")
    page = response.content.decode()
    places = [page.index(f'alt="{name}"') for name in names]
    assert places == sorted(places)
    assert page.count("<img ") == 4
    assert "4 photos of demo, drawn with seed 7 (not excluded)." in page
    assert "SHA-256 of “seed:hash of the pixels” is smallest" in page
    query = "?state=included&amp;sample=4&amp;seed=7"
    assert f'href="{LIST}{dataset.pk}/sample/figure.png{query}"' in page
    png = admin.get(f"{LIST}{dataset.pk}/sample/figure.png?sample=4&seed=7")
    assert png["Content-Disposition"] == 'attachment; filename="demo-sample-7.png"'
    assert png.content == figure_make([Photo.objects.get(name=name) for name in names])
    listed = admin.get(f"{LIST}{dataset.pk}/sample/list.csv?sample=4&seed=7").content.decode()
    rows = list(csv.DictReader(io.StringIO(listed, newline="")))
    assert [row["photo"] for row in rows] == names


def test_excluded_photos_are_drawn_only_when_asked_for(admin: Client, dataset: Dataset):
    Photo.objects.exclude(name="coffee.png").update(excluded_at="2026-01-01T00:00Z")
    page = admin.get(f"{LIST}{dataset.pk}/sample/").content.decode()
    assert page.count("<img ") == 1
    page = admin.get(f"{LIST}{dataset.pk}/sample/?state=excluded").content.decode()
    assert page.count("<img ") == 6


@pytest.mark.parametrize(
    "query", ["sample=0", "sample=61", "sample=x", "seed=-1", "seed=2147483648", "seed=²",
              f"seed={'9' * 5000}", "low=x"]
)  # fmt: skip
def test_what_cannot_be_drawn_is_said_in_words(admin: Client, dataset: Dataset, query: str):
    response = admin.get(f"{LIST}{dataset.pk}/sample/?{query}")
    assert response.status_code == 400
    assert "write " in response.content.decode()
    for file in ("figure.png", "list.csv"):
        assert admin.get(f"{LIST}{dataset.pk}/sample/{file}?{query}").status_code == 404


def test_a_sample_of_nothing_says_so(admin: Client, dataset: Dataset):
    page = admin.get(f"{LIST}{dataset.pk}/sample/?split=val").content.decode()
    assert "There is no photo to draw." in page
    assert admin.get(f"{LIST}{dataset.pk}/sample/figure.png?split=val").status_code == 404


def test_a_figure_without_a_file_says_which(admin: Client, dataset: Dataset):
    from django.core.files.storage import default_storage

    default_storage.delete(dataset.photos.get(name="coffee.png").file)
    response = admin.get(f"{LIST}{dataset.pk}/sample/figure.png")
    assert response.status_code == 409
    assert "coffee.png is gone or damaged" in response.content.decode()
