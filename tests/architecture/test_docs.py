"""Every setting and command appears in the README."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = sorted(
    {
        name
        for path in (ROOT / "config").rglob("*.py")
        for name in re.findall(
            r"env\.(?:text|boolean|integer|names|folder|database|broker|cache|storage)\(\s*\"([A-Z_]+)\"",
            path.read_text(),
        )
    }
)
COMMANDS = sorted(
    path.stem for path in ROOT.glob("*/management/commands/*.py") if not path.stem.startswith("_")
)


def test_there_are_settings_and_commands_to_look_for():
    assert len(SETTINGS) >= 12
    assert COMMANDS == [
        "audit_blinding",
        "backup",
        "cancel_job",
        "check_counts",
        "clean_renditions",
        "contact_sheet",
        "create_split",
        "create_survey",
        "evaluate_predictions",
        "export_design",
        "export_votes",
        "import_checkpoint",
        "import_design",
        "import_labels",
        "import_photos",
        "launch_job",
        "list_jobs",
        "migrate",
        "release_dataset",
        "restore",
        "run_study",
        "score_photos",
        "seed_demo",
        "seed_study",
        "simulate_annotators",
    ]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_in_the_readme(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_readme(name: str):
    assert f"manage.py {name}" in README


def test_the_tests_that_the_page_on_security_names_are_there():
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs/security.md").read_text())
    assert len(named) > 20
    for path, name in named:
        text = (ROOT / path).read_text()
        assert not name or f"def {name}(" in text, (path, name)
