"""Configurations: a sweep over every kind, and what one dataclass gives."""

import json
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest
from django.http import QueryDict

from models_app.dashboard.forms import PREFIX, LaunchForm
from models_app.errors import JobInvalid
from models_app.jobs.config import config_dump, config_load, config_schema, described, option
from models_app.jobs.registry import REGISTRY, kind_get, registry
from models_app.jobs.typed import object_read, option_read, option_write
from models_app.models import Job

KINDS = sorted(REGISTRY)
pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    name: str = option("Name", "What it is called.")
    steps: int = option("Steps", "How many.", default=10, low=1, high=100)
    rate: float = option("Rate", "How fast.", default=0.1, low=0)
    shift: float = option("Shift", "How far.", default=0.0)
    mode: str = option(
        "Mode", "Which way.", default="a", choices=lambda: [("a", "The first"), ("b", "Other")]
    )
    loud: bool = option("Loud", "Whether to tell.", default=True)


class Kind:
    config_type = Config


def sample(each: Any) -> Any:
    """A value that the option allows."""
    if each.option.choices is not None:
        found = each.option.choices()
        return found[0][0] if found else None
    if not each.required:
        return each.default
    low = each.option.low if each.option.low is not None else 1
    return {str: "text", int: int(low), float: float(low), bool: False}[each.kind]


def test_the_number_of_kinds_is_known():
    assert len(KINDS) == 13


@pytest.mark.parametrize("key", KINDS)
def test_every_kind_imports_and_says_what_it_is_for(key: str):
    kind, entry = kind_get(key), REGISTRY[key]
    assert entry.key == key
    assert str(entry.label)
    assert str(entry.purpose).endswith(".")
    assert isinstance(kind.preemptible, bool)
    assert set(kind.queues) <= set(Job.Queue.values)


@pytest.mark.parametrize("key", KINDS)
def test_every_option_has_a_label_and_a_sentence_of_help(key: str):
    for each in described(kind_get(key).config_type):
        assert str(each.option.label), each.name
        assert str(each.option.help).endswith("."), each.name
        assert str(each.option.help) != str(each.option.label)
        assert each.kind in {str, int, float, bool}


@pytest.mark.parametrize("key", KINDS)
def test_every_schema_is_one_and_agrees_with_the_check(key: str):
    config = kind_get(key).config_type
    schema = config_schema(config, title=key)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    validator = jsonschema.Draft202012Validator(schema)
    values = {each.name: sample(each) for each in described(config)}
    if None not in values.values():
        validator.validate(values)
        assert config_dump(config_load(config, values)) == values
    for each in described(config):
        for wrong in ({}, [], None):
            bad = {**values, each.name: wrong}
            assert not validator.is_valid(bad)
            with pytest.raises(JobInvalid):
                config_load(config, bad)
        missing = {name: value for name, value in values.items() if name != each.name}
        assert validator.is_valid(missing) != each.required or None in values.values()
    assert not validator.is_valid({**values, "no such option": 1})


@pytest.mark.parametrize("key", KINDS)
def test_every_default_passes_its_own_check(key: str):
    for each in described(kind_get(key).config_type):
        if each.required:
            continue
        assert isinstance(each.default, each.kind)
        low, high = each.option.low, each.option.high
        assert low is None or each.default >= low
        assert high is None or each.default <= high
        if each.option.choices is not None:
            assert each.default in [value for value, _label in each.option.choices()]


@pytest.mark.parametrize("key", KINDS)
def test_every_form_gives_back_what_it_shows(key: str):
    kind = kind_get(key)
    values = {each.name: sample(each) for each in described(kind.config_type)}
    values = {name: value for name, value in values.items() if value is not None}
    shown = LaunchForm(kind, values).shown
    posted = QueryDict(mutable=True)
    for each in shown:
        # A browser leaves out a box that is not ticked.
        if each.widget != "checkbox" or each.checked:
            posted[f"{PREFIX}{each.each.name}"] = each.text
    form = LaunchForm.of_fields(kind, posted)
    for name, value in values.items():
        if value != "":
            assert form.values[name] == value
    if len(values) == len(shown):
        assert form.config == config_dump(config_load(kind.config_type, values))


def test_a_key_is_registered_once():
    with pytest.raises(ValueError, match="registered twice"):
        registry(REGISTRY["render_survey"], REGISTRY["render_survey"])


def test_an_unknown_kind_is_refused_with_those_that_there_are():
    with pytest.raises(
        JobInvalid, match=r"'nothing' is no kind of job; allowed are: render_survey"
    ):
        kind_get("nothing")


GOOD = {"name": "x"}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": 5}, "name", "name is 5; it must be a text."),
        ({"name": "x" * 256}, "name", "name has 256 letters; allowed are 255."),
        ({"name": "a\0b"}, "name", "name has letters that cannot be stored; write it anew."),
        ({"name": "\ud800"}, "name", "name has letters that cannot be stored; write it anew."),
        ({"steps": 0}, "steps", "steps is 0; allowed are numbers from 1 to 100."),
        ({"steps": 1.5}, "steps", "steps is 1.5; it must be a whole number."),
        ({"steps": True}, "steps", "steps is True; it must be a whole number."),
        ({"steps": "5"}, "steps", "steps is '5'; it must be a whole number."),
        ({"rate": -1}, "rate", "rate is -1.0; allowed are numbers from 0."),
        ({"rate": float("inf")}, "rate", "rate is inf; allowed are numbers from 0."),
        ({"rate": 10**400}, "rate", "rate is inf; allowed are numbers from 0."),
        ({"shift": float("nan")}, "shift", "shift is nan; allowed are finite numbers."),
        ({"shift": float("-inf")}, "shift", "shift is -inf; allowed are finite numbers."),
        ({"mode": "c"}, "mode", "mode is 'c'; allowed are: a, b."),
        ({"loud": 1}, "loud", "loud is 1; it must be true or false."),
        ({"lod": True}, "", "'lod' is no option here; allowed are: name, steps, rate, shift, "
         "mode, loud. Did you mean loud?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(changes: dict[str, Any], field: str, said: str):
    with pytest.raises(JobInvalid) as caught:
        config_load(Config, {**GOOD, **changes})
    assert (str(caught.value), caught.value.field) == (said, field)


def test_defaults_are_filled_in_and_whole_numbers_are_numbers():
    assert config_dump(config_load(Config, {"name": "x", "rate": 2})) == {
        "name": "x", "steps": 10, "rate": 2.0, "shift": 0.0, "mode": "a", "loud": True
    }  # fmt: skip
    with pytest.raises(JobInvalid, match="name is missing: What it is called"):
        config_load(Config, {})
    with pytest.raises(JobInvalid, match="is a JSON object"):
        config_load(Config, [1])


def test_a_form_tells_all_mistakes_at_once():
    posted = QueryDict("option-steps=0&option-rate=fast&option-mode=c")
    form = LaunchForm.of_fields(Kind(), posted)
    assert form.config is None
    assert set(form.errors) == {"name", "steps", "rate", "mode"}
    # An empty box is a no, an empty field is the default.
    form = LaunchForm.of_fields(Kind(), QueryDict("option-name=x&option-steps=&option-rate=1e-3"))
    assert form.config == {
        "name": "x", "steps": 10, "rate": 0.001, "shift": 0.0, "mode": "a", "loud": False
    }  # fmt: skip


@pytest.mark.parametrize("value", [0, -5, 10**20, 0.1, 1e-300, 5e20, True, False, "", "1", "true"])
def test_what_is_shown_reads_as_what_it_was(value: object):
    each = described(Config)[{str: 0, int: 1, float: 2, bool: 5}[type(value)]]
    assert option_read(each, option_write(value)) == value


@pytest.mark.parametrize("text", ["{", "NaN", '{"a": Infinity}', "[]", "5", "null", "[" * 100_000])
def test_only_a_json_object_is_read(text: str):
    with pytest.raises(JobInvalid):
        object_read(text)
