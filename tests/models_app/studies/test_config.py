"""A study's configuration: defaults, and one sentence for whatever is wrong."""

import json

import pytest

from models_app.errors import JobInvalid
from models_app.studies.config import StudyConfig
from tests.studies import RAW


def test_it_keeps_every_option_through_json():
    config = StudyConfig.from_json(RAW)
    raw = config.to_json()
    assert StudyConfig.from_json(json.loads(json.dumps(raw))) == config
    assert (raw["alpha"], raw["correction"], raw["seeds"]) == (0.01, "bonferroni", [1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "table3"}, "one of table2"),
        ({"initialisation": ["random"]}, "Did you mean initialisations"),
        ({"initialisations": ["random", "random"]}, "without repetitions"),
        ({"initialisations": ["ranking", "rotnet"]}, "baseline random is none of"),
        ({"initialisations": []}, "list of one or more"),
        ({"photos": ""}, "name their dataset"),
        ({"zero_shot": "ava"}, "another label set"),
        ({"seeds": [1.5]}, "seeds is 1.5"),
        ({"seeds": [True]}, "seeds is true"),
        ({"shares": [0.205]}, "whole percentage"),
        ({"shares": [1.2]}, "from 0.01 to 1"),
        ({"alpha": float("nan")}, "alpha is NaN"),
        ({"finetune": {"seed": 3}}, "which the study itself decides"),
        ({"pretrain": [1]}, "object of options"),
        ({"pretrain": {"seed": 1}}, "pretrain sets seed"),
        ({"pretrain_by": {"ranking": {"task": "x"}}}, "pretrain sets task"),
        ({"pretrain_by": {"imagenet": {}}}, "one of ranking"),
        ({"name": " "}, "name is empty"),
        ({"name": "a\nb"}, "a text of at most"),
        ({"reuse": "yes"}, "true or false"),
    ],
)
def test_it_refuses(changes: dict, said: str):
    with pytest.raises(JobInvalid, match=said):
        StudyConfig.from_json({**RAW, **changes})


def test_it_names_what_is_missing():
    with pytest.raises(JobInvalid, match="labels is missing"):
        StudyConfig.from_json({"kind": "table2", "name": "x"})
    with pytest.raises(JobInvalid, match="JSON object"):
        StudyConfig.from_json([])
