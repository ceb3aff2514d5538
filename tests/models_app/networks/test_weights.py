"""Published weights: found, checked, fetched from a server on this machine, and missed in words."""

import hashlib
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision import models

from models_app.networks.backbones import BACKBONES
from models_app.networks.errors import CheckpointRefused, WeightsMissing
from models_app.networks.weights import (
    Published,
    command_fetch,
    published_get,
    weights_find,
    weights_load,
)


def publish(folder: Path, name: str, state: object, **options: bool) -> Published:
    """Save weights under a name that ends with their own hash, as torchvision does."""
    made = folder / "made.pth"
    torch.save(state, made, **options)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    filename = f"{name}-{digest[:8]}.pth"
    made.rename(folder / filename)
    return replace(published_get(name), url=f"https://download.invalid/models/{filename}")


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(2)
    return models.squeezenet1_1(weights=None).state_dict()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which a real server shows it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_torchvision_publishes() -> None:
    densenet = published_get("densenet121")
    assert densenet.url == "https://download.pytorch.org/models/densenet121-a639ec97.pth"
    assert (densenet.filename, densenet.hash_start) == ("densenet121-a639ec97.pth", "a639ec97")
    assert len(densenet.labels) == 1000
    assert published_get("retinanet_resnet50_fpn").filename == (
        "retinanet_resnet50_fpn_coco-eeacb38b.pth"
    )
    assert published_get("retinanet_resnet50_fpn_v2").hash_start == "5905b1c5"
    for name in BACKBONES:
        published = published_get(name)
        assert re.fullmatch("[0-9a-f]{8,10}", published.hash_start), name
        assert len(published.labels) == 1000


def test_the_cache_is_torchs(hub: Path) -> None:
    assert published_get("densenet121").cached == hub / "densenet121-a639ec97.pth"


def test_missing_weights_are_answered_with_the_command_that_helps(hub: Path) -> None:
    published = published_get("densenet121")
    with pytest.raises(WeightsMissing) as caught:
        weights_find(published)
    assert str(caught.value) == (
        "The weights densenet121-a639ec97.pth are not on this machine and downloading was not "
        "allowed: allow it, name a file that holds them, or run on the worker: "
        f"curl --fail --location --create-dirs --output {hub}/densenet121-a639ec97.pth "
        "https://download.pytorch.org/models/densenet121-a639ec97.pth"
    )
    assert list(hub.iterdir()) == []


def test_a_folder_with_blanks_is_quoted(tmp_path: Path) -> None:
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path / "my cache; rm x"))
    try:
        words = shlex.split(command_fetch(published_get("densenet121")))
    finally:
        torch.hub.set_dir(before)
    assert words[-2] == str(tmp_path / "my cache; rm x/checkpoints/densenet121-a639ec97.pth")


def test_the_command_does_what_it_promises(
    hub: Path, served: tuple[Path, str], state: dict[str, torch.Tensor]
) -> None:
    folder, address = served
    published = publish(folder, "squeezenet1_1", state)
    published = replace(published, url=f"{address}/{published.filename}")
    hub.rmdir()
    done = subprocess.run(command_fetch(published), shell=True, capture_output=True, text=True)
    if done.returncode == 127:
        pytest.skip("curl is not installed")
    assert done.returncode == 0, done.stderr
    assert weights_find(published).origin == "cache"


def test_cached_weights_are_found_and_loaded(hub: Path, state: dict[str, torch.Tensor]) -> None:
    published = publish(hub, "squeezenet1_1", state)
    module = models.squeezenet1_1(weights=None)
    found = weights_load(published, module)
    assert (found.origin, found.published, found.path) == ("cache", True, published.cached)
    assert found.sha256.startswith(published.hash_start)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_a_cached_file_that_is_not_the_published_one_is_refused(
    hub: Path, state: dict[str, torch.Tensor]
) -> None:
    published = publish(hub, "squeezenet1_1", state)
    published.cached.write_bytes(published.cached.read_bytes() + b"x")
    with pytest.raises(WeightsMissing, match="in torch's cache is not the published one") as caught:
        weights_find(published, download=True)
    assert command_fetch(published) in str(caught.value)


def test_a_named_file_goes_first_and_need_not_be_the_published_one(
    hub: Path, tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    published = publish(hub, "squeezenet1_1", state)
    same, other = tmp_path / "same.pth", tmp_path / "other.pth"
    same.write_bytes(published.cached.read_bytes())
    torch.save({name: tensor + 1 for name, tensor in state.items()}, other)
    assert weights_find(published, file=same).published
    module = models.squeezenet1_1(weights=None)
    found = weights_load(published, module, file=other)
    assert (found.origin, found.published) == ("file", False)
    assert torch.equal(module.state_dict()["features.0.bias"], state["features.0.bias"] + 1)


def test_a_named_file_that_is_not_there_is_no_reason_to_take_another(
    hub: Path, tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    published = publish(hub, "squeezenet1_1", state)
    with pytest.raises(WeightsMissing, match=r"The file 'none\.pth' that should hold squeezenet"):
        weights_find(published, file=tmp_path / "none.pth", download=True)


def test_weights_of_another_network_are_refused(
    hub: Path, tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    torch.save(models.squeezenet1_0(weights=None).state_dict(), tmp_path / "other.pth")
    published = publish(hub, "squeezenet1_1", state)
    with pytest.raises(CheckpointRefused, match=f"of another shape .*: take {published.filename}$"):
        weights_load(published, models.squeezenet1_1(weights=None), file=tmp_path / "other.pth")


def test_a_download_that_was_asked_for_fills_the_cache(
    hub: Path, served: tuple[Path, str], state: dict[str, torch.Tensor]
) -> None:
    folder, address = served
    published = publish(folder, "squeezenet1_1", state)
    published = replace(published, url=f"{address}/{published.filename}")
    hub.rmdir()
    found = weights_find(published, download=True)
    assert (found.origin, found.published) == ("download", True)
    assert [path.name for path in hub.iterdir()] == [published.filename]
    assert weights_find(published, download=True).origin == "cache"


def test_a_download_that_is_damaged_leaves_nothing(
    hub: Path, served: tuple[Path, str], state: dict[str, torch.Tensor]
) -> None:
    folder, address = served
    published = publish(folder, "squeezenet1_1", state)
    (folder / published.filename).write_bytes(b"another file")
    published = replace(published, url=f"{address}/{published.filename}")
    with pytest.raises(WeightsMissing, match=r"could not be downloaded \(invalid hash value"):
        weights_find(published, download=True)
    assert list(hub.iterdir()) == []


@pytest.mark.parametrize("path", ["none-12345678.pth", ""])
def test_a_download_that_fails_says_why_and_what_helps(
    path: str, hub: Path, served: tuple[Path, str]
) -> None:
    # The second port is closed: nobody listens there.
    url = f"{served[1]}/{path}" if path else "http://127.0.0.1:1/none-12345678.pth"
    published = replace(published_get("densenet121"), url=url)
    with pytest.raises(WeightsMissing, match="could not be downloaded") as caught:
        weights_find(published, download=True)
    assert ("404" in str(caught.value)) == bool(path)
    assert str(caught.value).endswith(command_fetch(published))
    assert list(hub.iterdir()) == []


def old_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """DenseNet's weights as they were published in 2017: norm.1 for norm1, no counters."""
    renamed = {}
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            old = re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name)
            renamed[old] = tensor
    return renamed


def test_densenets_old_names_are_understood_as_torchvision_does(hub: Path) -> None:
    torch.manual_seed(3)
    state = models.densenet121(weights=None).state_dict()
    old = old_names(state)
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    published = publish(hub, "densenet121", old, _use_new_zipfile_serialization=False)
    ours = models.densenet121(weights=None)
    weights_load(published, ours)
    # Torchvision looks for its own name in the cache, and does not check a cached file's hash.
    published.cached.rename(hub / "densenet121-a639ec97.pth")
    theirs = models.densenet121(weights=models.DenseNet121_Weights.IMAGENET1K_V1)
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor)
