"""The pretext operations of Sheng et al. 2020 against NumPy, SciPy and Pillow."""

import io
import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from models_app.distortions.engine import render_batch, render_family
from models_app.distortions.ops import base
from models_app.distortions.pictures import photo_to_tensor
from tests.models_app.distortions.make_golden import demo_photo
from tests.models_app.distortions.sheng import PARAMETERS, PRESET, near, noise, piece, render

BILINEAR = Image.Resampling.BILINEAR
SIZES = [(64, 64), (227, 227), (30, 45), (45, 31), (7, 9), (1, 1), (2, 5), (8, 3)]


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


def patch(photo: torch.Tensor) -> torch.Tensor:
    """The shorter side to 256, then 227 x 227 out of the middle."""
    image = pillow(photo)
    width, height = image.size
    short = min(width, height)
    image = resized(image, int(256 * width / short), int(256 * height / short))
    left, top = round((image.width - 227) / 2), round((image.height - 227) / 2)
    return photo_to_tensor(image.crop((left, top, left + 227, top + 227)))


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
