"""Where a fine-tuning happens."""

from collections.abc import Callable
from dataclasses import dataclass

from models_app.training.allocator import StepMemory
from models_app.training.finetuning.data import Labelled, Parts
from models_app.training.frame import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Workplace):
    """Where a fine-tuning happens.

    Attributes
    ----------
    labelled, parts
        What it learns from, and which of it.
    should_stop
        Asked between pieces of work.
    memory
        Told before each of them that computes.
    """

    labelled: Labelled
    parts: Parts
    should_stop: Callable[[], bool]
    memory: StepMemory
