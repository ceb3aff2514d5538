"""Rows -> counts -> analysis -> a plain dict for pages, API and files."""

from collections import Counter, defaultdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.intervals import equal_weight, wilson
from analysis.types import Estimate, Undefined
from survey import selectors
from survey.kinds.base import Settings
from survey.models import Condition, Survey, Vote


def survey_results(survey: Survey) -> dict[str, Any]:
    """Everything the results page shows; six queries, however many votes there are."""
    now = timezone.now()
    conditions = selectors.conditions_of(survey)
    counts = selectors.outcome_counts(survey)
    votes: Counter[int] = Counter()
    originals: Counter[int] = Counter()
    for condition, _side, preferred, _layout, n in counts:
        votes[condition] += n
        originals[condition] += n * preferred
    pooled = (sum(originals.values()), sum(votes.values()))
    return {
        "survey": survey.slug,
        "title": survey.title,
        "state": survey.state,
        "updated_at": now.isoformat(timespec="seconds"),
        "votes": pooled[1],
        "participants": selectors.participants_count(survey),
        "trials_per_session": Settings.from_json(survey.settings).trials,
        "pairs": {"ready": selectors.pairs_ready(survey), "expected": survey.pairs_expected},
        "ledger": selectors.ledger(survey, now=now),
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
    """Every survey in one line, newest first; three queries, however many surveys there are."""
    tallies = selectors.tallies()
    rows = []
    for survey in selectors.surveys_all():
        tally = tallies.get(survey.pk, selectors.Tally())
        rows.append(
            {
                "survey": survey.slug,
                "title": survey.title,
                "state": survey.state,
                "state_label": survey.get_state_display(),
                "votes": tally.votes,
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
    try:
        return _plain(equal_weight([originals[key] for key in keys], [votes[key] for key in keys]))
    except Undefined:
        return None


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


def _sides(counts: list[tuple[int, str, bool, str, int]]) -> dict[str, Any]:
    """How often the original was on the left, and how often the left photo was chosen.

    By layout too: stacked, "left" is the upper photo, and opposite habits would cancel out.
    """
    original_left: Counter[str] = Counter()
    left_chosen: Counter[str] = Counter()
    layouts: Counter[str] = Counter()
    for _condition, side, preferred, layout, n in counts:
        layouts[layout] += n
        original_left[layout] += n * (side == "left")
        left_chosen[layout] += n * ((side == "left") == preferred)
    return {
        "original_left": _share(original_left.total(), layouts.total()),
        "left_chosen": _share(left_chosen.total(), layouts.total()),
        "left_chosen_by_layout": {
            layout: _share(left_chosen[layout], layouts[layout]) for layout in Vote.Layout.values
        },
        "layouts": {layout: layouts[layout] for layout in Vote.Layout.values},
    }
