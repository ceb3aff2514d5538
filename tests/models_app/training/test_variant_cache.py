"""Variants that are kept from epoch to epoch."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models_app.distortions.engine import Geometry, render_family
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import PRESET, preset_get
from models_app.imaging import open_photo
from models_app.training.variant_cache import VariantCache


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Rendered:
    """Four real variants of each photo."""

    count = 4

    def __init__(self) -> None:
        self.rendered: list[str] = []

    def make(self, photos: Sequence[Tensor], *, keys: Sequence[str], seed: int) -> Tensor:
        self.rendered += keys
        made = [
            render_family(photo, key=key, variants=chosen(), geometry=Geometry(side=32), seed=seed)
            for photo, key in zip(photos, keys, strict=True)
        ]
        return torch.stack(made)


def chosen() -> list[tuple[str, int]]:
    variants = preset_get(PRESET).variants
    return [variants[place] for place in (0, 10, 60, 120)]


SIZE = 4 * 3 * 32 * 32


@pytest.fixture
def photos_keys(real_photos: list[Path]) -> tuple[list[Tensor], list[str]]:
    """Four real photos, made small, and their keys."""
    photos = []
    for path in real_photos[:4]:
        photo = open_photo(path)
        photo.thumbnail((96, 96))
        photos.append(photo_to_tensor(photo))
    return photos, [sha256(path.read_bytes()).hexdigest() for path in real_photos[:4]]


def test_kept_variants_are_those_that_were_rendered(photos_keys: tuple[list[Tensor], list[str]]):
    photos, keys = photos_keys
    views = Rendered()
    cache = VariantCache(views, 1, seed=5, device="cpu")
    expected = Rendered().make(photos, keys=keys, seed=5)
    assert not cache.known(keys[0])
    assert torch.equal(cache.make(photos[:2], keys=keys[:2], seed=5), expected[:2])
    assert cache.known(keys[0])
    assert torch.equal(cache.make([None, *photos[1:]], keys=keys, seed=5), expected)
    none: list[Tensor | None] = [None] * 4
    assert torch.equal(cache.make(none, keys=keys, seed=5), expected)
    backwards = cache.make(none, keys=keys[::-1], seed=5)
    assert torch.equal(backwards, expected.flip(0))
    assert views.rendered == keys
    assert (cache.count, len(cache)) == (4, 4)


def test_a_full_cache_keeps_what_it_has(photos_keys: tuple[list[Tensor], list[str]]):
    photos, keys = photos_keys
    views = Rendered()
    cache = VariantCache(views, 1, seed=5, device="cpu")
    cache._room = 2 * SIZE
    expected = Rendered().make(photos, keys=keys, seed=5)
    for _epoch in range(3):
        given = [None if cache.known(key) else p for key, p in zip(keys, photos, strict=True)]
        assert torch.equal(cache.make(given, keys=keys, seed=5), expected)
    assert [cache.known(key) for key in keys] == [True, True, False, False]
    assert views.rendered == keys + keys[2:] * 2


def test_another_seed_is_rendered_and_not_kept(photos_keys: tuple[list[Tensor], list[str]]):
    photos, keys = photos_keys
    cache = VariantCache(Rendered(), 1, seed=5, device="cpu")
    cache.make(photos[:1], keys=keys[:1], seed=5)
    other = cache.make(photos, keys=keys, seed=6)
    assert torch.equal(other, Rendered().make(photos, keys=keys, seed=6))
    assert len(cache) == 1


def test_a_photo_that_is_neither_decoded_nor_kept_is_an_error(
    photos_keys: tuple[list[Tensor], list[str]],
):
    photos, keys = photos_keys
    cache = VariantCache(Rendered(), 0, seed=5, device="cpu")
    cache.make(photos[:1], keys=keys[:1], seed=5)
    with pytest.raises(ValueError, match="was not decoded"):
        cache.make([None], keys=keys[:1], seed=5)
