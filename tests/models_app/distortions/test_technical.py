"""Technical distortions against plain loops, SciPy, Pillow and the distributions they name."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage, stats

from models_app.distortions.ops import base, motion
from models_app.distortions.ops.defocus import disk
from models_app.distortions.ops.motion import taps
from models_app.distortions.philox import Stream
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import DISTORTIONS
from tests.models_app.distortions.technical import (
    LEVELS,
    correlation,
    flat,
    floors,
    noise,
    render,
    salted,
)

QUALITY = [25, 18, 15, 10, 7]
DEFOCUS = [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)]
MOTION = [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)]
FACTOR = [0.6, 0.5, 0.4, 0.3, 0.25]
KEYS = [entry.key for entry in DISTORTIONS.values() if entry.aspect == "technical"]
# What float32 sums of a few hundred terms may be off, in levels.
SINGLE = 1e-4
TINY = [(1, 1), (1, 2), (2, 3), (3, 1), (5, 40), (40, 5), (17, 17), (9, 8)]


def pillow(photo: torch.Tensor) -> Image.Image:
    return Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy())


def place(step: int, n: int) -> int:
    """Reflect-101, one bounce at a time."""
    while n > 1 and not 0 <= step < n:
        step = -step if step < 0 else 2 * (n - 1) - step
    return step if n > 1 else 0


def lens(radius: int, alias: float) -> np.ndarray:
    reach = max(8, radius)
    size = 2 * reach + 1
    plain = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            plain[i, j] = float((i - reach) ** 2 + (j - reach) ** 2 <= radius**2)
    plain /= plain.sum()
    half = 1 if radius <= 8 else 2
    bell = np.array([math.exp(-(n**2) / (2 * alias**2)) for n in range(-half, half + 1)])
    bell /= bell.sum()
    smooth = np.zeros_like(plain)
    for i in range(size):
        for j in range(size):
            for a in range(-half, half + 1):
                for b in range(-half, half + 1):
                    value = plain[place(i + a, size), place(j + b, size)]
                    smooth[i, j] += bell[a + half] * bell[b + half] * value
    return smooth


LENSES = [lens(radius, alias) for radius, alias in DEFOCUS]


def defocused(photo: torch.Tensor, level: int) -> np.ndarray:
    """In levels, not rounded and not clipped."""
    planes = photo.numpy().astype(np.float64)
    return np.stack([ndimage.correlate(p, LENSES[level - 1], mode="mirror") for p in planes])


def dragged(photo: torch.Tensor, level: int, degrees: float) -> np.ndarray:
    """In levels, not rounded."""
    radius, sigma = MOTION[level - 1]
    planes = photo.numpy().astype(np.float64)
    _three, height, width = planes.shape
    out, total = np.zeros_like(planes), 0.0
    for i in range(2 * radius + 1):
        weight = math.exp(-(i**2) / (2 * sigma**2))
        dx = math.ceil(i * math.cos(math.pi * degrees / 180) - 0.5)
        dy = math.ceil(i * math.sin(math.pi * degrees / 180) - 0.5)
        rows = [min(max(y + dy, 0), height - 1) for y in range(height)]
        columns = [min(max(x + dx, 0), width - 1) for x in range(width)]
        out += weight * planes[:, rows][:, :, columns]
        total += weight
    return out / total


def turn_by(monkeypatch: pytest.MonkeyPatch, degrees: float) -> None:
    monkeypatch.setattr(Stream, "one", lambda stream: (degrees + 45) / 90)


def pixelated(photo: torch.Tensor, level: int) -> torch.Tensor:
    image, box = pillow(photo), Image.Resampling.BOX
    width, height = image.size
    small = [max(1, int(side * FACTOR[level - 1])) for side in (width, height)]
    for size in ((small[0], height), (small[0], small[1]), (width, small[1]), (width, height)):
        image = image.resize(size, box)
    return photo_to_tensor(image)


def recompressed(photo: torch.Tensor, quality: int) -> torch.Tensor:
    file = io.BytesIO()
    pillow(photo).save(file, "JPEG", quality=quality, subsampling="4:2:0", progressive=False)
    return photo_to_tensor(Image.open(file))


@pytest.mark.parametrize("level", LEVELS)
def test_jpeg_is_pillows_at_the_references_qualities(level: int, larger: torch.Tensor) -> None:
    for photo in (larger, noise(31, 17)):
        assert torch.equal(
            render("jpeg_compression", photo, level)[0], recompressed(photo, QUALITY[level - 1])
        )


@pytest.mark.parametrize("level", LEVELS)
def test_pixelation_is_two_box_filters(level: int, larger: torch.Tensor) -> None:
    for photo in (larger, larger.mT.contiguous(), noise(31, 100), noise(120, 33), noise(2, 3)):
        assert torch.equal(render("pixelate", photo, level)[0], pixelated(photo, level))


def test_disks_are_those_of_a_double_loop_and_sum_to_what_the_reference_has() -> None:
    for (radius, alias), kernel in zip(DEFOCUS, LENSES, strict=True):
        assert np.abs(disk(radius, alias).numpy() - kernel).max() < 1e-15
    sums = [kernel.sum() for kernel in LENSES]
    assert sums == pytest.approx([1, 1, 1, 1.01298, 1.01079], abs=5e-6)
    assert [kernel.shape for kernel in LENSES] == [(17, 17)] * 4 + [(21, 21)]


@pytest.mark.parametrize("level", LEVELS)
def test_defocus_is_a_correlation_with_the_disk(level: int, larger: torch.Tensor) -> None:
    for photo in (larger, noise(60, 45), *(noise(*size) for size in TINY)):
        exact = defocused(photo, level)
        [got] = render("defocus_blur", photo, level)
        # The reference takes 1e-5 off, float32 needs more to get below every exact mean.
        assert floors(got, exact - 7e-4, 8e-4), photo.shape
        if photo is larger:
            reference = np.floor(exact - 1e-5).clip(0, 255)
            assert (got.numpy() != reference).mean() < 3e-3
            assert np.abs(got.numpy() - reference).max() <= 1


def test_defocus_of_an_exact_mean_is_one_lower() -> None:
    for value in range(1, 256):
        got = render("defocus_blur", flat(value, 9, 9), 1, 2, 3)
        assert bool((got == value - 1).all()), value


def test_defocus_of_white_stays_white_where_the_disk_sums_to_more_than_one() -> None:
    assert bool((render("defocus_blur", flat(255, 30, 30), 4, 5) == 255).all())
    assert bool((render("defocus_blur", flat(0, 30, 30), *LEVELS) == 0).all())
    got = render("defocus_blur", flat(128, 30, 30), 4, 5)
    assert got[:, 0, 0, 0].tolist() == [int(128 * 1.01298), int(128 * 1.01079)]


@pytest.mark.parametrize("degrees", [-45.0, -44.9, -31.7, -10.0, 0.0, 3.3, 22.5, 44.9, 45.0])
@pytest.mark.parametrize("level", LEVELS)
def test_motion_blur_is_a_line_of_weights(
    level: int, degrees: float, photo: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_by(monkeypatch, degrees)
    for picture in (photo, noise(50, 33)):
        exact = dragged(picture, level, degrees)
        [got] = render("motion_blur", picture, level)
        assert floors(got, exact + 2.0**-12, SINGLE)
        assert (got.numpy() != np.floor(exact + 1e-6)).mean() < 5e-3


@pytest.mark.parametrize("size", TINY)
def test_motion_blur_of_a_photo_smaller_than_its_line(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = noise(*size)
    for degrees in (-45.0, -20.0, 0.0, 45.0):
        turn_by(monkeypatch, degrees)
        for level, got in zip(LEVELS, render("motion_blur", picture, *LEVELS), strict=True):
            assert floors(got, dragged(picture, level, degrees) + 2.0**-12, SINGLE)


def test_motion_blur_of_a_dot_points_one_way_only(monkeypatch: pytest.MonkeyPatch) -> None:
    dot = flat(0, 41, 41)
    dot[:, 20, 20] = 255
    for degrees, rows in ((45.0, slice(0, 20)), (-45.0, slice(21, 41))):
        turn_by(monkeypatch, degrees)
        [got] = render("motion_blur", dot, 1)
        assert int(got[:, 20, 20].min()) > 0
        assert int(got[:, rows, :20].max()) > 0
        assert not got[:, :, 21:].any()
    # At 30 degrees odd steps end half a pixel down, and that half is dropped.
    assert [dy for _dx, dy, _weight in taps(2, 1.0, 30.0)] == [0, 0, 1, 1, 2]
    assert sum(weight for _dx, _dy, weight in taps(10, 3.0, 12.0)) == pytest.approx(1, abs=1e-12)
    assert len(taps(20, 15.0, 12.0)) == 41


def test_flat_photos_stay_as_they_are_under_motion_blur() -> None:
    for value in (0, 1, 100, 254, 255):
        assert bool((render("motion_blur", flat(value, 30, 30), *LEVELS) == value).all())


def test_angles_are_uniform_and_differ_between_photos_levels_and_seeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    angles: list[float] = []

    def note(band: base.Band, radius: int, sigma: float, degrees: float) -> torch.Tensor:
        angles.append(degrees)
        return torch.zeros(band.photo.shape)

    monkeypatch.setattr(motion, "drawn_out", note)
    for n in range(600):
        render("motion_blur", flat(9, 1, 1), *LEVELS, name=f"photo {n}", seed=n % 2)
    drawn = np.array(angles).reshape(600, 5)
    assert drawn.min() >= -45
    assert drawn.max() <= 45
    for chosen in (drawn.ravel(), *drawn.T, drawn[::2].ravel(), drawn[1::2].ravel()):
        assert stats.kstest(chosen, stats.uniform(-45, 90).cdf).pvalue > 1e-3
    for a, b in ((0, 1), (1, 2), (3, 4), (0, 4)):
        assert abs(correlation(drawn[:, a], drawn[:, b])) < 4 / math.sqrt(600)
    assert abs(correlation(drawn[1:], drawn[:-1])) < 4 / math.sqrt(3000)
    angles.clear()
    render("motion_blur", flat(9, 1, 1), 3, name="photo 0", seed=0)
    render("motion_blur", flat(9, 1, 1), 3, name="photo 0", seed=1)
    assert angles[0] == drawn[0, 2] != angles[1]


@pytest.mark.parametrize("key", ["gaussian_noise", "impulse_noise", "motion_blur"])
def test_the_same_photo_level_and_seed_give_the_same_pixels(key: str, larger: torch.Tensor) -> None:
    first = render(key, larger, *LEVELS)
    assert torch.equal(first, render(key, larger.clone(), *LEVELS))
    for level in LEVELS:
        assert torch.equal(first[level - 1 : level], render(key, larger, level))
    assert not torch.equal(first, render(key, larger, *LEVELS, seed=1))
    assert not torch.equal(first, render(key, larger, *LEVELS, name="b"))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("size", [(31, 23), (5, 40), (64, 9)])
def test_bands_make_no_difference(
    key: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = noise(*size)
    whole = render(key, picture, *LEVELS)
    for budget in (1, size[1] * 5 * 3, size[1] * 5 * 7):
        monkeypatch.setitem(base._BAND_PIXELS, "cpu", budget)
        cut = render(key, picture, *LEVELS)
        if key != "defocus_blur":
            assert torch.equal(cut, whole)
            continue
        # A convolution may sum in another order.
        apart = (cut.int() - whole.int()).abs()
        assert int(apart.max()) <= 1
        assert float((apart > 0).double().mean()) <= 1e-4


@pytest.mark.parametrize("size", TINY)
def test_photos_smaller_than_any_kernel_work(size: tuple[int, int]) -> None:
    picture = noise(*size)
    for level in LEVELS:
        [squares] = render("pixelate", picture, level)
        assert torch.equal(squares, pixelated(picture, level))
        [code] = render("jpeg_compression", picture, level)
        assert torch.equal(code, recompressed(picture, QUALITY[level - 1]))
        [salt] = render("impulse_noise", picture, level)
        assert torch.equal(salt, salted(picture, level))


@pytest.mark.parametrize("key", KEYS)
def test_levels_may_come_in_any_order_and_the_photo_stays(key: str, larger: torch.Tensor) -> None:
    before = larger.clone()
    together = render(key, larger, 4, 1, 4)
    assert torch.equal(together[0], together[2])
    apart = (together[1].int() - render(key, larger, 1)[0].int()).abs()
    assert int(apart.max()) <= int(key == "defocus_blur")
    assert float((apart > 0).double().mean()) <= 1e-4
    together.zero_()
    assert torch.equal(larger, before)
