"""Planted against recovered: what the results page finds of what was planted."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis.intervals import wilson
from survey import results
from survey.models import Origin, Survey
from survey.simulation.judging import Judged
from survey.simulation.truth import Truth


@dataclass(frozen=True, slots=True)
class Row:
    """One share, planted and recovered; shares are 0..1."""

    key: str
    label: str
    n: int
    # Over all people, photos and sides, in the mixture of conditions that was shown.
    planted: float
    # The mean chance of exactly the trials that were shown, with their people, photos and sides.
    drawn: float
    recovered: float
    low: float
    high: float

    @property
    def planted_inside(self) -> bool:
        return self.low <= self.planted <= self.high

    @property
    def drawn_inside(self) -> bool:
        return self.low <= self.drawn <= self.high


@dataclass(frozen=True, slots=True)
class Recovery:
    distortions: tuple[Row, ...]
    pooled: Row
    left: Row

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.distortions, self.pooled, self.left)


def recovery_make(
    survey: Survey, truth: Truth, judged: Sequence[Judged], *, confidence: float = 0.95
) -> Recovery:
    """Compare the truth with the results of the simulated votes, as the page counts them.

    Intervals are Wilson's, which takes votes as independent. They answer to `drawn`; `planted`
    lies outside more often than one in twenty, as votes of one person are alike, and of one photo.
    """
    found = results.survey_results(survey, origins={Origin.SIMULATED})
    parts: defaultdict[str, list[Judged]] = defaultdict(list)
    for vote in judged:
        parts[vote.condition.partition("/")[0]].append(vote)

    def row(key: str, label: str, share: dict[str, Any], votes: Sequence[Judged]) -> Row:
        return _row(key, label, share, confidence, _planted(truth, votes), _drawn(votes))

    left_planted = sum(truth.share_left(v.condition) for v in judged) / len(judged)
    left_drawn = sum(v.chance if v.original_left else 1 - v.chance for v in judged) / len(judged)
    return Recovery(
        distortions=tuple(
            row(d["key"], d["label"], d["share"], parts[d["key"]])
            for d in found["distortions"]
            if d["share"]
        ),
        pooled=row("pooled", _("All votes"), found["share"]["pooled"], judged),
        left=_row(
            "left", _("Left photo chosen"), found["sides"]["left_chosen"], confidence,
            left_planted, left_drawn,
        ),
    )  # fmt: skip


def _row(
    key: str, label: str, share: dict[str, Any], confidence: float, planted: float, drawn: float
) -> Row:
    estimate = wilson(round(share["value"] * share["n"]), share["n"], confidence=confidence)
    return Row(key, label, estimate.n, planted, drawn, estimate.value, estimate.low, estimate.high)


def _planted(truth: Truth, votes: Sequence[Judged]) -> float:
    shown = Counter(vote.condition for vote in votes)
    return sum(n * truth.share(condition) for condition, n in shown.items()) / len(votes)


def _drawn(votes: Sequence[Judged]) -> float:
    return sum(vote.chance for vote in votes) / len(votes)


def table(recovery: Recovery) -> Iterator[str]:
    """Yield the lines of the table; widths are of the longest text."""
    head = (
        _("distortion"), _("planted"), _("in?"), _("these trials"), _("in?"), _("recovered"),
        _("interval (95%)"), _("n"),
    )  # fmt: skip
    rows = [_cells(row) for row in recovery.rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for cells in (head, *rows):
        first, *others = (
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        yield "  ".join([first, *others])
    inside = sum(row.planted_inside for row in recovery.distortions)
    drawn = sum(row.drawn_inside for row in recovery.distortions)
    yield _(
        "Inside the interval: %(inside)d of %(n)d planted shares, %(drawn)d of %(n)d shares of the "
        "trials shown."
    ) % {"inside": inside, "drawn": drawn, "n": len(recovery.distortions)}


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.label,
        f"{100 * row.planted:.1f}%",
        _("yes") if row.planted_inside else _("no"),
        f"{100 * row.drawn:.1f}%",
        _("yes") if row.drawn_inside else _("no"),
        f"{100 * row.recovered:.1f}%",
        f"{100 * row.low:.1f}–{100 * row.high:.1f}",
        str(row.n),
    )


def facts(
    survey: Survey, truth: Truth, recovery: Recovery, *, annotators: int, votes: int
) -> dict[str, Any]:
    """Return the planted truth and what was recovered, for a JSON file."""
    return {
        "survey": survey.slug,
        "seed": truth.seed,
        "annotators": annotators,
        "votes_asked": votes,
        "votes": recovery.pooled.n,
        "formula": "P(original) = lapse/2 + (1 - lapse) * logistic(utility + side_bias * s + "
        "annotator_sd * z_annotator + photo_sd * z_photo); s = 1 with the original on the left, "
        "-1 on the right; z standard normal",
        "lapse": truth.lapse,
        "side_bias": truth.side_bias,
        "annotator_sd": truth.annotator_sd,
        "photo_sd": truth.photo_sd,
        "conditions": {
            name: {"utility": utility, "share": truth.share(name)}
            for name, utility in sorted(truth.utilities.items())
        },
        "recovered": [
            {
                "key": row.key,
                "n": row.n,
                "planted": row.planted,
                "these_trials": row.drawn,
                "recovered": row.recovered,
                "low": row.low,
                "high": row.high,
                "interval": "Wilson",
            }
            for row in recovery.rows
        ],
    }
