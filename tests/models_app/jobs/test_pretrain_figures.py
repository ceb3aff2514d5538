"""What a pretraining says of itself: figures on the way, figures at the end, its log."""

import pytest

from models_app.jobs import training_states
from models_app.jobs.context import Context
from models_app.jobs.training_options import Config, train_config
from models_app.jobs.training_reports import JobReports
from models_app.models import Job
from models_app.selectors import training as selectors
from models_app.services import jobs
from tests.findings import photos_make
from tests.jobs import work_all
from tests.models_app.jobs.test_pretrain import done, launch, results, stop_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos(real_photos):
    return photos_make(real_photos)


def test_accuracies_of_the_way_give_way_to_those_of_the_best_weights(photos, monkeypatch):
    live: list[dict] = []
    real = JobReports.scalars

    def scalars(self: JobReports, step: int, values: dict) -> None:
        real(self, step, values)
        if any(name.startswith("validation/") for name in values):
            live.append(self._context._result["live"])

    monkeypatch.setattr(JobReports, "scalars", scalars)
    made = "brightness,contrast,jpeg_compression"
    job = done(launch(task="ranking_classification", distortions=made))
    assert [each["epoch"] for each in live] == ["1", "2"]
    assert 0 <= float(live[-1]["rank_accuracy_style"]) <= 1
    result, ranks = job.result, results(job)["rank_accuracy"]
    assert result["live"] == {}
    # No distortion of composition was made: nothing of it is said.
    assert not [name for name in result if "composition" in name]
    assert result["rank_accuracy_all_ties"] == ranks["all"]["ties"]
    # Of the technical aspect there is one distortion: naming it is no feat.
    assert "classification_accuracy_technical" not in result
    assert 0 <= result["classification_accuracy_style"] <= 1
    assert result["heads_only"] is False


def test_a_run_that_is_all_warm_up_says_so(photos):
    job = done(launch(epochs=1, warmup_steps=50))
    assert job.result["heads_only"] is True
    assert selectors.run_get(job.pk).has_curves


def test_the_first_state_is_stored_at_once_whatever_the_pace(photos, monkeypatch):
    monkeypatch.setattr(training_states, "EVERY_S", 1e9)
    job = launch(save_steps=1, epochs=1)
    seen: list[int] = []
    real = Context.metric

    def metric(self: Context, name: str, at: int, value: float) -> None:
        real(self, name, at, value)
        if at == 2 and not seen:
            seen.append(self.job.artifacts.filter(name__startswith="state-").count())

    monkeypatch.setattr(Context, "metric", metric)
    done(job)
    assert seen == [1]


def test_an_attempt_after_one_that_saved_nothing_says_so(photos, monkeypatch):
    job = launch(epochs=1)
    stop_at(monkeypatch, job, 1)
    work_all()
    monkeypatch.undo()
    # As of a worker that died before it stored anything.
    Job.objects.filter(pk=job.pk).update(resume={})
    job.artifacts.all().delete()
    job.refresh_from_db()
    jobs.job_resume(job)
    assert "nothing had been saved; begins again" in done(job).log


def test_what_timm_has_is_left_to_the_worker(photos):
    config = Config(dataset="d", backbone="timm:resnet18", weights="random")
    assert train_config(config).backbone == "timm:resnet18"
