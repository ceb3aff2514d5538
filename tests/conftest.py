"""Fixtures used across the tests; people are in tests/people.py."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from models_app.datasets.demo import demo_photos

# Several test processes share the cores: each, and what it starts, computes with its part of them.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

# The same examples in every run, however slow the machine is: no test fails by chance.
hypothesis_settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("same")

pytest_plugins = ["tests.people"]
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="only tests that use the database: the others would do the same on any server",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--only-database"):
        return
    chosen = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def _uses_database(item: pytest.Item) -> bool:
    named = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(named) or item.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def nobody_called_yet() -> None:
    """The API counts calls in memory; tests that share an address are no crowd."""
    cache.clear()


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A request in another language leaves it active in this thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """What torch draws without a seed is the same in every run."""
    if torch := sys.modules.get("torch"):
        # Not `torch.manual_seed`: it looks up the whole stack for the sake of a GPU.
        torch.default_generator.manual_seed(1)


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
