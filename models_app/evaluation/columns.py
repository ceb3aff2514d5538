"""Which columns of a table hold the image, the truth and the predictions."""

import re
from dataclasses import dataclass

from models_app.evaluation.tables import Table, TableRefused, number

# Compared without regard to case.
IDS = (
    "image_id", "image_name", "image", "img", "name", "filename", "file_name", "file", "path", "id",
    "dis_img_path",
)  # fmt: skip
# Where nothing else names the image: labels as CSV name it, and the photo that it was found as.
SECOND_IDS = ("photo",)
TRUTHS = (
    "quality", "mos", "gt", "ground_truth", "truth", "label", "score", "mean_score", "rating",
)  # fmt: skip
PREDICTIONS = (
    "prediction", "predictions", "predicted", "pred", "predicted_mean", "predicted_score",
    "prediction_mean", "mean_prediction", "mean_score_prediction", "quality_eval",
)  # fmt: skip
# In files of either kind.
GENERAL = ("mean",)
# Of an evaluation's predictions.csv: predictions on the scale of the labels, which
# `prediction`, 1 to 10, need not have.
MAPPED = "mapped"

_BIN = re.compile(r"([a-z]*?)_?(\d+)")
_TRUTH_BINS = ("score", "vote", "votes", "count", "counts", "bin", "rating", "")
# As evaluations and label sets write them: t0 stands for the score 0, b2 for the score 2.
_OWN_BINS = ("t", "b")
_PREDICTED_BINS = ("p", "pred", "predicted", "prob")
_BINS_LEAST = 3
# What rounding to three places leaves between a mean and its bins.
_SAME = 2e-3


@dataclass(frozen=True, slots=True)
class Bins:
    """Columns of a distribution; the first stands for the score `first`."""

    columns: tuple[str, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Scored:
    """Where a side's scores are: a column, the mean of bins, or both where they agree."""

    column: str | None
    bins: Bins | None

    @property
    def text(self) -> str:
        if self.bins is None:
            return f"column {self.column}"
        ends = f"{self.bins.columns[0]} to {self.bins.columns[-1]}"
        return f"mean of {ends}" if self.column is None else f"column {self.column}, bins {ends}"

    @property
    def names(self) -> set[str]:
        bins = self.bins.columns if self.bins else ()
        return {*bins, *([self.column] if self.column else [])}


def id_column(table: Table, wanted: str | None, *, other: set[str]) -> str | None:
    """Return the column that names images; None where there is none.

    `other` are columns already known to be something else.
    """
    if wanted is not None:
        table.column(wanted)
        return wanted
    found = _called(table, IDS, other) or _called(table, SECOND_IDS, other)
    if len(found) > 1:
        raise TableRefused(_several(table, "name the image", found, "--id-column"))
    if found:
        return found[0]
    # Without names of columns: the only one that is not numbers.
    texts = [name for name in table.columns if name not in other and not _numeric(table, name)]
    return texts[0] if len(texts) == 1 else None


def truth_find(
    table: Table,
    wanted: str | None,
    *,
    option: str = "--truth-column",
    has_predictions: bool = False,
) -> Scored:
    """Return where the truth is: a column by its name, or the mean of ten bins of votes.

    A column `mean` is the truth where no other is; where the file `has_predictions` as well, only
    beside bins that have these means.
    """
    bins = bins_find(table, (*_TRUTH_BINS, *_OWN_BINS))
    found = [wanted] if wanted is not None else _truth_named(table, bins, has_predictions)
    if len(found) > 1:
        raise TableRefused(_several(table, "may be the truth", found, option))
    if found:
        column = found[0]
        table.column(column)
        if bins is None or column in bins.columns or _agree(table, column, bins):
            return Scored(column, bins if bins and column not in bins.columns else None)
        if wanted is not None:
            return Scored(column, None)
        raise TableRefused(
            f"{table.name} has a column {column} and bins with other means; name one of its "
            f"columns with {option}."
        )
    if bins is not None:
        return Scored(None, bins)
    return Scored(_last_resort(table, set(PREDICTIONS), set(), "truth", option), None)


def predictions_find(
    table: Table, wanted: str | None, *, taken: set[str], option: str = "--prediction-column"
) -> Scored:
    """Return where predictions are; `taken` are the truth's columns where it is the same file."""
    bins = bins_find(table, _PREDICTED_BINS) or (None if taken else bins_find(table, _TRUTH_BINS))
    if bins is not None and taken & set(bins.columns):
        bins = None
    column = wanted
    if column is None:
        column = _prediction_named(table, taken, option)
    if column is not None:
        table.column(column)
        if bins and column.lower() == MAPPED:
            bins = _moved(table, column, bins)
        fitting = bins and column not in bins.columns and _agree(table, column, bins)
        return Scored(column, bins if fitting else None)
    if bins is not None:
        return Scored(None, bins)
    return Scored(_last_resort(table, set(), taken, "predictions", option), None)


def bins_find(table: Table, kinds: tuple[str, ...]) -> Bins | None:
    """Return columns such as score1 to score10, or None.

    Numbers run from 0, 1 or 2 (as in score2 to score11, votes for 1 to 10); of other starts
    nothing is known. Bins that start with 0 stand for scores from 0, others for scores from 1;
    those that the app writes itself, as t2 or b2, for the score that they name.
    """
    numbers: dict[str, dict[int, str]] = {}
    for name in table.columns:
        match = _BIN.fullmatch(name.lower())
        if match and match[1] in kinds:
            numbers.setdefault(match[1], {})[int(match[2])] = name
    for kind, found in numbers.items():
        low = min(found)
        is_own = kind in _OWN_BINS
        gaps = max(found) != low + len(found) - 1
        if len(found) < _BINS_LEAST or gaps or (low > 2 and not is_own):
            continue
        if len(found) == len(table.columns):
            # Columns without names: 1, 2, 3 and so on.
            continue
        first = low if is_own else min(low, 1)
        return Bins(tuple(found[place] for place in sorted(found)), first)
    return None


def bins_mean(cells: list[float], bins: Bins) -> float | None:
    """Return the mean score of shares or counts; None where they are none."""
    total = sum(cells)
    if total <= 0 or min(cells) < 0:
        return None
    return sum(share * (bins.first + place) for place, share in enumerate(cells)) / total


def _truth_named(table: Table, bins: Bins | None, has_predictions: bool) -> list[str]:
    found = _called(table, TRUTHS, set())
    if found:
        return found
    # Votes beside other means are the truth, and the means may be somebody's predictions.
    return [
        name
        for name in _called(table, GENERAL, set())
        if (_agree(table, name, bins) if bins else not has_predictions)
    ]


def _prediction_named(table: Table, taken: set[str], option: str) -> str | None:
    # In a file of its own the predicted score may have the name that a true one has.
    for names in ((MAPPED,), PREDICTIONS, GENERAL, () if taken else TRUTHS):
        found = _called(table, names, taken)
        if len(found) > 1:
            raise TableRefused(_several(table, "may be the predictions", found, option))
        if found:
            return found[0]
    return None


def _last_resort(
    table: Table, not_called: set[str], taken: set[str], what: str, option: str
) -> str:
    """Return the only column of numbers that nothing else claims."""
    left = [
        name
        for name in table.columns
        if name not in taken and name.lower() not in (*IDS, *not_called) and _numeric(table, name)
    ]
    if len(left) == 1:
        return left[0]
    raise TableRefused(
        f"Which column of {table.name} holds the {what} is not clear; name one with {option}: "
        f"{', '.join(table.columns)}."
    )


def _called(table: Table, names: tuple[str, ...], taken: set[str]) -> list[str]:
    return [name for name in table.columns if name.lower() in names and name not in taken]


def _numeric(table: Table, name: str) -> bool:
    """Whether most cells are numbers: a few missing ones do not make a column text."""
    cells = table.columns[name]
    return 2 * sum(number(cell) is not None for cell in cells) > len(cells)


def _agree(table: Table, column: str, bins: Bins) -> bool:
    rows = zip(table.columns[column], *(table.columns[name] for name in bins.columns), strict=True)
    for row in rows:
        score, *shares = (number(cell) for cell in row)
        known = [share for share in shares if share is not None]
        if score is None or len(known) < len(shares):
            continue
        mean = bins_mean(known, bins)
        if mean is None or abs(mean - score) > _SAME:
            return False
    return True


def _moved(table: Table, column: str, bins: Bins) -> Bins:
    """Return bins on the scale of a column whose scores are as far apart: 0 to 9 for 1 to 10."""
    rows = zip(table.columns[column], *(table.columns[name] for name in bins.columns), strict=True)
    for row in rows:
        score, *shares = (number(cell) for cell in row)
        known = [share for share in shares if share is not None]
        mean = bins_mean(known, bins) if len(known) == len(shares) else None
        if score is not None and mean is not None:
            return Bins(bins.columns, bins.first + round(score - mean))
    return bins


def _several(table: Table, what: str, found: list[str], option: str) -> str:
    return f"Several columns of {table.name} {what}: {', '.join(found)}; name one with {option}."
