"""What the command lines of trainings share."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from models_app.networks.errors import NetworkError
from models_app.training.config import TrainConfig
from models_app.training.devices import device_choose
from models_app.training.errors import TrainingError
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.frame import Outcome
from models_app.training.position import Progress
from models_app.training.processes import Processes, processes_join
from models_app.training.settings import range_text, settings_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ConfigT = TypeVar("ConfigT", TrainConfig, FinetuneConfig)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


class Stop:
    """Becomes true at Ctrl-C or SIGTERM: the step that runs is finished, and its state saved."""

    def __init__(self) -> None:
        self.number = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        return self.number > 0

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        # The second one does what it always does.
        signal.signal(number, signal.SIG_DFL)


def command_run(
    config_type: type[ConfigT],
    file: Path,
    work: Callable[[ConfigT, Processes, Stop], OutcomeT],
    told: Callable[[OutcomeT], str],
) -> int:
    """Train as a file says, tell what came of it, and return the exit status.

    0 when finished or at --max-steps, 2 where something has to be put right first, and as shells
    have it 130 after Ctrl-C and 143 after SIGTERM.
    """
    stop = Stop()
    try:
        config = config_type.from_file(file)
        cuda = device_choose(config.device).type == "cuda"
        with processes_join(cuda=cuda) as processes:
            outcome = work(config, processes, stop)
    except (TrainingError, NetworkError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        # Such as a full disk; the states before are whole.
        sys.stderr.write(f"The run could not be written ({error.strerror or error}).\n")
        return 2
    if processes.first:
        sys.stdout.write(told(outcome))
    return 128 + stop.number if stop.number and outcome.state == "stopped" else 0


def stopped_text(position: Progress) -> str:
    return f"Stopped at step {position.step} of epoch {position.epoch + 1}; go on with --resume.\n"


def losses_text(position: Progress) -> list[str]:
    """Return a line each for steps and photos that were left out."""
    lines = []
    if position.skipped:
        lines.append(f"{position.skipped} steps were not finite and were skipped.")
    if position.unreadable:
        lines.append(f"{len(position.unreadable)} photos could not be read.")
    return lines


def arguments_add(parser: argparse.ArgumentParser, config: "type[DataclassInstance]") -> None:
    """Add what every training takes: its configuration, its folder, how far it goes."""
    parser.add_argument("config", type=Path, help="JSON file; what it leaves out has its default")
    parser.add_argument(
        "--options", nargs=0, action=options_action(config), help="list all options, and end"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the last intact state")
    parser.add_argument("--max-steps", type=positive, help="stop after so many steps in all")


def options_action(config: "type[DataclassInstance]") -> type[argparse.Action]:
    """Return the action that prints every option of a configuration, and ends."""

    class Options(argparse.Action):
        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,
            values: object,
            option_string: str | None = None,
        ) -> None:
            sys.stdout.write(options_text(config))
            parser.exit()

    return Options


def options_text(config: "type[DataclassInstance]") -> str:
    """Return every option with its default, what is allowed, and what it does."""
    defaults = {each.name: each.default for each in fields(config)}
    lines = []
    for name, known in settings_of(config).items():
        allowed = ", ".join(known.choices or ()) or range_text(known)
        if isinstance(defaults[name], bool | str) and not known.choices:
            allowed = "a text" if isinstance(defaults[name], str) else "true or false"
        shown = "needed" if defaults[name] is MISSING else json.dumps(defaults[name])
        lines.append(f"{name} = {shown}  ({allowed})\n    {known.help}\n")
    return "".join(lines)


def positive(text: str) -> int:
    """Return a number of steps. Raises as argparse has it."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} steps; give 1 or more")
    return number
