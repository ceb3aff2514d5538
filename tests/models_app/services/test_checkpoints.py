"""Importing weights: what is taken, what is refused in which words, what stays behind."""

import hashlib
import io
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from safetensors.torch import load_file, save_file

from models_app.errors import JobConflict, JobInvalid
from models_app.models import Checkpoint, Job
from models_app.networks.building import network_random
from models_app.services import checkpoints
from models_app.services.checkpoints import (
    checkpoint_delete,
    checkpoint_file,
    import_launch,
    server_file_keep,
    server_files,
    upload_keep,
    uploads_clean,
)
from models_app.services.jobs import job_resume
from survey.models import AuditEntry
from tests.factories import file_read
from tests.findings import ARCHITECTURE, INPUT, checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.django_db
CONFIG = {"name": "net", "architecture": ARCHITECTURE, **INPUT}


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    return network_random(ARCHITECTURE, seed=4).module.state_dict()


def file_of(found: object, name: str = "net.pth") -> str:
    """Upload what torch.save makes of it."""
    out = io.BytesIO()
    torch.save(found, out)
    return upload_keep(out, name)


def take(**changes: object) -> Job:
    job = import_launch({**CONFIG, **changes})
    work_all()
    job.refresh_from_db()
    return job


def waiting() -> list[str]:
    try:
        return default_storage.listdir("uploads")[1]
    except FileNotFoundError:
        return []


def stored() -> list[str]:
    try:
        return default_storage.listdir("checkpoints")[1]
    except FileNotFoundError:
        return []


@pytest.fixture(autouse=True)
def _no_uploads_of_others():
    for name in waiting():
        default_storage.delete(f"uploads/{name}")


def test_a_state_dict_becomes_safetensors(weights, tmp_path: Path):
    job = take(upload=file_of({"state_dict": weights}), source="a paper")
    assert (job.state, job.error) == ("succeeded", "")
    made = Checkpoint.objects.get()
    assert (made.name, made.architecture, made.is_random, made.source) == (
        "net", ARCHITECTURE, False, "a paper"
    )  # fmt: skip
    content = file_read(made.file)
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (made.sha256, made.bytes)
    with checkpoint_file(made) as path:
        stored = load_file(path)
    assert stored.keys() == weights.keys()
    assert all(torch.equal(stored[name], weights[name]) for name in weights)
    assert made.preprocessing["mean"] == [0.485, 0.456, 0.406]
    assert (made.preprocessing["resize"], made.preprocessing["crop"]) == (72, 64)
    assert waiting() == []
    assert job.checkpoint == made
    assert AuditEntry.objects.filter(action="job.launch", target_id=job.pk).exists()


def test_safetensors_are_taken(weights, tmp_path: Path):
    save_file(weights, tmp_path / "w.safetensors")
    with (tmp_path / "w.safetensors").open("rb") as file:
        token = upload_keep(file, "w.safetensors")
    assert take(upload=token).state == "succeeded"


def test_own_mean_and_sd_are_stored(weights):
    job = take(upload=file_of(weights), normalisation="own", mean="0.1, 0.2, 0.3", sd="1,1,0.5")
    assert job.error == ""
    made = Checkpoint.objects.get()
    assert (made.preprocessing["mean"], made.preprocessing["std"]) == ([0.1, 0.2, 0.3], [1, 1, 0.5])


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda w: w.pop("classifier.1.weight"), "1 missing ('classifier.1.weight')"),
     (lambda w: w.update(extra=torch.zeros(2)), "1 unexpected ('extra')"),
     (lambda w: w.update({"classifier.1.bias": torch.zeros(1000)}),
      "'classifier.1.bias' has [1000] instead of [10]")],
)  # fmt: skip
def test_what_does_not_fit_is_named(weights, change, said: str):
    before = stored()
    wrong = dict(weights)
    change(wrong)
    job = take(upload=file_of(wrong), source="wrong.pth")
    assert job.state == "failed"
    assert job.error.startswith("wrong.pth: its weights do not fit NIMA on MobileNetV2")
    assert said in job.error
    assert not Checkpoint.objects.exists()
    assert waiting() == []
    assert stored() == before


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("/nonexistent/evil"),))


def test_a_pickled_program_is_never_run():
    out = io.BytesIO(pickle.dumps({"weight": Evil()}))
    job = take(upload=upload_keep(out, "net.pth"))
    assert job.state == "failed"
    assert not Checkpoint.objects.exists()


def test_random_weights_are_made_on_request_and_marked():
    job = take(random=True, seed=4)
    assert (job.state, job.seed) == ("succeeded", 4)
    made = Checkpoint.objects.get()
    assert (made.is_random, made.source) == (True, "random, seed 4")
    assert job.result["random_weights"] is True


def test_random_weights_of_ours_stay_random_when_imported_as_a_file():
    made = checkpoint_make("first")
    token = upload_keep(io.BytesIO(file_read(made.file)), "w.safetensors")
    take(upload=token, name="second")
    assert Checkpoint.objects.get(name="second").is_random is True


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, "one of the two"), ({"random": True, "upload": "x"}, "one of the two"),
     ({"upload": "../../secret-key"}, "no longer there"),
     ({"upload": f"{'0' * 32}.pth"}, "no longer there"),
     ({"random": True, "name": " "}, "1 to 100"), ({"random": True, "name": "a\nb"}, "1 to 100"),
     ({"random": True, "crop": 100}, "crop is 100, more than resize"),
     ({"random": True, "crop": 0}, "give mode 'short_side' a crop"),
     ({"random": True, "normalisation": "own", "mean": "a", "sd": "1,1,1"}, "three numbers"),
     ({"random": True, "normalisation": "own", "mean": "0,0,0", "sd": "0,1,1"}, "std is"),
     ({"random": True, "architecture": "lenet"}, "architecture is 'lenet'")],
)  # fmt: skip
def test_what_cannot_be_imported_is_refused_at_once(changes, said: str):
    with pytest.raises(JobInvalid, match=said.replace("(", r"\(")):
        import_launch({**CONFIG, **changes})
    assert not Job.objects.exists()


def test_a_refused_launch_keeps_no_file(weights):
    checkpoint_make("net")
    token = file_of(weights)
    with pytest.raises(JobInvalid, match="There is a checkpoint net already"):
        import_launch({**CONFIG, "upload": token})
    assert waiting() == []


def test_two_imports_of_one_name_make_one(weights):
    jobs = [import_launch({**CONFIG, "random": True, "seed": seed}) for seed in (1, 2)]
    before = len(stored())
    work_all()
    assert len(stored()) == before + 1
    assert Checkpoint.objects.count() == 1
    jobs[1].refresh_from_db()
    assert jobs[1].error == "There is a checkpoint net already; choose another name."


def test_an_import_that_was_interrupted_after_its_row_ends_well(weights):
    job = take(random=True)
    made = Checkpoint.objects.get()
    Job.objects.filter(pk=job.pk).update(state="cancelled", resume={"checkpoint": made.pk})
    job_resume(job)
    work_all()
    job.refresh_from_db()
    assert (job.state, job.error, job.checkpoint) == ("succeeded", "", made)
    assert Checkpoint.objects.count() == 1


@pytest.mark.parametrize("name", ["net.zip", "net", "net.pth.exe", ".pth/../x"])
def test_a_file_of_another_kind_is_refused(name: str):
    with pytest.raises(JobInvalid, match="allowed are names that end in"):
        upload_keep(io.BytesIO(b"x"), name)
    assert waiting() == []


def test_a_file_that_is_too_large_is_refused(settings):
    settings.CHECKPOINT_MAX_BYTES = 1_000_000
    with pytest.raises(JobInvalid, match=r"has 1\.5 MB; allowed are 1 MB"):
        upload_keep(io.BytesIO(b"x" * 1_500_000), "net.pth")
    assert waiting() == []


def test_a_file_of_the_server_is_taken_by_name_only(settings, tmp_path: Path, weights):
    settings.VAR = tmp_path
    assert server_files() == []
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    torch.save(weights, folder / "net.pth")
    (folder / "notes.txt").write_text("no weights")
    (tmp_path / "secret.pth").write_bytes(b"secret")
    (folder / "link.pth").symlink_to(tmp_path / "secret.pth")
    assert server_files() == ["net.pth"]
    for name in ("../secret.pth", "link.pth", "notes.txt", str(folder / "net.pth"), ""):
        with pytest.raises(JobInvalid, match=r"there are: net\.pth"):
            server_file_keep(name)
    assert take(upload=server_file_keep("net.pth")).state == "succeeded"
    assert (folder / "net.pth").exists()


def test_files_that_nobody_came_back_for_go_after_a_week(weights, monkeypatch):
    old = file_of(weights)
    later = timezone.now() + checkpoints.KEPT + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert uploads_clean() == 1
    assert old not in waiting()


def test_weights_that_results_refer_to_stay(real_photos):
    photos_make(real_photos[2:4])
    made = checkpoint_make()
    job = nima_launch(made)
    work_all()
    with pytest.raises(JobConflict, match=f"jobs refer to it .#{job.pk}.; delete them first"):
        checkpoint_delete(made)
    assert default_storage.exists(made.file)
    job.delete()
    checkpoint_delete(made)
    assert not Checkpoint.objects.exists()
    assert not default_storage.exists(made.file)
    entry = AuditEntry.objects.get(action="checkpoint.delete")
    assert (entry.target_label, entry.detail["sha256"]) == ("random net", made.sha256)
