"""darktable's edit files as text, and the program itself beside the engine."""

import shutil
import struct
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from models_app.distortions.catalogue import Entry, Level
from models_app.distortions.darktable import (
    PROGRAM,
    DarktableError,
    edit_file,
    find,
    photo_write,
    render,
)
from models_app.distortions.engine import NATIVE_SIGMA, render_variants
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import distortion_get, level_get, select
from tests.conftest import needs
from tests.models_app.distortions.make_golden import demo_photo

LIMIT = 0.05
STYLE = [entry.key for entry in select("style")]
# Over all 81 levels the largest errors come at the ends of the scales.
HARD = {
    "brightness": "-1.0 1.0",
    "contrast": "-1.0 1.0",
    "saturation": "-1.0 1.0",
    "exposure": "-3.0 3.0",
    "shadows": "-100 100",
    "highlights": "-100 100",
    "temperature": "2000 18000",
    "tint": "0.75 1.25",
    "vibrance": "0 100",
}
# Only these three differ in the other preset; there vibrance can be negative.
HARD_AT_ZERO = {"shadows": "-100 100", "highlights": "-100 100", "vibrance": "-100 -50"}

ATTRIBUTE = "{http://darktable.sf.net/}"


def edit_read(text: str) -> tuple[dict[str, str], bytes]:
    """Return the attributes of the only edit in a file, and its parameters."""
    [item] = ElementTree.fromstring(text).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")
    found = {name.removeprefix(ATTRIBUTE): value for name, value in item.attrib.items()}
    return found, bytes.fromhex(found["params"])


@pytest.mark.parametrize(
    ("key", "level", "preset", "module", "layout", "numbers"),
    [
        ("contrast", "0.4", "pfister2021", "colisa 1 46", "3f", (0.4, 0, 0)),
        ("brightness", "-1.0", "pfister2021", "colisa 1 46", "3f", (0, -1, 0)),
        ("saturation", "0.2", "pfister2021", "colisa 1 46", "3f", (0, 0, 0.2)),
        ("exposure", "-2.4", "pfister2021", "exposure 5 21", "I4f", (0, 0, -2.4, 50, -4)),
        ("vibrance", "0", "pfister2021", "vibrance 2 57", "f", (0,)),
        ("vibrance", "-50", "identity_zero", "vibrance 2 57", "f", (-50,)),
        ("temperature", "2000", "pfister2021", "temperature 3 3", "3f", (0.256725, 1, 31.670061)),
        ("tint", "1.25", "pfister2021", "temperature 3 3", "3f", (0.47796, 1, 0.600348)),
    ],
)
def test_an_edit_file_carries_its_level(
    key: str, level: str, preset: str, module: str, layout: str, numbers: tuple[float, ...]
) -> None:
    text = edit_file(distortion_get(key, preset=preset), level_get(key, level, preset=preset))
    found, params = edit_read(text)
    names = ("operation", "modversion", "iop_order")
    assert " ".join(found[name] for name in names) == module
    assert found["enabled"] == "1"
    assert struct.unpack_from(f"<{layout}", params) == pytest.approx(numbers, rel=1e-6)
    # White balance has a fourth multiplier, which no RGB photo uses.
    assert len(params) == struct.calcsize(layout) + 4 * (found["operation"] == "temperature")


@pytest.mark.parametrize(
    ("preset", "key", "level", "amounts"),
    [
        ("pfister2021", "shadows", "-60", (-60, 100)),
        ("pfister2021", "shadows", "80", (80, 100)),
        ("pfister2021", "highlights", "-40", (50, -40)),
        ("identity_zero", "shadows", "-80", (-80, 0)),
        ("identity_zero", "highlights", "60", (0, 60)),
    ],
)
def test_shadows_and_highlights_carry_both_amounts(
    preset: str, key: str, level: str, amounts: tuple[float, float]
) -> None:
    entry = distortion_get(key, preset=preset)
    found, params = edit_read(edit_file(entry, level_get(key, level, preset=preset)))
    assert (found["operation"], found["modversion"], found["iop_order"]) == ("shadhi", "5", "49")
    order, radius, shadows, white, highlights, _unused, *rest = struct.unpack("<I8fIfI", params)
    assert (order, radius, white) == (0, 100, 0)
    assert (shadows, highlights) == amounts
    # Compress, colour correction of shadows and of highlights, flags, low end, algorithm.
    assert rest == pytest.approx([50, 100, 50, 127, 1e-6, 0])


def test_the_radius_can_be_scaled_with_the_photo() -> None:
    text = edit_file(distortion_get("shadows"), level_get("shadows", "80"), radius=22.4)
    assert struct.unpack_from("<If", edit_read(text)[1])[1] == pytest.approx(22.4)


@pytest.mark.parametrize("preset", ["pfister2021", "identity_zero"])
def test_every_level_of_every_style_distortion_has_its_own_edit_file(preset: str) -> None:
    texts = [
        edit_file(entry, level)
        for entry in select("style", preset=preset)
        for level in entry.levels
    ]
    assert len(texts) == len(set(texts)) == 81
    assert all(edit_read(text)[0]["num"] == "0" for text in texts)


def test_it_refuses_what_the_program_cannot_render() -> None:
    with pytest.raises(ValueError, match="cannot render 'pixelate'; it renders brightness, "):
        edit_file(distortion_get("pixelate"), level_get("pixelate", "1"))
    with pytest.raises(
        ValueError, match=r"No multipliers of tint 1 are known; choose from 0\.75, "
    ):
        edit_file(distortion_get("tint"), Level("1.0", 1.0, 0))
    with pytest.raises(ValueError, match="The radius is 0; it must be a positive number"):
        edit_file(distortion_get("shadows"), level_get("shadows", "80"), radius=0)


def test_it_says_how_to_install_a_missing_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find() is None
    entry = distortion_get("contrast")
    with pytest.raises(DarktableError) as refused:
        render({}, entry, entry.levels)
    assert str(refused.value) == (
        "darktable-cli is not installed; on Debian: apt install darktable."
    )


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "echo first; echo no colour is left >&2; exit 3",
            "failed at contrast -1.0 of the photo china; it printed last: no colour is left.",
        ),
        ("exit 0", "failed at contrast -1.0 of the photo china; it printed last: nothing."),
        (
            "mkdir out; cp in/* out/; echo Broken! >&2; exit 1",
            "failed at contrast -1.0; it printed last: Broken!",
        ),
        (
            "exec sleep 20",
            "was stopped at contrast -1.0, because it took longer than 0.2 seconds.",
        ),
    ],
)
def test_it_says_how_a_run_failed(
    script: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / PROGRAM
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    photo = tmp_path / "china.png"
    photo_write(Image.new("RGB", (8, 8)), photo)
    entry = distortion_get("contrast")
    limit = 0.2 if "sleep" in script else 60
    with pytest.raises(DarktableError) as failed:
        list(render({"china": photo}, entry, entry.levels, timeout=limit))
    assert str(failed.value) == f"darktable-cli {sentence}"


def test_a_written_photo_is_bare_rgb(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (4, 2), (200, 100, 50, 255))
    picture.info["icc_profile"] = b"profile"
    picture.getexif()[0x0112] = 6
    photo_write(picture, tmp_path / "photo")
    with Image.open(tmp_path / "photo") as written:
        assert (written.format, written.mode, written.size) == ("PNG", "RGB", (4, 2))
        assert written.getpixel((3, 1)) == (200, 100, 50)
        assert not written.info
        assert not written.getexif()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two photos that no reference render shows, 256 pixels long, under awkward names."""
    needs(shutil.which(PROGRAM) is not None, PROGRAM)
    folder = tmp_path_factory.mktemp("photos")
    paths = {}
    for name in ("china", "astronaut"):
        photo = demo_photo(name)
        photo.thumbnail((256, 256), Image.Resampling.LANCZOS)
        paths[f"{name} $(x) ü.d"] = folder / f"{name} $(FILE_FOLDER) ü.d.png"
        photo_write(photo, paths[f"{name} $(x) ü.d"])
    return paths


def read(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return photo_to_tensor(image.convert("RGB"))


def error_mean(
    pictures: dict[str, Path],
    entry: Entry,
    levels: Iterable[Level],
    preset: str = "pfister2021",
    sigma: float = NATIVE_SIGMA,
) -> float:
    """Return the mean absolute error of our renders against the program's, in 8-bit levels."""
    levels = list(levels)
    ours = {
        (name, level): picture
        for name, path in pictures.items()
        for _key, level, picture in render_variants(
            read(path), [(entry.key, level.key) for level in levels], sigma=sigma, preset=preset
        )
    }
    errors = {}
    for name, level, path in render(pictures, entry, levels, radius=sigma):
        theirs = read(path)
        assert theirs.shape == ours[name, level].shape
        difference = theirs.int() - ours.pop((name, level)).int()
        errors[name, level] = difference.abs().double().mean().item()
    assert not ours
    return float(np.mean(list(errors.values())))


def levels_of(entry: Entry, keys: str) -> list[Level]:
    found = [level for level in entry.levels if level.key in keys.split()]
    assert len(found) == len(keys.split())
    return found


@pytest.mark.parametrize("key", STYLE)
def test_the_engine_equals_the_program(key: str, pictures: dict[str, Path]) -> None:
    entry = distortion_get(key)
    assert error_mean(pictures, entry, levels_of(entry, HARD[key])) <= LIMIT


@pytest.mark.parametrize("key", HARD_AT_ZERO)
def test_the_engine_equals_the_program_one_amount_at_a_time(
    key: str, pictures: dict[str, Path]
) -> None:
    entry = distortion_get(key, preset="identity_zero")
    levels = levels_of(entry, HARD_AT_ZERO[key])
    assert error_mean(pictures, entry, levels, "identity_zero") <= LIMIT


def test_the_engine_equals_the_program_with_a_scaled_blur(pictures: dict[str, Path]) -> None:
    entry = distortion_get("shadows")
    assert error_mean(pictures, entry, levels_of(entry, "80"), sigma=22.4) <= LIMIT


def test_the_identity_leaves_a_single_photo_as_it_is(pictures: dict[str, Path]) -> None:
    entry = distortion_get("vibrance")
    name, path = next(iter(pictures.items()))
    [level] = [level for level in entry.levels if level.identity]
    for found, key, rendered in render({name: path}, entry, [level]):
        assert (found, key) == (name, level.key)
        assert torch.equal(read(rendered), read(path))


def test_it_names_a_photo_that_the_program_cannot_read(
    pictures: dict[str, Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(next(iter(pictures.values())).read_bytes()[:2000])
    entry = distortion_get("contrast")
    with pytest.raises(DarktableError, match=r"failed at contrast -1\.0 of the photo broken; "):
        list(render({**pictures, "broken": broken}, entry, entry.levels))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "key"),
    [("pfister2021", key) for key in STYLE] + [("identity_zero", key) for key in HARD_AT_ZERO],
)
def test_all_levels_equal_the_program(preset: str, key: str, pictures: dict[str, Path]) -> None:
    entry = distortion_get(key, preset=preset)
    assert error_mean(pictures, entry, entry.levels, preset) <= LIMIT
