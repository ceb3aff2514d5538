"""What the command lines of trainings share."""

import argparse
import json
import signal
import sys
from dataclasses import MISSING, fields
from types import FrameType
from typing import TYPE_CHECKING

from models_app.training.settings import range_text, settings_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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
