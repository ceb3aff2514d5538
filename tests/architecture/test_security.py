"""Rules of security that hold for the code as a whole; those of one page are tested with it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for package in ("config", "survey", "models_app", "analysis")
    for path in sorted((ROOT / package).rglob("*.py"))
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CLIENTS = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3", "ftplib"}
# Commands that a person starts with an address of their own; no page reaches them.
CALLS_OUT = {
    "config/web.py": "the launcher asks whether its own server answers",
    "models_app/networks/weights.py": "names the exceptions of torch's download of weights",
}
COMMANDS = ("survey/blinding/", "survey/simulation/")
SAFE = {"templates/studies/report.html": "figures that the report draws itself"}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_the_server_fetches_no_address():
    calling = {
        str(path.relative_to(ROOT))
        for path in CODE
        if CLIENTS.intersection(imported(path))
        and not str(path.relative_to(ROOT)).startswith(COMMANDS)
    }
    assert calling == set(CALLS_OUT)


def test_no_page_imports_what_calls_out():
    pages = [path for path in CODE if {"web", "api", "dashboard"} & set(path.parts)]
    assert pages
    for path in pages:
        names = imported(path)
        assert not any(
            name.startswith(("survey.blinding", "survey.simulation.http")) for name in names
        )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_escape_and_hold_no_inline_code(path: Path):
    text = path.read_text()
    name = str(path.relative_to(ROOT))
    if name not in SAFE:
        assert "|safe" not in text
    assert "autoescape off" not in text
    # A report is one file that is read anywhere; pages obey a policy without 'unsafe-inline'.
    if not name.startswith("templates/studies/"):
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text)
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script or "application/json" in script, script


def test_nothing_is_marked_safe_or_run_from_text():
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name):
                assert node.id not in {"mark_safe", "eval", "exec"}, path
    for path in CODE:
        assert not {"pickle", "marshal", "shelve", "yaml"} & imported(path), path


def test_weights_are_never_unpickled():
    loads = [path for path in CODE if "torch.load(" in path.read_text()]
    assert loads
    for path in loads:
        for call in re.findall(r"torch\.load\([^)]*\)", path.read_text()):
            assert "weights_only=True" in call, path
