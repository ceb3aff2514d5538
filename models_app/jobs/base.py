"""What a kind of job is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from models_app.models import Checkpoint, Dataset, Job

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from models_app.jobs.context import Context


@dataclass(frozen=True, slots=True)
class Plan:
    """What a checked configuration comes to: how people call it, where it queues, its lineage."""

    label: str
    queue: str = Job.Queue.CPU
    priority: int = 0
    # Items of work, where that is known beforehand.
    total: int | None = None
    seed: int | None = None
    dataset: Dataset | None = None
    checkpoint: Checkpoint | None = None


class Kind(Protocol):
    """A kind of work. One file in models_app/jobs/kinds and one line in the registry."""

    # A kw_only dataclass of `option`s (models_app.jobs.config).
    config_type: ClassVar[type["DataclassInstance"]]
    # Queues that it may be launched into; the first where nothing else is said.
    queues: ClassVar[tuple[str, ...]]
    # Whether more urgent work may interrupt it, which needs it to be cheap to go on later.
    preemptible: ClassVar[bool]

    def plan(self, config: Any) -> Plan:
        """Check the configuration against the database. Raises JobInvalid."""
        ...

    def run(self, config: Any, context: "Context") -> None:
        """Do the work; on a worker, where torch may be imported.

        Called again after an interruption with what `context.save` kept in `context.resume`. Calls
        `context.check()` between units of work. Raises JobError for what a person must put right.
        """
        ...
