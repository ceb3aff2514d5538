"""Models against one baseline, on the same images: tests, sizes, and who gets a dagger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from analysis.effect_sizes import Effects, effect_sizes
from analysis.multiple_comparisons import ALPHA, Decision, Rule, family_decide
from analysis.seeds import (
    SeedDifference,
    SeedErrors,
    errors_align,
    seed_difference,
    seeds_pool,
)
from analysis.wilcoxon import SignedRanks, ZeroRule, signed_ranks


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model against a baseline.

    Attributes
    ----------
    test : SignedRanks
        Whether its errors are smaller.
    effects : Effects
        How much smaller.
    decision : Decision
        What the test says within its family.
    seeds : SeedDifference or None
        What seeds do to the difference; None where each model is one training.
    """

    test: SignedRanks
    effects: Effects
    decision: Decision
    seeds: SeedDifference | None = None


def models_compare(
    models: Mapping[str, ArrayLike],
    baseline: ArrayLike,
    *,
    unit: str,
    alpha: float = ALPHA,
    rule: Rule = "bonferroni",
    zeros: ZeroRule = "wilcox",
    continuity: bool = False,
) -> dict[str, Comparison]:
    """Compare models, as one family, with a baseline by their absolute errors.

    Parameters
    ----------
    models : mapping of str to array_like of float, shape (images,)
        Absolute errors by model; the baseline is not among them.
    baseline : array_like of float, shape (images,)
        The baseline's, on the same images in the same order.
    unit : str
        Of the errors.
    alpha, rule
        As in `analysis.multiple_comparisons.family_decide`.
    zeros, continuity
        As in `analysis.wilcoxon.signed_ranks`.

    Raises
    ------
    Undefined, ValueError
        As the functions named above.
    """
    tests = {
        name: signed_ranks(errors, baseline, zeros=zeros, continuity=continuity)
        for name, errors in models.items()
    }
    decisions = family_decide(
        {name: test.p for name, test in tests.items()}, alpha=alpha, rule=rule
    )
    return {
        name: Comparison(
            tests[name],
            effect_sizes(errors, baseline, unit=unit, zeros=zeros),
            decisions[name],
        )
        for name, errors in models.items()
    }


def seeds_compare(
    models: Mapping[str, Sequence[SeedErrors]],
    baseline: Sequence[SeedErrors],
    *,
    unit: str,
    alpha: float = ALPHA,
    rule: Rule = "bonferroni",
    zeros: ZeroRule = "wilcox",
    continuity: bool = False,
) -> dict[str, Comparison]:
    """Compare models with a baseline by errors pooled over seeds.

    Each image's absolute errors are averaged over the seeds before the test, so an image counts
    once. The test is about these trainings: `seeds` in the result tells how far the difference
    moves from one seed to another.

    Parameters
    ----------
    models : mapping of str to sequence of SeedErrors
        Trainings by model, one a seed.
    baseline : sequence of SeedErrors
        The baseline's.
    unit, alpha, rule, zeros, continuity
        As in `models_compare`.

    Raises
    ------
    Undefined, ValueError
        As `models_compare` and `analysis.seeds.seeds_pool`; also where a model's images are not
        the baseline's.
    """
    base = seeds_pool(baseline, name="the baseline")
    pooled = {name: seeds_pool(runs, name=name) for name, runs in models.items()}
    # The baseline's order serves all: a family is compared on the same images.
    aligned = {name: errors_align(each, base.images, name=name) for name, each in pooled.items()}
    compared = models_compare(
        aligned, base.errors, unit=unit, alpha=alpha, rule=rule, zeros=zeros, continuity=continuity
    )
    return {
        name: Comparison(
            each.test, each.effects, each.decision, seed_difference(pooled[name], base)
        )
        for name, each in compared.items()
    }
