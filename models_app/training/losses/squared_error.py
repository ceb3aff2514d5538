"""Squared error on some outputs of each view."""

from torch import Tensor


def squared_error(outputs: Tensor, views: Tensor, columns: Tensor, targets: Tensor) -> Tensor:
    """Return the squared error of one output a row; no other output is judged.

    Parameters
    ----------
    outputs
        Shape [B, V, K].
    views, columns
        int64, shape [T]: which output of which view a row judges.
    targets
        Shape [T]: what it should be.

    Returns
    -------
    Tensor
        Scalar: summed over the rows, averaged over the photos.
    """
    photos, _views, width = outputs.shape
    judged = outputs.flatten(1).index_select(1, views * width + columns)
    return (judged - targets).square().sum() / photos
