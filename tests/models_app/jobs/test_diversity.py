"""Diversity checks by a real worker with the real networks; their weights are random."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from analysis.diversity import effective_number
from models_app.errors import JobInvalid
from models_app.findings import results
from models_app.findings.results import SEED
from models_app.imaging import open_photo
from models_app.models import Job, Photo, PhotoContent
from models_app.networks.labels import label_common
from models_app.services.jobs import job_create, job_resume
from tests.factories import file_read
from tests.findings import photos_make
from tests.jobs import work_all

pytestmark = pytest.mark.django_db
Kind = PhotoContent.Kind


@pytest.fixture(scope="session")
def weight_files(tmp_path_factory) -> Path:
    """A folder var/ with weights; the detector's make it sure of persons, here and there."""
    import torch

    from models_app.networks.content import classifier_load, detector_load

    folder = tmp_path_factory.mktemp("var")
    (folder / "checkpoints").mkdir()
    torch.save(classifier_load(random_seed=3).module.state_dict(), folder / "checkpoints/d.pth")
    detector = detector_load(random_seed=3)
    state = detector.module.state_dict()
    # Of the first of nine anchors; the output is about as often above as below a half.
    state["head.classification_head.cls_logits.bias"][detector.labels.index("person")] = 0.0
    torch.save(state, folder / "checkpoints/r.pth")
    return folder


@pytest.fixture
def strips(real_photos, tmp_path: Path) -> list[Path]:
    """Long strips of real photos: RetinaNet enlarges a photo's shorter side to 800 pixels unless
    the longer one would pass 1333, and then takes a tenth of the time.
    """
    paths = []
    for photo in real_photos[2:4]:
        image = open_photo(photo)
        middle = image.height // 2
        paths.append(tmp_path / f"{photo.stem}.png")
        image.crop((0, middle, image.width, middle + image.width // 20)).save(paths[-1])
    return paths


@pytest.fixture
def var(settings, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    return tmp_path


def launch(**options: object) -> Job:
    job = job_create("diversity_check", {"dataset": "d", "device": "cpu", **options})
    work_all()
    job.refresh_from_db()
    return job


def artifact(job: Job, name: str) -> str:
    return file_read(job.artifacts.get(name=name).file).decode()


def test_it_names_what_the_networks_name(strips, weight_files, settings):
    from models_app.networks.content import classes, classifier_load, detector_load, objects

    settings.VAR = weight_files
    photos_make(strips)
    files = {"classifier_file": "d.pth", "detector_file": "r.pth"}
    job = launch(weights="files", batch_size=1, **files)
    assert (job.state, job.error) == ("succeeded", "")
    pictures = [(path.name, open_photo(path)) for path in strips]
    folder = weight_files / "checkpoints"
    expected = {}
    for each in classes(pictures, classifier_load(file=folder / "d.pth")):
        expected[each.key, "class", label_common(each.label)] = ("1", each.confidence)
    found = list(objects(pictures, detector_load(file=folder / "r.pth")))
    for each in found:
        for label, seen in each.seen.items():
            expected[each.key, "object", label] = (str(seen.count), seen.confidence)
    assert any(each.seen for each in found)
    rows = list(csv.DictReader(io.StringIO(artifact(job, "contents.csv"), newline="")))
    assert {(row["photo"], row["kind"], row["label"]) for row in rows} == expected.keys()
    for row in rows:
        count, confidence = expected[row["photo"], row["kind"], row["label"]]
        assert row["count"] == count
        assert float(row["confidence"]) == pytest.approx(confidence, abs=1e-4)
    counts = Counter(label for _photo, kind, label in expected if kind == "class")
    lines = artifact(job, "classes.tsv").splitlines()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert lines == [f"{n}\t{label}" for label, n in ranked]
    persons = sum("person" in each.seen for each in found)
    assert artifact(job, "objects.tsv") == f"{persons}\tperson\n"
    assert job.result["photos"] == 2
    assert job.result["weights"].keys() == {"densenet121", "retinanet_resnet50_fpn"}
    assert job.result["random_weights"] is False


def test_random_weights_are_marked_and_need_a_word(strips):
    photos_make(strips[:1])
    job = launch(weights="random", seed=5)
    assert (job.state, job.error, job.seed) == ("succeeded", "", 5)
    assert job.label == "Diversity check of d (random weights)"
    assert job.result["random_weights"] is True
    assert set(job.result["weights"].values()) == {"random"}
    # One photo defines no diversity, and the job says so instead of giving a number.
    assert "at least two" in job.result["effective_classes"]["order1"]["undefined"]


def test_without_weights_it_names_the_command_that_helps(real_photos, monkeypatch, tmp_path):
    from models_app.networks.weights import published_get

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    photos_make(real_photos[2:3])
    job = launch()
    assert job.state == "failed"
    said, command = job.error.splitlines()
    assert "published weights, downloaded by the worker where it lacks them" in said
    assert command.startswith("curl --fail --location")
    urls = [published_get(name).url for name in ("densenet121", "retinanet_resnet50_fpn")]
    assert command.split()[-2:] == urls
    for url in urls:
        assert f" {url}" in job.log
    assert not PhotoContent.objects.exists()


def test_a_resumed_job_does_not_mix_weights(real_photos, weight_files, settings):
    settings.VAR = weight_files
    photos_make(real_photos[2:4])
    files = {"classifier_file": "d.pth", "detector_file": "r.pth"}
    job = job_create("diversity_check", {"dataset": "d", "weights": "files", **files})
    first = Photo.objects.earliest("pk")
    Job.objects.filter(pk=job.pk).update(
        state="cancelled", resume={"after": first.pk, "done": 1},
        result={"weights": {"densenet121": "another", "retinanet_resnet50_fpn": "another"}},
    )  # fmt: skip
    job_resume(job)
    work_all()
    job.refresh_from_db()
    assert job.error == "The files of weights are others than when this job began; launch it anew."


@pytest.mark.parametrize("name", ["", "../secret-key", "/etc/passwd", "a/b.pth", ".hidden", ".."])
def test_a_file_is_a_name_in_the_folder_and_no_path(real_photos, var, name: str):
    photos_make(real_photos[2:3])
    with pytest.raises(JobInvalid, match="name of a file in var/checkpoints"):
        launch(weights="files", classifier_file=name, detector_file="r.pth")


def rows_make(job: Job, found: list[tuple[str, dict[str, int]]]) -> None:
    """What a check found on photos, in order: the class, and objects with their number."""
    for photo, (label, objects) in zip(Photo.objects.order_by("pk"), found, strict=True):
        values = {"job": job, "photo": photo, "confidence": 0.9}
        PhotoContent.objects.create(kind=Kind.CLASS, label=label, **values)
        for name, n in objects.items():
            PhotoContent.objects.create(kind=Kind.OBJECT, label=name, count=n, **values)


FOUND = [
    ("alp", {"person": 3}),
    ("alp", {"person": 1, "dog": 2}),
    ("lakeside", {}),
    ("alp", {"dog": 1}),
    ("seashore", {"person": 12}),
    ("lakeside", {}),
    ("alp", {}),
]


@pytest.fixture
def found(real_photos) -> Job:
    photos_make(real_photos)
    job = job_create("diversity_check", {"dataset": "d", "weights": "random"})
    rows_make(job, FOUND)
    return job


def test_figures_are_those_of_the_counts(found: Job):
    import numpy as np

    figures = results.diversity_figures(found)
    assert (figures["photos"], figures["classes"], figures["objects"]) == (7, 3, 2)
    for order in (1, 2):
        value = effective_number([4, 2, 1], order=order, rng=np.random.default_rng(SEED)).value
        assert figures["effective_classes"][f"order{order}"]["value"] == pytest.approx(value)
    # Photos that show it, 3 and 2, whatever the number of things: 5 * 4 / (3 * 2 + 2 * 1).
    second = figures["effective_objects"]["order2"]
    assert second["value"] == pytest.approx(20 / 8)
    assert second["n"] == 7
    assert figures["effective_classes"]["order1"]["few"] is True


def test_labels_stand_beside_the_reference(found: Job, var: Path):
    alone = results.labels_compared(found, Kind.CLASS)
    assert [(row["label"], row["photos"], row["theirs"]) for row in alone["rows"]] == [
        ("alp", 4, None), ("lakeside", 2, None), ("seashore", 1, None)
    ]  # fmt: skip
    (var / "references").mkdir()
    (var / "references/most_common_dataset_classes.tsv").write_text("30\talp\n10\tfur_coat\n")
    (var / "references/most_common_dataset_objects.tsv").write_text("20\tperson\n")
    classes = results.labels_compared(found, Kind.CLASS)
    shown = {
        row["label"]: (row["share"]["value"], row["theirs"]["value"]) for row in classes["rows"]
    }
    assert shown == {
        "alp": (4 / 7, 30 / 40), "lakeside": (2 / 7, 0), "seashore": (1 / 7, 0),
        "fur coat": (0, 10 / 40),
    }  # fmt: skip
    objects = results.labels_compared(found, Kind.OBJECT)
    assert objects["reference_photos"] == 40
    person = objects["rows"][0]
    assert (person["label"], person["photos"], person["things"]) == ("person", 3, 16)
    assert person["theirs"]["value"] == 0.5


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"12 alp\n", "line 1 is '12 alp'"), (b"1\talp\n-3\tcoat\n", "line 2 is '-3"),
     (b"\xff\xfe\0", "cannot be used"), (b"=1\talp\n", "line 1 is")],
)  # fmt: skip
def test_a_list_that_is_none_is_told(found: Job, var: Path, content: bytes, said: str):
    (var / "references").mkdir()
    (var / "references/most_common_dataset_classes.tsv").write_bytes(content)
    compared = results.labels_compared(found, Kind.CLASS)
    assert said in compared["error"]
    assert "Each line holds a count, a tab and a label." in compared["error"]
    assert compared["rows"][0]["theirs"] is None


def test_the_paper_authors_lists_can_be_compared(found: Job, var: Path, shared: Path):
    (var / "references").symlink_to(shared / "data" / "authors")
    classes = results.labels_compared(found, Kind.CLASS)
    alp = next(row for row in classes["rows"] if row["label"] == "alp")
    assert (alp["theirs"]["value"], alp["theirs"]["n"]) == (2568 / 131094, 131094)
    objects = results.labels_compared(found, Kind.OBJECT)
    person = next(row for row in objects["rows"] if row["label"] == "person")
    assert person["theirs"]["value"] == 44301 / 131094
