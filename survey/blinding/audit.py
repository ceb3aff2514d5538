"""Which features tell the original more often than chance would."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from analysis.multiple_comparisons import family_decide
from analysis.telltale import Sides, Telling, differs, feature_tells, halves_draw, joint
from survey.blinding import REGISTRY, family_get
from survey.blinding.base import Shown, Trait

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """A feature and how often its best rule names the original."""

    family: str
    name: str
    # Why it is information and no leak; empty for a feature that must be at chance.
    reason: str
    telling: Telling
    # Adjusted by Holm's rule over all features that must be at chance and differ; None for others.
    p_holm: float | None
    leak: bool


@dataclass(frozen=True, slots=True)
class Audit:
    findings: tuple[Finding, ...]
    pairs: int
    participants: int
    # Pairs on which rules were learned, and on which they were tried.
    learned: int
    tried: int
    alpha: float
    seed: int

    @property
    def leaks(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.leak)

    @property
    def tests(self) -> int:
        """Features in Holm's family."""
        return sum(finding.p_holm is not None for finding in self.findings)


def traits(key: str, shown: Sequence[Shown]) -> Iterator[Trait]:
    """Give a family's features, and of each that either picture has what the two have together.

    That must be at chance even for information: the reason is about how the two differ.
    """
    for trait in family_get(key).traits(shown):
        yield trait
        if isinstance(trait.feature, Sides):
            both = joint(trait.feature, ordered=not trait.reason)
            if differs(both):
                yield Trait(_("both: %(name)s") % {"name": trait.name}, both)


def pairs_audit(shown: Sequence[Shown], *, seed: int, alpha: float = ALPHA) -> Audit:
    """Find the best rule of each feature on half of the pairs and try it on the other half.

    A feature that never differs tells nothing whatever the originals are, so leaving it out of
    Holm's family costs no false alarms. Raises ValueError below LEAST_PAIRS pairs.
    """
    learned = halves_draw(len(shown), np.random.default_rng(seed))
    left = [each.truth.original_left for each in shown]
    found: list[tuple[str, Trait, Telling]] = [
        (key, trait, feature_tells(trait.feature, left, learned))
        for key in REGISTRY
        for trait in traits(key, shown)
    ]
    tested = {
        str(place): telling.p
        for place, (_key, trait, telling) in enumerate(found)
        if not trait.reason and telling.differs
    }
    # Never empty: left and right differ.
    decided = family_decide(tested, alpha=alpha, rule="holm")
    findings = []
    for place, (key, trait, telling) in enumerate(found):
        decision = decided.get(str(place))
        findings.append(
            Finding(
                family=key,
                name=trait.name,
                reason=trait.reason,
                telling=telling,
                p_holm=decision.holm if decision else None,
                leak=bool(decision and decision.significant),
            )
        )
    return Audit(
        tuple(findings),
        pairs=len(shown),
        participants=len({each.trial.participant for each in shown}),
        learned=int(learned.sum()),
        tried=int((~learned).sum()),
        alpha=alpha,
        seed=seed,
    )
