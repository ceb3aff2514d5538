from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from models_app.distortions.ops import base
from models_app.distortions.registry import DISTORTIONS
from models_app.distortions.render import (
    NATIVE_SIGMA,
    display_sigma,
    main,
    photo_to_tensor,
    render_variants,
    tensor_to_image,
)
from tests.models_app.distortions.make_golden import crop

VARIANTS = [(entry.key, level.key) for entry in DISTORTIONS.values() for level in entry.levels]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    crop("coffee").save(photos / "coffee.jpg")
    crop("rocket").save(photos / "rocket.webp", lossless=True)
    return photos


def files(folder: Path) -> Iterator[str]:
    return (str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_file())


def test_variants_do_not_depend_on_what_else_is_asked_for(photo: torch.Tensor) -> None:
    together = {(k, lv): p for k, lv, p in render_variants(photo, VARIANTS, sigma=30.0)}
    assert len(together) == 81
    for key in DISTORTIONS:
        variant = next(v for v in reversed(VARIANTS) if v[0] == key)
        [(_key, _level, alone)] = render_variants(photo, [variant], sigma=30.0)
        assert torch.equal(alone, together[variant])


def test_bands_make_no_difference(photo: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    monkeypatch.setitem(base._BAND_PIXELS, "cpu", 64 * 9 * 5)
    cut = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    assert all(torch.equal(a, b) for a, b in zip(whole, cut, strict=True))


def test_ambient_autocast_and_low_precision_make_no_difference(photo: torch.Tensor) -> None:
    plain = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ambient = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    finally:
        torch.set_float32_matmul_precision(before)
    assert all(torch.equal(a, b) for a, b in zip(plain, ambient, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_gpu_renders_the_same_within_a_level(photo: torch.Tensor) -> None:
    on_cpu = render_variants(photo, VARIANTS, sigma=30.0)
    on_gpu = render_variants(photo.cuda(), VARIANTS, sigma=30.0)
    for (key, level, a), (_key, _level, b) in zip(on_cpu, on_gpu, strict=True):
        assert b.is_cuda
        assert (a.int() - b.cpu().int()).abs().double().mean() <= 0.05, (key, level)


def test_sigma_matters_to_shadows_only_where_it_should(photo: torch.Tensor) -> None:
    for key in ("shadows", "tint"):
        level = DISTORTIONS[key].levels[0].key
        [(_, _, wide)] = render_variants(photo, [(key, level)], sigma=100.0)
        [(_, _, narrow)] = render_variants(photo, [(key, level)], sigma=3.0)
        assert torch.equal(wide, narrow) == (key == "tint")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(3, 4, 4), r"is torch\.float32; it must be torch\.uint8"),
        (torch.zeros(4, 4, 3, dtype=torch.uint8), r"shape \(4, 4, 3\); it must be \[3, height"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), "one photo at a time"),
        (torch.zeros(3, 0, 4, dtype=torch.uint8), r"shape \(3, 0, 4\)"),
    ],
)
def test_what_is_no_photo_is_refused_at_the_call(bad: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render_variants(bad, [("tint", "0.9")], sigma=100.0)
    if bad.dtype == torch.uint8:
        with pytest.raises(ValueError, match=message):
            tensor_to_image(bad)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bad_sigma_is_refused(photo: torch.Tensor, sigma: float) -> None:
    with pytest.raises(ValueError, match="must be a positive number of pixels"):
        render_variants(photo, [], sigma=sigma)


def test_an_unknown_variant_is_refused_at_the_call(photo: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"'7' of tint; choose from 0\.75"):
        render_variants(photo, [("tint", "7")], sigma=100.0)
    with pytest.raises(ValueError, match="'sepia'; choose from brightness"):
        render_variants(photo, [("sepia", "1")], sigma=100.0)


def test_display_sigma_is_a_tenth_of_the_width() -> None:
    assert display_sigma(1000) == NATIVE_SIGMA == 100.0
    assert display_sigma(320) == 32.0
    with pytest.raises(ValueError, match="The width is 0"):
        display_sigma(0)


def test_pictures_become_tensors_and_back() -> None:
    picture = crop("china")
    assert tensor_to_image(photo_to_tensor(picture)).tobytes() == picture.tobytes()
    assert tuple(photo_to_tensor(picture)[:, 3, 5].tolist()) == picture.getpixel((5, 3))
    with pytest.raises(ValueError, match="mode L; convert it to RGB"):
        photo_to_tensor(picture.convert("L"))


def test_the_program_writes_every_variant_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--native-size", "--device", "cpu"]) == 0
    expected = [f"{p}/{key}/{lv}.png" for p in ("coffee", "rocket") for key, lv in VARIANTS]
    assert sorted(files(out)) == sorted(expected)
    with Image.open(out / "rocket" / "vibrance" / "0.png") as picture:
        assert picture.convert("RGB").tobytes() == crop("rocket").tobytes()


def test_the_program_takes_up_where_it_stopped(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    args = [str(folder), str(out), "--native-size", "--distortions", "tint,vibrance"]
    assert main(args) == 0
    assert len(list(files(out))) == 2 * 16
    missing = out / "coffee" / "tint" / "0.9.png"
    kept = out / "coffee" / "tint" / "0.8.png"
    before = missing.read_bytes()
    missing.unlink()
    kept.write_bytes(b"left alone")
    assert main(args) == 0
    assert missing.read_bytes() == before
    assert kept.read_bytes() == b"left alone"


def test_a_failed_write_leaves_no_file(
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
    assert main([str(folder), str(out), "--native-size", "--distortions", "tint"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert list(files(out)) == []


def test_unreadable_photos_are_named_and_the_rest_rendered(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--native-size", "--distortions", "tint"]) == 1
    assert len(list(files(out))) == 2 * 10
    error = capsys.readouterr().err
    assert error.startswith("broken.png was not rendered: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "not available yet; add --native-size"),
        (["--native-size", "--distortions", "sepia"], "'sepia'; choose from all, style, "),
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
    assert main([str(tmp_path / "nowhere"), out, "--native-size"]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([str(empty), out, "--native-size"]) == 2
    assert "holds no .jpeg" in capsys.readouterr().err
    crop("coffee").save(folder / "coffee.png")
    assert main([str(folder), out, "--native-size"]) == 2
    assert "coffee.jpg and coffee.png would be written to the same" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_missing_gpu_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [str(folder), str(tmp_path / "out"), "--native-size", "--device", "cuda"]
    assert main(args) == 2
    assert "finds no CUDA device" in capsys.readouterr().err
