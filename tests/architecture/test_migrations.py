"""Migrations are named by hand and build what the models say."""

from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(p.stem for p in ROOT.glob("*/migrations/0*.py"))


def test_none_is_named_by_the_machine():
    assert FILES
    assert not [name for name in FILES if "_auto_" in name or name.endswith("_auto")]


@pytest.mark.django_db
def test_the_models_match():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
