"""Marks of drawn images and random weights: before a job ran, on its page, in downloads."""

import csv
import io
import json
import re

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from models_app.findings import agreement
from models_app.findings.label_exports import labels_csv
from models_app.findings.score_files import ScoreFile
from models_app.models import Dataset, Job, LabelSet, Study, StudyPart
from models_app.networks.scoring import Score
from models_app.services.evaluations import predictions_csv, predictions_of
from models_app.templatetags import figures
from tests.evaluations import split_make
from tests.findings import photos_make
from tests.jobs import work_all
from tests.jobs_rows import job_make
from tests.models_app.dashboard.evaluation_rows import (
    checkpoint_row,
    evaluation_make,
    finetuning_make,
    labels_make,
    predictions_make,
)

pytestmark = pytest.mark.django_db
GENERATED = "Generated images: a check of the plumbing, no scientific claim."
RANDOM = "Random weights: scores mean nothing."
BEGAN = "Random initial weights."


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos[:2])


@pytest.fixture
def drawn(dataset: Dataset) -> LabelSet:
    return labels_make(dataset, 20, name="drawn", is_generated=True)


def text(response) -> str:
    page = response.content.decode()
    page = re.sub(r"<script.*?</script>", "", page[page.index("<main") :], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def job_page(client, job: Job) -> str:
    return text(client.get(reverse("models_dashboard:job", args=[job.pk])))


def rows_of(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_an_evaluation_is_marked_before_there_is_one(analyst, drawn: LabelSet, state: str):
    job = job_make(
        state, kind="evaluate", label="Evaluation of nobody", config={"label_set": "drawn"},
        checkpoint=checkpoint_row("nobody", is_random=True),
    )  # fmt: skip
    listed = text(analyst.get(reverse("models_dashboard:evaluations")))
    assert "Evaluation of nobody random weights generated images" in listed
    own = text(analyst.get(reverse("models_dashboard:job_results_evaluate", args=[job.pk])))
    for page in (own, job_page(analyst, job)):
        assert f"{RANDOM} {GENERATED}" in page
    live = analyst.get(reverse("models_dashboard:job_live", args=[job.pk])).json()
    assert GENERATED in live["parts"]["status"]


def test_a_fine_tuning_is_marked_before_it_ends(analyst, drawn: LabelSet):
    job = finetuning_make(drawn, "queued", config={"label_set": "drawn"})
    listed = text(analyst.get(reverse("models_dashboard:finetunings")))
    assert "drawn, split generated images" in listed
    own = text(analyst.get(reverse("models_dashboard:job_results_finetune", args=[job.pk])))
    assert "Learnt from generated images: a check of the plumbing, no scientific claim." in own
    said = job_page(analyst, job)
    assert f"{GENERATED} {BEGAN}" in said
    assert RANDOM not in said


def test_a_job_on_photos_that_a_program_drew_is_marked(analyst, drawn: LabelSet):
    check = job_make("succeeded", kind="nima_check", config={}, dataset=drawn.dataset)
    assert GENERATED in job_page(analyst, check)
    LabelSet.objects.update(is_generated=False)
    assert GENERATED not in job_page(analyst, check)


def test_what_has_no_flaw_has_no_mark(analyst, dataset: Dataset):
    labels = labels_make(dataset, 20)
    evaluation = evaluation_make(checkpoint_row(), labels)
    page = analyst.get(reverse("models_dashboard:job", args=[evaluation.job_id])).content.decode()
    assert "job-marks" not in page


def test_figures_of_a_job_stand_with_their_intervals(analyst, dataset: Dataset):
    evaluation = evaluation_make(checkpoint_row(), labels_make(dataset, 60))
    srcc = evaluation.metrics["metrics"]["srcc"]
    said = job_page(analyst, evaluation.job)
    assert f"SRCC {srcc['value']:.4g} ({srcc['low']:.4g} to {srcc['high']:.4g})" in said
    assert "lower bound" not in said


def test_an_import_without_images_does_not_count_any(analyst):
    counts = {"rows": 9, "found": 0, "missing": 0, "malformed": 2}
    config = {"name": "n", "kind": "ava", "files": "x", "dataset": ""}
    done = job_make("succeeded", kind="import_labels", config=config, result=counts)
    said = job_page(analyst, done)
    assert "Labels taken 9" in said
    assert "Malformed lines 2" in said
    assert "Images found" not in said
    assert "Images missing" not in said
    looked = job_make(
        "succeeded", kind="import_labels", config={**config, "dataset": "d"}, result=counts
    )
    assert "Images found 0 Images missing 0" in job_page(analyst, looked)
    running = job_make("running", kind="import_labels", config=config, result=counts)
    assert "Labels taken" not in job_page(analyst, running)


def test_files_of_an_evaluation_carry_their_marks(drawn: LabelSet):
    network = checkpoint_row("nobody", is_random=True)
    evaluation = evaluation_make(network, drawn)
    metrics = {**evaluation.metrics, "label_set": "drawn", "split_sha256": "", "part": "",
               "marks": [RANDOM, GENERATED]}  # fmt: skip
    found = rows_of("".join(agreement.metrics_csv(metrics)))
    assert {row["remark"] for row in found} == {f"{RANDOM} {GENERATED}"}
    made = predictions_make(drawn, skill=0.5, seed=1)
    lines = "".join(predictions_csv(made, remark=GENERATED))
    assert {row["remark"] for row in rows_of(lines)} == {GENERATED}
    # Read back, the remark is no number.
    artifact = evaluation.job.artifacts.get(name="predictions.csv")
    with default_storage.open(artifact.file) as file:
        assert file.readline().decode().strip().endswith(",p10,remark")
    again = predictions_of(evaluation)
    assert again.distribution.shape == (20, 10)
    assert predictions_of(evaluation, shares=False).distribution.shape == (20, 0)


def test_a_comparison_carries_its_marks(admin, drawn: LabelSet):
    split = split_make(drawn)
    pair = [
        evaluation_make(checkpoint_row("base", is_random=True), drawn, split=split, seed=3),
        evaluation_make(checkpoint_row("other"), drawn, split=split, seed=4),
    ]
    form = {"evaluation": [each.pk for each in pair], "baseline": pair[0].pk}
    admin.post(reverse("models_dashboard:evaluation_draw"), form)
    work_all()
    job = Job.objects.get(kind="compare_evaluations")
    files = {}
    for each in job.artifacts.all():
        with default_storage.open(each.file) as file:
            files[each.name] = file.read().decode()
    assert json.loads(files["comparison.json"])["marks"] == {
        str(pair[0].pk): [RANDOM, GENERATED], str(pair[1].pk): [GENERATED]
    }  # fmt: skip
    told = {(row["checkpoint"], row["remark"]) for row in rows_of(files["comparison.csv"])}
    assert told == {("base", f"{RANDOM} {GENERATED}"), ("other", GENERATED)}
    assert f"{RANDOM} {GENERATED}" in job_page(admin, job)


def test_labels_and_scores_of_folders_carry_their_marks(drawn: LabelSet, tmp_path):
    assert {row["remark"] for row in rows_of("".join(labels_csv(drawn)))} == {GENERATED}
    LabelSet.objects.update(is_generated=False)
    drawn.refresh_from_db()
    assert {row["remark"] for row in rows_of("".join(labels_csv(drawn)))} == {""}
    for name, values, said in (
        ("a", {"is_random": True}, RANDOM), ("b", {"is_generated": True}, GENERATED),
        ("c", {"began_random": True}, BEGAN), ("d", {}, ""),
    ):  # fmt: skip
        path = tmp_path / f"{name}.csv"
        with ScoreFile(path, checkpoint_row(name, **values)) as table:
            table.write(Score("p.jpg", (0.1,) * 10, 5.5, 2.9))
        (row,) = rows_of(path.read_bytes().decode())
        assert (row["p10"], row["remark"]) == ("0.100000", said)


def test_pages_of_a_drawn_dataset_say_so(admin, drawn: LabelSet):
    pages = [
        reverse("models_dashboard:dataset_sample", args=[drawn.dataset_id]),
        reverse("models_dashboard:dataset_marks", args=[drawn.dataset_id]),
        reverse("models_dashboard:dataset_disk"),
    ]
    for page in pages:
        assert "generated images" in text(admin.get(page)), page
    LabelSet.objects.update(is_generated=False)
    for page in pages:
        assert "generated images" not in text(admin.get(page)), page


@pytest.mark.parametrize(
    ("value", "plain", "sign"),
    [
        (0.12345, "0.123", "+0.123"),
        (-0.5, "−0.500", "−0.500"),
        (0.0001, "0.000", "0.000"),
        (-0.0001, "0.000", "0.000"),
        (None, "", ""),
        (2, "2.000", "+2.000"),
    ],
)
def test_numbers_have_a_real_minus(value, plain: str, sign: str):
    assert figures.figure(value, 3) == plain
    assert figures.signed(value, 3) == sign


def test_levels_have_a_real_minus_and_names_keep_their_hyphen():
    assert figures.minus("-0.8") == "−0.8"
    assert figures.minus("left-right") == "left-right"
    assert figures.minus("") == ""


def test_networks_of_a_study_are_told_apart(analyst, dataset: Dataset):
    def made(**config: object) -> Job:
        return job_make("succeeded", kind="finetune", config=config)

    label_set = labels_make(dataset, 20)
    study = Study.objects.create(name="small", kind="table2", config={})
    first, again, alone = made(share=0.5), made(share=0.5), made(share=0.2)
    for key, job in (("finetune/ranking/all/seed-1/share-50", first),
                     ("finetune/random/all/seed-2/share-100", again)):  # fmt: skip
        StudyPart.objects.create(study=study, key=key, kind="finetune", config={}, job=job, order=1)
    for name, job in (("a", first), ("b", again), ("c", alone)):
        evaluation_make(checkpoint_row(name, made_by=job), label_set)
    said = text(analyst.get(reverse("models_dashboard:evaluations")))
    listed = text(analyst.get(reverse("models_dashboard:checkpoints")))
    for page in (said, listed):
        assert "a ranking, 50%, seed 1, study small" in page
        assert "b random weights, seed 2, study small" in page
        assert "c 20% of the labels" in page
    own = reverse("models_dashboard:checkpoint", args=[first.made.get().pk])
    assert "ranking, 50%, seed 1, study small" in text(analyst.get(own))
