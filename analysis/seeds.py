"""Several trainings that differ in their seed alone: their spread, and their errors pooled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.types import Undefined


@dataclass(frozen=True, slots=True)
class Spread:
    """A metric over seeds.

    Attributes
    ----------
    mean : float
        In the metric's unit.
    sd : float or None
        Between seeds, with n - 1; None with one seed.
    n : int
        Seeds.
    """

    mean: float
    sd: float | None
    n: int


@dataclass(frozen=True, slots=True)
class SeedErrors:
    """One training's absolute errors.

    Attributes
    ----------
    seed : int
        The training's.
    images : sequence of str
        Ids, each once, in any order.
    errors : array_like of float, shape (images,)
        From 0, in the order of `images`.
    """

    seed: int
    images: Sequence[str]
    errors: ArrayLike


@dataclass(frozen=True, slots=True)
class Pooled:
    """Errors of one configuration over its seeds.

    Attributes
    ----------
    images : tuple of str
        As in the first training.
    errors : numpy.ndarray of float, shape (images,)
        Each image's mean absolute error over the seeds.
    mae : dict of int to float
        Mean absolute error by seed.
    """

    images: tuple[str, ...]
    errors: NDArray[np.float64]
    mae: dict[int, float]


@dataclass(frozen=True, slots=True)
class SeedDifference:
    """What seeds do to the difference of two configurations' mean absolute errors.

    Attributes
    ----------
    gain : float
        The baseline's mean over its seeds minus the model's; above 0 where the model errs less.
    sd : float or None
        Of the gain from one seed to another; None where it takes more seeds.
    paired : bool
        Whether both have the same seeds, so that `sd` is that of the gains seed by seed. Otherwise
        it is that of a difference of independent trainings, the root of the sum of the variances.
    seeds, baseline_seeds : tuple of int
        What went in.
    """

    gain: float
    sd: float | None
    paired: bool
    seeds: tuple[int, ...]
    baseline_seeds: tuple[int, ...]


def seeds_summarise(metrics: Mapping[str, ArrayLike]) -> dict[str, Spread]:
    """Mean and standard deviation over seeds of each metric.

    Parameters
    ----------
    metrics : mapping of str to array_like of float, shape (seeds,)
        A metric's value with each seed.

    Raises
    ------
    Undefined
        For a metric without values.
    ValueError
        For another shape, or values that are not finite.
    """
    return {name: spread(values, name=name) for name, values in metrics.items()}


def spread(values: ArrayLike, *, name: str = "the metric") -> Spread:
    """Mean and standard deviation of one metric over seeds; raises as `seeds_summarise`."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(f"{name} has shape {found.shape}; it must be one number a seed")
    if not len(found):
        raise Undefined(f"{name} needs at least one seed; there are none")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must be a finite number with every seed")
    return Spread(float(found.mean()), _sd(found), len(found))


def seeds_pool(runs: Sequence[SeedErrors], *, name: str = "the model") -> Pooled:
    """Average each image's absolute error over seeds.

    The mean of the errors, not the error of the mean prediction: it is what one training may be
    expected to do, where a mean prediction would be that of an ensemble.

    Parameters
    ----------
    runs : sequence of SeedErrors
        One a seed, on the same images.
    name : str
        Whose they are, for messages.

    Raises
    ------
    Undefined
        Without trainings or images.
    ValueError
        Where seeds or images are named twice, seeds have other images, or errors are no finite
        numbers from 0, one an image.
    """
    if not runs:
        raise Undefined(f"{name} needs at least one seed; there are none")
    seeds = [run.seed for run in runs]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"{name} has a seed twice: {sorted(seeds)}; give each training once")
    images = tuple(runs[0].images)
    if not images:
        raise Undefined(f"{name} needs at least one image; there are none")
    rows = np.stack([_aligned(run, images, f"{name}, seed {run.seed}") for run in runs])
    mae = {seed: float(row.mean()) for seed, row in zip(seeds, rows, strict=True)}
    return Pooled(images, rows.mean(axis=0), mae)


def errors_align(pooled: Pooled, images: Sequence[str], *, name: str) -> NDArray[np.float64]:
    """Return pooled errors in the order of `images`.

    Raises
    ------
    ValueError
        Where they are errors of other images; `name` says whose.
    """
    return _aligned(SeedErrors(0, pooled.images, pooled.errors), images, name)


def seed_difference(pooled: Pooled, baseline: Pooled) -> SeedDifference:
    """Compare mean absolute errors over seeds; the images must be the same ones."""
    ours, theirs = pooled.mae, baseline.mae
    paired = ours.keys() == theirs.keys()
    if paired:
        sd = _sd(np.array([theirs[seed] - ours[seed] for seed in ours]))
    else:
        one, other = (_sd(np.array(list(each.values()))) for each in (ours, theirs))
        sd = None if one is None or other is None else hypot(one, other)
    return SeedDifference(
        gain=float(np.mean(list(theirs.values())) - np.mean(list(ours.values()))),
        sd=sd,
        paired=paired,
        seeds=tuple(sorted(ours)),
        baseline_seeds=tuple(sorted(theirs)),
    )


def _sd(values: NDArray[Any]) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _aligned(run: SeedErrors, images: Sequence[str], whose: str) -> NDArray[np.float64]:
    """Return a training's errors in the order of `images`."""
    errors = np.asarray(run.errors, dtype=np.float64)
    if errors.shape != (len(run.images),):
        raise ValueError(
            f"{whose}: {len(run.images)} images have errors of shape {errors.shape}; there must "
            "be one number an image"
        )
    if not (np.isfinite(errors) & (errors >= 0)).all():
        raise ValueError(f"{whose}: absolute errors must be finite numbers from 0")
    place = {image: at for at, image in enumerate(run.images)}
    if len(place) < len(run.images):
        raise ValueError(f"{whose}: an image is named twice; give each once")
    other = sorted(place.keys() ^ set(images))
    if other:
        raise ValueError(
            f"{whose}: {len(other)} images are not on both sides ({', '.join(other[:3])}"
            f"{', ...' if len(other) > 3 else ''}); compare on the same images"
        )
    return errors[[place[image] for image in images]]
