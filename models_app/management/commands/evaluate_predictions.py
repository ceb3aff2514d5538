import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from analysis.metrics import REGISTRY
from analysis.metrics.base import RULES
from analysis.metrics.evaluation import Comparison, compare
from analysis.metrics.readings import Reading
from analysis.paired_bootstrap import RESAMPLES, Bootstrap
from models_app.evaluation.sources import (
    BASELINE,
    PREDICTIONS,
    TRUTH,
    Columns,
    Sources,
    sources_read,
)
from models_app.evaluation.tables import TableRefused


class Command(BaseCommand):
    help = (
        "Compare predicted scores with true ones: correlations, errors, accuracy and EMD, with "
        "paired bootstrap intervals; tables are CSV or blank separated, also as .gz."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--truth", type=Path, required=True, metavar="FILE")
        parser.add_argument("--predictions", type=Path, required=True, metavar="FILE")
        parser.add_argument("--baseline", type=Path, metavar="FILE", help="predictions to beat")
        for option, what in (
            ("truth", "true scores"),
            ("prediction", "predicted scores"),
            ("baseline", "the baseline's scores"),
            ("id", "names of images"),
            (
                "group",
                "of the truth: rows that are drawn together, as of one reference image; "
                "default: reference, where every image has one; '' draws single rows",
            ),
        ):
            parser.add_argument(f"--{option}-column", metavar="C", help=what)
        parser.add_argument(
            "--threshold",
            type=float,
            default=5.0,
            help="of the two classes, on the scale of the truth; default: %(default)s",
        )
        parser.add_argument(
            "--rule",
            choices=RULES,
            default=RULES[0],
            help="whether a score is high above the threshold or at it, too; default: %(default)s",
        )
        parser.add_argument(
            "--resamples",
            type=int,
            default=RESAMPLES,
            help=f"at least {RESAMPLES}, or 0 for no intervals; default: %(default)s",
        )
        parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        intervals = bootstrap(options["resamples"], options["seed"])
        columns = Columns(
            ids=options["id_column"],
            truth=options["truth_column"],
            predictions=options["prediction_column"],
            baseline=options["baseline_column"],
            group=options["group_column"],
        )
        try:
            if options["baseline_column"] and not options["baseline"]:
                raise TableRefused(_("--baseline-column needs a file: name it with --baseline."))
            sources = sources_read(
                options["truth"],
                options["predictions"],
                baseline=options["baseline"],
                columns=columns,
            )
            # Undefined and what else the metrics refuse is a ValueError as well.
            found = compared(sources, options["threshold"], options["rule"], intervals)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(facts(sources, found), ensure_ascii=False))
            return
        heading = [*used(sources), *choices(sources, found), *left_out(sources)]
        for line in (*heading, "", *table(found), "", *notes(found)):
            self.stdout.write(line)


def bootstrap(resamples: int, seed: int) -> Bootstrap | None:
    if resamples and resamples < RESAMPLES:
        raise CommandError(
            _("--resamples is %(n)d; allowed are at least %(least)d, or 0 for no intervals.")
            % {"n": resamples, "least": RESAMPLES},
            returncode=2,
        )
    if seed < 0:
        raise CommandError(
            _("--seed is %(n)d; allowed are whole numbers from 0.") % {"n": seed}, returncode=2
        )
    return Bootstrap(resamples, seed) if resamples else None


def compared(
    sources: Sources, threshold: float, rule: Any, intervals: Bootstrap | None
) -> Comparison:
    truth = sources.scores(TRUTH)
    models = {side: sources.scores(side) for side in sources.used if side != TRUTH}
    return compare(
        truth.predictions,
        models,
        baseline=BASELINE if BASELINE in models else PREDICTIONS,
        truth_bins=truth.bins,
        threshold=threshold,
        rule=rule,
        intervals=intervals,
        groups=sources.groups,
    )


def facts(sources: Sources, found: Comparison) -> dict[str, Any]:
    made = found.to_json()
    own = made["evaluations"][PREDICTIONS]
    more = {}
    if BASELINE in made["evaluations"]:
        more["baseline_metrics"] = made["evaluations"][BASELINE]["metrics"]
        more["differences"] = made["differences"][PREDICTIONS]
    return {
        **{side: source.to_json() for side, source in sources.used.items()},
        "group_column": sources.group_column,
        "group_column_by_default": sources.grouping.is_default and sources.grouping.is_used,
        "matched_by": sources.joined.by,
        "left_out": sources.joined.left_out(),
        **own,
        **more,
    }


def used(sources: Sources) -> list[str]:
    return [
        _("%(side)s: %(file)s, %(scores)s, images by %(ids)s")
        % {
            "side": side,
            "file": source.table.name,
            "scores": source.scored.text,
            "ids": _("column %(name)s") % {"name": source.ids} if source.ids else _("place"),
        }
        for side, source in sources.used.items()
    ] + [
        _("%(n)d images on all sides, matched by %(by)s")
        % {"n": len(sources.joined.ids), "by": sources.joined.by}
    ]


def choices(sources: Sources, found: Comparison) -> list[str]:
    """What was taken because nobody asked for another, and the classes."""
    model = found.evaluations[PREDICTIONS]
    above = _("threshold %(t)g: a score above it is high")
    rule = above if model.rule == "greater" else _("threshold %(t)g: a score of it or more is high")
    lines = [rule % {"t": model.threshold}]
    mapped = [side for side, source in sources.used.items() if source.is_mapped]
    if mapped:
        lines.append(
            _(
                "%(sides)s: column mapped has the predictions on the labels' scale; errors and the "
                "threshold are on that scale, too (evaluations here take its middle unless it is "
                "1 to 10)"
            )
            % {"sides": ", ".join(mapped)}
        )
    grouping = sources.grouping
    if not model.interval:
        return lines
    if grouping.is_used:
        words = _("truth: rows of one %(column)s are drawn together")
        if grouping.is_default:
            words = _("truth: rows of one %(column)s are drawn together; --group-column '' draws "
                      "single rows")  # fmt: skip
        lines.append(words % {"column": grouping.column})
    elif grouping.column:
        lines.append(
            _("truth: column %(column)s is empty for %(n)d images, so single rows are drawn")
            % {"column": grouping.column, "n": grouping.empty}
        )
    return lines


def left_out(sources: Sources) -> list[str]:
    words = {
        "missing": _("%(n)d images missing"),
        "no_number": _("%(n)d rows without a finite number left out"),
        "repeated": _("%(n)d rows repeated and counted once"),
    }
    lines = []
    for side, reasons in sources.joined.left_out().items():
        for reason, names in reasons.items():
            dots = ", ..." if names["count"] > len(names["first"]) else ""
            what = words[reason] % {"n": names["count"]}
            lines.append(f"{side}: {what}: {', '.join(names['first'])}{dots}")
    return lines


def table(found: Comparison) -> list[str]:
    """Rows of equal width: label, value and interval, of the model, the baseline and both."""
    columns: dict[str, Mapping[str, Reading]] = {
        name: each.metrics for name, each in found.evaluations.items()
    }
    if found.differences:
        columns[_("difference")] = found.differences[PREDICTIONS]
    width = max(len(entry.label) for entry in REGISTRY.values())
    # The model alone needs no heading.
    lines = [" " * width + "".join(f"  {name:<27}" for name in columns)] if columns.keys() - {
        PREDICTIONS
    } else []  # fmt: skip
    for key in found.evaluations[PREDICTIONS].metrics:
        cells = [cell(readings[key]) if key in readings else "" for readings in columns.values()]
        lines.append(f"{REGISTRY[key].label:<{width}}" + "".join(f"  {text:<27}" for text in cells))
    return [line.rstrip() for line in lines]


def cell(reading: Reading) -> str:
    if reading.value is None:
        return _("undefined")
    if reading.low is None or reading.high is None:
        return f"{reading.value:8.5f}"
    return f"{reading.value:8.5f} {reading.low:8.5f}..{reading.high:8.5f}"


def notes(found: Comparison) -> list[str]:
    """What the numbers do not say themselves."""
    model = found.evaluations[PREDICTIONS]
    lines = []
    if model.interval:
        lines.append(
            _("intervals: %(share)g %% %(name)s, %(n)d resamples of %(units)d, seed %(seed)d")
            % {
                "share": 100 * model.confidence,
                "name": model.interval,
                "n": model.resamples,
                "units": model.units,
                "seed": model.seed,
            }
        )
    for side, each in found.evaluations.items():
        for key, reading in each.metrics.items():
            said = reading.undefined or reading.fallback
            if said:
                lines.append(f"{side}, {REGISTRY[key].label}: {said}")
            if reading.left_out or reading.fell_back:
                lines.append(
                    _("%(side)s, %(label)s: undefined in %(out)d resamples, raw in %(raw)d")
                    % {
                        "side": side,
                        "label": REGISTRY[key].label,
                        "out": reading.left_out,
                        "raw": reading.fell_back,
                    }
                )
    return lines
