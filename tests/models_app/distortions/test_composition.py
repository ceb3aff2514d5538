"""Crops, rotation and ratio against the reference's steps done with Pillow, canvas and all."""

import math

import pytest
import torch
from PIL import Image

from models_app.distortions.engine import Geometry, render_family
from models_app.distortions.geometry import pad_square
from models_app.distortions.ops import rotate
from models_app.distortions.ops.base import Scene
from models_app.distortions.ops.rotate import inner_rectangle, rotated_windows
from tests.models_app.distortions.composition import (
    ANGLES,
    MOVES,
    STEPS,
    render,
    resized,
    short,
    tensor,
)
from tests.models_app.distortions.make_golden import demo_photo

# Name, width and height of a piece cut out of a demo photo.
SHAPES = {
    "landscape 3:2": ("coffee", 600, 400),
    "portrait": ("rocket", 284, 427),
    "square": ("astronaut", 512, 512),
    "16:9": ("china", 640, 360),
    "1000:563": ("china", 500, 281),
    "9:16": ("chelsea", 168, 299),
    "3:1": ("rocket", 630, 210),
    "1:3": ("flower", 141, 423),
    "odd": ("chelsea", 451, 299),
    "6:1": ("china", 636, 106),
    "1:6": ("flower", 70, 420),
    "nearly square": ("coffee", 401, 400),
    "a handful of pixels": ("coffee", 5, 7),
    "fewer": ("coffee", 3, 2),
}


def piece(name: str) -> Image.Image:
    photo, width, height = SHAPES[name]
    image = demo_photo(photo)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def middle(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    width, height = size
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def scene(image: Image.Image, side: int) -> tuple[Image.Image, Image.Image, Scene]:
    """Both base images of the reference, and ours."""
    original = short(image, side)
    ours = Scene(tensor(original), sigma=1.0, source=tensor(image))
    return original, short(image, int(1.5 * side)), ours


def cropped(base: Image.Image, size: tuple[int, int], a: int, b: int) -> Image.Image:
    outer_w, outer_h = base.size
    inner_w, inner_h = size
    left, right = round(outer_w / 2 - inner_w / 2), round(outer_w / 2 + inner_w / 2)
    top, bottom = round(outer_h / 2 - inner_h / 2), round(outer_h / 2 + inner_h / 2)
    dx, dy = round(0.2 * a * left), round(0.2 * b * top)
    return base.crop((left + dx, top - dy, right + dx, bottom - dy))


def largest(width: int, height: int) -> tuple[float, float]:
    """Width and height of the largest upright rectangle inside a picture turned by 10 degrees."""
    c, s = math.cos(math.pi / 18), math.sin(math.pi / 18)
    long, small = max(width, height), min(width, height)
    if small <= 2 * s * c * long:
        along, across = small / (2 * s), small / (2 * c)
    else:
        along = (long * c - small * s) / (c**2 - s**2)
        across = (small * c - long * s) / (c**2 - s**2)
    return (along, across) if width >= height else (across, along)


def turned(base: Image.Image, angle: int) -> Image.Image:
    """The whole canvas, expanded, and the rectangle cut out of its middle."""
    width, height = largest(*base.size)
    canvas = base.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True)
    left, top = round((canvas.width - width) / 2), round((canvas.height - height) / 2)
    return canvas.crop((left, top, left + round(width), top + round(height)))


def ratio(original: Image.Image, k: int) -> Image.Image:
    width, height = original.size
    if k > 0:
        stretched = resized(original, width, round(height * (1 + 0.2 * k)))
    else:
        stretched = resized(original, round(width * (1 + 0.2 * abs(k))), height)
    return middle(stretched, original.size)


def apart(got: torch.Tensor, expected: Image.Image) -> torch.Tensor:
    theirs = tensor(expected)
    assert got.shape == theirs.shape
    return (got.int() - theirs.int()).abs()


@pytest.mark.parametrize("side", [67, 96, 224])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("key", MOVES)
def test_crops_are_the_references_bit_for_bit(key: str, name: str, side: int) -> None:
    original, base, ours = scene(piece(name), side)
    values = [-5, 0, 1, 3, 5] if side == 96 else list(range(-5, 6))
    for k, got in zip(values, render(key, ours, values), strict=True):
        assert int(apart(got, cropped(base, original.size, *MOVES[key](k))).max()) == 0, k


@pytest.mark.parametrize("side", [67, 96, 224])
@pytest.mark.parametrize("name", SHAPES)
def test_ratios_are_the_references_bit_for_bit(name: str, side: int) -> None:
    original, _base, ours = scene(piece(name), side)
    for k, got in zip(STEPS, render("ratio", ours, STEPS), strict=True):
        assert int(apart(got, ratio(original, k)).max()) == 0, k


@pytest.mark.parametrize("side", [67, 96, 224])
@pytest.mark.parametrize("name", SHAPES)
def test_rotations_are_the_references_but_for_a_level_here_and_there(name: str, side: int) -> None:
    original, base, ours = scene(piece(name), side)
    angles = [-10, -4, 0, 2, 8] if side == 224 else [0, *ANGLES]
    for angle, got in zip(angles, render("rotate", ours, angles), strict=True):
        window = turned(base, angle)
        inner = short(window, side)
        difference = apart(got, middle(inner, original.size))
        assert int(difference.max()) <= 1, angle
        assert float((difference > 0).double().mean()) <= 4e-3, angle


@pytest.mark.parametrize("name", SHAPES)
def test_rotated_windows_lie_where_the_expanded_canvas_has_them(name: str) -> None:
    base = short(piece(name), 100)
    for angle, got in zip(ANGLES, rotated_windows(tensor(base), ANGLES), strict=True):
        difference = apart(got, turned(base, angle))
        assert int(difference.max()) <= 1, angle
        assert float((difference > 0).double().mean()) <= 4e-3, angle


@pytest.mark.parametrize(
    "size", [(2, 2), (3, 2), (4, 4), (5, 1), (4, 10), (9, 25), (14, 43), (19, 53), (53, 19), (7, 7)]
)
def test_tiny_pictures_turn_as_pillow_turns_them_black_outside(size: tuple[int, int]) -> None:
    base = piece("landscape 3:2").resize(size)
    for angle, got in zip(ANGLES, rotated_windows(tensor(base), ANGLES), strict=True):
        assert int(apart(got, turned(base, angle)).max()) <= 1, angle


def test_not_turning_changes_no_pixel() -> None:
    base = short(piece("odd"), 151)
    [window] = rotated_windows(tensor(base), [0])
    assert int(apart(window, turned(base, 0)).max()) == 0


def test_the_rectangle_of_a_3_to_2_photo_is_the_one_that_the_facts_name() -> None:
    assert rotated_windows(torch.zeros(3, 336, 504, dtype=torch.uint8), [0]).shape[2:] == (259, 466)
    place = torch.zeros(3, 336, 504, dtype=torch.uint8)
    place[:, 39, 19] = 255
    window = rotated_windows(place, [0])[0]
    assert int(window[0, 0, 0]) == 255
    assert int(window.sum()) == 3 * 255


@pytest.mark.parametrize("width", [300, 504, 900, 970, 2000])
def test_the_rectangle_is_the_largest_that_fits(width: int) -> None:
    height, (rows, columns) = 336, inner_rectangle(336, width)
    assert inner_rectangle(width, height) == (columns, rows)
    assert inner_rectangle(height, width) == pytest.approx(largest(width, height)[::-1])
    c, s = math.cos(math.radians(10)), math.sin(math.radians(10))

    def area(across: float) -> float:
        """Of the largest rectangle that is so wide."""
        return across * max(0.0, min((height - across * s) / c, (width - across * c) / s))

    best = max(area(width * n / 20_000) for n in range(20_001))
    assert rows * columns == pytest.approx(best, rel=1e-3)
    assert columns * c + rows * s <= width + 1e-9
    assert columns * s + rows * c <= height + 1e-9


def test_tables_made_piece_by_piece_and_chunks_change_no_rotation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = tensor(short(piece("portrait"), 120))
    whole = rotated_windows(base, [-10, -2, 0, 6])
    monkeypatch.setitem(rotate._PIXELS, "cpu", 700)
    assert torch.equal(rotated_windows(base, [-10, -2, 0, 6]), whole)
    monkeypatch.setattr(rotate, "_TABLE_PIXELS", 0)
    assert torch.equal(rotated_windows(base, [-10, -2, 0, 6]), whole)


@pytest.mark.parametrize(
    "name", ["landscape 3:2", "portrait", "1000:563", "16:9", "6:1", "a handful of pixels"]
)
def test_a_family_is_the_references_pictures_on_black_squares(name: str) -> None:
    image = piece(name)
    original, base, _ours = scene(image, 96)
    expected = {
        ("original", ""): original,
        ("crop_original", ""): cropped(base, original.size, 0, 0),
        ("rotate_original", ""): middle(short(turned(base, 0), 96), original.size),
        ("ratio", "-4"): ratio(original, -4),
        ("ratio", "3"): ratio(original, 3),
        ("hcrop", "5"): cropped(base, original.size, 5, 0),
        ("vcrop", "-2"): cropped(base, original.size, 0, -2),
        ("leftcornerscrop", "-5"): cropped(base, original.size, -5, -5),
        ("rightcornerscrop", "4"): cropped(base, original.size, 4, 4),
    }
    family = render_family(
        tensor(image), key="a", variants=list(expected), geometry=Geometry(side=96)
    )
    for variant, got, picture in zip(expected, family, expected.values(), strict=True):
        padded = pad_square(tensor(picture)[None], 96)[0]
        assert torch.equal(got, padded), variant


def test_the_source_is_resized_once_for_the_large_base() -> None:
    image = piece("odd")
    original, base, ours = scene(image, 65)
    assert min(base.size) == 97
    assert torch.equal(ours.large, tensor(base))
    assert not torch.equal(ours.large, tensor(short(original, 97)))


@pytest.mark.parametrize("key", [*MOVES, "ratio", "rotate"])
def test_one_level_alone_is_the_same_as_among_others_and_the_photo_stays(key: str) -> None:
    image = piece("odd")
    original, _base, ours = scene(image, 67)
    values = [2, -4, 2]
    together = render(key, ours, values)
    for value, picture in zip(values, together, strict=True):
        assert torch.equal(render(key, ours, [value])[0], picture)
    together.zero_()
    assert torch.equal(ours.photo, tensor(original))
    assert torch.equal(ours.source, tensor(image))
