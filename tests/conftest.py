"""Fixtures used across the tests; people are in tests/people.py."""

import os
from pathlib import Path

import pytest

from models_app.datasets.demo import demo_photos

# Several test processes share the cores: each, and what it starts, computes with its part of them.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

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
