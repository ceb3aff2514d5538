"""Where the numbers of a training go."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Protocol, TextIO, runtime_checkable

from models_app.training.durable import file_write
from models_app.training.errors import ConfigInvalid


class Reports(Protocol):
    """What a training tells; only the first of several processes does."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Tell numbers after a step; a resumed run tells those after its state again."""
        ...

    def progress(self, done: int, total: int) -> None:
        """Tell how many photos of all epochs are done."""
        ...

    def stage(self, text: str) -> None:
        """Tell what goes on, in a few words."""
        ...

    def log(self, text: str) -> None:
        """Tell one sentence that a person should be able to read later."""
        ...

    def device(self, text: str) -> None:
        """Tell what computes."""
        ...


@runtime_checkable
class Closes(Protocol):
    """Reports that hold something open."""

    def close(self) -> None:
        """Write what is left and let go."""
        ...


class Silent:
    """Tells nobody; the base of those that tell a part."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Tell nobody."""

    def progress(self, done: int, total: int) -> None:
        """Tell nobody."""

    def stage(self, text: str) -> None:
        """Tell nobody."""

    def log(self, text: str) -> None:
        """Tell nobody."""

    def device(self, text: str) -> None:
        """Tell nobody."""


class JsonLines(Silent):
    """Numbers in a file: a line a call, {"step": 3, "time": ..., "values": {...}}.

    A number that is not finite is null: JSON has no other word for it.

    Parameters
    ----------
    path
        Of the file.
    resumed
        Step from which a training goes on: lines after it, which are told again, are cut, and so
        is a line that was not finished. None: a new training, and a new file.
    validated
        Whether the state was saved after the validation that followed its step, if one did;
        if not, that is told again, and its line is cut.
    """

    def __init__(self, path: Path, *, resumed: int | None = None, validated: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [] if resumed is None else _lines_until(path, resumed, validated=validated)
        file_write(path, b"".join(kept))
        self._file = path.open("a", encoding="utf-8")

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line; it is in the file when this returns."""
        line = {
            "step": step,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "values": {
                name: float(value) if isfinite(value) else None for name, value in values.items()
            },
        }
        self._file.write(json.dumps(line, allow_nan=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


_VALIDATION = "validation/"


def _lines_until(path: Path, step: int, *, validated: bool) -> list[bytes]:
    if not path.exists():
        return []
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            content = json.loads(line)
            told = content["step"]
            validation = any(name.startswith(_VALIDATION) for name in content["values"])
        except (ValueError, KeyError, TypeError):
            # What a killed process left; its step is told again.
            continue
        if not isinstance(told, int) or told > step or not line.endswith(b"\n"):
            continue
        if told < step or validated or not validation:
            kept.append(line)
    return kept


class TensorBoardReports(Silent):
    """Numbers as TensorBoard's event files.

    Parameters
    ----------
    folder
        Of the event files.
    resumed, validated
        As of `JsonLines`; TensorBoard hides what is told again. It hides whole steps
        only: where the state was not validated, the curves of training lose that one step.

    Raises
    ------
    ConfigInvalid
        If TensorBoard is not installed.
    """

    def __init__(self, folder: Path, *, resumed: int | None = None, validated: bool = True) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigInvalid(
                "tensorboard is true, and TensorBoard is not installed; install the package "
                "tensorboard, or set tensorboard to false.",
                "tensorboard",
            ) from error
        purge = None if resumed is None else resumed + validated
        self._writer = SummaryWriter(str(folder), purge_step=purge)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def log(self, text: str) -> None:
        """Add it to the texts."""
        self._writer.add_text("log", text)

    def close(self) -> None:
        """Write what is left and close the file."""
        self._writer.close()


class Console:
    """Short lines on a terminal.

    Parameters
    ----------
    stream
        None: stderr, which leaves stdout to results.
    seconds
        Between two lines of the same kind of numbers; texts always come.
    """

    def __init__(self, stream: TextIO | None = None, *, seconds: float = 5.0) -> None:
        self._stream = stream or sys.stderr
        self._seconds = seconds
        self._told: dict[str, float] = {}
        self._done = ""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write the totals and the speed, or the first numbers where there are none."""
        shown = {name: values[name] for name in _SHOWN if name in values}
        shown = shown or dict(list(values.items())[:3])
        kind = next(iter(shown), "")
        if not kind or monotonic() - self._told.get(kind, -self._seconds) < self._seconds:
            return
        self._told[kind] = monotonic()
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in shown.items())
        self._line(f"step {step}{self._done}: {numbers}")

    def progress(self, done: int, total: int) -> None:
        """Remember it for the next line."""
        self._done = f" ({done} of {total} photos)"

    def stage(self, text: str) -> None:
        """Write it."""
        self._line(text)

    def log(self, text: str) -> None:
        """Write it."""
        self._line(text)

    def device(self, text: str) -> None:
        """Write it."""
        self._line(text)

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


_SHOWN = ("loss/total", "validation/total", "rank_accuracy/all", "speed/images_per_s")


class Several:
    """All of some reports, in their order; none: tells nobody."""

    def __init__(self, reports: Sequence[Reports]) -> None:
        self._reports = tuple(reports)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Tell all."""
        for each in self._reports:
            each.scalars(step, values)

    def progress(self, done: int, total: int) -> None:
        """Tell all."""
        for each in self._reports:
            each.progress(done, total)

    def stage(self, text: str) -> None:
        """Tell all."""
        for each in self._reports:
            each.stage(text)

    def log(self, text: str) -> None:
        """Tell all."""
        for each in self._reports:
            each.log(text)

    def device(self, text: str) -> None:
        """Tell all."""
        for each in self._reports:
            each.device(text)

    def close(self) -> None:
        """Close those that hold something open."""
        for each in self._reports:
            if isinstance(each, Closes):
                each.close()
