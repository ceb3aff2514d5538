"""A report's numbers against plain computations of the same, and its tables and figures."""

import csv
import io
import json
from html import unescape

import numpy as np
import pytest
from django.template.loader import render_to_string
from scipy import stats

from analysis.types import Undefined
from models_app.findings.study_shown import report_shown
from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.marks import GENERATED, RANDOM_BASELINE, marks_of
from models_app.studies.paper import TABLE2
from models_app.studies.planning import arms_all
from models_app.studies.report import tables
from models_app.studies.report.drawing import figures_draw
from models_app.studies.report.inputs import Images, Inputs, Judged
from models_app.studies.report.numbers import numbers_make, paper_rows
from tests.studies import RAW

N = 120
EFFICIENCY = {**RAW, "kind": "label_efficiency", "shares": [0.2, 0.6, 1.0], "seeds": [1, 2]}
BEHAVIOUR = {**RAW, "kind": "effective_behaviour", "trainable": ["all", "last_block"]}
SKILL = {"random": 0.35, "rotnet": 0.3, "ranking": 0.85, "classification": 0.5}


def judged(arm: Arm, *, n: int = N, low: float = 1.0, copies: int = 0) -> Judged:
    """What an arm predicts: the better its beginning, and the more labels, the closer."""
    truth = np.random.default_rng(0).normal(5.4, 0.8, n) - (1 - low)
    rng = np.random.default_rng([arm.seed, len(arm.initialisation), round(100 * arm.share)])
    skill = SKILL[arm.initialisation] * (0.3 + 0.7 * arm.share)
    skill *= 0.7 if arm.trainable == "last_block" else 1.0
    mean = 5.4 - (1 - low)
    said = mean + skill * (truth - mean) + (1 - skill) * rng.normal(0, 0.8, n)
    names = tuple(f"{place:03}" for place in range(n))
    references = tuple(f"r{place // copies}" for place in range(n)) if copies else None
    return Judged(names, truth, said, references)


def images(config: StudyConfig, *, zero_shot: bool = False) -> Images:
    about = {
        "label_set": "tid" if zero_shot else "ava",
        "is_generated": True,
        "split": "" if zero_shot else "seeded",
        "split_sha256": "" if zero_shot else "5" * 64,
        "part": "" if zero_shot else "test",
        "scale": [0.0, 9.0] if zero_shot else [1.0, 10.0],
        "mapped": zero_shot,
    }
    options = {"low": 0.0, "copies": 5} if zero_shot else {}
    found = {arm: judged(arm, **options) for arm in arms_all(config)}
    return Images(about, 4.5 if zero_shot else 5.0, "greater", found)


def make(raw: dict = RAW) -> dict:
    config = StudyConfig.from_json(raw)
    arms = arms_all(config)
    inputs = Inputs(
        test=images(config),
        zero_shot=images(config, zero_shot=True),
        epochs={arm: 40 if arm.initialisation == "random" else 30 for arm in arms},
        best=dict.fromkeys(arms, 20),
        capped=frozenset(arm for arm in arms if arm.initialisation == "rotnet"),
    )
    marks = marks_of(config.to_json(), is_generated=True)
    return numbers_make(config, inputs, marks=marks)


def rows(numbers: dict, name: str = "test") -> dict[str, dict]:
    return {row["cell"]["initialisation"]: row["metrics"] for row in numbers[name]["rows"]}


def test_metrics_are_what_scipy_says_of_the_predictions():
    found = rows(make())
    for key, metrics in found.items():
        one = judged(Arm(key, "all", 1, 1.0))
        expected = {
            "srcc": stats.spearmanr(one.truth, one.prediction)[0],
            "lcc": stats.pearsonr(one.truth, one.prediction)[0],
            "mae": np.abs(one.truth - one.prediction).mean(),
            "accuracy": ((one.truth > 5) == (one.prediction > 5)).mean(),
        }
        for metric, value in expected.items():
            assert metrics[metric]["value"] == pytest.approx(value, abs=1e-9)
            assert metrics[metric]["low"] < value < metrics[metric]["high"]


def test_daggers_are_scipys_tests_times_their_number():
    numbers = make()
    base = judged(Arm("random", "all", 1, 1.0))
    tests = {row["cell"]["initialisation"]: row for row in numbers["test"]["comparisons"]}
    assert set(tests) == {"ranking", "rotnet"}
    for key, row in tests.items():
        one = judged(Arm(key, "all", 1, 1.0))
        losses = np.abs(one.prediction - one.truth) - np.abs(base.prediction - base.truth)
        p = stats.wilcoxon(losses, alternative="less", method="asymptotic").pvalue
        assert row["p"] == pytest.approx(p, rel=1e-6)
        assert row["bonferroni"] == pytest.approx(min(1, 2 * p), rel=1e-6)
        assert (row["mark"] == "†") == (min(1, 2 * p) <= 0.01)
    assert tests["ranking"]["mark"] == "†"


def test_differences_are_drawn_with_the_baseline_and_by_reference_for_zero_shot():
    numbers = make()
    row = numbers["zero_shot"]["comparisons"][0]
    ours, base = rows(numbers, "zero_shot")["ranking"], rows(numbers, "zero_shot")["random"]
    difference = row["differences"]["srcc"]
    assert difference["value"] == pytest.approx(ours["srcc"]["value"] - base["srcc"]["value"])
    assert numbers["zero_shot"]["units"] == N / 5
    assert numbers["test"]["units"] == N
    # The same photos in both: narrower than if they were drawn apart.
    apart = np.hypot(*(each["srcc"]["high"] - each["srcc"]["low"] for each in (ours, base)))
    assert difference["high"] - difference["low"] < apart


def test_seeds_give_a_mean_and_a_spread():
    numbers = make({**RAW, "seeds": [1, 2, 3]})
    found = rows(numbers)["ranking"]["srcc"]
    each = [judged(Arm("ranking", "all", seed, 1.0)) for seed in (1, 2, 3)]
    values = [stats.spearmanr(one.truth, one.prediction)[0] for one in each]
    assert found["value"] == pytest.approx(np.mean(values))
    assert found["sd"] == pytest.approx(np.std(values, ddof=1))
    assert numbers["test"]["comparisons"][0]["seeds"]["seeds"] == (1, 2, 3)


def test_label_saving_is_between_the_shares_that_enclose_it():
    numbers = make(EFFICIENCY)
    saving = {(row["initialisation"], row["metric"]): row for row in numbers["test"]["savings"]}
    found = saving["ranking", "srcc"]
    by_share = {
        row["cell"]["share"]: row["metrics"]["srcc"]["value"]
        for row in numbers["test"]["rows"]
        if row["cell"]["initialisation"] == "ranking"
    }
    whole = next(
        row["metrics"]["srcc"]["value"]
        for row in numbers["test"]["rows"]
        if row["cell"] == {"initialisation": "random", "trainable": "all", "share": 1.0}
    )
    enough = min(share for share, value in by_share.items() if value >= whole)
    assert found["reached"]["share"] <= enough
    assert found["saving"] == pytest.approx(1 - found["reached"]["share"])
    assert ("random", "srcc") not in saving


def test_behaviours_are_compared_each_with_itself():
    numbers = make(BEHAVIOUR)
    apart = [
        (row["cell"]["initialisation"], row["family"])
        for row in numbers["test"]["comparisons"]
        if row["cell"]["trainable"] != row["against"]["trainable"]
    ]
    assert sorted(apart) == [("random", 3), ("ranking", 3), ("rotnet", 3)]


def test_fewer_epochs_are_computed_and_not_copied():
    rows = {row["initialisation"]: row for row in paper_rows(list(TABLE2))}
    said = {key: round(100 * row["fewer"], 1) for key, row in rows.items() if row["fewer"]}
    assert said == {
        "ranking": 34.7, "ranking_classification": 39.5, "ranking_regression": 47.6,
        "rotnet": 46.3, "simclr": 55.8,
    }  # fmt: skip
    ours = {row["cell"]["initialisation"]: row["fewer"] for row in make()["epochs"]}
    assert ours == {"random": None, "ranking": 0.25, "rotnet": 0.25}


def test_who_ran_out_of_epochs_is_said_to_need_at_least_so_many():
    numbers = make()
    capped = {row["cell"]["initialisation"]: row["capped"] for row in numbers["epochs"]}
    assert capped == {"random": 0, "ranking": 0, "rotnet": 1}
    assert r"$\geq$\,30" in tables.table_latex(numbers)
    shown = {row["label"]: row["epochs"] for row in report_shown(numbers)["rows"]}
    assert (shown["RotNet"], shown["ranking"]) == ("≥ 30", "30")


@pytest.mark.parametrize(
    ("capped", "said"),
    [({"ranking"}, "≤ 25.0%"), ({"random"}, "≥ 25.0%"), (set(RAW["initialisations"]), "")],
)
def test_epochs_saved_are_a_bound_where_somebody_ran_out_of_them(capped: set[str], said: str):
    config = StudyConfig.from_json(RAW)
    arms = arms_all(config)
    inputs = Inputs(
        images(config),
        None,
        epochs={arm: 40 if arm.initialisation == "random" else 30 for arm in arms},
        capped=frozenset(arm for arm in arms if arm.initialisation in capped),
    )
    numbers = numbers_make(config, inputs)
    shown = {row["label"]: row["fewer"] for row in report_shown(numbers)["rows"]}
    assert shown["ranking"] == said
    lines = csv.DictReader(io.StringIO(tables.table_csv(numbers), newline=""))
    line = next(each for each in lines if each["initialisation"] == "ranking")
    assert line["fewer_epochs_bound"] == (said[:1] or "?")
    assert line["fewer_epochs"] == ("0.25" if said else "")


def test_the_spread_between_seeds_says_what_it_leaves_out():
    for raw, left_out in (
        ({**RAW, "seeds": [1, 2]}, True),
        ({**RAW, "seeds": [1, 2], "pretrain_each_seed": True}, False),
    ):
        numbers = make(raw)
        for text in (tables.table_latex(numbers), page(numbers)):
            assert "standard deviation between seeds" in text
            assert ("of fine-tuning, all on one pretraining" in text) == left_out
    assert "standard deviation" not in tables.table_latex(make())


def test_printed_values_say_of_which_images_they_are():
    for text in (tables.table_latex(make()), unescape(page(make()))):
        assert "on AVA (the authors' split) and TID2013" in text
    other = make({**RAW, "initialisations": ["random", "classification"]})
    assert "TID2013" not in tables.table_latex(other)


def page(numbers: dict) -> str:
    return render_to_string("dashboard/_study_report.html", {"report": report_shown(numbers)})


def test_what_judged_other_images_is_left_out_and_named():
    config = StudyConfig.from_json(RAW)
    odd = Arm("rotnet", "all", 1, 1.0)
    found = images(config)
    changed = Images(found.about, 5.0, "greater", {**found.judged, odd: judged(odd, n=N - 1)})
    numbers = numbers_make(config, Inputs(test=changed, zero_shot=None))
    assert "rotnet" in numbers["test"]["problems"][0]
    assert set(rows(numbers)) == {"random", "ranking"}
    assert numbers["zero_shot"] is None


def test_a_network_that_always_says_the_same_has_no_correlation():
    config = StudyConfig.from_json(EFFICIENCY)
    flat = {
        arm: Judged(each.names, each.truth, np.full(N, 5.3))
        for arm, each in images(config).judged.items()
        if arm.initialisation == "rotnet" and arm.share == 0.2
    }
    found = images(config)
    inputs = Inputs(Images(found.about, 5.0, "greater", {**found.judged, **flat}), None)
    numbers = numbers_make(config, inputs)
    small = next(
        row["metrics"]
        for row in numbers["test"]["rows"]
        if row["cell"]["initialisation"] == "rotnet" and row["cell"]["share"] == 0.2
    )
    assert small["srcc"]["value"] is None
    assert small["mae"]["value"] > 0
    savings = {(row["initialisation"], row["metric"]): row for row in numbers["test"]["savings"]}
    assert "constant" in savings["rotnet", "srcc"]["undefined"]
    assert "reached" in savings["rotnet", "mae"]
    json.dumps(numbers, allow_nan=False)
    assert figures_draw(numbers)["figure3"].png[:4] == b"\x89PNG"


def test_nothing_evaluated_is_no_report():
    with pytest.raises(Undefined, match="nothing to report"):
        numbers_make(StudyConfig.from_json(RAW), Inputs(None, None))


@pytest.mark.parametrize("raw", [RAW, EFFICIENCY, BEHAVIOUR], ids=lambda raw: raw["kind"])
def test_every_table_and_figure_carries_the_marks(raw: dict):
    numbers = make(raw)
    json.dumps(numbers, allow_nan=False)
    written = [tables.table_csv(numbers), tables.comparisons_csv(numbers)]
    if raw is EFFICIENCY:
        written.append(tables.savings_csv(numbers))
    for text in written:
        lines = list(csv.DictReader(io.StringIO(text, newline="")))
        assert lines
        assert all(GENERATED in line["remark"] for line in lines)
        assert all(None not in line and None not in line.values() for line in lines)
    latex = tables.table_latex(numbers)
    assert GENERATED in latex
    assert latex.count(r"\begin") == latex.count(r"\end") == 2
    figures = figures_draw(numbers)
    expected = {"differences", "differences_zero_shot"}
    if raw is EFFICIENCY:
        expected |= {"figure3", "figure3_zero_shot", "figure5"}
    assert set(figures) == expected
    for drawn in figures.values():
        assert b"plumbing" in drawn.svg


def test_marks_say_what_stands_in_for_imagenet():
    raw = StudyConfig.from_json(RAW).to_json()
    assert RANDOM_BASELINE in marks_of(raw, is_generated=False)
    assert marks_of({**raw, "baseline": "imagenet", "initial_weights": "imagenet"},
                    is_generated=False) == []  # fmt: skip


def test_latex_escapes_names():
    numbers = make()
    numbers["test"]["label_set"] = "a_b & 100%"
    assert r"a\_b \& 100\%" in tables.table_latex(numbers)
