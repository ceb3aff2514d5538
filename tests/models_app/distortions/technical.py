"""Technical distortions for tests: levels, renders of one level, photos of which all is known."""

import numpy as np
import torch

from models_app.distortions.ops.base import Scene
from models_app.distortions.philox import Stream
from models_app.distortions.registry import DISTORTIONS, load

LEVELS = [1, 2, 3, 4, 5]
AMOUNT = [0.03, 0.06, 0.09, 0.17, 0.27]
CPU = torch.device("cpu")


def render(
    key: str, photo: torch.Tensor, *levels: int, name: str = "a", seed: int = 0
) -> torch.Tensor:
    scene = Scene(photo, sigma=1.0, key=name, seed=seed)
    rendered: torch.Tensor = load(DISTORTIONS[key]).render(scene, levels)
    assert rendered.dtype == torch.uint8
    assert rendered.shape == (len(levels), *photo.shape)
    return rendered


def noise(height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng([height, width])
    return torch.from_numpy(rng.integers(0, 256, (3, height, width), dtype=np.uint8))


def flat(value: int, height: int = 160, width: int = 200) -> torch.Tensor:
    return torch.full((3, height, width), value, dtype=torch.uint8)


def floors(got: torch.Tensor, exact: np.ndarray, slack: float) -> bool:
    """Whether these are the floors of numbers at most `slack` beside the exact ones."""
    low, high = (np.floor(exact + shift).clip(0, 255) for shift in (-slack, slack))
    return bool(((low <= got.numpy()) & (got.numpy() <= high)).all())


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def salted(photo: torch.Tensor, level: int) -> torch.Tensor:
    stream = Stream.keyed("a", "impulse_noise", level, 0)
    count = photo.shape[1] * photo.shape[2]
    draws = stream.uniform(0, count, CPU)[:3].double().view(photo.shape)
    out = photo.clone()
    out[draws < AMOUNT[level - 1] / 2] = 0
    out[draws >= 1 - AMOUNT[level - 1] / 2] = 255
    return out
