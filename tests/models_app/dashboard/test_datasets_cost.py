"""What the pages of datasets cost: queries, indexes, and that looking changes nothing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_app.models import Dataset, Photo
from models_app.selectors.photos import SORTS, Checks, PhotoFilter, photos_filter
from models_app.services.datasets import photos_import
from tests.models_app.dashboard.dataset_rows import diversity_make, nima_make
from tests.models_app.dashboard.test_datasets import LABELS, LIST, get

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(db: None, real_photos) -> Dataset:
    photos_import("demo", {path: path.name for path in real_photos}, credits={})
    return Dataset.objects.get()


def many(dataset: Dataset, n: int, *, first: int = 0) -> None:
    Photo.objects.bulk_create(
        [
            Photo(dataset=dataset, name=f"p{i:06}.jpg", file="photos/x.jpg", width=640, height=480,
                  file_sha256=f"{i:064x}", pixel_sha256=f"{i:064x}", bytes=1)
            for i in range(first, first + n)
        ]
    )  # fmt: skip


def test_the_list_costs_the_same_for_more_datasets(
    admin: Client, dataset: Dataset, real_photos, django_assert_num_queries
):
    nima_make(dataset)
    for name in ("two", "three"):
        photos_import(name, {real_photos[0]: "a.png", real_photos[1]: "b.png"})
        nima_make(Dataset.objects.get(name=name))
        diversity_make(Dataset.objects.get(name=name), {"a.png": ("space suit", {})})
    # Session, account; datasets, photos, renditions, surveys, jobs, scores, classes.
    with django_assert_num_queries(9):
        assert admin.get(LIST).status_code == 200


def test_a_page_costs_the_same_whatever_the_dataset_holds(
    admin: Client, dataset: Dataset, django_assert_num_queries
):
    many(dataset, 200)
    nima_make(dataset, [5 + i / 1000 for i in range(200)])
    diversity_make(dataset, LABELS)
    # Session, account; dataset, two checks, count, keys, photos, scores, contents, totals, share,
    # labels, surveys, whether its images are generated.
    with django_assert_num_queries(15):
        assert get(admin, dataset, sort="-score", page=3).status_code == 200


def plan(query: str, params: tuple[object, ...]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query}", params)
        return "\n".join(row[3] for row in cursor.fetchall())


def test_pages_read_an_index_in_its_order(admin: Client, dataset: Dataset):
    """By name and by score, far pages are read from an index, never by sorting all photos."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read in SQLite's words")
    many(dataset, 3000)
    job = nima_make(dataset, [i / 300 for i in range(3000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for wanted, index in (
        (PhotoFilter(), "photo_name_once_a_dataset"),
        (PhotoFilter(sort="score"), "photo_score_order"),
        (PhotoFilter(sort="-score", low=3.0, high=4.0), "photo_score_order"),
    ):
        found = photos_filter(dataset, wanted, Checks(job)).order_by(*SORTS[wanted.sort])
        steps = plan(*found.values_list("pk", flat=True)[1000:1048].query.sql_with_params())
        assert index in steps, steps
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps, steps


def test_reading_a_page_writes_nothing(admin: Client, dataset: Dataset):
    nima_make(dataset)
    with CaptureQueriesContext(connection) as queries:
        get(admin, dataset)
        admin.get(LIST)
        admin.get(f"{LIST}disk/")
    assert not [q for q in queries if q["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
