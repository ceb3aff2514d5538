"""A kind of job for tests: it counts, slowly if asked, and can be made to fail in many ways.

Registered in the test's own process by the fixture `counting`, and in workers that are started
with `-I tests.counting`.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from models_app.errors import JobError
from models_app.jobs import registry
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context

KEY = "counting"
# Holding goes on until the file `held` is there: what is done meanwhile meets a running job.
HAPPENINGS = ("nothing", "refuse", "raise", "die", "kill worker", "memory", "hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    to: int = option("To", "How far to count.", low=0, high=1_000_000)
    pause_ms: int = option("Pause", "Milliseconds after each number.", default=0, low=0)
    save_every: int = option("Save every", "Numbers between two saves.", default=10, low=1)
    # At this number, at the first attempt only unless `always`.
    at: int = option("At", "Number at which something happens; -1: never.", default=-1)
    happens: str = option(
        "What happens",
        "What happens at that number.",
        default="nothing",
        choices=lambda: [(each, each) for each in HAPPENINGS],
    )
    always: bool = option("Always", "At every attempt.", default=False)
    # Where each number is written when it is counted: what was really done, and how often.
    ledger: str = option("Ledger", "A file that gets a line a number.", default="")
    queue: str = option("Queue", "Where it runs.", default="cpu")


class Counting:
    config_type = Config
    queues = ("cpu", "gpu")
    preemptible = True

    def plan(self, config: Config) -> Plan:
        return Plan(label=f"Count to {config.to}", queue=config.queue, total=config.to, seed=7)

    def run(self, config: Config, context: Context) -> None:
        context.device("cpu")
        first = int(context.resume.get("next", 0))
        for number in range(first, config.to):
            if number == config.at and (config.always or context.job.attempt == 1):
                happen(config.happens)
                while config.happens == "hold" and not held(config.ledger).exists():
                    context.check()
                    time.sleep(0.01)
            if config.ledger:
                with Path(config.ledger).open("a") as file:
                    file.write(f"{context.job.pk} {number}\n")
            context.metric("number", number, float(number))
            context.progress(number + 1, config.to)
            if (number + 1) % config.save_every == 0:
                context.save(next=number + 1)
            time.sleep(config.pause_ms / 1000)
            context.check()
        context.artifact("numbers.txt", f"{config.to}\n".encode(), "text/plain")
        context.result(counted=config.to)


def held(ledger: str | Path) -> Path:
    """The file that lets go of jobs with this ledger."""
    return Path(f"{ledger}.go")


def happen(what: str) -> None:
    if what == "refuse":
        raise JobError("It will not count further; choose a smaller number.")
    if what == "raise":
        raise KeyError("unforeseen")
    if what == "memory":
        raise MemoryError
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "kill worker":
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def registered() -> dict[str, registry.Entry]:
    entry = registry.Entry(KEY, "Count", "Counts, for tests.", "")
    return {**registry.REGISTRY, KEY: entry}


def kind_of(key: str, real=registry.kind_get):
    return Counting() if key == KEY else real(key)


def install() -> None:
    """For a worker's process; a test uses the fixture, which takes it back."""
    from models_app.jobs import runner
    from models_app.services import jobs

    registry.REGISTRY = registered()
    registry.kind_get = runner.kind_get = jobs.kind_get = kind_of


if os.environ.get("PROOFSHEET_TEST_COUNTING") == "1":
    install()
