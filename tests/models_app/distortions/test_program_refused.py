"""What the render program refuses, in one sentence each."""

from pathlib import Path

import pytest
import torch

from models_app.distortions.render import main
from tests.models_app.distortions.make_golden import crop


def test_mixing_a_single_photo_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [str(folder / "coffee.jpg"), str(tmp_path / "out"), "--preset", "sheng2020"]
    assert main(args) == 1
    assert "needs another photo in the folder: add one." in capsys.readouterr().err
    assert main([*args, "--distortions", "technical,style"]) == 0


def test_a_missing_program_is_named(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    args = [str(folder), str(tmp_path / "out"), "--distortions", "style", "--backend", "darktable"]
    assert main(args) == 1
    assert capsys.readouterr().err == (
        "darktable-cli is not installed; on Debian: apt install darktable.\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--distortions", "sepia"], "'sepia'; choose from all, technical, style, "),
        (["--preset", "sheng2020", "--native-size"], "sheng2020 works on square patches"),
        (["--backend", "darktable"], "style distortions only; add --distortions style"),
    ],
)
def test_wrong_options_are_answered_in_one_sentence(
    options: list[str],
    message: str,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(folder), str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_used_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main([str(tmp_path / "nowhere"), out]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([str(empty), out]) == 2
    assert "holds no .bmp" in capsys.readouterr().err
    crop("coffee").save(folder / "coffee.png")
    assert main([str(folder), out]) == 2
    assert "coffee.jpg and coffee.png would be written to the same" in capsys.readouterr().err


def test_a_damaged_note_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "render.json").write_text("{")
    assert main([str(folder), str(out)]) == 2
    assert "render.json is damaged" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_missing_gpu_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [str(folder), str(tmp_path / "out"), "--device", "cuda"]
    assert main(args) == 2
    assert "finds no CUDA device" in capsys.readouterr().err
