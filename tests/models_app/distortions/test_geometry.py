"""Sizes, resizing, cutting and padding against Pillow itself, and Pillow's weights term by term."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from models_app.distortions import geometry
from models_app.distortions.geometry import (
    Filter,
    GeometryError,
    centre_crop,
    pad_square,
    pillow_matrix,
    resize,
    resize_short,
    resized_by_matrices,
    short_size,
    window,
)
from tests.models_app.distortions.make_golden import demo_photo

CPU = torch.device("cpu")
FILTERS: dict[Filter, Image.Resampling] = {
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
}
SIDES = st.integers(1, 90)
ODD_PAIRS = [(1, 1), (1, 2), (2, 1), (1, 224), (224, 1), (3, 7), (7, 3), (336, 224), (225, 224)]
ODD_PAIRS += [(5, 1200), (1200, 5), (427, 224), (100, 101), (101, 100), (97, 31), (600, 60)]
SHAPES = [(400, 600), (427, 640), (640, 360), (512, 512), (140, 420), (451, 300), (223, 225)]
SHAPES += [(224, 224), (224, 672), (225, 337), (5, 7), (7, 5), (90, 540), (1, 1), (224, 225)]


def scattered(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise with many 0 and 255: sharp steps, where a wrong weight shows most."""
    rng = np.random.default_rng([seed, height, width])
    noise = rng.integers(-120, 376, (height, width, 3))
    return noise.clip(0, 255).astype(np.uint8)


def tensor(picture: np.ndarray | Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def picture(photo: torch.Tensor) -> Image.Image:
    return Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy())


def real(height: int, width: int) -> Image.Image:
    return demo_photo("chelsea").resize((width, height), Image.Resampling.BICUBIC)


def resized(image: Image.Image, size: tuple[int, int], how: Filter = "bilinear") -> Image.Image:
    """Pillow, rows first: from version 13 on it takes the columns first for some tall pictures."""
    width, height = size
    return image.resize((width, image.height), FILTERS[how]).resize((width, height), FILTERS[how])


def short(image: Image.Image, side: int) -> Image.Image:
    width, height = image.size
    if height <= width:
        return resized(image, (int(side * width / height), side))
    return resized(image, (side, int(side * height / width)))


def padded(image: Image.Image, side: int) -> Image.Image:
    """The reference's steps, one by one."""
    image = short(image, side)
    long = max(image.size)
    square = Image.new("RGB", (long, long))
    square.paste(image, ((long - image.width) // 2, (long - image.height) // 2))
    return resized(square, (side, side))


def weights(n_in: int, n_out: int, how: Filter) -> list[list[int]]:
    """Pillow's precompute_coeffs and normalize_coeffs_8bpc, in Python's floats."""
    scale = n_in / n_out
    stretch = max(scale, 1.0)
    support = stretch * (1.0 if how == "bilinear" else 0.5)
    rows = []
    for out in range(n_out):
        centre = (out + 0.5) * scale
        first = max(0, int(centre - support + 0.5))
        last = min(n_in, int(centre + support + 0.5))
        row = [0.0] * n_in
        for place in range(first, last):
            x = (place - centre + 0.5) * (1.0 / stretch)
            if how == "bilinear":
                row[place] = max(0.0, 1.0 - abs(x))
            else:
                row[place] = 1.0 if -0.5 < x <= 0.5 else 0.0
        total = 0.0
        for weight in row:
            total += weight
        rows.append([int(0.5 + weight / total * 2**22) for weight in row])
    return rows


@pytest.mark.parametrize("how", ["bilinear", "box"])
@given(SIDES, SIDES, SIDES, SIDES)
@example(1, 1, 90, 77)
@example(77, 90, 1, 1)
@example(1, 90, 90, 1)
@example(90, 30, 20, 30)
@example(90, 30, 20, 31)
@example(33, 33, 33, 34)
@settings(max_examples=80, deadline=None)
def test_resizing_is_pillows_on_every_device(
    how: Filter, h: int, w: int, high: int, wide: int
) -> None:
    images = [Image.fromarray(scattered(h, w)), Image.fromarray(255 - scattered(h, w))]
    photos = torch.stack([tensor(image) for image in images])
    expected = torch.stack([tensor(resized(image, (wide, high), how)) for image in images])
    for ours in (resize, resized_by_matrices):
        got = ours(photos, (high, wide), how)
        assert got.dtype == torch.uint8
        assert torch.equal(got, expected), ours.__name__


@pytest.mark.parametrize("how", ["bilinear", "box"])
@pytest.mark.parametrize(("n_in", "n_out"), ODD_PAIRS)
def test_resizing_long_sides_is_pillows_too(how: Filter, n_in: int, n_out: int) -> None:
    source = scattered(n_in, 6)
    for array, size in ((source, (n_out, 6)), (source.transpose(1, 0, 2), (6, n_out))):
        image = Image.fromarray(np.ascontiguousarray(array))
        expected = tensor(image.resize(size[::-1], FILTERS[how]))
        for ours in (resize, resized_by_matrices):
            assert torch.equal(ours(tensor(image)[None], size, how)[0], expected)


@pytest.mark.parametrize("how", ["bilinear", "box"])
@pytest.mark.parametrize("shape", [(336, 224), (224, 336), (120, 300)])
def test_resizing_a_photo_is_pillows(how: Filter, shape: tuple[int, int]) -> None:
    image = demo_photo("flower")
    expected = tensor(resized(image, shape[::-1], how))
    for ours in (resize, resized_by_matrices):
        assert torch.equal(ours(tensor(image)[None], shape, how)[0], expected)


def test_rows_are_resized_before_columns_whatever_pillow_thinks_faster() -> None:
    tall = tensor(real(600, 200))
    rows_first = torch.stack([tall])
    for size in ((600, 112), (336, 112)):
        rows_first = resized_by_matrices(rows_first, size)
    assert torch.equal(resize(tall[None], (336, 112)), rows_first)


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(["bilinear", "box"]))
@settings(max_examples=60, deadline=None)
def test_every_weight_is_pillows(n_in: int, n_out: int, how: Filter) -> None:
    assert pillow_matrix(n_in, n_out, how, CPU).tolist() == weights(n_in, n_out, how)


def test_a_photo_of_the_right_size_is_not_copied() -> None:
    photos = tensor(scattered(6, 9))[None]
    assert resize(photos, (6, 9)) is photos


@pytest.mark.parametrize(
    ("height", "width", "side", "size"),
    [
        (427, 640, 224, (224, 335)),
        (427, 640, 336, (336, 503)),
        (640, 427, 224, (335, 224)),
        (300, 451, 224, (224, 336)),
        (1080, 1920, 224, (224, 398)),
        (563, 1000, 336, (336, 596)),
        (512, 512, 224, (224, 224)),
        (511, 512, 224, (224, 224)),
        (1, 50, 224, (224, 11200)),
        (50, 1, 3, (150, 3)),
    ],
)
def test_the_long_side_is_truncated(
    height: int, width: int, side: int, size: tuple[int, int]
) -> None:
    assert short_size(height, width, side) == size


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [67, 224, 336])
def test_resizing_to_a_short_side_is_the_references(shape: tuple[int, int], side: int) -> None:
    image = real(*shape)
    assert torch.equal(resize_short(tensor(image), side), tensor(short(image, side)))


@pytest.mark.parametrize(("height", "width"), [(1, 51), (51, 1), (100, 5001), (2, 4000)])
def test_a_photo_that_is_all_length_is_refused(height: int, width: int) -> None:
    with pytest.raises(GeometryError, match=f"^it is {width} x {height}, one side more than 50"):
        short_size(height, width, 224)
    with pytest.raises(GeometryError, match="cut it"):
        pad_square(torch.zeros(1, 3, height, width, dtype=torch.uint8), 224)


TIES = [(224, 280), (280, 224), (224, 232), (224, 288), (224, 416)]


@pytest.mark.parametrize("side", [96, 224])
@pytest.mark.parametrize("shape", [*SHAPES, *TIES])
def test_padding_is_the_references_to_the_last_digit(shape: tuple[int, int], side: int) -> None:
    # Ratios with ties are where a filter with fewer bits would differ most.
    for image in (real(*shape), Image.fromarray(scattered(*shape))):
        square = pad_square(tensor(image)[None], side)
        assert square.shape == (1, 3, side, side)
        assert torch.equal(square[0], tensor(padded(image, side)))


def test_the_fast_filter_is_taken_where_it_is_exact_alone() -> None:
    assert geometry._vectorised_is_exact(336, 224)
    assert not geometry._vectorised_is_exact(280, 224)


@pytest.mark.parametrize("shape", SHAPES)
def test_padding_as_accelerators_do_it_is_exactly_the_references(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geometry, "resize", resized_by_matrices)
    monkeypatch.setattr(geometry, "_vectorised_is_exact", lambda _n_in, _n_out: False)
    for image in (real(*shape), Image.fromarray(scattered(*shape))):
        assert torch.equal(pad_square(tensor(image)[None], 224)[0], tensor(padded(image, 224)))


@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        ((224, 672), (slice(76, 148), slice(2, 222))),
        ((672, 224), (slice(2, 222), slice(76, 148))),
        ((224, 224), (slice(0, 224), slice(0, 224))),
    ],
)
def test_the_whole_photo_stays_and_all_else_is_black(
    shape: tuple[int, int], inside: tuple[slice, slice]
) -> None:
    square = pad_square(torch.full((1, 3, *shape), 200, dtype=torch.uint8), 224)[0]
    assert bool((square[:, inside[0], inside[1]] == 200).all())
    square[:, inside[0].start - 4 : inside[0].stop + 4] *= int(shape[0] > shape[1])
    square[:, :, max(0, inside[1].start - 4) : inside[1].stop + 4] = 0
    assert not square.any()


@given(SIDES, SIDES, SIDES, SIDES)
@example(68, 68, 1, 1)
@example(1, 1, 68, 68)
@example(90, 31, 31, 90)
@example(4, 4, 7, 9)
@settings(max_examples=120, deadline=None)
def test_the_middle_is_cut_out_as_pillow_does_with_offsets_rounded_half_to_even(
    height: int, width: int, high: int, wide: int
) -> None:
    source = scattered(height, width)
    top, left = round((height - high) / 2), round((width - wide) / 2)
    expected = tensor(Image.fromarray(source).crop((left, top, left + wide, top + high)))
    assert torch.equal(centre_crop(tensor(source)[None], (high, wide))[0], expected)


@pytest.mark.parametrize(("outer", "inner", "first"), [(269, 202, 34), (469, 200, 134), (9, 4, 2)])
def test_half_a_pixel_goes_to_the_even_place(outer: int, inner: int, first: int) -> None:
    ramp = torch.arange(outer).to(torch.uint8).expand(1, 3, 4, outer)
    assert int(centre_crop(ramp, (4, inner))[0, 0, 0, 0]) == first % 256
    assert int(centre_crop(ramp.mT, (inner, 4))[0, 0, 0, 0]) == first % 256


@given(SIDES, SIDES, st.integers(-60, 60), st.integers(-60, 60), SIDES, SIDES)
@settings(max_examples=120, deadline=None)
def test_any_window_is_pillows_crop_black_outside(
    height: int, width: int, top: int, left: int, high: int, wide: int
) -> None:
    source = scattered(height, width)
    expected = tensor(Image.fromarray(source).crop((left, top, left + wide, top + high)))
    got = window(tensor(source)[None], top, left, (high, wide))[0]
    assert torch.equal(got, expected)


def test_the_photo_is_left_as_it_was() -> None:
    photo = tensor(scattered(40, 30))[None]
    before = photo.clone()
    pad_square(photo, 24)
    centre_crop(photo, (50, 20)).zero_()
    resized_by_matrices(photo, (13, 77))
    assert torch.equal(photo, before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gpu_pads_exactly_as_pillow(shape: tuple[int, int]) -> None:
    image = Image.fromarray(scattered(*shape))
    got = pad_square(tensor(image)[None].cuda(), 224)[0].cpu()
    assert torch.equal(got, tensor(padded(image, 224)))
    for how in FILTERS:
        on_gpu = resize(tensor(image)[None].cuda(), (97, 131), how)[0].cpu()
        assert torch.equal(on_gpu, tensor(resized(image, (131, 97), how)))
