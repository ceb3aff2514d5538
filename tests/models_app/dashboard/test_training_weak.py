"""What the pages of pretraining runs say about figures that are weak."""

import pytest

from models_app.models import Dataset, Photo
from tests.findings import photos_make
from tests.models_app.dashboard.test_training import COMPARE, LIST, address, text
from tests.models_app.dashboard.training_rows import results_store, run_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(real_photos) -> Dataset:
    return photos_make(real_photos[:2])


def test_many_ties_and_a_run_of_warm_up_alone_are_said(analyst, dataset: Dataset):
    run = run_make(dataset)
    result = {"rank_accuracy_style_ties": 0.31, "rank_accuracy_technical_ties": 0.01,
              "heads_only": True, "steps": 12}  # fmt: skip
    job = run_make(dataset, result=result)
    for path in (LIST, f"{COMPARE}?run={job.pk}&run={run.pk}"):
        said = text(analyst.get(path))
        assert "31.0% ties" in said
        assert said.count("% ties") == 1
        assert "two equal scores count as wrong" in said
    assert "All 12 steps were warm-up: only the heads learnt" in text(analyst.get(address(job)))


def test_one_photo_has_values_without_intervals(analyst, dataset: Dataset, monkeypatch):
    from tests.models_app.dashboard import training_rows

    def alone(value: float, half: float = 0.0) -> dict:
        return {"value": value, "low": None, "high": None, "n": 1, "method": "", "confidence": 0.95}

    monkeypatch.setattr(training_rows, "estimate", alone)
    real = training_rows.results_make
    monkeypatch.setattr(training_rows, "results_make", lambda photos: {**real(photos), "photos": 1})
    job = run_make(dataset)
    results_store(job, list(Photo.objects.order_by("pk")[:1]))
    page = analyst.get(address(job))
    said = text(page)
    assert "Measured on 1 photo: no intervals." in said
    assert "95% interval 8" not in said
    assert "None" not in said
    assert 'title="Brightness -1.0: 80.0%"' in page.content.decode()
