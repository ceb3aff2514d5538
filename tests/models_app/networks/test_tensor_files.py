"""Files of tensors: what is read, what is refused and in which words, what is written."""

import os
import pickle
import random
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from models_app.networks.errors import CheckpointRefused
from models_app.networks.tensor_files import note_read, tensors_read, tensors_write

Weights = dict[str, torch.Tensor]
NOISE = random.Random(1).randbytes(999)


@pytest.fixture
def weights() -> Weights:
    return {"a.weight": torch.randn(600, 600), "a.bias": torch.randn(600), "n": torch.tensor(3)}


def refusal(path: Path, **given: Any) -> str:
    with pytest.raises(CheckpointRefused) as caught:
        tensors_read(path, **given)
    told = str(caught.value)
    assert "\n" not in told
    assert str(path.parent) not in told
    assert len(told) < 400
    return told


class Malicious:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("kind", ["zipped", "old", "pickle"])
def test_code_in_a_pickle_is_refused_and_never_run(
    kind: str, weights: Weights, tmp_path: Path
) -> None:
    path, target = tmp_path / "a.pth", tmp_path / "it-ran"
    content = weights | {"hook": Malicious(target)}
    if kind == "pickle":
        path.write_bytes(pickle.dumps({"hook": Malicious(target)}, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "zipped")
    assert refusal(path) == (
        "it holds program code or objects besides tensors (posix.system), which are never run: "
        "save the state_dict alone, best as safetensors"
    )
    assert not target.exists()
    # It would have run otherwise.
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "pickle":
            pickle.load(file)
        else:
            torch.load(file, weights_only=False)
    assert target.exists()


def test_a_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "a.pth")
    told = refusal(tmp_path / "a.pth")
    assert told.startswith(
        "it holds program code or objects besides tensors (torch.nn.modules.linear"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "it holds a dict instead of named tensors: save the state_dict of the network"),
        (torch.zeros(3), "it holds a Tensor instead of named tensors"),
        ([torch.zeros(3)], "it holds a list instead of named tensors"),
        ({"epoch": 3, "lr": 0.1}, "it holds an object with 'epoch', 'lr' instead of named"),
        ({"model": {}}, "it holds a dict instead of named tensors"),
        ({"model": {"a": torch.zeros(1), "b": 3}}, "it holds an object with 'a', 'b' instead"),
        ({3: torch.zeros(1)}, "it names a tensor 3, which is no text: save the state_dict"),
    ],
)
def test_other_contents_are_refused(content: object, told: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "a.pth")
    assert refusal(tmp_path / "a.pth").startswith(told)


def zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no weights")
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".SAFETENSORS", ""])
@pytest.mark.parametrize(
    "content",
    [b"weights\n" * 50, b"<html>Not found</html>", NOISE, b"\0" * 64, b"PK\x03\x04rest"],
    ids=["text", "page", "noise", "zeros", "half a zip"],
)
def test_what_is_no_file_of_weights_is_refused(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    told = refusal(path)
    assert told.startswith("it is damaged or neither a safetensors file nor one of torch.save (")
    assert told.endswith("): copy or export it again")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_another_zip_is_refused(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"a{suffix}").write_bytes(zipped(tmp_path / "b.zip"))
    assert refusal(tmp_path / f"a{suffix}").startswith("it is damaged or neither")


@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.99, 0.9999])
@pytest.mark.parametrize("kind", ["zipped", "old", "safetensors"])
def test_a_file_cut_short_is_refused(
    kind: str, share: float, weights: Weights, tmp_path: Path
) -> None:
    path = tmp_path / ("a.safetensors" if kind == "safetensors" else "a.pth")
    if kind == "safetensors":
        save_file(weights, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=kind == "zipped")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert refusal(path).startswith("it is damaged or neither a safetensors file nor one of torch")


def test_a_torch_file_called_safetensors_is_refused(weights: Weights, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "a.safetensors")
    assert refusal(tmp_path / "a.safetensors").startswith("it is damaged or neither")


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_an_empty_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert refusal(tmp_path / name) == "it is empty: copy or export it again"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.pth") == "there is no such file: check its name"
    (tmp_path / "folder.pth").mkdir()
    assert refusal(tmp_path / "folder.pth") == "there is no such file: check its name"


def test_a_file_above_the_cap_is_refused_before_it_is_read(
    weights: Weights, tmp_path: Path
) -> None:
    torch.save(weights, tmp_path / "a.pth")
    assert refusal(tmp_path / "a.pth", max_bytes=1_000_000).endswith(
        " MB; allowed are 1 MB: save the weights alone"
    )


def test_a_file_that_unpacks_to_more_than_the_cap_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(5_000_000)}, tmp_path / "plain.pth")
    path = tmp_path / "bomb.pth"
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for part in plain.infolist():
            packed.writestr(part.filename, plain.read(part))
    assert path.stat().st_size < 100_000
    told = refusal(path, max_bytes=10_000_000)
    assert told == "it has 20.0 MB; allowed are 10 MB: save the weights alone"


def test_what_is_written_is_read_with_its_note(weights: Weights, tmp_path: Path) -> None:
    tensors_write(tmp_path / "a.safetensors", weights, {"epoch": 3})
    found = tensors_read(tmp_path / "a.safetensors")
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weights[name]) for name in weights)
    assert note_read(tmp_path / "a.safetensors") == {"epoch": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_files_of_others_have_no_note(weights: Weights, tmp_path: Path) -> None:
    save_file(weights, tmp_path / "a.safetensors")
    torch.save(weights, tmp_path / "a.pth")
    assert note_read(tmp_path / "a.safetensors") == note_read(tmp_path / "a.pth") == {}


def test_a_write_that_fails_leaves_the_older_file(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tensors_write(path, weights, {})
    before = path.read_bytes()
    with pytest.raises(TypeError, match="not JSON serializable"):
        tensors_write(path, {"a": torch.zeros(1)}, {"note": object()})
    # Two names for one storage are what its library refuses.
    shared = torch.zeros(4)
    with pytest.raises(RuntimeError):
        tensors_write(path, {"a": shared, "b": shared}, {})
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_full_disk_is_an_os_error_and_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"older")
    program = (
        "import resource, signal, sys, pathlib, torch\n"
        "from models_app.networks.tensor_files import tensors_write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: tensors_write(pathlib.Path(sys.argv[1]), {'a': torch.zeros(1_000_000)}, {})\n"
        "except OSError as error: print(f'refused: {error}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("refused: ")
    assert "File too large" in done.stdout
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_reading_looks_at_no_values(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1).expand(10**13)}, tmp_path / "a.pth")
    assert tensors_read(tmp_path / "a.pth")["a"].shape == (10**13,)
