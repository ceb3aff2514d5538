"""When layers are set free, rates are halved and it ends: by the validation losses alone."""

from math import nan

import pytest

from models_app.training.finetuning.position import Position
from models_app.training.finetuning.schedule import begin_frozen, epoch_judge, rates
from tests.models_app.training.finetuning.labels import tiny


def judged(losses: list[float], **options):
    """Go through epochs of these losses; return the position, and a letter an epoch.

    f: frozen, a: all layers, upper case where the epoch was the best so far; then its factor.
    """
    config = tiny(**{"freeze_epochs": 0, "max_epochs": 1000} | options)
    position = Position(frozen=begin_frozen(config))
    seen = []
    for loss in losses:
        letter = "f" if position.frozen else "a"
        factor = position.factor
        position.epoch += 1
        best = epoch_judge(config, position, loss)
        seen.append((letter.upper() if best else letter) + f"{factor:g}")
        if position.stopped_early:
            break
    return position, seen


def test_the_first_plateau_sets_layers_free_the_later_ones_halve_and_ten_end_it():
    losses = [5.0, 4.0, *[4.5] * 5, 3.0, *[3.5] * 20]
    position, seen = judged(losses)
    frozen, free = ["F1", "F1", *["f1"] * 5], ["A1", *["a1"] * 5, *["a0.5"] * 5]
    assert seen == [*frozen, *free]
    assert (position.unfrozen_after, position.best_epoch, position.epoch) == (7, 8, 18)
    assert position.stopped_early


def test_after_layers_are_set_free_it_has_ten_epochs_to_become_better():
    position, seen = judged([1.0, *[2.0] * 40])
    assert seen == ["F1", *["f1"] * 5, *["a1"] * 5, *["a0.5"] * 5]
    assert (position.best, position.best_epoch, position.stopped_early) == (1.0, 1, True)


def test_an_improvement_begins_counting_anew():
    losses = [9.0, *[9.0] * 5, 8.0, *[8.5] * 9, 7.0, *[7.5] * 4, 6.0, *[6.5] * 10]
    position, seen = judged(losses)
    assert position.epoch == len(losses)
    assert [each for each in seen if each.startswith("A")] == ["A1", "A0.5", "A0.5"]
    assert position.factor == 0.25


def test_rates_are_halved_again_after_five_more_where_it_goes_on():
    position, _seen = judged([1.0, *[2.0] * 25], freeze="none", stop_patience=100)
    assert position.factor == 0.5**5
    found = rates(tiny(), position)
    assert found == {"backbone": 2e-3 / 32, "head": 1e-2 / 32}


def test_it_never_ends_while_layers_are_yet_to_be_set_free():
    position, seen = judged([1.0, *[2.0] * 14], freeze_patience=14, stop_patience=3)
    assert set(seen[1:]) == {"f1"}
    assert (position.unfrozen_after, position.stopped_early) == (15, False)


@pytest.mark.parametrize(
    ("options", "frozen"),
    [({"freeze": "none"}, 0), ({"freeze_epochs": 3}, 3), ({"trainable": "head"}, 20)],
)
def test_how_long_layers_are_frozen_may_be_said(options, frozen):
    _position, seen = judged([20.0 - epoch for epoch in range(20)], **options)
    assert sum(each.startswith("F") for each in seen) == frozen


def test_a_loss_that_is_hardly_lower_is_no_better():
    position, _seen = judged([1.0, *[1.0 - 1e-4 * n for n in range(1, 9)]], min_delta=1e-3)
    assert (position.best, position.unfrozen_after) == (1.0, 6)


def test_a_loss_that_is_not_finite_is_never_the_best():
    position, seen = judged([nan] * 30)
    assert position.best is None
    assert position.stopped_early
    assert not any(each.isupper() for each in seen)


def test_only_the_head_goes_on_to_halving_and_ending():
    position, seen = judged([1.0, *[2.0] * 30], trainable="head")
    assert seen == ["F1", *["f1"] * 5, *["f0.5"] * 5]
    assert position.stopped_early
    assert position.unfrozen_after is None
