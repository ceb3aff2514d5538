"""The configuration of a pretraining: every option, every rule, and no torch."""

import json
import subprocess
import sys
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from math import inf, nan
from pathlib import Path

import pytest

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.pretext.registry import TASKS, TERMS
from models_app.training.settings import names_check, setting, settings_of, values_check

SETTINGS = settings_of(TrainConfig)
NUMBERS = sorted(each.name for each in fields(TrainConfig) if type(each.default) in (int, float))


@dataclass(frozen=True)
class Other:
    """A configuration that is not the training's."""

    needed: str = setting("Needed", "What it is.")
    free: float = setting("Free", "Any number.", default=0.0)
    most: float = setting("Most", "Not much.", default=0.0, high=1)


def refused(**options: object) -> ConfigInvalid:
    with pytest.raises(ConfigInvalid) as caught:
        TrainConfig(**options)
    assert str(caught.value).endswith(".")
    return caught.value


def test_the_number_of_options_is_known():
    assert len(SETTINGS) == 56


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_option_says_what_it_is_and_has_a_valid_default(name: str):
    known = SETTINGS[name]
    default = {each.name: each.default for each in fields(TrainConfig)}[name]
    assert known.label
    assert known.label[0].isupper() or known.label.startswith("torch.")
    assert known.help.endswith(".")
    assert known.group in {
        "Pretext task",
        "Network",
        "Computing",
        "Photos",
        "Schedule",
        "What is kept",
    }
    assert default is not MISSING
    if known.choices is not None:
        assert default in known.choices
        assert all(known.choices.values())
    assert getattr(TrainConfig.from_json({name: default}), name) == default


@pytest.mark.parametrize("name", sorted(n for n, known in SETTINGS.items() if known.choices))
def test_an_unknown_choice_is_refused_with_the_known_ones(name: str):
    error = refused(**{name: "nothing"})
    assert error.name == name
    for key in SETTINGS[name].choices or ():
        assert key in str(error)


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_outside_their_range_are_refused_and_the_range_is_named(name: str):
    known, kind = SETTINGS[name], type(getattr(TrainConfig(), name))
    for end, step in ((known.low, -1), (known.high, 1)):
        if end is None:
            continue
        error = refused(**{name: kind(end + step)})
        assert error.name == name
        assert str(end) in str(error)


@pytest.mark.parametrize(
    "name", sorted(e.name for e in fields(TrainConfig) if type(e.default) is float)
)
@pytest.mark.parametrize("value", [inf, -inf, nan])
def test_numbers_that_are_not_finite_are_refused(name: str, value: float):
    assert refused(**{name: value}).name == name


def test_a_configuration_survives_json():
    config = TrainConfig(
        task="ranking_classification", learning_rate=1 / 3, distortions="style", photos="Fotos ü"
    )
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert set(config.to_json()) == set(SETTINGS)


def test_a_configuration_is_read_from_a_file(tmp_path: Path):
    path = tmp_path / "run.json"
    path.write_text('{"task": "rotnet", "epochs": 3}')
    assert TrainConfig.from_file(path) == TrainConfig(task="rotnet", epochs=3)


@pytest.mark.parametrize("content", ["{", "[" * 100_000, "\udcff"])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "run.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigInvalid, match=r"run\.json is no JSON"):
        TrainConfig.from_file(path)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigInvalid, match="No such file"):
        TrainConfig.from_file(tmp_path / "run.json")


@pytest.mark.parametrize(
    ("letter", "code"),
    [("\0", "0000"), ("\n", "000A"), ("\x7f", "007F"), ("\udcfc", "DCFC"), ("\u2028", "2028"),
     ("\u202e", "202E")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["photos", "weights_file", "split_lists", "backbone", "task"])
def test_texts_that_cannot_be_printed_are_refused(name: str, letter: str, code: str):
    error = refused(**{name: f"ab{letter}c"})
    assert error.name == name
    assert str(error).isprintable()
    assert f"{name} has a character that cannot be printed (U+{code}, number 3)" in str(error)


@pytest.mark.parametrize(
    "text", ["写真\u30002020", "a\xa0b", "عکس\u200cها", "👩\u200d🎨", "Fotos ü"]
)
def test_names_in_any_script_are_accepted(text: str):
    assert TrainConfig(photos=text).photos == text


def test_a_shared_configuration_holds_no_folders():
    config = TrainConfig(
        photos="/srv/a/photos", weights="file", weights_file="../b/w.pth", split_lists="x/t.txt, v"
    )
    other = {"photos": "photos", "weights_file": "w.pth", "split_lists": "t.txt,v"}
    assert config.to_json_shared() == config.to_json() | other
    assert TrainConfig().to_json_shared() == TrainConfig().to_json()


@pytest.mark.parametrize("raw", [None, [], "ranking", 3])
def test_what_is_no_object_is_refused(raw: object):
    with pytest.raises(ConfigInvalid, match="is a JSON object"):
        TrainConfig.from_json(raw)


def test_an_unknown_option_is_refused_with_the_nearest():
    with pytest.raises(ConfigInvalid, match=r"'lerning_rate' is no option.*mean learning_rate\?"):
        TrainConfig.from_json({"lerning_rate": 1})
    with pytest.raises(ConfigInvalid, match="'7' is no option"):
        TrainConfig.from_json({7: 1})


def test_an_option_without_default_must_be_given():
    with pytest.raises(ConfigInvalid, match=r"needed is missing: What it is\."):
        names_check(Other, {})
    assert names_check(Other, {"needed": "x"}) == {"needed": "x"}


def test_ranges_with_one_end_or_none_are_named():
    with pytest.raises(ConfigInvalid, match="allowed are finite numbers"):
        values_check(Other("x", free=inf))
    with pytest.raises(ConfigInvalid, match="allowed are numbers up to 1"):
        values_check(Other("x", most=2.0))
    with pytest.raises(ConfigInvalid, match="has 1001 letters; allowed are 1000"):
        values_check(Other("x" * 1001))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"epochs": True}, "epochs is True; it must be a whole number"),
        ({"epochs": 2.0}, "epochs is 2.0; it must be a whole number"),
        ({"epochs": "2"}, "epochs is '2'; it must be a whole number"),
        ({"margin": True}, "margin is True; it must be a number"),
        ({"margin": None}, "margin is None; it must be a number"),
        ({"agreement": 1}, "agreement is 1; it must be true or false"),
        ({"task": 3}, "task is 3; it must be a text"),
        ({"learning_rate": 10**400}, "learning_rate is 1"),
    ],
)
def test_values_of_another_type_are_refused(options: dict[str, object], text: str):
    assert str(refused(**options)).startswith(text)


def test_whole_numbers_become_numbers():
    margin = TrainConfig(margin=1).margin
    assert margin == 1.0
    assert type(margin) is float


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TrainConfig().epochs = 3  # type: ignore[misc]


RULES: list[tuple[dict[str, object], str, str]] = [
    ({"distortions": "nothing"}, "distortions", "distortions: "),
    ({"task": "classification", "agreement": True}, "agreement", "needs a task that ranks"),
    (
        {"task": "regression", "rank_across_photos": True},
        "rank_across_photos",
        "needs a task that ranks",
    ),
    ({"agreement": True, "photos_per_batch": 1}, "agreement", "compares two photos"),
    (
        {"rank_across_photos": True, "photos_per_batch": 1},
        "rank_across_photos",
        "compares two photos",
    ),
    ({"task": "simclr", "photos_per_batch": 1}, "photos_per_batch", "SimCLR contrasts"),
    ({"task": "rotnet", "select_by": "rank_accuracy"}, "select_by", "ranks nothing"),
    ({"backbone": "  "}, "backbone", "backbone is empty"),
    ({"backbone": "resnet18", "width": 0.5}, "width", "only mobilenet_v2 has"),
    ({"width": 0.5}, "width", "no ImageNet weights of a MobileNetV2 of width 0.5"),
    ({"weights": "file"}, "weights_file", "weights_file is empty"),
    ({"weights": "random", "weights_file": "a.pth"}, "weights_file", "weights is random"),
    ({"bn_group": "chunk"}, "chunk_images", "bn_group is chunk"),
    ({"memory": "cache"}, "memory", "needs all pictures at once"),
    ({"chunk_images": 64}, "chunk_images", "needs all pictures at once"),
    ({"sync_bn": True, "bn_group": "photo"}, "sync_bn", "sync_bn joins"),
    ({"validation_share": 0.5, "test_share": 0.5}, "validation_share", "nothing to train on"),
    ({"variant_cache_mb": 10}, "variant_cache_mb", "redraw_noise draws them"),
    (
        {"variant_cache_mb": 10, "redraw_noise": False, "task": "rotnet"},
        "variant_cache_mb",
        "rotnet makes none",
    ),
]


@pytest.mark.parametrize(("options", "name", "text"), RULES)
def test_options_that_contradict_each_other_are_refused(
    options: dict[str, object], name: str, text: str
):
    error = refused(**options)
    assert error.name == name
    assert text in str(error)


@pytest.mark.parametrize(
    "options",
    [
        {"agreement": True, "photos_per_batch": 2},
        {"width": 0.5, "weights": "random"},
        {"backbone": "resnet18", "weights": "file", "weights_file": "a.pth"},
        {"bn_group": "chunk", "chunk_images": 64},
        {"bn_group": "photo", "memory": "cache"},
        {"sync_bn": True},
        {"variant_cache_mb": 10, "redraw_noise": False},
        {"task": "simclr", "photos_per_batch": 2},
    ],
)
def test_what_the_rules_ask_for_is_accepted(options: dict[str, object]):
    TrainConfig(**options)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_terms_that_exist(task: str):
    config = TrainConfig(task=task)
    assert set(config.terms) <= set(TERMS)
    assert config.entry is TASKS[task]


def test_extra_terms_come_last():
    config = TrainConfig(task="ranking_regression", agreement=True, rank_across_photos=True)
    assert config.terms == ("ranking", "regression", "agreement", "across_photos")


def test_distortions_are_selected_in_the_order_of_the_preset():
    keys = [entry.key for entry in TrainConfig(distortions="tint,contrast").selected]
    assert sorted(keys) == ["contrast", "tint"]
    assert keys == [e.key for e in TrainConfig(distortions="contrast,tint").selected]


def test_the_configuration_needs_neither_torch_nor_django():
    program = (
        "import sys; from models_app.training.config import TrainConfig; TrainConfig();"
        "print([n for n in ('torch', 'torchvision', 'django', 'celery') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
