"""What distortions did to a photo's score, from a job's result to what pages and files show."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from django.utils.translation import gettext as _

from models_app.distortions.catalogue import Aspect, Entry
from models_app.distortions.registry import PRESET, PRESETS
from models_app.findings.exports import number
from models_app.findings.marks import REMARK, Marks
from models_app.sheets.rows import ASPECTS

# So many of the strongest drops are listed.
DROPS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One level of a distortion; the reference has the step 0 and an empty level."""

    level: str
    step: int
    score: float
    # Against the reference of its distortion.
    change: float

    @property
    def before(self) -> float:
        """The score of the reference."""
        return self.score - self.change


@dataclass(frozen=True, slots=True)
class Curve:
    """One distortion: its levels and its reference in their order."""

    key: str
    label: str
    aspect: str
    points: tuple[Point, ...]
    # Whether it is compared with a copy that is turned or cut like its levels, not the photo.
    own_reference: bool

    @property
    def worst(self) -> Point:
        return min(self.points, key=lambda point: point.change)


def curves_of(result: Mapping[str, Any]) -> list[Curve]:
    """Return the curves of a job's result in the order of the preset; empty where it has none."""
    scores: Mapping[str, Mapping[str, float]] = result.get("scores") or {}
    preset = PRESETS.get(result.get("preset", PRESET))
    if not scores or preset is None:
        return []
    order = {aspect: place for place, aspect in enumerate(get_args(Aspect))}
    entries = [entry for entry in preset.distortions.values() if entry.key in scores]
    return [_curve(entry, scores) for entry in sorted(entries, key=lambda e: order[e.aspect])]


def by_aspect(curves: list[Curve]) -> list[tuple[str, str, list[Curve]]]:
    """Return key, label and curves of every aspect that has some."""
    groups = []
    for aspect in get_args(Aspect):
        mine = [curve for curve in curves if curve.aspect == aspect]
        if mine:
            groups.append((aspect, str(ASPECTS.get(aspect, aspect)), mine))
    return groups


def drops(curves: list[Curve]) -> list[tuple[Curve, Point]]:
    """Return each distortion's worst level where that lowers the score, the worst ones first."""
    found = [(curve, curve.worst) for curve in curves if curve.worst.change < 0]
    return sorted(found, key=lambda pair: pair[1].change)[:DROPS]


def curves_csv(curves: list[Curve], marks: Marks) -> Iterator[str]:
    """Yield one row a level, references among them with an empty level."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(["distortion", "aspect", "level", "step", "score", "change", REMARK])
    for curve in curves:
        for point in curve.points:
            yield writer.writerow(
                [curve.key, curve.aspect, point.level, point.step, number(point.score),
                 number(point.change), marks.remark]
            )  # fmt: skip


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def _curve(entry: Entry, scores: Mapping[str, Mapping[str, float]]) -> Curve:
    base = scores[entry.reference][""]
    points = [Point("", 0, base, 0.0)]
    for level in entry.levels:
        score = scores[entry.key].get(level.key)
        if score is not None:
            points.append(Point(level.key, level.step, score, score - base))
    points.sort(key=lambda point: point.step)
    return Curve(
        entry.key, _(entry.label), entry.aspect, tuple(points), entry.reference != "original"
    )
