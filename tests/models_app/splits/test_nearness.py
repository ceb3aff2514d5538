"""The quick search finds what comparing all with all finds."""

import numpy as np
import pytest

from models_app.splits import nearness
from models_app.splits.nearness import nearest


def slow(ours: np.ndarray, theirs: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    found = []
    for one in ours:
        bits = [int(one ^ other).bit_count() for other in theirs]
        near = [(n, place) for place, n in enumerate(bits) if n <= most]
        n, place = min(near, default=(0, -1))
        found.append((place, n, len(near)))
    return found


def sides(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of which many are near: a few centres, each with bits turned over."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(2**64, size=6, dtype=np.uint64)

    def some(n: int) -> np.ndarray:
        found = centres[rng.integers(len(centres), size=n)]
        for _ in range(8):
            found = found ^ (np.uint64(1) << rng.integers(64, size=n).astype(np.uint64))
        return found

    ours, theirs = some(60), some(80)
    # Equal ones on one side and on both.
    ours[5], theirs[7], theirs[9] = ours[4], theirs[6], ours[4]
    return ours, theirs


@pytest.mark.parametrize("most", [0, 3, 6, 7, 8, 11])
@pytest.mark.parametrize("chunk", [50, 4_000_000])
def test_it_finds_what_comparing_all_finds(monkeypatch, most: int, chunk: int):
    monkeypatch.setattr(nearness, "CHUNK", chunk)
    ours, theirs = sides(most)
    wanted = slow(ours, theirs, most)
    found = nearest(ours, theirs, most)
    assert list(zip(found.place, found.bits, found.count, strict=True)) == wanted
    assert any(count for _place, _bits, count in wanted)
    assert not all(count for _place, _bits, count in wanted)


def test_every_bit_counts():
    one = np.uint64(0x0123456789ABCDEF)
    turned = np.array([one ^ np.uint64(1 << bit) for bit in range(64)], np.uint64)
    assert (nearest(turned, np.array([one]), 1).bits == 1).all()
    assert (nearest(turned, np.array([one]), 0).place == -1).all()


def test_nothing_is_near_nothing():
    none, one = np.empty(0, np.uint64), np.array([5], np.uint64)
    assert len(nearest(none, one, 6).place) == 0
    assert list(nearest(one, none, 6).place) == [-1]
