"""Rows -> counts -> analysis -> a plain dict for pages, API and files."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Set
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.intervals import equal_weight, wilson
from analysis.types import Estimate
from survey.kinds.base import Settings
from survey.models import Condition, Origin, Side, Survey, Vote
from survey.selectors import results as selectors
from survey.selectors import surveys as survey_reads
from survey.selectors.results import PERSONS, Outcome


def survey_results(survey: Survey, *, origins: Set[str] = PERSONS) -> dict[str, Any]:
    """Everything the results page shows; six queries, however many votes there are.

    The mean over conditions is None until each condition has a vote: a mean over some of them is
    another quantity, which would drift with every condition that comes to it.
    """
    now = timezone.now()
    conditions = survey_reads.conditions_of(survey)
    everybody = selectors.outcome_counts(survey)
    counts = [outcome for outcome in everybody if outcome.origin in origins]
    votes: Counter[int] = Counter()
    originals: Counter[int] = Counter()
    for outcome in counts:
        votes[outcome.condition] += outcome.n
        originals[outcome.condition] += outcome.n * outcome.original_preferred
    pooled = (sum(originals.values()), sum(votes.values()))
    return {
        "survey": survey.slug,
        "title": survey.title,
        "state": survey.state,
        "updated_at": now.isoformat(timespec="seconds"),
        "votes": pooled[1],
        "origins": sorted(origins),
        # Of all there are, so that a page can say what it leaves out.
        "votes_by_origin": {
            origin: sum(outcome.n for outcome in everybody if outcome.origin == origin)
            for origin in Origin.values
        },
        "participants": selectors.participants_count(survey, origins=origins),
        "trials_per_session": Settings.from_json(survey.settings).trials,
        "pairs": {"ready": survey_reads.pairs_ready(survey), "expected": survey.pairs_expected},
        "ledger": selectors.ledger(survey, now=now, origins=origins),
        "skips": selectors.skips_count(survey, origins=origins),
        "share": {
            "pooled": _share(*pooled),
            "equal_weight_condition": _mean_share(conditions, originals, votes),
            "conditions_with_votes": len(votes),
            "conditions": len(conditions),
        },
        "distortions": _distortions(conditions, originals, votes),
        "sides": _sides(counts),
    }


def overview() -> list[dict[str, Any]]:
    """Every survey in one line, newest first; four queries, however many surveys there are."""
    tallies = survey_reads.summaries()
    rows = []
    for survey in survey_reads.surveys_all():
        tally = tallies.get(survey.pk, survey_reads.Summary())
        rows.append(
            {
                "survey": survey.slug,
                "title": survey.title,
                "state": survey.state,
                "state_label": survey.get_state_display(),
                "votes": tally.votes,
                "simulated": tally.simulated,
                "participants": tally.participants,
                "share": _share(tally.originals, tally.votes),
                "pairs": {"ready": tally.pairs_ready, "expected": survey.pairs_expected},
            }
        )
    return rows


def _share(originals: int, votes: int) -> dict[str, Any] | None:
    """Share preferring the original, or None without votes."""
    return _plain(wilson(originals, votes)) if votes else None


def _mean_share(
    conditions: list[Condition], originals: Counter[int], votes: Counter[int]
) -> dict[str, Any] | None:
    keys = [condition.pk for condition in conditions]
    if not keys or not all(votes[key] for key in keys):
        return None
    return _plain(equal_weight([originals[key] for key in keys], [votes[key] for key in keys]))


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "method": estimate.method,
        "confidence": estimate.confidence,
    }


def _distortions(
    conditions: list[Condition], originals: Counter[int], votes: Counter[int]
) -> list[dict[str, Any]]:
    grouped: dict[str, list[Condition]] = defaultdict(list)
    for condition in conditions:
        grouped[condition.distortion].append(condition)
    return [
        {
            "key": key,
            "label": _(members[0].label),
            "aspect": members[0].aspect,
            "note": _(members[0].note) if members[0].note else "",
            "votes": sum(votes[c.pk] for c in members),
            "originals": sum(originals[c.pk] for c in members),
            "share": _share(
                sum(originals[c.pk] for c in members), sum(votes[c.pk] for c in members)
            ),
            "levels": [
                {
                    "level": c.level,
                    "step": c.step,
                    "votes": votes[c.pk],
                    "originals": originals[c.pk],
                    "share": _share(originals[c.pk], votes[c.pk]),
                }
                for c in members
            ],
        }
        for key, members in grouped.items()
    ]


def _sides(counts: Iterable[Outcome]) -> dict[str, Any]:
    """How often the original was on the left, and how often the left photo was chosen.

    By layout too: stacked, "left" is the upper photo, and opposite habits would cancel out.
    """
    original_left: Counter[str] = Counter()
    left_chosen: Counter[str] = Counter()
    layouts: Counter[str] = Counter()
    for outcome in counts:
        left = outcome.original_side == Side.LEFT
        layouts[outcome.layout] += outcome.n
        original_left[outcome.layout] += outcome.n * left
        left_chosen[outcome.layout] += outcome.n * (left == outcome.original_preferred)
    return {
        "original_left": _share(original_left.total(), layouts.total()),
        "left_chosen": _share(left_chosen.total(), layouts.total()),
        "left_chosen_by_layout": {
            layout: _share(left_chosen[layout], layouts[layout]) for layout in Vote.Layout.values
        },
        "layouts": {layout: layouts[layout] for layout in Vote.Layout.values},
    }
