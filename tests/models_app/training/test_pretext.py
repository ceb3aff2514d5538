"""Every term and task of the registry keeps its contract; counts are pinned."""

import math
from importlib import import_module

import pytest
import torch
from torch import Tensor

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.pretext.building import Pretext, pretext_build
from models_app.training.pretext.registry import TASKS, TERMS

FEATURES = 12


def build(task: str, **options: object) -> Pretext:
    return pretext_build(TrainConfig(task=task, side=32, **options))


def extras(task: str) -> dict[str, bool]:
    return {"agreement": TASKS[task].ranks, "rank_across_photos": TASKS[task].ranks}


def features(pretext: Pretext, photos: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(photos * pretext.views.count, FEATURES, generator=generator)


def test_the_number_of_entries_is_known():
    assert (len(TERMS), len(TASKS)) == (7, 7)


@pytest.mark.parametrize("key", TERMS)
def test_a_term_is_where_its_line_says(key: str):
    entry = TERMS[key]
    module, _dot, name = entry.path.rpartition(".")
    assert getattr(import_module(module), name).key == key
    assert entry.label
    assert not entry.head or entry.head in TERMS


@pytest.mark.parametrize("score_head", ["one", "three"])
@pytest.mark.parametrize("task", TASKS)
def test_a_task_keeps_its_contract(task: str, score_head: str):
    config = TrainConfig(task=task, side=32, score_head=score_head, **extras(task))
    pretext = pretext_build(config)
    assert tuple(pretext.terms) == config.terms
    assert TASKS[task].source
    for key, term in pretext.terms.items():
        assert term.key == key
        head = term.head(FEATURES)
        outputs = head(features(pretext, 3))
        assert outputs.shape == (3 * pretext.views.count, term.width)
        assert outputs.dtype == torch.float32
        loss = term.loss(outputs.unflatten(0, (3, pretext.views.count)))
        loss.backward()
        assert loss.shape == ()
        assert loss.isfinite()
        assert loss > 0
        gradients = [p.grad for p in head.parameters()]
        assert all(g is not None and g.isfinite().all() for g in gradients)
        assert any(g is not None and g.any() for g in gradients)


@pytest.mark.parametrize("task", TASKS)
def test_a_loss_does_not_depend_on_the_order_of_photos(task: str):
    for term in build(task, **extras(task)).terms.values():
        outputs = torch.rand(4, build(task).views.count, term.width, dtype=torch.float64)
        turned = term.loss(outputs[[2, 0, 3, 1]])
        assert turned.item() == pytest.approx(term.loss(outputs).item(), rel=1e-5)


def test_views_dropout_and_temperature_of_the_tasks():
    known = {
        task: (p.views.count, p.dropout, p.temperature, p.chart is None)
        for task in TASKS
        for p in [build(task)]
    }
    variants = (174, 0.2, 50.0, False)
    assert known == dict.fromkeys(TASKS, variants) | {
        "rotnet": (4, 0.0, 50.0, True),
        "simclr": (2, 0.0, 50.0, True),
    }


def at_zero(task: str, term: str, **options: object) -> float:
    pretext = build(task, **options)
    chosen = pretext.terms[term]
    return chosen.loss(torch.zeros(2, pretext.views.count, chosen.width)).item()


def test_losses_at_the_start_are_those_of_the_facts():
    assert at_zero("ranking", "ranking") == pytest.approx(100)
    assert at_zero("ranking", "ranking", score_head="three") == pytest.approx(100)
    nats = 30 * math.log(6) + 81 * math.log(9) + 60 * math.log(6)
    assert at_zero("classification", "classification") == pytest.approx(nats)
    assert round(nats) == 339
    # n levels of a chain add (1^2 + ... + n^2) / n^2: 11/5 for the 31 chains of five.
    released = at_zero("regression", "regression")
    assert released == pytest.approx(31 * 11 / 5 + 2 * 14 / 9 + 2 * 15 / 8 + 5 / 4, rel=1e-6)
    assert released == pytest.approx(76.3111, abs=1e-3)
    assert at_zero("regression", "regression", regression_target="value") == pytest.approx(
        74.1008, abs=1e-3
    )
    assert at_zero("regression", "regression", regress_references=False) == pytest.approx(released)
    across = at_zero("ranking", "across_photos", rank_across_photos=True)
    assert across == pytest.approx(499 * 0.2)
    assert at_zero("ranking", "agreement", agreement=True) == 0
    assert at_zero("rotnet", "rotnet") == pytest.approx(4 * math.log(4))


def test_references_are_regressed_when_asked_and_only_then():
    outputs = torch.zeros(1, 174, 21)
    outputs[:, :3] = 1
    by_option = {
        wanted: build("regression", regress_references=wanted).terms["regression"].loss(outputs)
        for wanted in (True, False)
    }
    assert by_option[True].item() - by_option[False].item() == pytest.approx(21, abs=1e-4)


def test_three_scores_are_judged_by_their_own_aspect_alone():
    term = build("ranking", score_head="three").terms["ranking"]
    assert term.width == 3
    outputs = torch.rand(2, 174, 3, requires_grad=True)
    term.loss(outputs).backward()
    chart = build("ranking").chart
    assert chart is not None
    assert outputs.grad is not None
    for column, aspect in enumerate(chart.aspects):
        touched = outputs.grad[:, chart.distorted, column] != 0
        own = torch.from_numpy(chart.variant_aspect[chart.distorted] == column)
        assert not touched[:, ~own].any(), aspect
        assert touched[:, own].any(), aspect


def test_three_scores_of_one_aspect_are_one():
    assert build("ranking", score_head="three", distortions="style").terms["ranking"].width == 1


def test_agreement_looks_at_what_something_was_done_to():
    term = build("ranking", agreement=True).terms["agreement"]
    outputs = torch.rand(3, 174, 1, requires_grad=True)
    term.loss(outputs).backward()
    chart = build("ranking").chart
    assert chart is not None
    assert outputs.grad is not None
    untouched = torch.from_numpy(chart.untouched)
    assert int(untouched.sum()) == 4
    assert not outputs.grad[:, untouched].any()
    assert outputs.grad[:, ~untouched].all()


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        ("ranking", 50 * 180 / 500),
        ("ranking_classification", 50 * 180 / 500),
        ("classification", 50 * 60 / 171),
        ("regression", 50 * 60 / 171),
        ("rotnet", 50.0),
        ("simclr", 50.0),
    ],
)
def test_the_temperature_follows_what_is_left_of_the_variants(task: str, wanted: float):
    assert build(task, distortions="composition").temperature == pytest.approx(wanted)
    kept = build(task, distortions="composition", rescale_temperature=False)
    assert kept.temperature == 50


def test_a_task_without_anything_to_learn_is_refused():
    with pytest.raises(ConfigInvalid, match="each aspect has only one"):
        build("ranking_classification", distortions="tint")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("task", TASKS)
def test_losses_on_the_gpu_are_those_on_the_cpu(task: str):
    pretext = build(task, **extras(task))
    for term in pretext.terms.values():
        outputs = torch.rand(3, pretext.views.count, term.width)
        found = term.loss(outputs.cuda())
        assert found.is_cuda
        assert found.item() == pytest.approx(term.loss(outputs).item(), rel=1e-5)
