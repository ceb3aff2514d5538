"""The renders against the original program's: mean absolute error in 8-bit levels."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models_app.distortions.registry import DISTORTIONS, Entry
from models_app.distortions.render import NATIVE_SIGMA, photo_to_tensor, render_variants
from tests.models_app.distortions.make_golden import GOLDEN, SHEETS, SIZE

LIMIT = 0.05

ENTRIES = pytest.mark.parametrize("entry", DISTORTIONS.values(), ids=lambda entry: entry.key)


def read(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return photo_to_tensor(image.convert("RGB"))


def errors(entry: Entry, photo: torch.Tensor, expected: list[torch.Tensor]) -> np.ndarray:
    """Return the mean absolute error of each level."""
    variants = [(entry.key, level.key) for level in entry.levels]
    rendered = render_variants(photo, variants, sigma=NATIVE_SIGMA)
    return np.array(
        [
            (picture.int() - truth.int()).abs().double().mean().item()
            for (_key, _level, picture), truth in zip(rendered, expected, strict=True)
        ]
    )


@ENTRIES
def test_it_equals_the_golden_set(entry: Entry) -> None:
    sheet = read(GOLDEN / f"{entry.key}.webp")
    rows = SHEETS[entry.key]
    assert sheet.shape == (3, SIZE * len(rows), SIZE * (1 + len(entry.levels)))
    for place, name in enumerate(rows):
        tiles = sheet[:, SIZE * place : SIZE * (place + 1)].unfold(2, SIZE, SIZE)
        crop, *expected = (tile.contiguous() for tile in tiles.permute(2, 0, 1, 3))
        assert errors(entry, crop, expected).mean() <= LIMIT, name


@pytest.mark.parametrize("name", ["coffee", "rocket"])
@ENTRIES
def test_it_equals_the_reference_renders(entry: Entry, name: str, reference: Path) -> None:
    photo = read(reference / name / "input.webp")
    folder = reference / name / entry.key
    expected = [read(folder / f"{level.key}.webp") for level in entry.levels]
    assert errors(entry, photo, expected).mean() <= LIMIT
