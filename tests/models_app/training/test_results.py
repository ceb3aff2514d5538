"""What an evaluation's results hold."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models_app.training.measured import Measured
from models_app.training.pretext.chart import chart_build
from models_app.training.results import scalars
from tests.models_app.training.measures import PHOTOS, config_of, make, measured_of


def test_results_say_what_was_trained_and_how_the_epoch_was_chosen():
    config = config_of(
        photos="/srv/people/photos", split_lists="/srv/lists/train.txt, lists/val.txt"
    )
    measured = measured_of(config)
    results = make(config, measured)
    assert (results["best_epoch"], results["steps"]) == (3, 40)
    assert results["config"] == config.to_json() | {
        "photos": "photos", "split_lists": "train.txt,val.txt",
    }  # fmt: skip
    assert "/srv" not in json.dumps(results)
    assert results["epoch_chosen_on_these"] is True
    assert make(config, measured, split="test")["epoch_chosen_on_these"] is False
    # Without a best epoch the weights are the last.
    assert make(config, measured, best_epoch=None)["epoch_chosen_on_these"] is False


def test_a_perfect_network_has_accuracy_1_on_499_pairs():
    config = config_of()
    measured = measured_of(config)
    measured = replace(measured, outcomes=np.ones_like(measured.outcomes))
    ranked = make(config, measured)["rank_accuracy"]
    whole = ranked["all"]
    assert (whole["pairs"], whole["identical"], whole["right"]) == (499, 1, 499 * PHOTOS)
    accuracy = whole["accuracy"]
    assert (accuracy["value"], accuracy["low"], accuracy["n"]) == (1, 1, PHOTOS)
    assert [len(ranked[part]) for part in ("aspects", "distortions", "chains", "levels")] == [
        3, 21, 36, 171,
    ]  # fmt: skip
    for part in ("aspects", "distortions", "chains", "levels"):
        assert sum(row["pairs"] for row in ranked[part]) == 499


def test_groups_hold_the_pairs_that_their_names_say():
    config = config_of(distortions="brightness,vibrance")
    chart = chart_build(config)
    measured = measured_of(config)
    results = make(config, measured)["rank_accuracy"]
    pairs = [
        (less, more, chain, n)
        for n, (chain, (less, more)) in enumerate(
            (chain, pair) for chain in chart.chains for pair in chain.pairs()
        )
        if {less[1], more[1]} != {"", "0"}
    ]
    for row in results["levels"]:
        own = [n for _l, more, _c, n in pairs if more == (row["key"], row["level"])]
        assert row["right"] == (measured.outcomes[:, own] == 1).sum()
        assert row["tied"] == (measured.outcomes[:, own] == 0).sum()
        assert row["pairs"] == len(own)
    for row in results["chains"]:
        own = [
            n for _l, _m, chain, n in pairs
            if (chain.distortion, chain.polarity) == (row["key"], row["polarity"])
        ]  # fmt: skip
        counts = [(measured.outcomes[:, own] == kind).sum() for kind in (1, 0, -1)]
        assert [row["right"], row["tied"], row["wrong"]] == counts
        assert row["accuracy"]["value"] == pytest.approx(counts[0] / sum(counts))
        assert row["ties"] == pytest.approx(counts[1] / sum(counts))
        assert row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"]
    (zero,) = [row for row in results["levels"] if (row["key"], row["level"]) == ("vibrance", "0")]
    assert (zero["pairs"], zero["identical"], zero["step"], zero["polarity"]) == (1, 1, -2, -1)


def test_classes_and_intensities_are_compared_with_those_who_see_nothing():
    config = config_of("ranking_classification")
    classified = make(config, measured_of(config))["classification_accuracy"]
    style = next(row for row in classified["aspects"] if row["key"] == "style")
    assert (style["classes"], style["pictures"], style["guess"]) == (9, 81, 10 / 81)
    config = config_of("regression", distortions="brightness")
    whole = make(config, measured_of(config))["regression_error"]["all"]
    # Five levels on either side, and the reference.
    expected = 2 * sum((k / 5) ** 2 for k in range(1, 6)) / 11
    assert (whole["pictures"], whole["zero"]) == (11, pytest.approx(expected))


@pytest.mark.parametrize("task", ["ranking_classification", "ranking_regression"])
def test_scalars_are_the_results_without_intervals(task: str):
    config = config_of(task)
    measured = measured_of(config)
    results = make(config, measured)
    found = scalars(measured, config=config, chart=chart_build(config))
    ranked = results["rank_accuracy"]
    expected = {f"validation/{term}": loss for term, loss in measured.losses.items()}
    for row in [ranked["all"], *ranked["aspects"], *ranked["distortions"]]:
        expected[f"rank_accuracy/{row['key']}"] = row["accuracy"]["value"]
    for row in (results["classification_accuracy"] or {"aspects": []})["aspects"]:
        expected[f"classification_accuracy/{row['key']}"] = row["accuracy"]["value"]
    if errors := results["regression_error"]:
        for row in [errors["all"], *errors["distortions"]]:
            expected[f"regression_error/{row['key']}"] = row["error"]["value"]
    assert found == pytest.approx(expected)


def test_figure_4_shows_the_outputs_of_each_level():
    config = config_of("regression", distortions="brightness,contrast,shadows")
    chart, measured = chart_build(config), measured_of(config)
    levels = make(config, measured)["figure4"]["levels"]
    assert [level["level"] for level in levels] == [
        "-1.0", "-0.8", "-0.6", "-0.4", "-0.2", "", "0.2", "0.4", "0.6", "0.8", "1.0",
    ]  # fmt: skip
    assert [level["target"] for level in levels] == pytest.approx([n / 5 for n in range(-5, 6)])
    columns = {entry.key: n for n, entry in enumerate(chart.regressed)}
    for level in levels:
        place = chart.places["brightness", level["level"]] if level["level"] else 0
        for shown in ("brightness", "contrast"):
            expected = [
                float(each.outputs["regression"][place, columns[shown]])
                for each in measured.kept.values()
            ]
            assert level[shown] == expected


def test_a_task_without_brightness_has_no_figure_4():
    config = config_of("regression", distortions="contrast")
    assert make(config, measured_of(config))["figure4"] is None


def test_with_three_scores_a_reference_comes_once_an_aspect():
    config = config_of(score_head="three", distortions="jpeg_compression,tint,hcrop")
    measured = measured_of(config)
    scores = make(config, measured)["samples"][0]["scores"]
    first = next(iter(measured.kept.values())).outputs["ranking"]
    references = [row for row in scores if not row["level"]]
    assert [(row["distortion"], row["aspect"], row["score"]) for row in references] == [
        ("original", "technical", first[0, 0]),
        ("original", "style", first[0, 1]),
        ("crop_original", "composition", first[1, 2]),
    ]
    assert len(scores) == 3 + 5 + 10 + 10


def test_without_photos_there_are_no_scalars():
    empty = Measured((), {}, None, None, None, {})
    assert scalars(empty, config=config_of(), chart=chart_build(config_of())) == {}
