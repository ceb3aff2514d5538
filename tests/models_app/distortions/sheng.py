"""The pretext operations of Sheng et al. 2020 for tests: a render of one parameter."""

import numpy as np
import torch

from models_app.distortions.ops.base import Scene
from models_app.distortions.pictures import photo_to_tensor
from models_app.distortions.registry import PRESETS, load
from tests.models_app.distortions.make_golden import demo_photo

PRESET = PRESETS["sheng2020"]
PARAMETERS = {
    "jpeg": (60, 10),
    "noise": (0.2, 0.8),
    "rotation": (90, 180, 270),
    "downsampling": (4, 6),
    "quantisation": (64, 8),
    "pixelation": (4, 8),
    "exposure": (0.5, 3.0),
    "blur": (0.2, 0.8),
    "shuffle": (0.1, 0.5),
    "mixup": (0.1, 0.4),
}


def render(
    operation: str,
    photo: torch.Tensor,
    *values: float,
    partner: torch.Tensor | None = None,
    name: str = "a",
    seed: int = 0,
) -> torch.Tensor:
    scene = Scene(photo, sigma=1.0, key=name, seed=seed, partner=partner)
    entry = PRESET.distortions[f"sheng_{operation}"]
    rendered: torch.Tensor = load(entry).render(scene, values)
    assert rendered.dtype == torch.uint8
    assert rendered.shape == (len(values), *photo.shape)
    return rendered


def piece(height: int, width: int, photo: str = "astronaut") -> torch.Tensor:
    return photo_to_tensor(demo_photo(photo).crop((170, 60, 170 + width, 60 + height)))


def noise(height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng([height, width])
    return torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8))


def near(got: torch.Tensor, exact: np.ndarray, slack: float = 1e-4) -> bool:
    """Whether these are the roundings of numbers at most `slack` beside the exact ones."""
    low, high = (np.floor(exact + 0.5 + shift).clip(0, 255) for shift in (-slack, slack))
    return bool(((low <= got.numpy()) & (got.numpy() <= high)).all())
