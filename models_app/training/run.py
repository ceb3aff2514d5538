"""The command line: `python -m models_app.training.run CONFIG.json --output DIR`.

Several GPUs of one machine: `torchrun --nproc-per-node=N -m models_app.training.run ...`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models_app.training.command import (
    Stop,
    arguments_add,
    command_run,
    losses_text,
    stopped_text,
)
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.folder import FolderPhotos
from models_app.training.frame import RESULTS
from models_app.training.pretraining import Outcome, pretrain
from models_app.training.processes import Processes
from models_app.training.reports import Console, Reports, Silent


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says; return its exit status, as `command_run` has them."""
    given = _parser().parse_args(arguments)
    return command_run(
        TrainConfig,
        given.config,
        lambda config, processes, stop: _train(config, given, processes, stop),
        lambda outcome: _told(outcome, given.output),
    )


def _train(
    config: TrainConfig, given: argparse.Namespace, processes: Processes, stop: Stop
) -> Outcome:
    if given.photos is not None:
        config = replace(config, photos=str(given.photos))
    if not config.photos:
        raise ConfigInvalid(
            "photos is empty; name a folder in the configuration or after --photos.", "photos"
        )
    base = given.config.parent
    # What is named on the command line is relative to where that is typed.
    folder = Path(config.photos) if given.photos is not None else base / config.photos
    if config.weights_file:
        config = replace(config, weights_file=str(base / config.weights_file))
    reports: Reports = Console() if processes.first else Silent()
    return pretrain(
        config,
        FolderPhotos(folder),
        given.output,
        resume=given.resume,
        reports=reports,
        should_stop=stop,
        max_steps=given.max_steps,
        processes=processes,
        base=base,
    )


def _told(outcome: Outcome, folder: Path) -> str:
    position = outcome.position
    if outcome.state == "stopped":
        return stopped_text(position)
    lines = [
        f"Finished after {position.step} steps; the best epoch is {position.best_epoch}. "
        f"Results: {folder / RESULTS}"
    ]
    lines += losses_text(position)
    ranked = (outcome.results or {}).get("rank_accuracy")
    for row in [*ranked["aspects"], ranked["all"]] if ranked else ():
        found = row["accuracy"]
        if found is not None:
            ends = "no interval with one photo"
            if found["low"] is not None:
                ends = f"{found['low']:.4f} to {found['high']:.4f}"
            lines.append(f"rank accuracy {row['key']}: {found['value']:.4f} ({ends})")
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models_app.training.run",
        description="Pretrain a network on photos without labels.",
    )
    arguments_add(parser, TrainConfig)
    parser.add_argument("--photos", type=Path, help="folder of photos, instead of the file's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
