"""Which way crops, rotation and ratio go, told by marked pictures."""

import math

import pytest
import torch
from PIL import Image

from models_app.distortions.ops.base import Scene
from tests.models_app.distortions.composition import (
    ANGLES,
    MOVES,
    STEPS,
    render,
    short,
    tensor,
)


def marked(where: str) -> Scene:
    """A grey photo, white in one of its outer strips."""
    photo = torch.full((3, 90, 120), 60, dtype=torch.uint8)
    place = {
        "left": (slice(None), slice(0, 20)),
        "right": (slice(None), slice(100, 120)),
        "top": (slice(0, 15), slice(None)),
        "bottom": (slice(75, 90), slice(None)),
    }[where]
    photo[:, place[0], place[1]] = 255
    original = tensor(short(Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy()), 60))
    return Scene(original, sigma=1.0, source=photo)


@pytest.mark.parametrize(
    ("key", "level", "seen"),
    [
        ("hcrop", 5, {"right"}),
        ("hcrop", -5, {"left"}),
        ("vcrop", 5, {"top"}),
        ("vcrop", -5, {"bottom"}),
        ("leftcornerscrop", 5, {"left", "top"}),
        ("leftcornerscrop", -5, {"left", "bottom"}),
        ("rightcornerscrop", 5, {"right", "top"}),
        ("rightcornerscrop", -5, {"right", "bottom"}),
        ("hcrop", 0, set()),
    ],
)
def test_crops_move_to_the_named_side(key: str, level: int, seen: set[str]) -> None:
    for where in ("left", "right", "top", "bottom"):
        [window] = render(key, marked(where), [level])
        assert bool((window > 200).any()) == (where in seen), where


@pytest.mark.parametrize("key", MOVES)
def test_further_levels_move_further_and_the_last_reaches_the_edge(key: str) -> None:
    source = torch.zeros(3, 80, 120, dtype=torch.uint8)
    source[0] = 2 * torch.arange(120)
    source[1] = 2 * torch.arange(80)[:, None]
    windows = render(key, Scene(source, sigma=1.0), range(-5, 6))
    for k, window in zip(range(-5, 6), windows, strict=True):
        a, b = MOVES[key](k)
        across, down = (float(window[n].double().mean()) for n in (0, 1))
        # The base is 180 x 120 and a window leaves 30 and 20 pixels; 4 / 3 levels a pixel.
        assert across == pytest.approx(119 + a * 30 / 5 * 4 / 3, abs=0.3)
        assert down == pytest.approx(79 - b * 20 / 5 * 4 / 3, abs=0.3)


@pytest.mark.parametrize("level", STEPS)
def test_ratio_stretches_height_above_zero_and_width_below(level: int) -> None:
    photo = torch.zeros(3, 101, 81, dtype=torch.uint8)
    photo[:, 40:61, 30:51] = 255
    [got] = render("ratio", Scene(photo, sigma=1.0), [level])
    high = int((got[0] > 127).any(1).sum())
    wide = int((got[0] > 127).any(0).sum())
    stretched = round(21 * (1 + 0.2 * abs(level)))
    assert abs(high - (stretched if level > 0 else 21)) <= 1
    assert abs(wide - (21 if level > 0 else stretched)) <= 1


@pytest.mark.parametrize("angle", ANGLES)
def test_rotation_is_anticlockwise_above_zero(angle: int) -> None:
    photo = torch.zeros(3, 120, 120, dtype=torch.uint8)
    photo[:, 57:63] = 255
    [got] = render("rotate", Scene(photo, sigma=1.0), [angle])
    rows = torch.arange(120.0)
    left, right = ((rows * column).sum() / column.sum() for column in got[0, :, [20, 99]].T.float())
    # Anticlockwise lifts what lies on the right: a smaller row.
    slope = float(left - right) / (99 - 20)
    assert slope == pytest.approx(math.tan(math.radians(angle)), abs=0.02)
