"""What a report says of parts that are missing, or that learnt from something else."""

import pytest

from models_app.findings.study_shown import report_shown
from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.planning import arms_all
from models_app.studies.report.inputs import Images, Inputs
from models_app.studies.report.numbers import numbers_make
from tests.models_app.studies.test_report import BEHAVIOUR, EFFICIENCY, images, make
from tests.studies import RAW


def without(raw: dict, gone) -> dict:
    """The report of a study of which some arms have no evaluation."""
    config = StudyConfig.from_json(raw)
    found = images(config)
    left = {arm: each for arm, each in found.judged.items() if not gone(arm)}
    return numbers_make(config, Inputs(Images(found.about, 5.0, "greater", left), None))["test"]


@pytest.mark.parametrize("rule", ["bonferroni", "holm"])
def test_a_family_keeps_its_size_where_parts_failed(rule: str):
    raw = {**RAW, "correction": rule}
    whole = {r["cell"]["initialisation"]: r for r in make(raw)["test"]["comparisons"]}
    found = without(raw, lambda arm: arm.initialisation == "rotnet")
    (left,) = found["comparisons"]
    assert (left["family"], left["p"]) == (2, whole["ranking"]["p"])
    assert left["bonferroni"] == whole["ranking"]["bonferroni"] == pytest.approx(2 * left["p"])
    assert left["holm"] == pytest.approx(2 * left["p"])
    (said,) = found["problems"]
    assert "rotnet/all" in said
    assert "family of 2 as a test with p = 1" in said


def test_without_the_baseline_nothing_is_compared_and_that_is_said():
    found = without(RAW, lambda arm: arm.initialisation == "random")
    assert found["comparisons"] == []
    assert "ranking/all" in found["problems"][0]
    assert "random/all, 100 % of the labels was not evaluated" in found["problems"][0]


def test_a_row_of_fewer_seeds_is_named():
    raw = {**RAW, "seeds": [1, 2]}
    found = without(raw, lambda arm: arm.initialisation == "ranking" and arm.seed == 2)
    (said,) = found["problems"]
    assert said.startswith("ranking/all, 100 % of the labels lacks seed 2: its row is of seed 1")


def test_a_curve_with_a_gap_is_named():
    found = without(EFFICIENCY, lambda arm: (arm.initialisation, arm.share) == ("ranking", 0.6))
    assert {row["initialisation"] for row in found["savings"]} == {"rotnet"}
    said = next(each for each in found["problems"] if "that is enough for ranking" in each)
    assert "ranking/all, 60 % of the labels was not evaluated" in said


def test_nothing_is_missing_from_a_whole_study():
    for raw in (RAW, EFFICIENCY, BEHAVIOUR):
        numbers = make(raw)
        assert numbers["problems"] == numbers["test"]["problems"] == []


def test_arms_that_learnt_from_other_images_are_named():
    config = StudyConfig.from_json(RAW)
    learnt = dict.fromkeys(arms_all(config), "a")
    learnt[Arm("rotnet", "all", 1, 1.0)] = "b"
    numbers = numbers_make(config, Inputs(images(config), None, learnt=learnt))
    (said,) = report_shown(numbers)["problems"]
    assert "rotnet/all learnt from other images or labels than random/all, ranking/all" in said
