"""The variants against the original programs': mean absolute error in 8-bit levels."""

from functools import lru_cache
from pathlib import Path

import pytest
import torch
from PIL import Image

from bench.parity import LIMITS, NOISE, PRESET, measure
from models_app.distortions.catalogue import Entry, Variant
from models_app.distortions.engine import NATIVE_SIGMA, render_family, render_variants
from models_app.distortions.parity import Parity, parity_read
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import DISTORTIONS
from tests.models_app.distortions.make_golden import (
    GOLDEN,
    RANDOM,
    SHEETS,
    SIZE,
    WINDOWS,
    demo_photo,
    window_variants,
)

STYLE = [entry for entry in DISTORTIONS.values() if entry.aspect == "style"]


def read(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return photo_to_tensor(image.convert("RGB"))


def error(got: torch.Tensor, want: torch.Tensor) -> float:
    return float((got.int() - want.int()).abs().double().mean())


@lru_cache(maxsize=4)
def family(photo: str) -> dict[Variant, torch.Tensor]:
    tensors = render_family(photo_to_tensor(demo_photo(photo)), key=photo)
    return dict(zip(PRESET.variants, tensors, strict=True))


def test_every_distortion_that_is_not_random_has_a_golden_sheet() -> None:
    assert {*SHEETS, *WINDOWS, *RANDOM} == {*DISTORTIONS, "references"}
    sheets = {path.stem for path in GOLDEN.glob("*.webp")}
    assert sheets == {*SHEETS, *WINDOWS}
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) < 1_000_000


@pytest.mark.parametrize("entry", STYLE, ids=lambda entry: entry.key)
def test_style_equals_the_golden_set(entry: Entry) -> None:
    sheet = read(GOLDEN / f"{entry.key}.webp")
    rows = SHEETS[entry.key]
    variants = [(entry.key, level.key) for level in entry.levels]
    assert sheet.shape == (3, SIZE * len(rows), SIZE * (1 + len(variants)))
    for place, name in enumerate(rows):
        tiles = sheet[:, SIZE * place : SIZE * (place + 1)].unfold(2, SIZE, SIZE)
        photo, *wanted = (tile.contiguous() for tile in tiles.permute(2, 0, 1, 3))
        rendered = render_variants(photo, variants, sigma=NATIVE_SIGMA)
        errors = [
            error(got, want) for (_key, _level, got), want in zip(rendered, wanted, strict=True)
        ]
        assert sum(errors) / len(errors) <= LIMITS["style"], name


@pytest.mark.parametrize("key", WINDOWS)
def test_technical_and_composition_equal_the_golden_set(key: str) -> None:
    sheet = read(GOLDEN / f"{key}.webp")
    variants, windows = window_variants(key), WINDOWS[key]
    size = windows[0].size
    assert sheet.shape == (3, size * len(windows), size * len(variants))
    for row, window in enumerate(windows):
        for place, variant in enumerate(variants):
            want = sheet[:, size * row : size * (row + 1), size * place : size * (place + 1)]
            whole = family(window.photo)[variant]
            got = whole[:, window.top : window.top + size, window.left : window.left + size]
            assert error(got, want) <= LIMITS["technical"], (window, variant)


@pytest.fixture(scope="module")
def measured(reference: Path) -> dict[str, tuple[Parity, int, float]]:
    return measure(reference)


@pytest.mark.parametrize("key", [*PRESET.references, *DISTORTIONS])
def test_it_equals_the_reference_renders(
    key: str, measured: dict[str, tuple[Parity, int, float]]
) -> None:
    parity, _p99, limit = measured[key]
    assert parity.pictures >= (4 if key in PRESET.references else 10)
    assert parity.mean <= limit
    if key not in NOISE:
        # Not only on average: nothing is more than one level away.
        assert parity.largest <= 1


def test_the_committed_figures_are_the_measured_ones(
    measured: dict[str, tuple[Parity, int, float]],
) -> None:
    committed = parity_read()
    assert set(committed) == set(measured)
    for key, (parity, _p99, _limit) in measured.items():
        assert committed[key].against == parity.against
        assert committed[key].pictures == parity.pictures
        # Another processor may round a tie the other way.
        assert committed[key].mean == pytest.approx(parity.mean, abs=0.005)
