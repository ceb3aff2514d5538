"""The contrastive loss of SimCLR."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(projections: Tensor, *, temperature: float) -> Tensor:
    """Return the normalised, temperature-scaled cross entropy (Chen et al. 2020, equation 1).

    Each of the 2B views has to find the other view of its photo among the 2B - 1 others, by the
    cosine of their projections. With a single photo there is nothing to tell apart: 0.

    Parameters
    ----------
    projections
        Shape [B, 2, D]: two views of each photo.
    temperature
        Divides the cosines.

    Returns
    -------
    Tensor
        Scalar, in nats: summed over a photo's two views, averaged over the photos; Chen et al.
        average over the views, which is half of it.
    """
    photos = len(projections)
    # A caller's autocast would take the product in half precision.
    with torch.autocast(projections.device.type, enabled=False):
        unit = functional.normalize(projections.transpose(0, 1).flatten(0, 1), dim=1)
        cosines = unit @ unit.T / temperature
    itself = torch.eye(2 * photos, dtype=torch.bool, device=cosines.device)
    # The first views come first, so a view's partner stands B places away.
    partner = torch.arange(2 * photos, device=cosines.device).roll(photos)
    cosines = cosines.masked_fill(itself, -torch.inf)
    return functional.cross_entropy(cosines, partner, reduction="sum") / photos
