"""The pages of pretraining runs: the list, one run, several compared; what they cost."""

import csv
import io
import re

import pytest
from django.urls import reverse

from models_app.models import Checkpoint, Dataset, Job, JobArtifact, Photo
from tests.findings import photos_make
from tests.models_app.dashboard.training_rows import curves_draw, results_store, run_make

pytestmark = pytest.mark.django_db
LIST = "/dashboard/models/training/"
COMPARE = f"{LIST}compare/"
# The session, the person and what they may do.
ROLE = 3


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos[:2])


@pytest.fixture
def run(dataset: Dataset) -> Job:
    job = run_make(dataset, config={"task": "ranking_regression"})
    results_store(job, list(Photo.objects.order_by("pk")))
    return job


def address(job: Job) -> str:
    return reverse("models_dashboard:job_results_pretrain", args=[job.pk])


def text(response) -> str:
    page = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") :]).split())


def test_without_photos_the_list_says_where_they_come_from(manager):
    said = text(manager.get(LIST))
    assert "No pretraining yet." in said
    assert "See how photos are imported" in said


def test_with_photos_an_empty_list_has_the_one_button(manager, analyst, dataset: Dataset):
    assert reverse("models_dashboard:job_launch", args=["pretrain"]) in (
        manager.get(LIST).content.decode()
    )
    assert "An admin launches them; ask one." in text(analyst.get(LIST))


def test_the_list_shows_each_run_with_intervals(analyst, run: Job, dataset: Dataset):
    live = {"epoch": "3", "rank_accuracy_style": "0.6000"}
    run_make(dataset, state="running", done=5, total=10, result={"live": live})
    run_make(dataset, result={"skipped_steps": 2.0})
    said = text(analyst.get(LIST))
    assert "Ranking and intensity regression #" in said
    assert "mobilenet_v2 × 0.35 64 px" in said
    assert "81.0% 79.0–83.0%" in said
    # Measured while it trains: no interval yet.
    assert "60.0% — running 50%" in said
    assert "measured: validation, epoch 3" in said
    assert "measured: 65 validation photos" in said
    assert "2 steps skipped" in said


def test_the_list_costs_one_query_whatever_its_length(
    analyst, run: Job, dataset: Dataset, django_assert_num_queries
):
    run_make(dataset)
    run_make(dataset)
    # The runs; and whether there are photos is not asked where there are runs.
    with django_assert_num_queries(ROLE + 1):
        analyst.get(LIST)


def test_a_run_shows_accuracy_by_aspect_distortion_chain_and_level(analyst, run: Job):
    page = analyst.get(address(run))
    said = text(page)
    assert "technical 81.0% 95% interval 79.0–83.0%" in said
    assert "composition 51.0% 95% interval 49.0–53.0% not above guessing" in said
    assert "on 65 photos the network did not learn from (validation photos)" in said
    assert "Not above guessing: Rotation, Horizontal crop" in said
    # Brightness: all of its levels, those below the default, those above it.
    assert re.search(r"Brightness 65\.0% 63\.0–67\.0% 63\.0% \S+ 67\.0% \S+ 30 0\.2%", said)
    assert 'title="Brightness -1.0: 80.0%, 95% interval 78.0–82.0%"' in page.content.decode()
    for heading in ("Which distortion: accuracy", "How strongly: squared error",
                    "Sample photos under every level"):  # fmt: skip
        assert heading in said


def test_random_initial_weights_are_said_beside_every_figure(analyst, run: Job, dataset: Dataset):
    mark = "Random initial weights"
    # The run itself, its accuracies, Fig. 4, the samples.
    assert text(analyst.get(address(run))).count(mark) == 4
    assert "◇" not in text(analyst.get(LIST))
    assert '<span class="random">random</span>' in analyst.get(LIST).content.decode()
    trained = run_make(dataset, config={"weights": "imagenet"}, result={"random_weights": False})
    assert mark not in text(analyst.get(address(trained)))
    assert text(analyst.get(f"{COMPARE}?run={run.pk}&run={trained.pk}")).count(mark) == 1


def test_a_run_without_results_says_what_happens(analyst, dataset: Dataset):
    waiting = run_make(dataset, state="queued")
    assert "Waiting for a worker." in text(analyst.get(address(waiting)))
    values = {"state": "failed", "error": "It broke."}
    failed = run_make(dataset, resume={"states": [{"step": 3}]}, **values)
    said = text(analyst.get(address(failed)))
    assert "This run failed. It broke. What it saved is kept" in said
    early = text(analyst.get(address(run_make(dataset, **values))))
    assert "Nothing was saved yet: put it right, then launch it again" in early
    assert "metrics.csv" not in early
    working = run_make(dataset, state="running", stage="measuring the best weights")
    assert "measuring the best weights" in text(analyst.get(address(working)))
    assert "the results of this run are gone" in text(analyst.get(address(run_make()))).lower()


def test_what_went_wrong_on_the_way_is_not_hidden(analyst, dataset: Dataset):
    names = [f"<b>{n}</b>.jpg" for n in range(7)]
    job = run_make(dataset, result={"skipped_steps": 1, "unreadable_names": names})
    page = analyst.get(address(job)).content.decode()
    assert "1 step was skipped because its loss" in page
    assert "7 photos could not be read and were left out: &lt;b&gt;0&lt;/b&gt;.jpg" in page
    assert "<b>0</b>" not in page


def test_a_run_costs_five_queries(analyst, run: Job, django_assert_num_queries):
    # The run, its weights, its files, its sample photos; and the kind's options need none.
    with django_assert_num_queries(ROLE + 4):
        analyst.get(address(run))


def test_pictures_are_shown_and_nothing_else_is(analyst, client, run: Job):
    sheet = run.artifacts.get(name="samples/1.jpg")
    shown = analyst.get(reverse("models_dashboard:training_picture", args=[run.pk, sheet.pk]))
    assert shown["Content-Type"] == "image/jpeg"
    assert b"".join(shown.streaming_content)[:2] == b"\xff\xd8"
    for other in ("results.json", "figure4.svg"):
        pk = run.artifacts.get(name=other).pk
        where = reverse("models_dashboard:training_picture", args=[run.pk, pk])
        assert analyst.get(where).status_code == 404
    elsewhere = reverse("models_dashboard:training_picture", args=[run.pk + 1, sheet.pk])
    assert analyst.get(elsewhere).status_code == 404


def test_the_comparison_shows_what_differs(analyst, run: Job, dataset: Dataset):
    other = run_make(dataset, config={"learning_rate": 0.01, "task": "ranking"})
    curves_draw(run)
    page = analyst.get(f"{COMPARE}?run={run.pk}&run={other.pk}&run=none&run=999999")
    different = text(page).partition("Configured differently")[2].partition("are the same")[0]
    assert "Task Ranking and intensity regression Ranking" in different
    assert "Learning rate 0.0001 0.01" in different
    assert "Momentum" not in different
    assert 'data-curve="validation/total"' in page.content.decode()


def test_the_comparison_asks_twice_whatever_the_number_of_runs(
    analyst, run: Job, dataset: Dataset, django_assert_num_queries
):
    query = "&".join(f"run={run_make(dataset).pk}" for _run in range(3))
    # The runs; the names of their curves.
    with django_assert_num_queries(ROLE + 2):
        analyst.get(f"{COMPARE}?run={run.pk}&{query}")


def test_without_a_choice_it_goes_back_to_the_list(analyst, run: Job):
    assert analyst.get(COMPARE)["Location"] == LIST
    assert analyst.get(f"{COMPARE}?run=abc")["Location"] == LIST
    assert analyst.get(f"{COMPARE}runs.csv").status_code == 404


def test_more_runs_than_lines_can_be_told_apart_are_cut_and_said(analyst, dataset: Dataset):
    query = "&".join(f"run={run_make(dataset).pk}" for _run in range(9))
    said = text(analyst.get(f"{COMPARE}?{query}"))
    assert "these are the first 8" in said
    assert f"Left out: #{Job.objects.latest('pk').pk}." in said


def test_the_table_as_csv_runs_no_formula(analyst, run: Job, dataset: Dataset):
    other = run_make(dataset, config={"backbone": "=cmd()"})
    response = analyst.get(f"{COMPARE}runs.csv?run={run.pk}&run={other.pk}")
    lines = b"".join(response.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(lines, newline="")))
    assert [row["run"] for row in rows] == [str(run.pk), str(other.pk)]
    assert (rows[0]["rank_accuracy_technical_low"], rows[0]["task"]) == (
        "0.79", "ranking_regression"
    )  # fmt: skip
    assert rows[1]["backbone"] == "'=cmd()"


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_curve_of_several_runs_is_a_figure(analyst, run: Job, dataset, kind: str, start: bytes):
    other = run_make(dataset)
    for each in (run, other):
        curves_draw(each)
    where = f"{COMPARE}curve.{kind}?run={run.pk}&run={other.pk}&curve=rank_accuracy/all"
    response = analyst.get(where)
    assert response.content.startswith(start)
    if kind == "svg":
        assert f"#{other.pk} Ranking" in response.content.decode()
    assert analyst.get(where.replace("rank_accuracy/all", "none")).status_code == 404


@pytest.mark.parametrize("path", ["", "compare/", "compare/runs.csv", "1/", "compare/curve.svg"])
def test_only_people_with_a_role_see_them(client, outsider, path: str):
    assert client.get(LIST + path).status_code == 302
    assert outsider.get(LIST + path).status_code == 403


def test_a_job_of_another_kind_is_no_run(analyst, dataset: Dataset, run: Job):
    Job.objects.filter(pk=run.pk).update(kind="nima_check")
    assert analyst.get(address(run)).status_code == 404


def test_the_job_links_to_its_results_and_says_its_figures(analyst, run: Job):
    page = text(analyst.get(reverse("models_dashboard:job", args=[run.pk])))
    assert "Open the results" in page
    assert "Rank accuracy, technical 0.81 (0.79 to 0.8" in page
    # Dozens of curves and options: most wait behind a click.
    source = analyst.get(reverse("models_dashboard:job", args=[run.pk])).content.decode()
    assert 'data-first="validation/total rank_accuracy/all' in source
    first, _summary, rest = source.partition("Options at their default")
    assert "<code>width</code>" in first
    assert "<code>momentum</code>" in rest


def test_the_form_shows_common_options_first_and_the_rest_behind_a_click(manager, dataset: Dataset):
    page = manager.get(reverse("models_dashboard:job_launch", args=["pretrain"])).content.decode()
    first, _summary, rest = page.partition("All options")
    for name in ("dataset", "task", "backbone", "epochs", "learning_rate", "seed"):
        assert f'name="option-{name}"' in first
    for name in ("margin", "balance", "momentum", "bn_group", "keep"):
        assert f'name="option-{name}"' not in first
        assert f'name="option-{name}"' in rest
    assert '<details class="more-options">' in page


def test_a_refused_option_behind_the_click_is_shown(manager, dataset: Dataset):
    where = reverse("models_dashboard:job_launch", args=["pretrain"])
    sent = {"option-dataset": "d", "option-bn_group": "chunk"}
    page = manager.post(where, sent).content.decode()
    assert '<details class="more-options" open>' in page
    assert "set chunk_images to a number" in page
    assert not Job.objects.filter(kind="pretrain").exists()


def test_a_checkpoint_says_where_it_comes_from_and_what_came_of_it(analyst, run: Job):
    values = {"architecture": "mobilenet_v2", "file": "f", "bytes": 1, "sha256": "a" * 64,
              "purpose": "pretrained",
              "preprocessing": {"resize": 64, "crop": 0, "mode": "pad_square",
                                "interpolation": "bilinear", "mean": [0, 0, 0],
                                "std": [1, 1, 1]}}  # fmt: skip
    first = Checkpoint.objects.create(name="first", is_random=True, made_by=run, **values)
    second = Checkpoint.objects.create(name="second", parent=first, **values)
    page = text(analyst.get(reverse("models_dashboard:checkpoint", args=[first.pk])))
    assert "Random initial weights." in page
    assert "Purpose pretrained" in page
    assert f"Made by {run.label}" in page
    assert "Trained further as second" in page
    assert "Began with first" in text(
        analyst.get(reverse("models_dashboard:checkpoint", args=[second.pk]))
    )
    assert "random initial weights" in text(analyst.get(reverse("models_dashboard:checkpoints")))


def test_results_of_another_format_are_not_guessed_at(analyst, run: Job, monkeypatch):
    from models_app.dashboard import training_results

    monkeypatch.setattr(training_results, "FORMAT", 2)
    assert "of a version that cannot be read here" in text(analyst.get(address(run)))


def test_a_file_that_is_gone_is_told(analyst, run: Job):
    JobArtifact.objects.filter(name="results.json").update(file="none")
    assert "The results of this run are gone" in text(analyst.get(address(run)))
