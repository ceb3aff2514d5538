"""What the perceptual hash finds again, and what it keeps apart; on real photos."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy.fft import dctn

from models_app.imaging import open_photo
from models_app.splits.perceptual import NEAR, perceptual_hash


def jpeg(image: Image.Image) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=75)
    return Image.open(out)


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def cropped(image: Image.Image) -> Image.Image:
    """Without 1 % at each side."""
    width, height = image.size
    box = (0.01 * width, 0.01 * height, 0.99 * width, 0.99 * height)
    return image.crop(tuple(map(round, box)))


def brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.1)


def all_four(image: Image.Image) -> Image.Image:
    return jpeg(brighter(half(cropped(image))))


def hashes(paths, change=lambda image: image) -> np.ndarray:
    return np.array([perceptual_hash(change(open_photo(path))) for path in paths], np.uint64)


def distances(found: np.ndarray) -> np.ndarray:
    """Between all different ones."""
    first, second = np.triu_indices(len(found), 1)
    return np.bitwise_count(found[first] ^ found[second])


@pytest.mark.parametrize("change", [jpeg, half, cropped, brighter, all_four])
def test_a_changed_photo_is_near_itself(real_photos, change):
    assert (np.bitwise_count(hashes(real_photos) ^ hashes(real_photos, change)) <= NEAR).all()


def test_different_photos_are_far_apart(real_photos):
    assert distances(hashes(real_photos)).min() > 2 * NEAR


def test_the_bits_are_those_of_another_cosine_transform(real_photos):
    for path in real_photos:
        image = open_photo(path)
        cells = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), float)
        lowest = dctn(cells, type=2)[:8, :8].ravel()
        bits = "".join("01"[int(value > np.median(lowest[1:]))] for value in lowest)
        # An orthogonal transform weighs the first row and column otherwise, not their signs.
        assert int(bits, 2) == perceptual_hash(image)


def test_a_picture_of_one_colour_says_nothing():
    assert perceptual_hash(Image.new("RGB", (64, 48), (90, 120, 30))) == 0


@pytest.mark.slow
def test_the_figures_of_the_docstring(shared: Path):
    paths = sorted((shared / "data" / "photos").iterdir())
    found = hashes(paths)
    apart = np.sort(distances(found))
    assert (len(apart), list(apart[:2])) == (46_360, [0, 16])
    counts = {
        change.__name__: int((np.bitwise_count(found ^ hashes(paths, change)) <= NEAR).sum())
        for change in (jpeg, half, brighter, cropped, all_four)
    }
    assert counts == {"jpeg": 305, "half": 305, "brighter": 304, "cropped": 304, "all_four": 304}
