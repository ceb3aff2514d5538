"""Drawn images: the same everywhere, better with the score, alike where they are copies."""

import numpy as np
import pytest

from models_app.labels.base import Row, Scale
from models_app.labels.generated import image_draw, quality_of
from models_app.splits.perceptual import NEAR, perceptual_hash

AVA, TID = Scale(1, 10, bins=10), Scale(0, 9)


def drawn(name: str, mean: float, reference: str = "", scale: Scale = AVA) -> np.ndarray:
    return np.asarray(image_draw(Row(name, mean, reference=reference), scale), dtype=float)


def sharpness(pixels: np.ndarray) -> float:
    grey = pixels.mean(axis=2)
    # Over a distance at which grain averages out.
    return float(np.abs(grey[4:] - grey[:-4]).mean() + np.abs(grey[:, 4:] - grey[:, :-4]).mean())


def test_a_label_is_always_drawn_alike():
    assert (drawn("a", 5.4) == drawn("a", 5.4)).all()
    assert drawn("a", 5.4).shape == (96, 96, 3)


def test_better_scores_look_sharper_and_richer_in_contrast():
    for name in "abcdefgh":
        values = [drawn(name, mean) for mean in (4.0, 5.2, 6.0, 7.5)]
        assert [sharpness(each) for each in values] == sorted(sharpness(each) for each in values)
    assert quality_of(0, TID) < quality_of(4.5, TID) < quality_of(9, TID)
    assert quality_of(4.5, TID) == pytest.approx(0.5)
    assert quality_of(80, Scale(0, 100, higher_is_better=False)) < 0.1


def test_copies_of_a_reference_show_the_same_and_no_two_are_equal():
    one, other = (drawn(f"i01_01_{n}", 5.0, "i01", TID) for n in (1, 2))
    apart = drawn("i02_01_1", 5.0, "i02", TID)
    assert (one != other).any()
    near = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    assert near > 0.9 > np.corrcoef(one.ravel(), apart.ravel())[0, 1]


def test_images_of_different_labels_are_no_near_duplicates():
    hashes = [perceptual_hash(image_draw(Row(str(n), 5.4), AVA)) for n in range(60)]
    near = [
        (one ^ other).bit_count()
        for place, one in enumerate(hashes)
        for other in hashes[place + 1 :]
    ]
    assert min(near) > NEAR
