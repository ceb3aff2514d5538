"""What is known of files of weights without torch is what torch and torchvision say."""

from pathlib import Path

import pytest

from models_app.networks import weight_files
from models_app.networks.backbones import BACKBONES

pytest.importorskip("torch")


@pytest.mark.parametrize(
    "names",
    [{}, {"XDG_CACHE_HOME": "~/elsewhere"}, {"TORCH_HOME": "/srv/torch", "XDG_CACHE_HOME": "/x"}],
)
def test_the_folder_is_torchs(names: dict[str, str], monkeypatch):
    import torch

    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert weight_files.weights_folder() == Path(torch.hub.get_dir(), "checkpoints")


def test_every_published_file_is_recognised_and_no_other(tmp_path: Path, monkeypatch):
    from models_app.networks.weights import published_get

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = weight_files.weights_folder()
    folder.mkdir(parents=True)
    assert not any(map(weight_files.weights_here, BACKBONES))
    for name in BACKBONES:
        path = folder / published_get(name).filename
        path.touch()
        assert [each for each in BACKBONES if weight_files.weights_here(each)] == [name]
        path.unlink()


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_the_command_names_weights_that_torchvision_has(name: str):
    from torchvision.models import get_model_weights

    from models_app.networks.weights import published_get

    wanted = weight_files.command_download(name).split("weights='")[1].split("'")[0]
    assert get_model_weights(name)[wanted].url == published_get(name).url
