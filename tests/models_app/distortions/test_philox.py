"""Philox against its published answers, a second implementation, and what randomness means."""

import hashlib
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models_app.distortions.philox import Stream, philox

CPU = torch.device("cpu")
WORDS = st.integers(0, 2**32 - 1)
PLACES = st.sampled_from([0, 1, 255, 2**31 - 2, 2**32 - 3, 2**32, 7 * 2**32 + 5, 2**40 - 1])


def cipher(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Salmon et al. 2011, section 3.3, one block in Python's whole numbers."""
    left, right = key
    x0, x1, x2, x3 = counter
    for _round in range(10):
        high0, low0 = divmod(0xD2511F53 * x0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * x2, 2**32)
        x0, x1, x2, x3 = high1 ^ x1 ^ left, low1, high0 ^ x3 ^ right, low0
        left, right = (left + 0x9E3779B9) % 2**32, (right + 0xBB67AE85) % 2**32
    return x0, x1, x2, x3


def block(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    return tuple(philox(torch.tensor(counter, dtype=torch.int64)[:, None], key)[:, 0].tolist())


def uniform_of(stream: Stream, place: int) -> list[float]:
    k0, k1, high2, high3 = stream.words
    words = cipher((place % 2**32, place // 2**32, high2, high3), (k0, k1))
    return [float(np.float32(word // 256 + 0.5) * np.float32(2.0**-24)) for word in words]


def correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(np.corrcoef(a.flatten().double().numpy(), b.flatten().double().numpy())[0, 1])


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (2**32 - 1,) * 4,
            (2**32 - 1,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_answers_published_with_random123(
    counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]
) -> None:
    assert block(counter, key) == answer
    assert cipher(counter, key) == answer


@given(st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), min_size=1, max_size=9), WORDS, WORDS)
@settings(max_examples=60, deadline=None)
def test_philox_equals_an_implementation_in_whole_numbers(
    counters: list[tuple[int, int, int, int]], k0: int, k1: int
) -> None:
    got = philox(torch.tensor(counters, dtype=torch.int64).T.contiguous(), (k0, k1))
    assert [tuple(column) for column in got.T.tolist()] == [cipher(c, (k0, k1)) for c in counters]


@given(st.tuples(WORDS, WORDS, WORDS, WORDS), PLACES | st.integers(0, 2**48), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_each_counter_has_its_own_four_numbers_also_beyond_32_bits(
    words: tuple[int, int, int, int], first: int, count: int
) -> None:
    stream = Stream(words)
    got = stream.uniform(first, count, CPU)
    assert got.dtype == torch.float32
    assert got.shape == (4, count)
    assert got.T.tolist() == [uniform_of(stream, first + n) for n in range(count)]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), PLACES)
@settings(max_examples=25, deadline=None)
def test_a_stream_drawn_in_pieces_equals_the_whole(pieces: list[int], first: int) -> None:
    stream = Stream.keyed("photo", "gaussian_noise", 3, 7)
    places = [first + sum(pieces[:n]) for n in range(len(pieces))]
    for draw in (stream.uniform, stream.normal):
        cut = [draw(place, piece, CPU) for place, piece in zip(places, pieces, strict=True)]
        assert torch.equal(torch.cat(cut, dim=1), draw(first, sum(pieces), CPU))


def test_numbers_lie_above_zero_and_at_most_at_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for word, number in ((0, 2.0**-25), (2**32 - 1, 1.0), (2**31, 0.5 + 2.0**-25)):
        monkeypatch.setattr(
            "models_app.distortions.philox.philox",
            lambda counter, key, word=word: torch.full_like(counter, word),
        )
        stream = Stream((1, 2, 3, 4))
        assert stream.uniform(0, 3, CPU).unique().tolist() == [pytest.approx(number, rel=2.0**-23)]
        assert 0 < float(stream.uniform(0, 1, CPU).max()) <= 1
        assert torch.isfinite(stream.normal(0, 3, CPU)).all()


def test_uniform_numbers_are_uniform_and_pairs_fill_the_square() -> None:
    draws = Stream.keyed("photo", "impulse_noise", 1, 0).uniform(0, 100_000, CPU).double().numpy()
    for row in draws:
        assert stats.kstest(row, "uniform").pvalue > 1e-3
    for a, b in ((0, 1), (1, 2), (2, 3), (0, 3)):
        counts, _x, _y = np.histogram2d(draws[a], draws[b], bins=16, range=[[0, 1], [0, 1]])
        assert stats.chisquare(counts.ravel()).pvalue > 1e-3


def test_normal_numbers_follow_box_and_muller_from_the_uniform_ones() -> None:
    stream = Stream.keyed("photo", "gaussian_noise", 1, 0)
    u = stream.uniform(11, 500, CPU).double().numpy()
    near, far = np.sqrt(-2 * np.log(u[0])), np.sqrt(-2 * np.log(u[2]))
    turn, other = 2 * np.pi * u[1], 2 * np.pi * u[3]
    expected = np.stack([near * np.cos(turn), near * np.sin(turn), far * np.cos(other)])
    assert np.abs(stream.normal(11, 500, CPU).double().numpy() - expected).max() < 1e-5


def test_normal_numbers_are_normal_and_their_rows_independent() -> None:
    draws = Stream.keyed("photo", "gaussian_noise", 5, 0).normal(0, 200_000, CPU)
    for row in draws.double().numpy():
        assert stats.kstest(row, stats.norm.cdf).pvalue > 1e-3
        assert abs(row.mean()) < 4 / np.sqrt(row.size)
        assert abs(row.std() - 1) < 4 / np.sqrt(2 * row.size)
        assert abs(stats.kurtosis(row)) < 4 * np.sqrt(24 / row.size)
    limit = 4 / np.sqrt(draws.shape[1])
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert abs(correlation(draws[a], draws[b])) < limit
        assert abs(correlation(draws[a] ** 2, draws[b] ** 2)) < limit
    for lag in (1, 2, 224, 1000):
        assert abs(correlation(draws[:, lag:], draws[:, :-lag])) < limit


BASE = ("photo", "gaussian_noise", 3.0, 0)
OTHERS = [
    ("photo2", "gaussian_noise", 3.0, 0),
    ("", "gaussian_noise", 3.0, 0),
    ("photo", "impulse_noise", 3.0, 0),
    ("photo", "gaussian_noise", 4.0, 0),
    ("photo", "gaussian_noise", -3.0, 0),
    ("photo", "gaussian_noise", 3.0, 1),
    ("photo", "gaussian_noise", 3.0, -1),
    ("photo", "gaussian_noise", 3.0, 2**32),
]


@pytest.mark.parametrize("other", OTHERS)
def test_different_keys_have_uncorrelated_streams(other: tuple[str, str, float, int]) -> None:
    mine = Stream.keyed(*BASE).uniform(0, 50_000, CPU)
    theirs = Stream.keyed(*other).uniform(0, 50_000, CPU)
    for shift in (0, 1, 5):
        moved = theirs.roll(shift, dims=1)
        assert abs(correlation(mine, moved)) < 4 / np.sqrt(mine.numel())
    assert float((mine == theirs).double().mean()) < 1e-4


def test_the_same_key_has_the_same_stream_and_parts_do_not_run_together() -> None:
    assert Stream.keyed(*BASE) == Stream.keyed("photo", "gaussian_noise", 3, 0)
    assert len({Stream.keyed(*key).words for key in [BASE, *OTHERS]}) == 1 + len(OTHERS)
    assert Stream.keyed("a", "bc", 1, 0) != Stream.keyed("ab", "c", 1, 0)
    assert Stream.keyed("a", "b", 1, 11) != Stream.keyed("a", "b", 11, 1)


def test_a_stream_never_changes_between_versions() -> None:
    stream = Stream.keyed("photo", "gaussian_noise", 3, 7)
    digest = hashlib.blake2b(b"photo\x1fgaussian_noise\x1f3.0\x1f7", digest_size=16).digest()
    assert stream.words == struct.unpack("<4I", digest)
    assert stream.words == (2901660277, 1864921109, 3532005849, 490494667)
    assert stream.one() == uniform_of(stream, 0)[0]


def test_single_numbers_are_uniform_over_keys() -> None:
    ones = [Stream.keyed(str(n), "motion_blur", 1, 0).one() for n in range(2000)]
    assert stats.kstest(ones, "uniform").pvalue > 1e-3
