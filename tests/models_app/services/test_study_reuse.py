"""Reuse: when a job of another study stands in for a new one, and who may cancel it."""

import pytest
from django.utils import timezone

from models_app.models import Dataset, Job, LabelSet, Photo
from models_app.selectors.study_images import ImagesNow
from models_app.services import jobs, studies
from tests.studies import (
    FIRST,
    job_of,
    labels_make,
    quick_install,
    start,
    state,
    work_through,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quick_install(monkeypatch)
    labels_make()


def test_finished_jobs_of_another_study_are_reused():
    first = start()
    work_through()
    count = Job.objects.count()
    second = start(name="second")
    work_through()
    assert state(second) == "succeeded"
    # Only the report is its own.
    assert Job.objects.count() == count + 1
    assert set(second.parts.filter(is_reused=False).values_list("kind", flat=True)) == {
        "study_report"
    }
    assert job_of(first, "report") != job_of(second, "report")


def test_a_job_at_work_is_shared():
    first, second = start(), start(name="second")
    assert {job_of(first, key) for key in FIRST} == {job_of(second, key) for key in FIRST}


def test_without_reuse_everything_is_done_anew():
    start()
    work_through()
    count = Job.objects.count()
    start(name="second", reuse=False)
    work_through()
    assert Job.objects.count() == 2 * count


@pytest.mark.parametrize("change", ["configuration", "weights gone", "photos"])
def test_what_differs_is_not_reused(change: str):
    first = start()
    work_through()
    pretrained = job_of(first, "pretrain/ranking/all/seed-1")
    options: dict = {}
    if change == "configuration":
        options = {"pretrain": {"epochs": 3}}
    if change == "weights gone":
        pretrained.made.all().delete()
    if change == "photos":
        Photo.objects.create(dataset=pretrained.dataset, name="new.jpg", width=1, height=1)
    second = start(name="second", **options)
    assert job_of(second, "pretrain/ranking/all/seed-1") != pretrained


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("photos/0", {"pretrain/ranking/all/seed-1"}),
        ("ava/000.jpg", {"finetune/random/all/seed-1/share-100"}),
        ("ava/040.jpg", {"evaluate/random/all/seed-1/share-100/test"}),
        ("tid/i00_0.bmp", {"evaluate/random/all/seed-1/share-100/zero-shot"}),
    ],
)
def test_what_left_out_a_photo_that_is_included_again_is_not_reused(name: str, again: set[str]):
    pictures_make()
    photo = Photo.objects.get(name=name)
    photo.excluded_at = timezone.now()
    photo.save()
    first = start()
    work_through()
    Photo.objects.filter(pk=photo.pk).update(excluded_at=None)
    second = start(name="second")
    work_through()
    both = [dict(each.parts.values_list("key", "job")) for each in (first, second)]
    differ = {key for key in both[0] if both[0][key] != both[1][key]}
    assert differ >= again
    # What took other photos stands in as before.
    kept = "pretrain/rotnet/all/seed-1"
    assert (kept in differ) == name.startswith("photos/")


def pictures_make() -> None:
    """Give every label a photo, and the dataset that is pretrained on two."""
    photos = Dataset.objects.get(name="photos")
    rows = [(photos, f"photos/{place}", None) for place in range(2)]
    for label_set in LabelSet.objects.all():
        dataset = Dataset.objects.create(name=f"of {label_set.name}")
        labels = label_set.labels.all()
        rows += [(dataset, f"{label_set.name}/{each.name}", each) for each in labels]
    for place, (dataset, name, label) in enumerate(rows):
        digest = f"{place:064x}"
        photo = Photo.objects.create(
            dataset=dataset, name=name, width=9, height=9, pixel_sha256=digest, file_sha256=digest
        )
        if label is not None:
            label.photo = photo
            label.save()


def test_a_job_whose_images_nobody_noted_is_not_reused():
    first = start()
    work_through()
    noted = Job.objects.get(pk=job_of(first, "pretrain/ranking/all/seed-1").pk)
    Job.objects.filter(pk=noted.pk).update(result={})
    assert job_of(start(name="second"), "pretrain/ranking/all/seed-1") != noted


def test_cancelling_spares_jobs_that_another_study_waits_for():
    first, second = start(), start(name="second", initialisations=["random", "ranking"])
    studies.study_cancel(first)
    states = {key: job_of(first, key).state for key in FIRST}
    assert states["pretrain/ranking/all/seed-1"] == "queued"
    assert states["pretrain/rotnet/all/seed-1"] == "cancelled"
    # The one that launched it waits for it no more, and now nobody does.
    studies.study_cancel(second)
    assert job_of(second, "pretrain/ranking/all/seed-1").state == "cancelled"


def test_cancelling_spares_a_job_that_a_person_launched():
    job = jobs.job_create("pretrain", start_config())
    images = ImagesNow().digest("pretrain", job.config)
    Job.objects.filter(pk=job.pk).update(result={"images": images})
    study = start()
    assert job_of(study, "pretrain/ranking/all/seed-1") == job
    studies.study_cancel(study)
    assert job_of(study, "pretrain/ranking/all/seed-1").state == "queued"


def start_config() -> dict:
    """What a study tells the pretraining for ranking."""
    return {"dataset": "photos", "task": "ranking", "weights": "random"}
