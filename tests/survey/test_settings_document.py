"""docs/survey.md and the command's help say of each setting what its declaration says."""

from pathlib import Path

import pytest
from django.core.management import load_command_class

from survey.kinds.base import settings_declared
from survey.kinds.declared import Declared

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "survey.md"


def row(known: Declared) -> str:
    default = "" if known.default == "" else f"`{known.default_said}`"
    cells = (f"`{known.name}`", str(known.about.meaning), default, known.allowed_said)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def test_the_document_s_table_is_that_of_the_declarations():
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert rows == [row(known) for known in settings_declared()]


def test_the_help_says_each_setting():
    command = load_command_class("models_app", "create_survey")
    said = " ".join(command.create_parser("manage.py", "create_survey").format_help().split())
    for known in settings_declared():
        assert f"{known.name} {known.about.meaning} Default: {known.default_said}" in said


@pytest.mark.parametrize("known", settings_declared(), ids=lambda known: known.name)
def test_a_default_is_among_what_is_allowed(known: Declared):
    if known.about.bounds:
        assert known.about.bounds[0] <= known.default <= known.about.bounds[1]
    if known.about.choices:
        assert known.default in known.about.choices
