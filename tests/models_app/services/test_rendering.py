"""Planning, rendering and publishing, with the real filters on real photos."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from models_app.models import Dataset, Job, Photo, Rendition
from models_app.rendering import display_image, encode, work_render
from models_app.selectors import pictures as selectors
from models_app.services import jobs, publish, renditions
from models_app.services.datasets import photos_import
from survey.models import Stimulus, Survey
from survey.selectors.surveys import pairs_ready
from tests.factories import file_read
from tests.jobs import work_all
from tests.models_app.services.rendering import claim, make

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(real_photos) -> Dataset:
    photos_import("d", {path: path.name for path in real_photos[1:3]})
    return Dataset.objects.get(name="d")


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


def test_an_excluded_photo_is_left_out_of_new_surveys(dataset: Dataset):
    photo = dataset.photos.first()
    Photo.objects.filter(pk=photo.pk).update(excluded_at=timezone.now(), excluded_reason="blurred")
    make(dataset)
    assert not Rendition.objects.filter(photo=photo).exists()
    assert Rendition.objects.count() == 81


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
