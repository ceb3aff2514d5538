"""Gaussian and impulse noise against the distributions they name, and as their random numbers."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from scipy import stats

from models_app.distortions.philox import Stream
from tests.models_app.distortions.technical import (
    AMOUNT,
    CPU,
    LEVELS,
    correlation,
    flat,
    floors,
    noise,
    render,
    salted,
)

SIGMA = [0.08, 0.12, 0.18, 0.26, 0.38]


def normals(stream: Stream, height: int, width: int) -> np.ndarray:
    """Box and Muller in float64, the counter being the place of the pixel."""
    u = stream.uniform(0, height * width, CPU).double().numpy()
    near, far = np.sqrt(-2 * np.log(u[0])), np.sqrt(-2 * np.log(u[2]))
    a, b = 2 * np.pi * u[1], 2 * np.pi * u[3]
    return np.stack([near * np.cos(a), near * np.sin(a), far * np.cos(b)]).reshape(3, height, width)


def noisy(photo: torch.Tensor, level: int) -> np.ndarray:
    stream = Stream.keyed("a", "gaussian_noise", level, 0)
    return 255 * SIGMA[level - 1] * normals(stream, *photo.shape[1:]) + photo.numpy()


def grid(values: Sequence[float], sigma: float) -> np.ndarray:
    """Chances of the 256 levels after clip(x + N(0, sigma)) and the floor; x in levels."""
    edges = np.arange(1, 256)[:, None]
    above = stats.norm.sf(edges, loc=np.asarray(values), scale=255 * sigma)
    return -np.diff(np.vstack([np.ones(len(values)), above, np.zeros(len(values))]), axis=0)


@pytest.mark.parametrize("level", LEVELS)
def test_gaussian_noise_is_the_streams_normal_numbers_times_sigma(
    level: int, larger: torch.Tensor
) -> None:
    for photo in (larger, noise(1, 1), noise(3, 2)):
        [got] = render("gaussian_noise", photo, level)
        assert floors(got, noisy(photo, level) + 2.0**-12, 1e-3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [0, 20, 128, 250])
def test_gaussian_noise_has_the_clipped_normal_distribution(level: int, value: int) -> None:
    chances = grid([value], SIGMA[level - 1])[:, 0]
    [got] = render("gaussian_noise", flat(value), level)
    counts, places = np.bincount(got.flatten().numpy(), minlength=256), np.arange(256)
    mean = float(chances @ places)
    spread = math.sqrt(float(chances @ (places - mean) ** 2))
    assert abs(float(got.double().mean()) - mean) < 4 * spread / math.sqrt(got.numel())
    assert abs(float(got.double().std()) - spread) < 1
    for channel in got.double():
        assert abs(float(channel.mean()) - mean) < 1
    often = chances * got.numel() >= 20
    observed = np.append(counts[often], counts[~often].sum())
    expected = np.append(chances[often], chances[~often].sum()) * got.numel()
    keep = expected > 1
    observed, expected = observed[keep], expected[keep]
    assert stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-3


def test_gaussian_noise_of_a_photo_has_the_mean_of_the_clipped_distribution(
    larger: torch.Tensor,
) -> None:
    places = np.arange(256)
    share = np.bincount(larger.flatten().numpy(), minlength=256) / larger.numel()
    for level, got in zip(LEVELS, render("gaussian_noise", larger, *LEVELS), strict=True):
        chances = grid(list(range(256)), SIGMA[level - 1]) @ share
        mean = float(chances @ places)
        spread = math.sqrt(float(chances @ (places - mean) ** 2))
        assert abs(float(got.double().mean()) - mean) < 1
        assert abs(float(got.double().std()) - spread) < 1


FIELDS: dict[str, Callable[..., np.ndarray]] = {
    "gaussian_noise": lambda got: got.double().numpy() - 128,
    "impulse_noise": lambda got: np.sign(got.double().numpy() - 128),
}


@pytest.mark.parametrize("key", FIELDS)
def test_noise_is_independent_over_pixels_channels_levels_photos_and_seeds(key: str) -> None:
    photo, field = flat(128, 150, 170), FIELDS[key]
    plain = field(render(key, photo, 2)[0])
    limit = 4 / math.sqrt(plain.size)
    for down, right in ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (0, 4), (7, 3)):
        moved = np.roll(plain, (down, right), axis=(1, 2))
        assert abs(correlation(plain, moved)) < limit, (down, right)
        assert abs(correlation(abs(plain), abs(moved))) < limit, (down, right)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert abs(correlation(plain[a], plain[b])) < limit * math.sqrt(3)
        assert abs(correlation(abs(plain[a]), abs(plain[b]))) < limit * math.sqrt(3)
        assert abs(correlation(plain[a, :, 1:], plain[b, :, :-1])) < limit * math.sqrt(3)
    others = {
        "level": render(key, photo, 3)[0],
        "photo": render(key, photo, 2, name="b")[0],
        "seed": render(key, photo, 2, seed=1)[0],
        "both": render(key, photo, 2, name="b", seed=1)[0],
    }
    for why, other in others.items():
        assert abs(correlation(plain, field(other))) < limit, why
        assert not np.array_equal(plain, field(other))


def test_the_two_noises_of_one_photo_are_independent() -> None:
    photo = flat(128, 150, 170)
    both = [field(render(key, photo, 2)[0]) for key, field in FIELDS.items()]
    assert abs(correlation(*both)) < 4 / math.sqrt(both[0].size)


@pytest.mark.parametrize("level", LEVELS)
def test_impulse_noise_replaces_the_lowest_and_highest_draws(
    level: int, larger: torch.Tensor
) -> None:
    for photo in (larger, noise(1, 1), noise(3, 2)):
        assert torch.equal(render("impulse_noise", photo, level)[0], salted(photo, level))


@pytest.mark.parametrize("level", LEVELS)
def test_impulse_noise_hits_values_not_pixels_half_white_half_black(level: int) -> None:
    amount = AMOUNT[level - 1]
    [got] = render("impulse_noise", flat(100, 300, 300), level)
    assert got.unique().tolist() == [0, 100, 255]
    for hit, of, chance in (
        ((got == 0).sum(), got.numel(), amount / 2),
        ((got == 255).sum(), got.numel(), amount / 2),
        *(((channel != 100).sum(), channel.numel(), amount) for channel in got),
        ((got != 100).all(0).sum(), got[0].numel(), amount**3),
        ((got == 255).all(0).sum(), got[0].numel(), (amount / 2) ** 3),
        ((got != 100).any(0).sum(), got[0].numel(), 1 - (1 - amount) ** 3),
    ):
        assert stats.binomtest(int(hit), of, chance).pvalue > 1e-4
