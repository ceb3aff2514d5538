import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from models_app.distortions.ops.base import Band, Scene
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import DISTORTIONS, load
from tests.models_app.distortions.make_golden import crop, demo_photo

RenderOne = Callable[..., torch.Tensor]


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Pictures are small, and threads that wait for each other on a busy machine are slow."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def photo() -> torch.Tensor:
    """A photo with dark, light and saturated places, uint8 [3, 64, 64]."""
    return photo_to_tensor(crop("china"))


@pytest.fixture(scope="session")
def larger() -> torch.Tensor:
    """A piece of a photo that is not square: uint8 [3, 97, 140]."""
    return photo_to_tensor(demo_photo("astronaut").crop((150, 40, 290, 137)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos as files of different formats."""
    photos = tmp_path / "photos"
    photos.mkdir()
    crop("coffee").save(photos / "coffee.jpg")
    crop("rocket").save(photos / "rocket.webp", lossless=True)
    return photos


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of renders by the original programs."""
    shared = os.environ.get("PROOFSHEET_SHARED")
    if not shared:
        pytest.skip("PROOFSHEET_SHARED names no folder with reference renders.")
    folder = Path(shared, "reference")
    if not folder.is_dir():
        pytest.skip(f"There is no {folder}.")
    return folder


@pytest.fixture
def render_one() -> RenderOne:
    """Run a style op on a whole photo at any values: float32 [N, 3, H, W], not quantised."""

    def render(key: str, photo: torch.Tensor, *values: float, sigma: float = 100.0) -> torch.Tensor:
        band = Band(Scene(photo, sigma=sigma), slice(0, photo.shape[1]))
        rendered: torch.Tensor = load(DISTORTIONS[key]).encoded(band, list(values))
        return rendered

    return render
