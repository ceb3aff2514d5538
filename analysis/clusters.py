"""Errors of images that are copies of one another: one number a reference, as a test needs it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.types import Undefined


def cluster_means(
    errors: ArrayLike, references: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Average errors over the copies of each reference.

    A rank test takes its pairs for independent, which copies of one image are not: its n is that
    of the references.

    Parameters
    ----------
    errors : array_like of float, shape (images,)
        Of each image.
    references : sequence of str
        The image that each is a copy of, in the order of `errors`.

    Returns
    -------
    tuple
        References, sorted, each once; their mean errors, shape (references,).

    Raises
    ------
    Undefined
        Without images.
    ValueError
        Where there is not one reference an image.
    """
    values = np.asarray(errors, dtype=np.float64)
    if values.shape != (len(references),):
        raise ValueError(
            f"errors have shape {values.shape} and {len(references)} references are named; there "
            "must be one of each an image"
        )
    if not len(references):
        raise Undefined("mean errors need at least one image; there are none")
    names, place = np.unique(np.asarray(references), return_inverse=True)
    means = np.bincount(place, weights=values) / np.bincount(place)
    return tuple(map(str, names)), means
