"""The graph of a study: which jobs, what they are told, what they wait for."""

import pytest

from models_app.errors import JobInvalid
from models_app.studies.base import Arm, arm_read
from models_app.studies.config import StudyConfig
from models_app.studies.planning import parts_plan
from models_app.studies.registry import REGISTRY, kind_get
from tests.studies import RAW

EFFICIENCY = {**RAW, "kind": "label_efficiency", "shares": [0.2, 1.0], "seeds": [1, 2]}
BEHAVIOUR = {**RAW, "kind": "effective_behaviour", "trainable": ["all", "last_block"]}


def plan(**changes: object):
    return {part.key: part for part in parts_plan(StudyConfig.from_json({**RAW, **changes}))}


def test_the_number_of_kinds_is_known():
    assert set(REGISTRY) == {"table2", "label_efficiency", "effective_behaviour"}
    for key, entry in REGISTRY.items():
        assert kind_get(key).sections
        assert str(entry.label)
        assert str(entry.purpose).endswith("?")
    with pytest.raises(JobInvalid, match="allowed are"):
        kind_get("nonsense")


def test_each_initialisation_is_pretrained_tuned_and_evaluated_twice():
    parts = plan()
    arm = "ranking/all/seed-1/share-100"
    assert list(parts)[-1] == "report"
    assert len(parts) == 2 + 3 + 6 + 1
    assert "pretrain/random/all/seed-1" not in parts
    tuned = parts[f"finetune/{arm}"]
    assert tuned.needs == ("pretrain/ranking/all/seed-1",)
    assert tuned.config["checkpoint"] == {"$made_by": "pretrain/ranking/all/seed-1"}
    assert tuned.config["weights"] == "file"
    zero_shot = parts[f"evaluate/{arm}/zero-shot"].config
    assert (zero_shot["label_set"], zero_shot["split"]) == ("tid", "")
    assert parts[f"evaluate/{arm}/test"].config["part"] == "test"


def test_options_of_one_initialisation_go_over_those_of_all():
    parts = plan(pretrain={"epochs": 3, "side": 64}, pretrain_by={"rotnet": {"epochs": 9}})
    told = {key: parts[f"pretrain/{key}/all/seed-1"].config for key in ("ranking", "rotnet")}
    assert (told["ranking"]["epochs"], told["rotnet"]["epochs"]) == (3, 9)
    assert told["rotnet"]["side"] == 64


def test_what_needs_no_pretraining_begins_with_its_weights():
    tuned = plan()["finetune/random/all/seed-1/share-100"]
    assert (tuned.needs, tuned.config["weights"], tuned.config["checkpoint"]) == ((), "random", "")


def test_without_zero_shot_there_is_none():
    assert not any("zero-shot" in key for key in plan(zero_shot=""))


def test_every_part_comes_after_what_it_needs():
    for raw in (RAW, EFFICIENCY, BEHAVIOUR):
        seen: set[str] = set()
        for part in parts_plan(StudyConfig.from_json(raw)):
            assert seen.issuperset(part.needs)
            assert part.key not in seen
            seen.add(part.key)


def test_the_same_schedule_for_every_initialisation():
    """What fine-tuning is told differs in the initial weights alone."""
    parts = plan(finetune={"max_epochs": 3})
    told = [part.config for part in parts.values() if part.kind == "finetune"]
    same = [
        {name: value for name, value in each.items() if name not in {"weights", "checkpoint"}}
        for each in told
    ]
    assert len(told) == 3
    assert all(each == same[0] for each in same)
    assert same[0]["max_epochs"] == 3


def test_seeds_and_shares_use_one_pretraining_unless_told_otherwise():
    keys = plan(**EFFICIENCY)
    assert sum(key.startswith("pretrain/ranking/") for key in keys) == 1
    assert sum(key.startswith("finetune/ranking/") for key in keys) == 4
    each = plan(**EFFICIENCY, pretrain_each_seed=True)
    assert sum(key.startswith("pretrain/ranking/") for key in each) == 2
    tuned = each["finetune/ranking/all/seed-2/share-20"]
    assert tuned.needs == ("pretrain/ranking/all/seed-2",)
    assert tuned.config["subset_seed"] == tuned.config["seed"] == 2


def test_behaviours_are_one_option_apart_from_pretraining_on():
    parts = plan(**BEHAVIOUR)
    block = parts["finetune/ranking/last_block/seed-1/share-100"]
    assert block.needs == ("pretrain/ranking/last_block/seed-1",)
    assert parts[block.needs[0]].config["trainable"] == block.config["trainable"] == "last_block"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shares": [0.2, 1.0]}, "ask another kind"),
        ({"trainable": ["all", "last_block"]}, "ask another kind"),
        ({"initialisations": ["random"]}, "two or more"),
        ({"kind": "label_efficiency"}, "one or more below it"),
        ({"kind": "label_efficiency", "shares": [0.2, 0.4]}, "name 1.0"),
        ({"kind": "effective_behaviour"}, "all and last_block"),
        ({"seeds": list(range(1000))}, "fewer seeds"),
    ],
)
def test_a_kind_refuses_what_it_cannot_ask(changes: dict, said: str):
    with pytest.raises(JobInvalid, match=said):
        plan(**changes)


def test_an_arm_is_read_back_from_its_keys():
    arm = Arm("ranking_regression", "last_block", 7, 0.29)
    assert arm_read(f"evaluate/{arm.path}/zero-shot") == arm
    assert arm_read("pretrain/ranking/all/seed-1") is None
