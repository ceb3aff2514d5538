"""Utilities: the default ones, and those of a file."""

import json

import pytest

from models_app.distortions.registry import PRESET, level_get
from models_app.services.renditions import conditions as preset_conditions
from survey.models import Condition
from survey.simulation.errors import SimulationRefused
from survey.simulation.truth import Truth
from survey.simulation.utilities import utilities_make, utilities_read, utility_default
from tests.factories import CONDITIONS


def condition(distortion: str, level: str, step: int, aspect: str = "style") -> Condition:
    return Condition(distortion=distortion, level=level, step=step, aspect=aspect)


MADE = [condition(c.distortion, c.level, c.step, c.aspect) for c in CONDITIONS]


def test_stronger_edits_are_disliked_more():
    weak, strong = (utility_default(condition("tint", "x", step)) for step in (-1, -4))
    assert strong == pytest.approx(4 * weak)
    assert weak > 0
    assert utility_default(condition("tint", "x", 4)) == strong
    technical = utility_default(condition("tint", "x", 4, "technical"))
    assert technical > strong


def test_defaults_are_pooled_as_in_the_paper():
    made = [
        condition(distortion, level, level_get(distortion, level, preset=PRESET).step)
        for distortion, level in preset_conditions(PRESET)
    ]
    assert len(made) == 80
    truth = Truth(1, utilities_make(made, {}), 0.02, 0.1, 0.3, 0.3)
    pooled = sum(truth.share(name) for name in truth.utilities) / 80
    assert pooled == pytest.approx(0.74, abs=0.01)


def test_a_file_names_conditions_or_whole_distortions(tmp_path):
    path = tmp_path / "utilities.json"
    path.write_text(json.dumps({"contrast/0.4": 2, "saturation": -1.5, "saturation/0.4": 0}))
    found = utilities_make(MADE, utilities_read(path))
    assert found == {
        "contrast/-0.4": utility_default(MADE[0]),
        "contrast/0.4": 2,
        "saturation/-0.4": -1.5,
        "saturation/0.4": 0,
        "tint/0.9": utility_default(MADE[4]),
        "shadows/80": utility_default(MADE[5]),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[1]", "must hold one JSON object"),
        ('{"tint": "high"}', "The utility of tint is 'high'; allowed are numbers from -10 to 10."),
        ('{"tint": true}', "The utility of tint is True"),
        ('{"tint": NaN}', "The utility of tint is nan"),
        ('{"tint": 11}', "The utility of tint is 11"),
    ],
)
def test_what_is_no_utility_is_refused(tmp_path, text: str, said: str):
    path = tmp_path / "utilities.json"
    path.write_text(text)
    with pytest.raises(SimulationRefused, match=said):
        utilities_read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SimulationRefused, match="No such file"):
        utilities_read(tmp_path / "none.json")


def test_a_name_that_the_survey_has_not_is_refused():
    with pytest.raises(SimulationRefused) as refused:
        utilities_make(MADE, {"tint/9": 1})
    assert str(refused.value) == (
        "The utilities name 'tint/9', which is no condition of the survey; write "
        "distortion/level, as in contrast/-0.4, or a distortion."
    )
