"""Fixtures used across the tests; people are in tests/people.py."""

import os
from pathlib import Path

import pytest

from models_app.datasets.demo import demo_photos

pytest_plugins = ["tests.people"]


@pytest.fixture(scope="session")
def real_photos() -> list[Path]:
    """Seven real photos that come with the installed packages."""
    return list(demo_photos())


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of references and data that a developer may have; its tests skip without it."""
    folder = os.environ.get("PROOFSHEET_SHARED")
    if not folder:
        pytest.skip("PROOFSHEET_SHARED is not set: no reference renders and photos here")
    return Path(folder)


def needs(found: bool, what: str) -> None:
    """Skip without a program, unless this machine promises to have all (CI does)."""
    if found:
        return
    if os.environ.get("PROOFSHEET_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is not installed, and PROOFSHEET_REQUIRE_ALL=1 asks for it")
    pytest.skip(f"{what} is not installed")
