"""What a training says, as a job says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, isfinite, nan

from models_app.jobs.context import Context

# Curves whose newest value is also a figure of the job.
FIGURES = {
    "speed/images_per_s": "images_per_s",
    "memory/mb": "memory_mb",
    "skipped_steps": "skipped_steps",
    "unreadable_photos": "unreadable",
}
BEST = "validation/total"


@dataclass(frozen=True, slots=True)
class Told:
    """What of a training's numbers is said on its job while it runs."""

    # Curve to name; what is measured of the best weights at the end has names of its own.
    live: Mapping[str, str]
    # The option that says how many epochs there are at most.
    epochs: str = "epochs"
    figures: Mapping[str, str] = field(default_factory=lambda: FIGURES)


PRETRAINING = Told(
    {
        "rank_accuracy/all": "rank_accuracy_all",
        "rank_accuracy/technical": "rank_accuracy_technical",
        "rank_accuracy/style": "rank_accuracy_style",
        "rank_accuracy/composition": "rank_accuracy_composition",
    }
)
FINETUNING = Told(
    {
        "validation/emd": "validation_emd",
        "validation/srcc": "validation_srcc",
        "validation/lcc": "validation_lcc",
        "validation/mae": "validation_mae",
    },
    epochs="max_epochs",
)


class JobReports:
    """Keeps to memory, as the context does: a training never waits for the database."""

    def __init__(self, context: Context, told: Told = PRETRAINING) -> None:
        self._context = context
        self._told = told
        best = context.job.result.get("validation_loss")
        self._best: float | None = best if isinstance(best, (int, float)) else None
        self._done, self._total = context.job.done, context.job.total or 0

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._context.metric(name, step, value)
        figures = {
            figure: values[name]
            for name, figure in self._told.figures.items()
            if name in values and isfinite(values[name])
        }
        loss = values.get(BEST)
        if loss is not None and isfinite(loss) and (self._best is None or loss < self._best):
            self._best = figures["validation_loss"] = loss
        if figures:
            self._context.result(**figures)
        live = {
            said: values[name]
            for name, said in self._told.live.items()
            if isfinite(values.get(name, nan))
        }
        if live:
            said = {name: f"{value:.4f}" for name, value in live.items()}
            self._context.result(live={"epoch": str(self._epoch()), **said})

    def _epoch(self) -> int:
        """Return which epoch the last photo was of, counted from 1."""
        epochs = int(self._context.job.config[self._told.epochs])
        return max(1, ceil(epochs * self._done / self._total)) if self._total else 1

    def progress(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._context.progress(done, total)

    def stage(self, text: str) -> None:
        self._context.stage(text)

    def log(self, text: str) -> None:
        self._context.log(text)

    def device(self, text: str) -> None:
        self._context.device(text)
