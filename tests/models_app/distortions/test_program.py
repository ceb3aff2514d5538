import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from models_app.distortions.darktable import PROGRAM, find
from models_app.distortions.engine import render_family
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import PRESETS
from models_app.distortions.render import main
from tests.conftest import needs
from tests.models_app.distortions.make_golden import crop, demo_photo

VARIANTS = PRESETS["pfister2021"].variants
STYLE = [variant for variant in VARIANTS if variant[1] and variant[0] in ["tint", "vibrance"]]


def files(folder: Path) -> Iterator[str]:
    return (str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_file())


def names(photos: list[str], variants: list[tuple[str, str]]) -> list[str]:
    pictures = [
        f"{photo}/{key}/{level}.png" if level else f"{photo}/{key}.png"
        for photo in photos
        for key, level in variants
    ]
    return sorted([*pictures, *(f"{photo}/photo.json" for photo in photos), "render.json"])


def read(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return photo_to_tensor(image.convert("RGB"))


def test_it_writes_every_variant_in_the_networks_geometry(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--size", "48"]) == 0
    assert sorted(files(out)) == names(["coffee", "rocket"], list(VARIANTS))
    assert {read(path).shape for path in out.rglob("*.png")} == {(3, 48, 48)}


def test_it_writes_the_photos_own_size_when_asked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    args = ["--native-size", "--distortions", "vibrance,tint", "--workers", "1"]
    assert main([str(folder), str(out), *args]) == 0
    assert sorted(files(out)) == names(["coffee", "rocket"], [("original", ""), *STYLE])
    rocket = photo_to_tensor(crop("rocket"))
    assert torch.equal(read(out / "rocket" / "original.png"), rocket)
    assert torch.equal(read(out / "rocket" / "vibrance" / "0.png"), rocket)


def test_the_pictures_are_the_engines(tmp_path: Path) -> None:
    source, out = tmp_path / "coffee.png", tmp_path / "out"
    demo_photo("coffee").save(source)
    assert main([str(source), str(out), "--distortions", "ratio,hcrop,impulse_noise"]) == 0
    key = json.loads((out / "coffee" / "photo.json").read_text())["sha256"]
    variants = [
        v
        for v in VARIANTS
        if v[0] in {"original", "crop_original", "ratio", "hcrop", "impulse_noise"}
    ]
    family = render_family(photo_to_tensor(demo_photo("coffee")), key=key, variants=variants)
    for (name, level), expected in zip(variants, family, strict=True):
        path = out / "coffee" / name / f"{level}.png" if level else out / "coffee" / f"{name}.png"
        assert torch.equal(read(path), expected)


def test_the_number_of_workers_changes_no_byte(folder: Path, tmp_path: Path) -> None:
    crop("astronaut").save(folder / "astronaut.png")
    args = ["--size", "64", "--distortions", "technical,composition"]
    for workers in ("1", "2"):
        assert main([str(folder), str(tmp_path / workers), *args, "--workers", workers]) == 0
    for name in files(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def test_it_takes_up_where_it_stopped(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    args = [str(folder), str(out), "--distortions", "tint,gaussian_noise", "--workers", "1"]
    assert main(args) == 0
    missing = out / "coffee" / "gaussian_noise" / "3.png"
    kept = out / "coffee" / "tint" / "0.8.png"
    before = missing.read_bytes()
    missing.unlink()
    kept.write_bytes(b"left alone")
    assert main(args) == 0
    assert missing.read_bytes() == before
    assert kept.read_bytes() == b"left alone"


def test_a_killed_run_leaves_whole_files_and_can_be_taken_up(tmp_path: Path) -> None:
    source, out = tmp_path / "coffee.png", tmp_path / "out"
    demo_photo("coffee").save(source)
    args = [str(source), str(out), "--distortions", "style", "--native-size"]
    command = [sys.executable, "-m", "models_app.distortions.render", *args]
    with subprocess.Popen(command, start_new_session=True) as process:
        while len(list(out.rglob("*.png"))) < 20:
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    done = list(out.rglob("[!.]*.png"))
    assert len(done) < 82
    for path in done:
        assert read(path).shape == (3, 400, 600)
    assert main(args) == 0
    assert len(list(out.rglob("[!.]*.png"))) == 82


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "1"], "holds renders with seed 0, not 1; name another output folder"),
        (["--preset", "identity_zero"], "holds renders with preset pfister2021, not identity"),
        (["--size", "32"], "holds renders with geometry"),
        (["--native-size"], "holds renders with geometry"),
        (["--backend", "darktable"], "holds renders with backend torch, not darktable"),
    ],
)
def test_renders_made_in_another_way_are_not_mixed(
    options: list[str],
    message: str,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    args = [str(folder), str(out), "--distortions", "tint", "--workers", "1"]
    assert main(args) == 0
    before = sorted(files(out))
    assert main([*args, *options]) == 2
    assert message in capsys.readouterr().err
    assert sorted(files(out)) == before


def test_another_photo_of_the_same_name_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    args = [str(folder), str(out), "--workers", "1", "--distortions"]
    assert main([*args, "tint"]) == 0
    crop("china").save(folder / "coffee.jpg")
    assert main([*args, "contrast"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("coffee.jpg was not rendered: it is not the file that ")
    assert not (out / "coffee" / "contrast").exists()
    assert (out / "rocket" / "contrast" / "0.2.png").exists()


def test_shengs_operations_take_the_next_photo_for_mixing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--preset", "sheng2020", "--workers", "1"]) == 0
    sheng = list(PRESETS["sheng2020"].variants)
    assert sorted(files(out)) == names(["coffee", "rocket"], sheng)
    coffee, rocket = (read(out / name / "original.png").double() for name in ("coffee", "rocket"))
    mixed = read(out / "rocket" / "sheng_mixup" / "0.4.png").double()
    assert (mixed - 0.6 * rocket - 0.4 * coffee).abs().max() <= 0.51


def test_a_failed_write_leaves_no_picture(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(self: Image.Image, path: Path, **_options: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Image.Image, "save", full)
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--workers", "1", "--distortions", "tint"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert [name for name in files(out) if not name.endswith(".json")] == []


def test_unreadable_photos_are_named_and_the_rest_rendered(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.png").write_bytes(b"no picture")
    Image.new("RGB", (600, 4)).save(folder / "long.png")
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--workers", "1", "--distortions", "tint"]) == 1
    assert len(list(out.rglob("*.png"))) == 2 * 11
    broken, long = capsys.readouterr().err.splitlines()
    assert broken.startswith("broken.png was not rendered: ")
    assert long.startswith("long.png was not rendered: it is 600 x 4, one side more than 50 times")
    assert sorted(path.name for path in out.iterdir()) == ["coffee", "render.json", "rocket"]


def test_a_long_photo_keeps_its_style_in_its_own_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "long.png", tmp_path / "out"
    demo_photo("coffee").resize((408, 8)).save(source)
    args = [str(source), str(out), "--native-size", "--distortions"]
    assert main([*args, "all"]) == 1
    assert "it is 408 x 8, one side more than 50 times" in capsys.readouterr().err
    assert list(files(out)) == ["render.json"]
    assert main([*args, "style"]) == 0
    assert len(list(out.rglob("*.png"))) == 82


@pytest.mark.parametrize("size", [["--native-size"], ["--size", "64"]])
def test_the_original_program_renders_the_same(
    size: list[str], folder: Path, tmp_path: Path
) -> None:
    needs(find() is not None, PROGRAM)
    args = [*size, "--distortions", "vibrance"]
    for backend in ("torch", "darktable"):
        out = str(tmp_path / backend)
        assert main([str(folder), out, *args, "--backend", backend, "--workers", "1"]) == 0
    torch_files, program_files = (list(files(tmp_path / b)) for b in ("torch", "darktable"))
    assert torch_files == program_files
    for name in [name for name in torch_files if name.endswith(".png")]:
        one, other = (read(tmp_path / b / name).int() for b in ("torch", "darktable"))
        assert one.shape == other.shape
        assert (one - other).abs().double().mean() <= 0.05, name
