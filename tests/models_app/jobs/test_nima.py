"""NIMA checks by a real worker with a real network, whose weights are random."""

import csv
import hashlib
import io

import pytest
from django.core.files.storage import default_storage

from analysis.intervals import wilson
from models_app.errors import JobInvalid
from models_app.imaging import open_photo
from models_app.jobs import runner
from models_app.jobs.photo_walk import PhotoWalk
from models_app.models import Job, Photo, PhotoScore
from models_app.services import jobs
from models_app.services.photos import photo_exclude
from tests.factories import file_read
from tests.findings import checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkpoint(real_photos):
    photos_make(real_photos)
    return checkpoint_make()


def done(job: Job) -> Job:
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    return job


def artifact(job: Job, name: str) -> bytes:
    found = job.artifacts.get(name=name)
    content = file_read(found.file)
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (found.sha256, found.bytes)
    return content


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_it_scores_what_the_network_says(checkpoint, real_photos, tmp_path):
    from models_app.networks.checkpoints import checkpoint_load
    from models_app.networks.preprocessing import Preprocessing
    from models_app.networks.scoring import score

    job = done(nima_launch(checkpoint, batch_size=3))
    (tmp_path / "w.safetensors").write_bytes(file_read(checkpoint.file))
    network = checkpoint_load(
        tmp_path / "w.safetensors",
        preprocessing=Preprocessing.from_json(checkpoint.preprocessing),
    )
    pictures = [(path.name, open_photo(path)) for path in real_photos]
    expected = {each.key: each for each in score(pictures, network, batch_size=1)}
    means = [each.mean for each in expected.values()]
    # The photos differ by far more than the tolerance below.
    assert len({round(mean, 2) for mean in means}) == 7
    rows = rows_of(artifact(job, "scores.csv"))
    assert [row["photo"] for row in rows] == [photo.name for photo in Photo.objects.order_by("pk")]
    for row in rows:
        each = expected[row["photo"]]
        assert float(row["mean"]) == pytest.approx(each.mean, abs=1e-4)
        assert float(row["sd"]) == pytest.approx(each.sd, abs=1e-4)
        shares = [float(row[f"p{k}"]) for k in range(1, 11)]
        assert shares == pytest.approx(each.distribution, abs=1e-4)
        assert sum(k * p for k, p in enumerate(shares, 1)) == pytest.approx(each.mean, abs=1e-4)


def test_its_figures_are_those_of_its_rows(checkpoint):
    job = done(nima_launch(checkpoint))
    means = list(PhotoScore.objects.filter(job=job).values_list("mean", flat=True))
    share = wilson(sum(mean > 5 for mean in means), 7)
    result = job.result
    assert result["n"] == 7
    assert result["mean"] == pytest.approx(sum(means) / 7)
    ends = ("share_above_5", "share_above_5_low", "share_above_5_high")
    assert [result[end] for end in ends] == [share.value, share.low, share.high]
    assert (result["unreadable"], result["random_weights"]) == (0, True)
    assert (job.done, job.total, job.device) == (7, 7, "cpu")
    assert job.checkpoint == checkpoint
    hashes = {row["photo"]: row["file_sha256"] for row in rows_of(artifact(job, "photos.csv"))}
    assert hashes == dict(Photo.objects.values_list("name", "file_sha256"))


def test_two_runs_give_the_same_bytes(checkpoint):
    first, second = (done(nima_launch(checkpoint)) for _run in range(2))
    assert artifact(first, "scores.csv") == artifact(second, "scores.csv")


def test_a_cancelled_check_keeps_its_scores_and_goes_on(checkpoint, monkeypatch):
    whole = done(nima_launch(checkpoint, batch_size=2))
    job = nima_launch(checkpoint, batch_size=2)
    real, saved = PhotoWalk.saving, []

    def saving(self):
        saved.append(self)
        if len(saved) == 2:
            jobs.job_cancel(job)
        return real(self)

    monkeypatch.setattr(PhotoWalk, "saving", saving)
    work_all()
    job.refresh_from_db()
    assert job.state == "cancelled"
    kept = set(PhotoScore.objects.filter(job=job).values_list("pk", "mean"))
    assert len(kept) == 4
    monkeypatch.setattr(PhotoWalk, "saving", real)
    jobs.job_resume(job)
    assert done(job).attempt == 2
    # What was there was not made again.
    assert kept < set(PhotoScore.objects.filter(job=job).values_list("pk", "mean"))
    assert artifact(job, "scores.csv") == artifact(whole, "scores.csv")


def test_a_batch_that_a_dying_worker_left_is_done_again(checkpoint, monkeypatch):
    """Rows that are there although the job's place is not behind them are overwritten."""
    job = nima_launch(checkpoint)
    photo = Photo.objects.earliest("pk")
    PhotoScore.objects.create(job=job, photo=photo, mean=1, sd=0, distribution=[1] + [0] * 9)
    done(job)
    assert PhotoScore.objects.get(job=job, photo=photo).mean > 1.01
    assert PhotoScore.objects.filter(job=job).count() == 7


def test_excluded_photos_are_left_out(checkpoint):
    photo_exclude(Photo.objects.get(name="coffee.png"), reason="a test", by=None)
    job = done(nima_launch(checkpoint))
    assert (job.result["n"], job.total) == (6, 6)
    assert not PhotoScore.objects.filter(job=job, photo__name="coffee.png").exists()


def test_unreadable_photos_are_named_and_the_rest_goes_on(checkpoint):
    gone, broken = Photo.objects.order_by("pk")[1:3]
    default_storage.delete(gone.file)
    with default_storage.open(broken.file, "wb") as file:
        file.write(b"\xff\xd8\xff no more")
    job = done(nima_launch(checkpoint, batch_size=2))
    assert (job.result["n"], job.result["unreadable"], job.done) == (5, 2, 7)
    assert job.result["unreadable_names"] == [gone.name, broken.name]
    assert f"{gone.name}: its file is gone" in job.log
    assert f"{broken.name}: " in job.log


def test_nothing_readable_is_a_failure_in_words(checkpoint):
    for photo in Photo.objects.all():
        default_storage.delete(photo.file)
    job = nima_launch(checkpoint)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error) == (
        "failed", "Not one photo could be read; the log says why of each."
    )  # fmt: skip


def test_a_damaged_file_of_weights_is_told(checkpoint):
    content = file_read(checkpoint.file)
    with default_storage.open(checkpoint.file, "wb") as file:
        file.write(content + b"x")
    job = nima_launch(checkpoint)
    work_all()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "The stored file of checkpoint random net is damaged" in job.error


@pytest.mark.parametrize(
    ("change", "said"),
    [({"dataset": "none"}, "dataset is 'none'; allowed are: d"),
     ({"checkpoint": "none"}, "checkpoint is 'none'; allowed are: random net"),
     ({"batch_size": 0}, "allowed are numbers from 1 to 512"),
     ({"device": "tpu"}, "allowed are: auto, cpu, cuda")],
)  # fmt: skip
def test_what_cannot_be_launched_is_refused(checkpoint, change, said: str):
    with pytest.raises(JobInvalid, match=said):
        jobs.job_create("nima_check", {"dataset": "d", "checkpoint": checkpoint.name, **change})


def test_a_dataset_without_photos_to_look_at_is_refused(checkpoint):
    for photo in Photo.objects.all():
        photo_exclude(photo, reason="a test", by=None)
    with pytest.raises(JobInvalid, match="no photo that is not excluded"):
        nima_launch(checkpoint)


def test_cuda_queues_for_a_gpu_and_says_when_there_is_none(checkpoint):
    torch = pytest.importorskip("torch")
    job = nima_launch(checkpoint, device="cuda")
    assert job.queue == "gpu"
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert runner.work_next("gpu", beating=False)
    job.refresh_from_db()
    assert job.error.startswith("This worker has no NVIDIA GPU")
