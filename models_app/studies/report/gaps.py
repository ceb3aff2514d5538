"""What a report was to compare and cannot, or not as it was asked: a sentence each."""

from collections.abc import Sequence

from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.report.comparing import Pair
from models_app.studies.report.inputs import Cell, Inputs
from models_app.studies.report.resampling import Measured


def families_plan(config: StudyConfig) -> list[list[Pair]]:
    """Return what is to be held against what, a list for what is read together in a table.

    All daggers of a column are one family. It follows from the question alone: what fails does not
    make a family smaller.
    """
    daggers = []
    for trainable in config.trainable:
        for share in sorted(config.shares, reverse=True):
            baseline = Cell(config.baseline, trainable, share)
            others = (Cell(key, trainable, share) for key in config.initialisations)
            daggers += [(cell, baseline) for cell in others if cell != baseline]
    found = [daggers]
    if len(config.trainable) > 1:
        # Each initialisation against itself: all layers against the last block.
        found.append(
            [
                (Cell(key, "all", share), Cell(key, "last_block", share))
                for key in config.initialisations
                for share in config.shares
            ]
        )
    return [pairs for pairs in found if pairs]


def gaps_find(
    config: StudyConfig, measured: Measured, families: Sequence[Sequence[Pair]]
) -> list[str]:
    """Say which rows, seeds, comparisons and curves are missing from a column."""
    return [
        *_seeds_missing(config, measured),
        *_comparisons_missing(measured, families),
        *_curves_missing(config, measured),
    ]


def learnt_differently(inputs: Inputs) -> list[str]:
    """Say which arms of equal seed and share learnt from other images than most of them."""
    alike: dict[tuple[int, float], dict[str, list[Arm]]] = {}
    for arm, digest in sorted(inputs.learnt.items()):
        alike.setdefault((arm.seed, arm.share), {}).setdefault(digest, []).append(arm)
    found = []
    for (seed, share), groups in sorted(alike.items()):
        usual = max(groups.values(), key=len)
        for arms in groups.values():
            if arms is not usual:
                found.append(
                    f"Seed {seed}, {_percent(share)}: {_names(arms)} learnt from other images or "
                    f"labels than {_names(usual)}, so their difference is not that of the initial "
                    "weights alone. Ask the study again with reuse set to false."
                )
    return found


def _seeds_missing(config: StudyConfig, measured: Measured) -> list[str]:
    found = []
    for cell, arms in sorted(measured.cells.items()):
        seeds = {arm.seed for arm in arms}
        lacks = [seed for seed in config.seeds if seed not in seeds]
        if lacks:
            found.append(
                f"{_said(cell)} lacks {_listed('seed', lacks)}: its row is of "
                f"{_listed('seed', sorted(seeds))}, and others are of more."
            )
    return found


def _comparisons_missing(measured: Measured, families: Sequence[Sequence[Pair]]) -> list[str]:
    found = []
    for pairs in families:
        lacks = [pair for pair in pairs if not measured.cells.keys() >= set(pair)]
        if not lacks:
            continue
        baselines = sorted({each for _cell, each in lacks if each not in measured.cells})
        why = "".join(f" {_said(each)} was not evaluated." for each in baselines)
        compared = ", ".join(f"{_said(cell)} with {_said(against)}" for cell, against in lacks)
        found.append(
            f"Not compared: {compared}.{why} Each counts in its family of {len(pairs)} as a test "
            "with p = 1."
        )
    return found


def _curves_missing(config: StudyConfig, measured: Measured) -> list[str]:
    if len(config.shares) < 2:
        return []
    found = []
    for trainable in config.trainable:
        baseline = Cell(config.baseline, trainable, 1.0)
        for key in config.initialisations:
            if key == config.baseline:
                continue
            curve = [Cell(key, trainable, share) for share in sorted(config.shares)]
            lacks = [cell for cell in (*curve, baseline) if cell not in measured.cells]
            if lacks:
                found.append(
                    f"No share of labels that is enough for {key}: "
                    f"{', '.join(map(_said, lacks))} was not evaluated."
                )
    return found


def _said(cell: Cell) -> str:
    return f"{cell.initialisation}/{cell.trainable}, {_percent(cell.share)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} % of the labels"


def _names(arms: Sequence[Arm]) -> str:
    return ", ".join(f"{arm.initialisation}/{arm.trainable}" for arm in arms)


def _listed(word: str, values: Sequence[int]) -> str:
    return f"{word}{'s' if len(values) > 1 else ''} {', '.join(map(str, values))}"
