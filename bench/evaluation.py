"""Paired bootstrap of every metric, beside plain SciPy on picked rows.

Usage: python -m bench.evaluation [--rows 20000] [--resamples 1000] [--picked 10] [--truth FILE]

Predictions and truth are those of the file (default: the AVA test set with a published model's
predictions, in $PROOFSHEET_SHARED), drawn again to the number of rows; distributions are the
file's votes against those of other rows. The yardstick computes the metrics of `picked` resamples
with SciPy and NumPy from the picked rows, in this process; its times are projected to all
resamples. Each metric has a row of its own, one process, one core; a group's line is the time of
all its metrics at once, the draws included.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy import optimize, stats

from analysis.metrics import REGISTRY, metric_get
from analysis.metrics.base import Sample, sample_make
from analysis.metrics.readings import Draws
from analysis.paired_bootstrap import Bootstrap, Units
from bench.machine import machine
from models_app.evaluation.tables import table_read

GROUPS = {
    "SRCC, LCC, accuracy, MAE, EMD": (("srcc", "lcc", "accuracy", "mae", "emd"), 10),
    "KRCC and logistic LCC": (("krcc", "lcc_logistic"), 60),
    "every metric": (tuple(REGISTRY), 70),
}
"""With the seconds allowed at 20,000 rows and 1,000 resamples."""
FILE = "data/labels/ava/ava_official_test_votes_pred.csv.gz"


def curve(x: np.ndarray, b1: float, b2: float, b3: float, b4: float) -> np.ndarray:
    return (b1 - b2) / (1 + np.exp(-(x - b3) / b4)) + b2


def logistic(x: np.ndarray, y: np.ndarray) -> float:
    start = [y.max(), y.min(), x.mean(), x.std() / 4]
    fitted, _covariance = optimize.curve_fit(curve, x, y, start, maxfev=10_000)
    return float(stats.pearsonr(curve(x, *fitted), y).statistic)


def distance(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sqrt((np.cumsum(p - q, axis=1) ** 2).mean(axis=1)).mean())


def yardstick(sample: Sample, rows: np.ndarray, key: str) -> float:
    """The metric of picked rows, as one writes it down with SciPy."""
    x, y = sample.predictions[rows], sample.truth[rows]
    if key == "emd":
        return distance(sample.predicted_bins[rows], sample.truth_bins[rows])
    plain: dict[str, Callable[[], float]] = {
        "srcc": lambda: stats.spearmanr(x, y).statistic,
        "krcc": lambda: stats.kendalltau(x, y).statistic,
        "lcc": lambda: stats.pearsonr(x, y).statistic,
        "lcc_logistic": lambda: logistic(x, y),
        "mae": lambda: np.abs(x - y).mean(),
        "accuracy": lambda: ((x > 5) == (y > 5)).mean(),
    }
    return float(plain[key]())


def sample_read(path: Path, rows: int) -> Sample:
    columns = table_read(path).columns
    rng = np.random.default_rng(0)
    picked = rng.integers(0, len(columns["quality"]), rows)
    numbers = {name: np.array(cells, dtype=float)[picked] for name, cells in columns.items()}
    votes = np.stack([numbers[f"score{i}"] for i in range(2, 12)], axis=1)
    # A thousandth of noise, or rows that are there twice would make ties that AVA has not.
    noise = rng.normal(0, 1e-3, (2, rows))
    return sample_make(
        numbers["quality"] + noise[0],
        numbers["quality_eval"] + noise[1],
        truth_bins=votes,
        predicted_bins=np.roll(votes, 1, axis=0),
        threshold=5,
        rule="greater",
    )


def seconds_ours(sample: Sample, keys: Sequence[str], resamples: int) -> tuple[float, float]:
    """Seconds that passed, and those of the processor, which others do not lengthen."""
    start, busy = time.perf_counter(), time.process_time()
    measures = {("", key): metric_get(key)(sample) for key in keys}
    Draws(measures, Units(len(sample.truth)), Bootstrap(resamples))
    return time.perf_counter() - start, time.process_time() - busy


def seconds_picked(sample: Sample, key: str, resamples: int) -> tuple[float, float]:
    """Seconds of the yardstick, and the largest difference to ours in the same resamples."""
    units, measure = Units(len(sample.truth)), metric_get(key)(sample)
    seconds, apart = 0.0, 0.0
    for resample in range(resamples):
        counts = units.draw(0, resample)
        start = time.perf_counter()
        rows = np.repeat(np.arange(len(counts)), counts.astype(int))
        found = yardstick(sample, rows, key)
        seconds += time.perf_counter() - start
        apart = max(apart, abs(found - measure(counts)))
    return seconds, apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--picked", type=int, default=10, help="resamples of the yardstick")
    parser.add_argument("--truth", type=Path)
    args = parser.parse_args()
    shared = os.environ.get("PROOFSHEET_SHARED")
    if args.truth is None and not shared:
        print("PROOFSHEET_SHARED names no folder with data; name a table with --truth.")
        return
    sample = sample_read(args.truth or Path(str(shared), FILE), args.rows)
    print(f"{machine()}; {args.rows} rows, {args.resamples} resamples\n")
    print(f"| metric | ours, s | SciPy, s (from {args.picked} resamples) | x | apart |")
    print("|---|---:|---:|---:|---:|")
    for key in (key for keys, _most in list(GROUPS.values())[:2] for key in keys):
        ours, _busy = seconds_ours(sample, [key], args.resamples)
        some, apart = seconds_picked(sample, key, args.picked)
        plain = some / args.picked * args.resamples
        figures = f"{ours:.2f} | {plain:.1f} | {plain / ours:.1f} | {apart:.0e}"
        print(f"| {REGISTRY[key].label} | {figures} |")
    print("\n| together | s | CPU s | allowed, s |\n|---|---:|---:|---:|")
    for name, (keys, most) in GROUPS.items():
        full = args.rows == 20_000 and args.resamples == 1000
        seconds, busy = seconds_ours(sample, keys, args.resamples)
        print(f"| {name} | {seconds:.2f} | {busy:.2f} | {most if full else ''} |")


if __name__ == "__main__":
    main()
