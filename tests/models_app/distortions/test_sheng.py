"""The pretext operations of Sheng et al. 2020 against NumPy, SciPy and Pillow."""

import io
import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage, stats

from models_app.distortions.engine import render_batch, render_family
from models_app.distortions.ops import base
from models_app.distortions.ops.base import Scene
from models_app.distortions.ops.sheng.shuffle import Shuffle
from models_app.distortions.philox import Stream
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import PRESETS, load
from tests.models_app.distortions.make_golden import demo_photo

PRESET = PRESETS["sheng2020"]
BILINEAR = Image.Resampling.BILINEAR
CPU = torch.device("cpu")
PARAMETERS = {
    "jpeg": (60, 10),
    "noise": (0.2, 0.8),
    "rotation": (90, 180, 270),
    "downsampling": (4, 6),
    "quantisation": (64, 8),
    "pixelation": (4, 8),
    "exposure": (0.5, 3.0),
    "blur": (0.2, 0.8),
    "shuffle": (0.1, 0.5),
    "mixup": (0.1, 0.4),
}
SIZES = [(64, 64), (227, 227), (30, 45), (45, 31), (7, 9), (1, 1), (2, 5), (8, 3)]


def render(
    operation: str,
    photo: torch.Tensor,
    *values: float,
    partner: torch.Tensor | None = None,
    name: str = "a",
    seed: int = 0,
) -> torch.Tensor:
    scene = Scene(photo, sigma=1.0, key=name, seed=seed, partner=partner)
    entry = PRESET.distortions[f"sheng_{operation}"]
    rendered: torch.Tensor = load(entry).render(scene, values)
    assert rendered.dtype == torch.uint8
    assert rendered.shape == (len(values), *photo.shape)
    return rendered


def piece(height: int, width: int, photo: str = "astronaut") -> torch.Tensor:
    return photo_to_tensor(demo_photo(photo).crop((170, 60, 170 + width, 60 + height)))


def noise(height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng([height, width])
    return torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8))


def ramp(height: int = 24, width: int = 32) -> torch.Tensor:
    """All 256 levels and more, in every channel."""
    levels = np.arange(3 * height * width).reshape(3, height, width) % 256
    return torch.from_numpy(levels.astype(np.uint8))


def pillow(photo: torch.Tensor) -> Image.Image:
    return Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy())


def resized(image: Image.Image, width: int, height: int) -> Image.Image:
    """Rows first, then columns, whatever the version of Pillow."""
    return image.resize((width, image.height), BILINEAR).resize((width, height), BILINEAR)


def whole(photo: torch.Tensor) -> np.ndarray:
    return photo.numpy().astype(np.int64)


def near(got: torch.Tensor, exact: np.ndarray, slack: float = 1e-4) -> bool:
    """Whether these are the roundings of numbers at most `slack` beside the exact ones."""
    low, high = (np.floor(exact + 0.5 + shift).clip(0, 255) for shift in (-slack, slack))
    return bool(((low <= got.numpy()) & (got.numpy() <= high)).all())


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def patch(photo: torch.Tensor) -> torch.Tensor:
    """The shorter side to 256, then 227 x 227 out of the middle."""
    image = pillow(photo)
    width, height = image.size
    short = min(width, height)
    image = resized(image, int(256 * width / short), int(256 * height / short))
    left, top = round((image.width - 227) / 2), round((image.height - 227) / 2)
    return photo_to_tensor(image.crop((left, top, left + 227, top + 227)))


def tiles(photo: torch.Tensor, side: int) -> np.ndarray:
    """Blocks in rows, each a list of its pixels: [blocks, side * side, 3]."""
    down, along = photo.shape[1] // side, photo.shape[2] // side
    array = photo.permute(1, 2, 0).numpy()[: down * side, : along * side]
    cut = array.reshape(down, side, along, side, 3).transpose(0, 2, 1, 3, 4)
    return cut.reshape(down * along, side * side, 3)


def numbered(side: int, down: int, along: int) -> torch.Tensor:
    """A pixel's place in its block is its value, and so in every channel with another offset."""
    place = np.arange(side * side, dtype=np.uint8).reshape(side, side)
    plane = np.tile(place, (down, along))
    return torch.from_numpy(np.stack([plane, plane + 100, plane + 200]))


def test_there_are_21_parameters_and_the_original() -> None:
    assert len(PRESET.variants) == 22
    assert PRESET.variants[0] == ("original", "")
    values = {key: [lv.value for lv in entry.levels] for key, entry in PRESET.distortions.items()}
    assert values == {f"sheng_{key}": sorted(levels) for key, levels in PARAMETERS.items()}
    assert [key for key, _level in PRESET.variants if key != "original"] == [
        key for key, levels in values.items() for _level in levels
    ]


def test_eight_operations_have_a_weaker_and_a_stronger_parameter_in_that_order() -> None:
    chains = {chain.distortion: [lv.value for lv in chain.levels] for chain in PRESET.chains}
    ordered = {key for key in PARAMETERS if key not in {"rotation", "exposure"}}
    assert chains == {f"sheng_{key}": list(PARAMETERS[key]) for key in ordered}


@pytest.mark.parametrize("quality", [60, 10])
def test_jpeg_is_pillows(quality: int) -> None:
    for photo in (piece(91, 120), noise(17, 33), noise(1, 1)):
        file = io.BytesIO()
        pillow(photo).save(file, "JPEG", quality=quality, subsampling="4:2:0")
        expected = photo_to_tensor(Image.open(file))
        assert torch.equal(render("jpeg", photo, quality)[0], expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("factor", [4, 6])
def test_downsampling_is_bilinear_down_and_up(factor: int, size: tuple[int, int]) -> None:
    for photo in (piece(*size), noise(*size)):
        image = pillow(photo)
        small = [max(1, round(side / factor)) for side in image.size]
        expected = photo_to_tensor(resized(resized(image, *small), *image.size))
        assert torch.equal(render("downsampling", photo, factor)[0], expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [4, 8])
def test_pixelation_takes_the_mean_of_each_block_also_at_the_edges(
    side: int, size: tuple[int, int]
) -> None:
    for photo in (piece(*size), noise(*size)):
        expected = whole(photo)
        for top, left in itertools.product(range(0, size[0], side), range(0, size[1], side)):
            block = expected[:, top : top + side, left : left + side]
            count = block.shape[1] * block.shape[2]
            means = (2 * block.sum((1, 2)) + count) // (2 * count)
            block[:] = means[:, None, None]
        assert np.array_equal(render("pixelation", photo, side)[0].numpy(), expected)


@pytest.mark.parametrize("count", [64, 8])
def test_quantisation_has_so_many_levels_at_equal_distances(count: int) -> None:
    [got] = render("quantisation", ramp(), count)
    place = whole(ramp()) * count // 256
    expected = (510 * place + count - 1) // (2 * (count - 1))
    assert np.array_equal(got.numpy(), expected)
    levels = got.unique()
    assert len(levels) == count
    assert (int(levels[0]), int(levels[-1])) == (0, 255)
    assert set(Counter(got[0, :8].flatten().tolist()).values()) == {256 // count}


def test_exposure_scales_and_clips() -> None:
    half, triple = render("exposure", ramp(), 0.5, 3.0)
    assert np.array_equal(half.numpy(), (whole(ramp()) + 1) // 2)
    assert np.array_equal(triple.numpy(), np.minimum(3 * whole(ramp()), 255))


@pytest.mark.parametrize("size", SIZES)
def test_the_blur_is_a_gaussian_of_scipy(size: tuple[int, int]) -> None:
    for photo in (piece(*size), noise(*size)):
        planes = photo.numpy().astype(np.float64)
        exact = np.stack([ndimage.gaussian_filter(p, 0.8, mode="mirror", radius=4) for p in planes])
        assert near(render("blur", photo, 0.8)[0], exact, slack=2e-4)


@pytest.mark.parametrize("size", SIZES)
def test_the_weakest_blur_changes_nothing(size: tuple[int, int]) -> None:
    steps = (noise(*size) > 127).to(torch.uint8) * 255
    for photo in (piece(*size), noise(*size), steps):
        assert torch.equal(render("blur", photo, 0.2)[0], photo)
    planes = steps.numpy().astype(np.float64)
    blurred = np.stack([ndimage.gaussian_filter(p, 0.2, mode="mirror", radius=8) for p in planes])
    assert np.abs(blurred - planes).max() < 0.5


def test_the_weakest_blur_is_marked_as_the_original() -> None:
    marked = [
        (key, level.key)
        for key, entry in PRESET.distortions.items()
        for level in entry.levels
        if level.identity
    ]
    assert marked == [("sheng_blur", "0.2")]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_anticlockwise(degrees: int) -> None:
    turn = getattr(Image.Transpose, f"ROTATE_{degrees}")
    for photo in (piece(31, 31), noise(64, 64)):
        expected = photo_to_tensor(pillow(photo).transpose(turn))
        assert torch.equal(render("rotation", photo, degrees)[0], expected)


def test_rotation_of_a_patch_that_is_not_square_is_refused() -> None:
    with pytest.raises(ValueError, match="The patch is 7 x 5; quarter turns need a square one"):
        render("rotation", noise(5, 7), 90)


@pytest.mark.parametrize("weight", [0.1, 0.4])
def test_mixup_is_a_weighted_mean_with_the_partner(weight: float) -> None:
    pairs = [(piece(40, 50), piece(40, 50, "coffee")), (noise(30, 20), ramp(30, 20))]
    pairs += [(ramp(3, 2), noise(3, 2))]
    for photo, partner in pairs:
        exact = (1 - weight) * photo.double().numpy() + weight * partner.double().numpy()
        assert near(render("mixup", photo, weight, partner=partner)[0], exact)
        assert torch.equal(render("mixup", photo, weight, partner=photo)[0], photo)


def test_mixup_without_another_photo_is_refused() -> None:
    with pytest.raises(ValueError, match="Mix-up needs another photo; give a partner"):
        render("mixup", noise(4, 4), 0.1)
    with pytest.raises(ValueError, match="Mix-up needs another photo"):
        render_family(noise(40, 40), key="a", preset="sheng2020")
    with pytest.raises(ValueError, match="Mix-up needs another photo"):
        render_batch([noise(40, 40)], keys=["a"], preset="sheng2020")


@pytest.mark.parametrize("variance", [0.2, 0.8])
def test_noise_is_the_streams_normal_numbers_times_the_root_of_the_variance(
    variance: float,
) -> None:
    for photo in (piece(30, 41), noise(1, 1)):
        count = photo.shape[1] * photo.shape[2]
        u = Stream.keyed("a", "sheng_noise", variance, 0).uniform(0, count, CPU).double().numpy()
        near_, far = np.sqrt(-2 * np.log(u[0])), np.sqrt(-2 * np.log(u[2]))
        a, b = 2 * np.pi * u[1], 2 * np.pi * u[3]
        draws = np.stack([near_ * np.cos(a), near_ * np.sin(a), far * np.cos(b)])
        exact = 255 * math.sqrt(variance) * draws.reshape(photo.shape) + photo.numpy()
        assert near(render("noise", photo, variance)[0], exact, slack=2e-3)


@pytest.mark.parametrize("value", [0, 100, 255])
@pytest.mark.parametrize("variance", [0.2, 0.8])
def test_noise_has_the_clipped_normal_distribution(variance: float, value: int) -> None:
    photo = torch.full((3, 160, 200), value, dtype=torch.uint8)
    [got] = render("noise", photo, variance)
    edges = np.arange(255) + 0.5
    above = stats.norm.sf(edges, loc=value, scale=255 * math.sqrt(variance))
    chances = -np.diff(np.concatenate([[1], above, [0]]))
    counts = np.bincount(got.flatten().numpy(), minlength=256)
    assert stats.chisquare(counts, chances * got.numel()).pvalue > 1e-3
    mean = float(chances @ np.arange(256))
    assert abs(float(got.double().mean()) - mean) < 1
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert abs(correlation(got[a].numpy(), got[b].numpy())) < 4 / math.sqrt(got[0].numel())


@pytest.mark.parametrize("operation", ["noise", "shuffle"])
def test_random_operations_repeat_for_the_same_photo_parameter_and_seed(operation: str) -> None:
    photo = piece(60, 60)
    first = render(operation, photo, *PARAMETERS[operation])
    assert torch.equal(first, render(operation, photo, *PARAMETERS[operation]))
    [alone] = render(operation, photo, PARAMETERS[operation][1])
    assert torch.equal(first[1], alone)
    assert not torch.equal(first, render(operation, photo, *PARAMETERS[operation], seed=1))
    assert not torch.equal(first, render(operation, photo, *PARAMETERS[operation], name="b"))


@given(st.integers(1, 23), st.integers(1, 23), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_shuffling_keeps_the_pixels_of_every_block_and_what_fills_no_block(
    height: int, width: int, side: int, seed: int
) -> None:
    photo = noise(height, width)
    scene = Scene(photo, sigma=1.0, seed=seed)
    before, after = photo, Shuffle(block=side).render(scene, [0.5])[0]
    for old, new in zip(tiles(before, side), tiles(after, side), strict=True):
        assert sorted(map(tuple, old.tolist())) == sorted(map(tuple, new.tolist()))
    down, along = height // side * side, width // side * side
    assert torch.equal(after[:, down:], before[:, down:])
    assert torch.equal(after[:, :, along:], before[:, :, along:])


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_of_blocks_that_change_is_the_parameter_less_the_idle_permutations(
    share: float,
) -> None:
    photo = numbered(2, 110, 130)
    changed = (tiles(render("shuffle", photo, share)[0], 2) != tiles(photo, 2)).any((1, 2))
    test = stats.binomtest(int(changed.sum()), changed.size, share * 23 / 24)
    assert test.pvalue > 1e-3
    grid = changed.reshape(110, 130).astype(float)
    for moved in (np.roll(grid, 1, 0), np.roll(grid, 1, 1), np.roll(grid, (1, 1), (0, 1))):
        assert abs(correlation(grid, moved)) < 4 / math.sqrt(grid.size)


def test_every_permutation_of_a_block_is_as_likely_and_moves_whole_pixels() -> None:
    photo = numbered(2, 120, 140)
    shuffled = tiles(render("shuffle", photo, 0.5)[0], 2).astype(int)
    assert np.array_equal(shuffled[..., 0] + 100, shuffled[..., 1])
    assert np.array_equal(shuffled[..., 0] + 200, shuffled[..., 2])
    found = Counter(map(tuple, shuffled[..., 0].tolist()))
    orders = list(itertools.permutations(range(4)))
    assert set(found) == set(orders)
    assert stats.chisquare([found[order] for order in orders[1:]]).pvalue > 1e-3


def test_larger_blocks_are_shuffled_evenly_too() -> None:
    photo = numbered(3, 60, 70)
    scene = Scene(photo, sigma=1.0, key="a")
    [shuffled] = Shuffle(block=3).render(scene, [1.0])
    order = tiles(shuffled, 3)[..., 0].astype(int)
    counts = np.stack([np.bincount(order[:, cell], minlength=9) for cell in range(9)])
    assert stats.chisquare(counts.ravel(), ddof=16).pvalue > 1e-3
    expected = len(order) / 9
    assert np.abs(counts - expected).max() < 5 * math.sqrt(expected)


def test_a_share_of_one_shuffles_all_and_of_none_nothing() -> None:
    photo = numbered(2, 40, 50)
    every = (tiles(render("shuffle", photo, 1.0)[0], 2) != tiles(photo, 2)).any((1, 2))
    assert stats.binomtest(int(every.sum()), every.size, 23 / 24).pvalue > 1e-3
    assert torch.equal(render("shuffle", photo, 0.0)[0], photo)


@pytest.mark.parametrize("operation", PARAMETERS)
def test_bands_and_other_parameters_make_no_difference_and_the_photo_stays(
    operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, partner = noise(29, 29), noise(30, 29)[:, 1:].contiguous()
    before = photo.clone()
    together = render(operation, photo, *PARAMETERS[operation], partner=partner)
    monkeypatch.setitem(base._BAND_PIXELS, "cpu", 29 * 3)
    for value, picture in zip(PARAMETERS[operation], together, strict=True):
        assert torch.equal(render(operation, photo, value, partner=partner)[0], picture)
    together.zero_()
    assert torch.equal(photo, before)


def test_patches_are_cut_out_of_the_middle_of_the_resized_photo() -> None:
    photos = [photo_to_tensor(demo_photo("coffee")), noise(300, 260), noise(60, 150)]
    partner = photo_to_tensor(demo_photo("rocket"))
    variants = [("original", ""), ("sheng_rotation", "90"), ("sheng_mixup", "0.4")]
    for photo in photos:
        original, turned, mixed = render_family(
            photo, key="a", preset="sheng2020", variants=variants, partner=partner
        )
        assert torch.equal(original, patch(photo))
        assert torch.equal(turned, patch(photo).rot90(1, (1, 2)))
        exact = 0.6 * patch(photo).double() + 0.4 * patch(partner).double()
        assert near(mixed, exact.numpy())


def test_the_partner_in_a_batch_is_the_next_photo() -> None:
    photos = [noise(80, 70), ramp(60, 90), piece(50, 50)]
    batch = render_batch(photos, keys=["a", "b", "c"], preset="sheng2020")
    assert batch.shape == (3, 22, 3, 227, 227)
    place = PRESET.variants.index(("sheng_mixup", "0.1"))
    for n, photo in enumerate(photos):
        following = patch(photos[(n + 1) % 3]).double()
        assert near(batch[n, place], (0.9 * patch(photo).double() + 0.1 * following).numpy())
