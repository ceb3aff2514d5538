"""What a report's tests are of, and what its rows and figures say of bounds and gaps."""

import numpy as np
import pytest
from django.template.loader import render_to_string
from scipy import stats

from models_app.findings.study_shown import report_shown
from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.planning import arms_all
from models_app.studies.report import tables
from models_app.studies.report.drawing import HOLLOW, figures_draw
from models_app.studies.report.inputs import Images, Inputs, Judged
from models_app.studies.report.numbers import numbers_make
from tests.models_app.studies.test_report import BEHAVIOUR, EFFICIENCY, N, images, judged, make
from tests.studies import RAW

COPIES = 5


def page(numbers: dict) -> str:
    return render_to_string("dashboard/_study_report.html", {"report": report_shown(numbers)})


def flat(raw: dict, gone) -> dict:
    """The report of a study in which some arms always say the same."""
    config = StudyConfig.from_json(raw)
    found = images(config)
    said = {
        arm: Judged(each.names, each.truth, np.full(N, 5.3)) if gone(arm) else each
        for arm, each in found.judged.items()
    }
    arms = arms_all(config)
    inputs = Inputs(
        Images(found.about, 5.0, "greater", said),
        None,
        epochs=dict.fromkeys(arms, 30),
        capped=frozenset(arm for arm in arms if arm.initialisation == "rotnet"),
    )
    return numbers_make(config, inputs)


def text_of(drawn) -> str:
    # Notes are wrapped into lines.
    parts = drawn.svg.decode().replace("\n", " ").split("<text")
    return " ".join(each.split(">", 1)[1].split("</text")[0] for each in parts[1:])


def test_copies_of_a_reference_are_tested_as_one():
    numbers = make()
    arms = {key: judged(Arm(key, "all", 1, 1.0), low=0.0, copies=COPIES)
            for key in ("random", "ranking")}  # fmt: skip
    by_reference = {
        key: np.abs(one.prediction - one.truth).reshape(-1, COPIES).mean(axis=1)
        for key, one in arms.items()
    }
    losses = by_reference["ranking"] - by_reference["random"]
    found = {r["cell"]["initialisation"]: r for r in numbers["zero_shot"]["comparisons"]}["ranking"]
    p = stats.wilcoxon(losses, alternative="less").pvalue
    assert found["p"] == pytest.approx(p, rel=1e-6)
    assert (found["n"], found["tested"]) == (N // COPIES, "references")
    assert found["effects"]["mae_gain"] == pytest.approx(-losses.mean())
    of_images = numbers["test"]["comparisons"][0]
    assert (of_images["n"], of_images["tested"]) == (N, "images")
    shown = page(numbers)
    assert f"n = {N // COPIES} references" in shown
    assert "copies of one image are not independent" in shown
    assert ",references," in tables.comparisons_csv(numbers)


@pytest.mark.parametrize(("raw", "size"), [(RAW, 2), (EFFICIENCY, 6), (BEHAVIOUR, 4)],
                         ids=lambda each: str(each)[:20])  # fmt: skip
def test_the_family_of_a_dagger_is_all_of_its_column(raw: dict, size: int):
    for rule in ("bonferroni", "holm"):
        tests = [
            row
            for row in make({**raw, "correction": rule})["test"]["comparisons"]
            if row["cell"]["trainable"] == row["against"]["trainable"]
        ]
        assert len(tests) == size
        for row in tests:
            assert row["family"] == size
            assert row["bonferroni"] == pytest.approx(min(1, size * row["p"]))
        smallest = min(tests, key=lambda row: row["p"])
        assert smallest["holm"] == pytest.approx(min(1, size * smallest["p"]))


def test_the_baseline_of_a_share_is_called_that():
    text = page(make(EFFICIENCY))
    assert text.count("baseline at this share</span>") == len(EFFICIENCY["shares"])
    assert "against the baseline’s row of the same share" in text
    assert "with the same share of the labels" in tables.table_latex(make(EFFICIENCY))
    one = page(make())
    assert "at this share" not in one
    assert '<span class="under">baseline</span>' in one
    assert "with the same share" not in tables.table_latex(make())


def test_a_line_breaks_where_a_metric_is_not_defined_and_the_figures_say_so():
    numbers = flat(EFFICIENCY, lambda arm: (arm.initialisation, arm.share) == ("rotnet", 0.6))
    drawn = figures_draw(numbers)
    said = text_of(drawn["figure3"])
    assert "Lines break where a value is not defined or missing: RotNet, 60 % (LCC, SRCC)." in said
    said = text_of(drawn["differences"])
    assert "Not drawn, since SRCC is not defined: RotNet, 60 %." in said
    whole = figures_draw(make(EFFICIENCY))
    assert "Lines break" not in text_of(whole["figure3"])
    assert "Not drawn" not in text_of(whole["differences"])


def test_who_ran_out_of_epochs_is_drawn_hollow_with_a_note():
    numbers = flat(EFFICIENCY, lambda arm: False)
    assert HOLLOW in text_of(figures_draw(numbers)["figure5"])
    for row in numbers["epochs"]:
        row["capped"] = 0
    assert "Hollow" not in text_of(figures_draw(numbers)["figure5"])


def test_marks_stand_once_above_the_report():
    assert "plumbing" not in render_to_string(
        "dashboard/_study_report.html",
        {"report": report_shown(make()), "marks": ["a check of the plumbing"]},
    )
