"""Cross entropy of several softmax heads at once."""

from torch import Tensor


def cross_entropy(logits: Tensor, views: Tensor, labels: Tensor, outside: Tensor) -> Tensor:
    """Return -log of the probability of the right class, over some views of each photo.

    The classes of all heads lie side by side; the softmax of a view runs over those of its head.

    Parameters
    ----------
    logits
        Shape [B, V, K].
    views
        int64, shape [T]: places of the views that have a class.
    labels
        int64, shape [T]: their classes, 0..K-1.
    outside
        Shape [T, K]: 0 where a class belongs to the view's head, minus infinity elsewhere.

    Returns
    -------
    Tensor
        Scalar, in nats: summed over the T views, averaged over the photos.
    """
    photos = len(logits)
    wanted = logits.index_select(1, views)
    right = wanted.gather(2, labels.expand(photos, -1)[..., None])[..., 0]
    return ((wanted + outside).logsumexp(2) - right).sum() / photos
