"""Planning, rendering and publishing, with the real filters on real photos."""

import io
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from PIL import Image

from config.backups.files import names_list
from models_app.errors import JobHandedBack, LeaseLost
from models_app.jobs.context import Context
from models_app.models import Dataset, Job, Photo, Rendition, SurveySource
from models_app.rendering import display_image, encode, work_render
from models_app.selectors import pictures as selectors
from models_app.services import contact_sheets, jobs, leases, publish, renditions, workers
from models_app.services.datasets import photos_import
from survey.models import Stimulus, Survey
from survey.selectors.surveys import pairs_ready
from tests.factories import file_read
from tests.jobs import work_all, workers_die

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(real_photos) -> Dataset:
    photos_import("d", {path: path.name for path in real_photos[1:3]})
    return Dataset.objects.get(name="d")


def make(dataset: Dataset, slug: str = "study", **settings) -> Survey:
    settings = {"long_side": 128, **settings}
    publish.survey_make(slug, title="A study", dataset=dataset.name, settings=settings)
    return Survey.objects.get(slug=slug)


def worker() -> Job:
    """A job that a worker has."""
    now = timezone.now()
    return Job.objects.create(
        kind="render_survey", label="r", queue="cpu", state="running", lease=uuid4().hex,
        created_at=now, queued_at=now, sent_at=now, heartbeat_at=now, claimed_at=now,
    )  # fmt: skip


def claim(job: Job | None = None) -> renditions.Work | None:
    return renditions.work_claim(SurveySource.objects.get(), job=job or worker())


def test_the_whole_way_from_photos_to_pairs(dataset: Dataset):
    survey = make(dataset)
    assert survey.pairs_expected == 2 * 80
    assert pairs_ready(survey) == 0
    assert selectors.rendition_counts("study")["pending"] == 2 * 81
    # Two turns: a few pairs of each photo before what can wait, then the rest.
    assert work_all() == 2
    assert pairs_ready(survey) == 2 * 80
    counts = selectors.rendition_counts("study")
    assert (counts["pending"], counts["ready"], counts["failed"]) == (0, 162, 0)
    conditions = survey.conditions
    assert conditions.count() == 80
    assert not conditions.filter(distortion="vibrance", level="0").exists()
    assert "+100" in conditions.filter(distortion="shadows").first().note


def test_another_preset_has_its_own_levels_and_pictures(dataset: Dataset):
    survey = make(dataset, preset="identity_zero")
    assert survey.pairs_expected == 2 * 81
    work_all()
    conditions = survey.conditions
    assert conditions.count() == 81
    assert conditions.filter(distortion="vibrance", level="-100").exists()
    assert conditions.get(distortion="shadows", level="60").note == ""
    plain = Rendition.objects.filter(distortion="shadows", level="60").first()
    make(dataset, "released")
    work_all()
    released = Rendition.objects.get(
        distortion="shadows", level="60", photo=plain.photo, preset="pfister2021"
    )
    # The released edit also lifts the highlights.
    assert file_read(released.file) != file_read(plain.file)


def test_both_sides_of_a_pair_are_made_alike(dataset: Dataset):
    survey = make(dataset)
    work_all()
    for variant in survey.stimuli.filter(condition__isnull=False).select_related("reference")[::20]:
        original = variant.reference
        assert (variant.width, variant.height) == (original.width, original.height)
        assert max(variant.width, variant.height) == 128
        tables = []
        for stimulus in (variant, original):
            content = file_read(stimulus.file)
            assert len(content) == stimulus.bytes
            with Image.open(io.BytesIO(content)) as image:
                assert image.format == "JPEG"
                assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
                # 4:4:4: every component sampled 1 x 1.
                assert {layer[1:3] for layer in image.layer} == {(1, 1)}
                tables.append(image.quantization)
        assert tables[0] == tables[1]


def test_png_is_lossless(dataset: Dataset):
    from models_app.imaging import open_photo

    survey = make(dataset, encoding="png")
    renditions_of = Rendition.objects.filter(encoding="png")
    renditions_of.exclude(distortion__in=["original", "tint"]).delete()
    work_all()
    photo = Photo.objects.get(name="coffee.png")
    wanted = display_image(open_photo(io.BytesIO(file_read(photo.file))), 128)
    original = survey.stimuli.get(photo="coffee.png", condition=None)
    assert original.content_type == "image/png"
    with Image.open(io.BytesIO(file_read(original.file))) as image:
        assert image.tobytes() == wanted.tobytes()
        assert not image.info


def test_two_surveys_of_one_dataset_share_files(dataset: Dataset):
    make(dataset, "one")
    work_all()
    before = Rendition.objects.count()
    two = make(dataset, "two")
    assert Rendition.objects.count() == before
    assert pairs_ready(two) == 160
    files = Stimulus.objects.values_list("file", flat=True)
    assert len(files) == 2 * len(set(files))


def test_identical_pictures_are_never_a_pair(real_photos, tmp_path):
    # A grey photo keeps its pixels whatever its saturation.
    with Image.open(real_photos[2]) as image:
        image.convert("L").save(tmp_path / "grey.png")
    photos_import("grey", {tmp_path / "grey.png": "grey.png"})
    survey = make(Dataset.objects.get(name="grey"))
    wanted = Rendition.objects.filter(distortion__in=["original", "saturation"])
    Rendition.objects.exclude(pk__in=wanted).delete()
    work_all()
    states = set(wanted.exclude(distortion="original").values_list("state", flat=True))
    assert states == {"identical"}
    survey.refresh_from_db()
    assert (pairs_ready(survey), survey.pairs_expected) == (0, 0)


def test_what_the_encoder_makes_identical_is_no_pair_either(real_photos, tmp_path):
    # One red value of a grey photo is off by one: the pixels differ, their JPEGs do not.
    with Image.open(real_photos[2]) as image:
        almost = image.convert("L").convert("RGB")
    almost.putpixel((5, 5), tuple(v + (i == 0) for i, v in enumerate(almost.getpixel((5, 5)))))
    almost.save(tmp_path / "almost.png")
    photos_import("grey", {tmp_path / "almost.png": "almost.png"})
    make(Dataset.objects.get(name="grey"), long_side=1024)
    wanted = Rendition.objects.filter(distortion="saturation", level="-1.0")
    Rendition.objects.exclude(pk__in=wanted).exclude(distortion="original").delete()
    work_all()
    assert wanted.get().state == "identical"


def test_a_damaged_photo_fails_in_words_and_the_rest_goes_on(dataset: Dataset):
    survey = make(dataset)
    broken = Photo.objects.first()
    with default_storage.open(broken.file, "wb") as file:
        file.write(b"gone")
    work_all()
    counts = selectors.rendition_counts("study")
    assert (counts["failed"], counts["ready"]) == (81, 81)
    assert counts["errors"][0].startswith(f"{broken.name}: it is not a JPEG")
    survey.refresh_from_db()
    assert survey.pairs_expected == pairs_ready(survey) == 80


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


def test_variants_wait_for_their_original(dataset: Dataset):
    survey = make(dataset)
    first = claim()
    assert first is not None
    original = next(r for r in first.renditions if r.distortion == "original")
    variants = [r for r in work_render(first) if r.distortion != "original"]
    original.state, original.file = "pending", ""
    publish.renditions_finish(variants)
    assert pairs_ready(survey) == 0
    publish.renditions_finish(list(work_render(renditions.Work(first.photo, (original,)))))
    assert pairs_ready(survey) == len(variants)


def test_a_full_disk_is_one_sentence_and_rendering_goes_on_later(dataset: Dataset, monkeypatch):
    make(dataset)

    def full_disk(*_arguments: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "save", full_disk)
        work_all()
    job = Job.objects.get()
    assert (job.state, job.error) == (
        "failed", "The disk is full; free some space, then resume the job."
    )  # fmt: skip
    assert not Rendition.objects.exclude(state="pending", claimed_by="").exists()
    jobs.job_resume(job)
    assert work_all() == 2
    assert not Rendition.objects.filter(state="pending").exists()


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


def test_an_excluded_photo_is_left_out_of_new_surveys(dataset: Dataset):
    photo = dataset.photos.first()
    Photo.objects.filter(pk=photo.pk).update(excluded_at=timezone.now(), excluded_reason="blurred")
    make(dataset)
    assert not Rendition.objects.filter(photo=photo).exists()
    assert Rendition.objects.count() == 81


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


def test_a_photo_is_never_enlarged():
    small = Image.new("RGB", (300, 200), (10, 20, 30))
    assert display_image(small, 1024).size == (300, 200)
    assert display_image(small, 150).size == (150, 100)
    assert display_image(Image.new("RGB", (20000, 3)), 1024).size == (1024, 1)


def test_the_encoder_writes_no_metadata():
    image = Image.new("RGB", (30, 20), (10, 20, 30))
    image.info = {"comment": b"secret", "exif": b"secret", "icc_profile": b"secret", "dpi": (1, 1)}
    for encoding in ("jpeg", "png"):
        assert b"secret" not in encode(image, encoding)


def test_seed_demo_is_idempotent():
    out = io.StringIO()
    for _again in range(2):
        call_command("seed_demo", stdout=out)
    first, second = out.getvalue().splitlines()
    assert first == second == "demo survey: 7 photos, 0 pictures ready, 567 to render"
    assert Survey.objects.get().settings["photo_repeats"] == 12
    assert Photo.objects.exclude(credit="").count() == 7
