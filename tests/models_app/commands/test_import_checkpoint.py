"""Importing weights from the command line."""

import pytest
from django.core.management import CommandError, call_command

from models_app.management.commands import import_checkpoint
from models_app.models import Checkpoint, Job
from tests.findings import ARCHITECTURE
from tests.jobs import work_all

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(monkeypatch):
    """A worker that does what waits as soon as somebody looks."""
    real = import_checkpoint.follow

    def follow(pk: int) -> Job | None:
        work_all()
        return real(pk)

    monkeypatch.setattr(import_checkpoint, "follow", follow)


def run(*options: str) -> None:
    call_command("import_checkpoint", "net", "--architecture", ARCHITECTURE, *options)


def test_a_file_is_imported_with_the_published_input(worker, tmp_path, capsys):
    from models_app.networks.architectures import architecture_get
    from models_app.networks.building import network_random

    path = tmp_path / "w.pth"
    torch.save(network_random(ARCHITECTURE, seed=2).module.state_dict(), path)
    run("--file", str(path))
    made = Checkpoint.objects.get()
    assert made.preprocessing == architecture_get(ARCHITECTURE).preprocessing.to_json()
    assert (made.source, made.is_random) == ("w.pth", False)
    assert "checkpoint net imported" in capsys.readouterr().out


def test_options_change_the_input(worker):
    run("--random", "3", "--set", "normalisation=none", "--set", "source=a try")
    made = Checkpoint.objects.get()
    assert (made.preprocessing["mean"], made.source, made.is_random) == ([0, 0, 0], "a try", True)


def test_what_is_wrong_is_one_sentence(worker, tmp_path):
    (tmp_path / "w.pth").write_bytes(b"no weights")
    with pytest.raises(CommandError, match=r"w\.pth: it is damaged"):
        run("--file", str(tmp_path / "w.pth"))
    with pytest.raises(CommandError, match="cannot be read"):
        run("--file", str(tmp_path / "none.pth"))
    with pytest.raises(CommandError, match="is no option here"):
        run("--random", "1", "--set", "sise=3")
    with pytest.raises(CommandError, match="Unknown architecture"):
        call_command("import_checkpoint", "n", "--architecture", "lenet", "--random", "1")
    assert not Checkpoint.objects.exists()
