"""What a training says, as a job says it."""

from collections.abc import Mapping
from math import isfinite

from models_app.jobs.context import Context

# Curves whose newest value is also a figure of the job.
FIGURES = {
    "speed/images_per_s": "images_per_s",
    "memory/mb": "memory_mb",
    "skipped_steps": "skipped_steps",
    "unreadable_photos": "unreadable",
}
BEST = "validation/total"


class JobReports:
    """Keeps to memory, as the context does: a training never waits for the database."""

    def __init__(self, context: Context) -> None:
        self._context = context
        best = context.job.result.get("validation_loss")
        self._best: float | None = best if isinstance(best, (int, float)) else None

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._context.metric(name, step, value)
        figures = {
            figure: values[name]
            for name, figure in FIGURES.items()
            if name in values and isfinite(values[name])
        }
        loss = values.get(BEST)
        if loss is not None and isfinite(loss) and (self._best is None or loss < self._best):
            self._best = figures["validation_loss"] = loss
        figures |= {
            name.replace("/", "_"): value
            for name, value in values.items()
            if name.startswith("rank_accuracy/")
            and isfinite(value)
            and name.partition("/")[2] in {"all", "technical", "style", "composition"}
        }
        if figures:
            self._context.result(**figures)

    def progress(self, done: int, total: int) -> None:
        self._context.progress(done, total)

    def stage(self, text: str) -> None:
        self._context.stage(text)

    def log(self, text: str) -> None:
        self._context.log(text)

    def device(self, text: str) -> None:
        self._context.device(text)
