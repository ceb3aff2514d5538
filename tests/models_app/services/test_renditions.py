"""Who renders what: claims, several workers at once, parts, what is more urgent."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from config.backups.files import names_list
from models_app.errors import JobHandedBack, LeaseLost
from models_app.jobs.context import Context
from models_app.models import Dataset, Job, Rendition, SurveySource
from models_app.rendering import work_render
from models_app.services import contact_sheets, jobs, leases, publish, renditions, workers
from models_app.services.datasets import photos_import
from survey.models import Stimulus
from tests.jobs import work_all, workers_die
from tests.models_app.services.rendering import claim, make, worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(real_photos) -> Dataset:
    photos_import("d", {path: path.name for path in real_photos[1:3]})
    return Dataset.objects.get(name="d")


def test_a_claim_lasts_as_long_as_the_lease_of_its_job(dataset: Dataset):
    make(dataset)
    job = leases.job_claim("cpu", worker="w")
    assert job is not None
    first, second = claim(job), claim()
    assert first is not None
    assert second is not None
    assert {r.pk for r in first.renditions}.isdisjoint(r.pk for r in second.renditions)
    workers_die(job)
    assert leases.jobs_reconcile().resumed == 1
    with pytest.raises(LeaseLost):
        claim(job)
    again = claim()
    assert again is not None
    assert {r.pk for r in again.renditions} == {r.pk for r in first.renditions}


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_never_claim_the_same(real_photos):
    photos_import("many", {path: path.name for path in real_photos})
    make(Dataset.objects.get(name="many"))

    def claim_all() -> list[int]:
        claimed = []
        job = worker()
        while (work := claim(job)) is not None:
            claimed += [rendition.pk for rendition in work.renditions]
        connection.close()
        return claimed

    with ThreadPoolExecutor(4) as pool:
        workers = list(pool.map(lambda _worker: claim_all(), range(4)))
    claimed = [key for keys in workers for key in keys]
    assert len(claimed) == len(set(claimed)) == 7 * 81


def test_work_done_twice_keeps_one_result(dataset: Dataset):
    make(dataset)
    before = set(names_list(default_storage))
    work = claim()
    assert work is not None
    for _worker in range(2):
        publish.renditions_finish(list(work_render(work)))
        for rendition in work.renditions:
            rendition.state = "pending"
    stored = Rendition.objects.filter(pk__in=[r.pk for r in work.renditions])
    assert set(stored.values_list("state", flat=True)) == {"ready"}
    kept = set(stored.values_list("file", flat=True))
    assert set(names_list(default_storage)) - before == kept
    assert Stimulus.objects.count() == len(work.renditions)


def test_photos_that_come_later_are_rendered_unless_somebody_cancelled(
    dataset: Dataset, real_photos
):
    make(dataset)
    work_all()
    photos_import("d", {real_photos[4]: "another.png"})
    renditions.renditions_plan(SurveySource.objects.get())
    renditions.rendering_ask_again()
    renditions.rendering_ask_again()
    second = Job.objects.get(state="queued")
    jobs.job_cancel(second)
    renditions.rendering_ask_again()
    assert not Job.objects.filter(state="queued").exists()
    jobs.job_resume(second)
    work_all()
    assert not Rendition.objects.filter(state="pending").exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_pictures_are_rendered(real_photos, monkeypatch):
    from models_app import rendering

    photos_import("d", {real_photos[2]: "coffee.png"})
    make(Dataset.objects.get())
    locked: list[bool] = []
    stored = rendering._stored

    def note(*arguments: object) -> Rendition:
        locked.append(connection.in_atomic_block)
        return stored(*arguments)

    monkeypatch.setattr(rendering, "_stored", note)
    work_all()
    assert len(locked) == 81
    assert not any(locked)


def test_a_claim_that_nobody_holds_is_freed(dataset: Dataset):
    make(dataset)
    Rendition.objects.update(claimed_by="gone")
    work_all()
    assert Job.objects.get().state == "succeeded"
    renditions.rendering_ask_again()
    work_all()
    assert not Rendition.objects.filter(state="pending").exists()


def test_parts_of_which_one_failed_wait_for_a_person(dataset: Dataset):
    for number in range(2):
        workers.worker_beat(f"w/{number}", host="w", queues="cpu", slots=1)
    make(dataset)
    first, second = Job.objects.order_by("pk")
    Job.objects.filter(pk=first.pk).update(state="failed")
    Job.objects.filter(pk=second.pk).update(state="succeeded")
    renditions.rendering_ask_again()
    assert Job.objects.count() == 2


def test_every_worker_gets_a_part(dataset: Dataset):
    for number in range(3):
        workers.worker_beat(f"w/{number}", host="w", queues="cpu", slots=1)
    make(dataset)
    assert [job.label for job in Job.objects.order_by("pk")] == [
        f"Render survey study ({part} of 3)" for part in (1, 2, 3)
    ]
    work_all()
    assert set(Job.objects.values_list("state", "done", "total")) == {("succeeded", 162, 162)}


def test_more_urgent_work_interrupts_and_is_done_first(dataset: Dataset):
    make(dataset)
    Rendition.objects.update(batch=1)
    Job.objects.update(priority=0)
    job = leases.job_claim("cpu", worker="w")
    context = Context(job)
    contact_sheets.sheet_ask(dataset.photos.first(), preset="pfister2021")
    context.flush()
    with pytest.raises(JobHandedBack, match="more urgent"):
        context.check()
