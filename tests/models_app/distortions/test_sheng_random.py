"""Noise and shuffling of Sheng et al. 2020: what repeats, what is spread, and how evenly."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models_app.distortions.ops.base import Scene
from models_app.distortions.ops.sheng.shuffle import Shuffle
from models_app.distortions.philox import Stream
from tests.models_app.distortions.sheng import PARAMETERS, near, noise, piece, render

CPU = torch.device("cpu")


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


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
