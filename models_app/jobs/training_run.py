"""A training from its first state to its last, on whichever workers have it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol, TypeVar

from models_app.errors import JobError, JobHandedBack
from models_app.jobs.context import Context
from models_app.jobs.training_fields import checkpoint_get
from models_app.jobs.training_states import States
from models_app.networks.errors import NetworkError
from models_app.services import checkpoints, job_records
from models_app.training.errors import TrainingError


class Ended(Protocol):
    """What a training returns."""

    @property
    def state(self) -> Literal["finished", "stopped"]: ...


OutcomeT = TypeVar("OutcomeT", bound=Ended)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a training works on this machine, and how it talks to its job."""

    folder: Path
    # Whether the folder holds a state to go on from.
    resume: bool
    # The file of weights to begin with; empty where it begins with others.
    weights: str
    saved: Callable[[Path], None]
    should_stop: Callable[[], bool]


def training_run(
    config: Any,
    context: Context,
    train: Callable[[Place], OutcomeT],
    store: Callable[[OutcomeT, Path], None],
) -> None:
    """Train, and store what came of it; states go up on the way and are deleted at the end.

    Raises Interrupted with its state stored, JobError for what a person must put right.
    """
    with TemporaryDirectory(prefix="proofsheet-") as scratch:
        folder = Path(scratch) / "run"
        states = States(context, folder, keep=config.keep)
        # Else a worker died after its last word, and only tidying up is left.
        if not context.resume.get("finished"):
            try:
                outcome = _trained(config, context, states, train)
            except (TrainingError, NetworkError) as error:
                raise JobError(str(error)) from error
            store(outcome, folder)
        states.drop()


def _trained(
    config: Any, context: Context, states: States, train: Callable[[Place], OutcomeT]
) -> OutcomeT:
    resumed = states.fetch()
    # What came after the state comes again; a curve must not show both.
    job_records.metrics_cut(context.job, after=states.step)
    with _weights(config, states.folder if resumed else None) as weights:
        outcome = train(
            Place(states.folder, resumed, weights, states.saved, lambda: context.stopping)
        )
    if outcome.state == "stopped":
        states.store()
        context.check()
        raise JobHandedBack("the training was stopped")
    return outcome


@contextmanager
def _weights(config: Any, resumed: Path | None) -> Iterator[str]:
    """Copy the weights to begin with to this machine; yields the file's path, or nothing.

    A training that goes on has its weights in its state, and is told what it was told at first.
    """
    checkpoint = checkpoint_get(config)
    if checkpoint is None:
        yield ""
    elif resumed is not None:
        yield json.loads((resumed / "config.json").read_bytes())["weights_file"]
    else:
        with checkpoints.checkpoint_file(checkpoint) as path:
            yield str(path)
