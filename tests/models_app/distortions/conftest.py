import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models_app.distortions.ops.base import Band, Shared
from models_app.distortions.registry import load
from models_app.distortions.render import photo_to_tensor
from tests.models_app.distortions.make_golden import crop

RenderOne = Callable[..., torch.Tensor]


@pytest.fixture(scope="session")
def photo() -> torch.Tensor:
    """A photo with dark, light and saturated places, uint8 [3, 64, 64]."""
    return photo_to_tensor(crop("china"))


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of renders by the original program, one folder a photo."""
    shared = os.environ.get("PROOFSHEET_SHARED")
    if not shared:
        pytest.skip("PROOFSHEET_SHARED names no folder with reference renders.")
    folder = Path(shared, "reference", "style")
    if not folder.is_dir():
        pytest.skip(f"There is no {folder}.")
    return folder


@pytest.fixture
def render_one() -> RenderOne:
    """Run an op on a whole photo at any values: float32 [N, 3, H, W], not quantised."""

    def render(key: str, photo: torch.Tensor, *values: float, sigma: float = 100.0) -> torch.Tensor:
        band = Band(Shared(photo, sigma=sigma), slice(0, photo.shape[1]))
        rendered: torch.Tensor = load(key).render(band, list(values))
        return rendered

    return render
