"""Scoring one photo by a real worker: its score, its distortions, and what is left of its file."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from models_app.distortions.registry import PRESETS
from models_app.errors import JobInvalid
from models_app.findings import sensitivity
from models_app.findings.marks import checkpoint_marks
from models_app.models import Checkpoint, Job, Photo, PhotoScore
from models_app.selectors import scored as selectors
from models_app.services import leases, scoring
from models_app.services.jobs import job_create
from tests.factories import file_read
from tests.findings import checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all, workers_die
from tests.people import account_make
from tests.scored import hand_in, telling_photo

pytest.importorskip("torch")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    """A storage of its own: what lies in it came from this test."""
    settings.MEDIA_ROOT = tmp_path
    default = settings.STORAGES["default"]
    if "OPTIONS" in default:
        # A bucket (tests/servers.py).
        options = {**default["OPTIONS"], "location": uuid4().hex}
        settings.STORAGES = {**settings.STORAGES, "default": {**default, "OPTIONS": options}}


@pytest.fixture
def checkpoint(media) -> Checkpoint:
    return checkpoint_make()


def uploads() -> list[str]:
    return default_storage.listdir("uploads")[1]


def test_a_photo_gets_the_score_of_a_check_and_a_curve_a_distortion(checkpoint, real_photos):
    photos_make(real_photos[:3])
    nima_launch(checkpoint)
    content = real_photos[1].read_bytes()
    job = hand_in(checkpoint, content)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error, job.checkpoint) == ("succeeded", "", checkpoint)
    theirs = PhotoScore.objects.get(photo__name=real_photos[1].name)
    assert job.result["mean"] == pytest.approx(theirs.mean, abs=2e-6)
    assert job.result["distribution"] == pytest.approx(theirs.distribution, abs=2e-6)
    assert job.result["random_weights"] is True
    assert (job.done, job.total) == (174, 174)

    curves = sensitivity.curves_of(job.result)
    assert len(curves) == 21
    levels = {(each.key, level.key) for each in PRESETS["pfister2021"].distortions.values()
              for level in each.levels}  # fmt: skip
    shown = {(each.key, point.level) for each in curves for point in each.points if point.step}
    assert shown == levels
    for curve in curves:
        steps = [point.step for point in curve.points]
        assert steps == sorted(steps)
        reference = next(point for point in curve.points if point.step == 0)
        assert reference.change == 0
        assert (
            (reference.score == job.result["mean"])
            or curve.own_reference
            or (reference.score == pytest.approx(job.result["mean"], abs=1e-4))
        )
    assert [curve.key for curve in curves if curve.own_reference] == [
        "rotate", "hcrop", "vcrop", "leftcornerscrop", "rightcornerscrop"
    ]  # fmt: skip
    worst = sensitivity.drops(curves)
    assert [point.change for _curve, point in worst] == sorted(p.change for _c, p in worst)
    lines = list(sensitivity.curves_csv(curves, checkpoint_marks(checkpoint)))
    assert len(lines) == 1 + len(levels) + 21

    (standing,) = selectors.standings(checkpoint, job.result["mean"])
    means = sorted(PhotoScore.objects.values_list("mean", flat=True))
    assert standing.n == 3
    assert standing.percentile == pytest.approx(100 * (means.index(theirs.mean) + 0.5) / 3)


def test_nothing_of_the_file_stays_but_its_pixels(checkpoint, real_photos):
    content = telling_photo(real_photos[0])
    job = hand_in(checkpoint, content)
    assert len(uploads()) == 1
    work_all()
    assert uploads() == []
    picture = selectors.picture_of(job)
    assert picture is not None
    shown = file_read(picture.file)
    assert b"Secret" not in shown
    assert b"secret" not in shown
    assert not Image.open(io.BytesIO(shown)).getexif()
    assert [each.name for each in job.artifacts.all()] == ["photo.jpg"]
    job.refresh_from_db()
    assert "Secret" not in str([job.label, job.log, job.result, job.config])


def test_a_worker_that_dies_after_the_last_step_loses_nothing(checkpoint, real_photos, monkeypatch):
    """The photo is deleted by then, and that the job is over is not written yet."""
    job = hand_in(checkpoint, telling_photo(real_photos[0]))

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(leases, "job_end", killed)
        with pytest.raises(KeyboardInterrupt):
            work_all()
    job.refresh_from_db()
    assert (job.state, uploads()) == ("running", [])
    workers_die()
    assert leases.jobs_reconcile().resumed == 1
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error, job.attempt) == ("succeeded", "", 2)
    assert {"mean", "distribution", "scores"} <= set(job.result)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"<svg/>", "it is not a JPEG, PNG, WebP, TIFF or BMP picture"),
     (b"\xff\xd8\xff" + b"x" * 500, "it is a JPEG that is damaged")],
)  # fmt: skip
def test_what_is_no_photo_is_said_and_deleted(checkpoint, content, said):
    job = hand_in(checkpoint, content)
    work_all()
    job.refresh_from_db()
    assert job.state == "failed"
    assert said in job.error
    assert uploads() == []


def test_what_is_too_large_or_empty_is_not_taken(checkpoint, settings, real_photos):
    settings.PHOTO_MAX_BYTES = 10_000
    with pytest.raises(JobInvalid, match="allowed are 0 MB: save it smaller"):
        hand_in(checkpoint, real_photos[0].read_bytes())
    with pytest.raises(JobInvalid, match="empty"):
        hand_in(checkpoint, b"")
    settings.PHOTO_MAX_BYTES = 100_000_000
    with pytest.raises(JobInvalid, match="checkpoint is 'none'; allowed are: random net"):
        scoring.photo_score(io.BytesIO(b"x"), checkpoint="none", by=None)
    assert not default_storage.exists("uploads") or uploads() == []
    assert not Job.objects.filter(kind="score_photo").exists()


@pytest.mark.parametrize("token", ["../secret-key", "x.photo", "0" * 32, ""])
def test_only_a_token_names_a_waiting_photo(checkpoint, token):
    with pytest.raises(JobInvalid, match="no longer there"):
        job_create("score_photo", {"upload": token, "checkpoint": checkpoint.name})


def test_one_person_cannot_fill_the_queue(checkpoint, real_photos):
    ana = account_make("ana", "analyst")
    content = telling_photo(real_photos[0])
    for _ in range(scoring.MOST_WAITING):
        scoring.photo_score(io.BytesIO(content), checkpoint=checkpoint.name, by=ana)
    with pytest.raises(JobInvalid, match="3 of your photos wait"):
        scoring.photo_score(io.BytesIO(content), checkpoint=checkpoint.name, by=ana)
    assert len(uploads()) == scoring.MOST_WAITING


def age(job: Job, hours: float) -> None:
    past = job.created_at - timedelta(hours=hours)
    Job.objects.filter(pk=job.pk).update(created_at=past)


def test_photos_go_after_a_while_with_all_that_came_of_them(checkpoint, real_photos, settings):
    assert settings.SCORED_PHOTO_KEPT_S == 24 * 3600
    content = telling_photo(real_photos[0])
    scored = hand_in(checkpoint, content)
    work_all()
    picture = selectors.picture_of(scored)
    waiting, young = hand_in(checkpoint, content), hand_in(checkpoint, content)
    running = hand_in(checkpoint, content)
    Job.objects.filter(pk=running.pk).update(state="running")
    for job in (scored, waiting, running):
        age(job, 25)
    assert scoring.scored_clean() == 2
    left = Job.objects.filter(kind="score_photo")
    assert set(left) == {young, running}
    assert not default_storage.exists(picture.file)
    assert len(uploads()) == 2
    running.refresh_from_db()
    # It is asked to stop, and goes the next time.
    assert running.cancel_requested_at is not None
    Job.objects.filter(pk=running.pk).update(state="cancelled")
    assert scoring.scored_clean() == 1
    assert set(left.all()) == {young}
    # Checkpoints and photos of datasets are none of its business.
    assert Checkpoint.objects.filter(pk=checkpoint.pk).exists()


def test_a_file_that_no_job_knows_goes_too(checkpoint, real_photos, settings):
    from django.core.files.base import ContentFile

    default_storage.save(f"uploads/{'a' * 32}.photo", ContentFile(b"x"))
    default_storage.save(f"uploads/{'b' * 32}.pth", ContentFile(b"x"))
    assert scoring.uploads_clean() == 0
    settings.SCORED_PHOTO_KEPT_S = -1
    assert scoring.uploads_clean() == 1
    assert uploads() == [f"{'b' * 32}.pth"]


def test_a_scored_photo_keeps_no_checkpoint(checkpoint, real_photos):
    from models_app.services.checkpoints import checkpoint_delete

    job = hand_in(checkpoint, telling_photo(real_photos[0]))
    work_all()
    checkpoint_delete(checkpoint)
    job.refresh_from_db()
    assert job.checkpoint is None


def test_a_check_of_more_photos_counts_more_than_a_newer_one(checkpoint, real_photos):
    dataset = photos_make(real_photos[:4], "one")
    whole = nima_launch(checkpoint, "one")
    work_all()
    Photo.objects.filter(name__in=[path.name for path in real_photos[:3]]).update(
        excluded_at=timezone.now()
    )
    part = nima_launch(checkpoint, "one")
    work_all()
    assert PhotoScore.objects.filter(job=part).count() == 1
    (standing,) = selectors.standings(checkpoint, 10.0)
    assert (standing.job, standing.job.dataset, standing.n) == (whole, dataset, 4)


def test_a_dataset_is_compared_once_by_its_newest_check(checkpoint, real_photos):
    photos_make(real_photos[:2], "one")
    photos_make(real_photos[2:5], "two")
    first = nima_launch(checkpoint, "one")
    other, again = nima_launch(checkpoint, "two"), nima_launch(checkpoint, "one")
    work_all()
    elsewhere = checkpoint_make("another", seed=2)
    unfinished = nima_launch(checkpoint, "two")
    found = selectors.standings(checkpoint, 10.0)
    assert [each.job for each in found] == [again, other]
    assert [(each.n, each.percentile) for each in found] == [(2, 100.0), (3, 100.0)]
    assert first not in {each.job for each in found}
    assert unfinished not in {each.job for each in found}
    assert selectors.standings(elsewhere, 10.0) == []
    assert selectors.standings(None, 10.0) == []
    assert Photo.objects.count() == 5
