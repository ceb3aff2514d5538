"""The pages of evaluations: the list, one, several compared; what they cost."""

import csv
import io
import re

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from models_app.models import Dataset, Evaluation, Job, LabelSet
from tests.evaluations import split_make
from tests.factories import file_read
from tests.findings import photos_make
from tests.jobs import work_all
from tests.jobs_rows import job_make
from tests.models_app.dashboard.evaluation_rows import (
    checkpoint_row,
    evaluation_make,
    finetuning_make,
    labels_make,
)

pytestmark = pytest.mark.django_db
LIST = "/dashboard/models/evaluations/"
COMPARE = f"{LIST}compare/"
# The session, the person and what they may do.
ROLE = 3


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos[:2])


@pytest.fixture
def label_set(dataset: Dataset) -> LabelSet:
    return labels_make(dataset, 60)


@pytest.fixture
def pair(label_set: LabelSet) -> list[Evaluation]:
    split = split_make(label_set, test=60)
    return [
        evaluation_make(checkpoint_row(name), label_set, split=split, skill=skill, seed=seed)
        for name, skill, seed in (("base", 0.2, 3), ("better", 0.9, 4))
    ]


def address(evaluation: Evaluation) -> str:
    return reverse("models_dashboard:job_results_evaluate", args=[evaluation.job_id])


def compared(pair: list[Evaluation], **more: int) -> str:
    query = "&".join([*(f"evaluation={each.pk}" for each in pair),
                      *(f"{name}={value}" for name, value in more.items())])  # fmt: skip
    return f"{COMPARE}?{query}"


def text(response) -> str:
    page = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") :]).split())


def test_an_empty_list_says_what_is_missing(manager, analyst, dataset: Dataset):
    assert "a label set with its images" in text(manager.get(LIST))
    labels_make(dataset, 3)
    assert "import one, or fine-tune one" in text(manager.get(LIST))
    checkpoint_row()
    launch = reverse("models_dashboard:job_launch", args=["evaluate"])
    assert launch in manager.get(LIST).content.decode()
    assert "An admin launches them; ask one." in text(analyst.get(LIST))


def test_the_list_shows_scores_with_their_split_and_marks(analyst, pair, dataset: Dataset):
    drawn = labels_make(dataset, 20, name="drawn", is_generated=True)
    evaluation_make(checkpoint_row("nobody", is_random=True), drawn)
    said = text(analyst.get(LIST))
    srcc = pair[1].metrics["metrics"]["srcc"]
    assert f"{srcc['value']:.3f} {srcc['low']:.3f} to {srcc['high']:.3f}" in said
    assert f"split, test {pair[0].split_sha256[:8]} 60" in said
    assert "nobody random" in said
    assert "drawn generated images all images 20" in said


def test_the_list_narrows_to_a_label_set_and_a_split(analyst, pair, dataset: Dataset):
    other = labels_make(dataset, 20, name="other")
    evaluation_make(checkpoint_row("elsewhere"), other)
    rows = text(analyst.get(f"{LIST}?label_set={other.pk}"))
    assert "elsewhere all" not in rows
    assert "Compare elsewhere" in rows
    assert "Compare better" not in rows
    by_split = text(analyst.get(f"{LIST}?split={pair[0].split_sha256}"))
    assert "Compare better" in by_split
    assert "Compare elsewhere" not in by_split
    assert analyst.get(f"{LIST}?label_set=x'").status_code == 200


def test_jobs_that_are_no_evaluation_yet_are_listed_with_their_state(analyst, label_set):
    job_make("failed", kind="evaluate", label="Evaluation of a", error="It broke.")
    said = text(analyst.get(LIST))
    assert "failed Evaluation of a It broke." in said


def test_an_admin_may_launch_another_while_the_first_waits(manager, analyst, label_set):
    launch = reverse("models_dashboard:job_launch", args=["evaluate"])
    job_make("queued", kind="evaluate", label="Evaluation of a", config={})
    assert launch in manager.get(LIST).content.decode()
    assert launch not in analyst.get(LIST).content.decode()


def test_the_list_costs_three_queries_whatever_its_length(analyst, pair, django_assert_num_queries):
    # The evaluations, unfinished jobs, label sets; parts of studies where jobs made the networks.
    with django_assert_num_queries(ROLE + 3):
        analyst.get(LIST)


def test_an_evaluation_shows_metrics_yardsticks_and_the_worst_images(analyst, pair):
    page = analyst.get(address(pair[1]))
    said = text(page)
    metrics = pair[1].metrics["metrics"]
    assert f"Accuracy {metrics['accuracy']['value']:.3f} 95% interval" in said
    assert f"the larger class alone: {metrics['majority']['value']:.3f}" in said
    assert f"always the mean label: {metrics['mae_constant']['value']:.3f}" in said
    assert f"KRCC (Kendall tau-b) {metrics['krcc']['value']:.4f}" in said
    assert "Rated too high" in said
    assert "Rated too low" in said
    assert page.content.decode().count('class="thumb"') == 12
    assert "above the threshold (Pfister et al. 2021), 5" in said
    assert "predictions.csv" in said
    assert compared([pair[0], pair[1]]).replace("&", "&amp;") in page.content.decode()


def test_a_network_no_better_than_a_guess_is_called_that(analyst, dataset: Dataset):
    label_set = labels_make(dataset, 60)
    said = text(analyst.get(address(evaluation_make(checkpoint_row(), label_set, skill=-1))))
    assert said.count("not better than that") == 2


def test_what_was_not_judged_is_said(analyst, label_set: LabelSet):
    names = [f"<b>{n}</b>.jpg" for n in range(7)]
    found = evaluation_make(
        checkpoint_row(), label_set, missing=3, unreadable=7, unreadable_names=names
    )
    page = analyst.get(address(found)).content.decode()
    assert "3 labelled images of this part are not at hand" in page
    assert "7 photos could not be read and were left out: &lt;b&gt;0&lt;/b&gt;.jpg" in page


def test_another_scale_is_told(analyst, dataset: Dataset):
    tid = labels_make(dataset, 30, name="tid", scale_low=0, scale_high=9)
    said = text(analyst.get(address(evaluation_make(checkpoint_row(), tid))))
    assert "0 to 9; scores of 1 to 10 were put on it, ends on ends" in said
    assert "MAE without putting scores on the labels’ scale 1.5000" in said


def test_marks_stand_above_every_figure(analyst, dataset: Dataset):
    drawn = labels_make(dataset, 20, is_generated=True)
    made = checkpoint_row("tuned", made_by=finetuning_make(), began_random=True)
    said = text(analyst.get(address(evaluation_make(made, drawn))))
    for mark in ("Generated images: a check of the plumbing, no scientific claim.",
                 "Random initial weights."):  # fmt: skip
        assert mark in said
    assert "scores mean nothing" not in said


def test_images_seen_in_training_are_told_on_every_page(manager, label_set: LabelSet):
    split = split_make(label_set, test=60)
    base = evaluation_make(
        checkpoint_row("base"), label_set, split=split, skill=0.2, seed=3, seen_in_training=0
    )
    learnt = evaluation_make(
        checkpoint_row("learnt"), label_set, split=split, skill=0.9, seed=4, seen_in_training=7
    )
    assert "7 images seen in training" in text(manager.get(LIST))
    said = text(manager.get(address(learnt)))
    assert "7 of these images were in what trained or validated this network: its scores" in said
    assert "Images that the network was tuned with 7" in said
    other = text(manager.get(address(base)))
    assert "its scores are no test" not in other
    assert "learnt 7 images seen in training" in other
    assert "Images that the network was tuned with 0" in other
    # It would be the better one.
    for baseline in (base, learnt):
        form = {"evaluation": [base.pk, learnt.pk], "baseline": baseline.pk}
        manager.post(reverse("models_dashboard:evaluation_draw"), form)
        work_all()
        said = text(manager.get(compared([base, learnt], baseline=baseline.pk)))
        assert "7 images seen in training" in said
        assert "are not called better or worse" in said
        assert "] ▲" not in said
        assert "] ▼" not in said
        assert not re.search(r"p — [^—]*†", said)
    job = Job.objects.filter(kind="compare_evaluations").latest("pk")
    table = file_read(job.artifacts.get(name="comparison.csv").file).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {(row["checkpoint"], row["seen_in_training"]) for row in rows} == {
        ("base", "0"), ("learnt", "7")
    }  # fmt: skip


def test_where_nobody_knows_what_it_learnt_the_page_says_so(analyst, label_set: LabelSet):
    said = text(analyst.get(address(evaluation_make(checkpoint_row(), label_set))))
    assert "Images that the network was tuned with not known here" in said


def test_predictions_that_are_gone_leave_the_metrics(analyst, pair):
    default_storage.delete(pair[0].job.artifacts.get().file)
    said = text(analyst.get(address(pair[0])))
    assert "are gone or damaged in the storage; evaluate the checkpoint again." in said
    assert "SRCC (Spearman)" in said
    assert "Rated too high" not in said


@pytest.mark.parametrize(
    ("values", "said"),
    [({"state": "queued"}, "Waiting for a worker."),
     ({"state": "running", "done": 5, "total": 9, "stage": "loads"}, "5 of 9 images judged. loads"),
     ({"state": "failed", "error": "It broke."}, "This evaluation failed. It broke."),
     ({"state": "cancelled"}, "This evaluation was cancelled."),
     ({"state": "succeeded"}, "What this evaluation found is gone")],
)  # fmt: skip
def test_a_job_without_an_evaluation_says_what_happens(analyst, values, said: str):
    job = job_make(kind="evaluate", label="Evaluation of a", **values)
    where = reverse("models_dashboard:job_results_evaluate", args=[job.pk])
    assert said in text(analyst.get(where))


def test_an_evaluation_costs_seven_queries(analyst, pair, django_assert_num_queries):
    # The job, its evaluation, others alike, its files, the predictions' row, the worst photos,
    # the label set of the split's link.
    with django_assert_num_queries(ROLE + 6):
        analyst.get(address(pair[1]))


def test_nobody_sees_them_without_being_asked_in(client, pair):
    for where in (LIST, address(pair[0]), compared(pair)):
        assert client.get(where).status_code == 302


def test_differences_are_computed_by_a_worker_on_request(manager, pair):
    page = manager.get(compared(pair))
    assert "Compute the differences" in text(page)
    form = {"evaluation": [each.pk for each in pair], "baseline": pair[0].pk}
    where = reverse("models_dashboard:evaluation_draw")
    assert manager.post(where, form).status_code == 302
    # A second click asks for nothing more.
    manager.post(where, form)
    job = Job.objects.get(kind="compare_evaluations")
    assert "Waiting for a worker." in text(manager.get(compared(pair)))
    work_all()
    said = text(manager.get(compared(pair)))
    assert "On the 60 images that all of them judged." in said
    assert re.search(r"SRCC \(Spearman\) .* \+0\.\d{4} \(\+0\.\d{4} to \+0\.\d{4}\) ▲ better", said)
    assert re.search(r"Wilcoxon, one-sided: p — (&lt; 0\.0001|0\.00\d\d)†", said)
    assert "comparison.csv" in said
    manager.post(where, form)
    assert Job.objects.filter(kind="compare_evaluations").count() == 1
    results = manager.get(reverse("models_dashboard:job_results_compare_evaluations",
                                  args=[job.pk]))  # fmt: skip
    assert results.url == compared(sorted(pair, key=lambda each: each.pk), baseline=pair[0].pk)
    # The other way round is another question.
    turned = text(manager.get(compared(pair, baseline=pair[1].pk)))
    assert "Compute the differences" in turned


def test_an_analyst_sees_the_scores_and_cannot_launch(analyst, pair):
    said = text(analyst.get(compared(pair)))
    assert "an admin has a worker compute them; ask one." in said
    form = {"evaluation": [each.pk for each in pair], "baseline": pair[0].pk}
    assert analyst.post(reverse("models_dashboard:evaluation_draw"), form).status_code == 403


def test_scores_of_other_images_are_refused_in_words(analyst, pair, dataset: Dataset):
    other = evaluation_make(checkpoint_row("elsewhere"), labels_make(dataset, 9, name="other"))
    answer = analyst.get(compared([pair[0], other]), follow=True)
    assert "These evaluations are of different images (labels, split, test, all of other)" in (
        answer.content.decode()
    )
    few = analyst.get(compared([pair[0]]), follow=True)
    assert "A comparison needs two evaluations" in few.content.decode()
    assert analyst.get(f"{COMPARE}?evaluation=x&evaluation=9999").status_code == 302


def test_a_comparison_costs_few_queries(analyst, pair, django_assert_num_queries):
    # The evaluations, the job of their comparison.
    with django_assert_num_queries(ROLE + 2):
        analyst.get(compared(pair))


def test_the_form_of_a_kind_takes_values_from_the_address(manager, pair):
    where = reverse("models_dashboard:job_launch", args=["evaluate"])
    page = manager.get(f"{where}?option-checkpoint=better&option-label_set=labels&x=1")
    content = page.content.decode()
    assert '<option value="better" selected>' in content
    assert 'class="problem"' not in content
