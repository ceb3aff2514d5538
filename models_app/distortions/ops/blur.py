"""The wide blur behind shadows and highlights (darktable 4.2.1 module shadhi, Gaussian mode)."""

import math
from functools import lru_cache

import torch
from torch import Tensor


# A photo needs two of these; eight megabytes a thousand pixels squared, so only a few are kept.
@lru_cache(maxsize=4)
def gaussian_matrix(n: int, sigma: float, device: torch.device) -> Tensor:
    """The recursive filter along one axis, written as a matrix: y = G x.

    Forward and backward pass each have a double pole, so that together they answer an impulse
    with k exp(-alpha d) (1 + alpha d) at distance d. Both start as if the edge pixel went on for
    ever, hence the rest of each tail counts for the edge pixel.

    Parameters
    ----------
    n
        Number of pixels along the axis.
    sigma
        Width in pixels, positive.
    device
        Where the matrix shall lie.

    Returns
    -------
    Tensor
        float64, shape [n, n], rows summing to 1. Shared: do not change it.
    """
    alpha = 1.695 / sigma
    e, e2 = math.exp(-alpha), math.exp(-2 * alpha)
    k = (1 - e) ** 2 / (1 + 2 * alpha * e - e2)
    distance = torch.arange(n, dtype=torch.float64, device=device)
    response = k * torch.exp(-alpha * distance) * (1 + alpha * distance)
    matrix = response[(distance[:, None] - distance[None, :]).abs().to(torch.int64)]

    within = response.cumsum(0)
    forward_gain = k * (1 + (alpha - 1) * e) / (1 - 2 * e + e2)
    backward_gain = k * ((alpha + 1) * e - e2) / (1 - 2 * e + e2)
    matrix[:, 0] += forward_gain - within
    matrix[:, -1] += backward_gain - (within - k).flip(0)
    return matrix


def gaussian_recursive(plane: Tensor, sigma: float) -> Tensor:
    """Blur a plane down its columns and along its rows.

    Parameters
    ----------
    plane
        float32, shape [H, W].
    sigma
        Width in pixels, positive.

    Returns
    -------
    Tensor
        float32, shape [H, W].
    """
    height, width = plane.shape
    down = gaussian_matrix(height, sigma, plane.device)
    along = gaussian_matrix(width, sigma, plane.device)
    # float64, once a photo: neither TF32 nor autocast, which a caller may have on, touches it.
    return (down @ plane.to(torch.float64) @ along.T).to(torch.float32)
