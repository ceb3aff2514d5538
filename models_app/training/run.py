"""The command line: `python -m models_app.training.run CONFIG.json --output DIR`.

Several GPUs of one machine: `torchrun --nproc-per-node=N -m models_app.training.run ...`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models_app.networks.errors import NetworkError
from models_app.training.command import Stop, options_action, positive
from models_app.training.config import TrainConfig
from models_app.training.devices import device_choose
from models_app.training.errors import ConfigInvalid, TrainingError
from models_app.training.folder import FolderPhotos
from models_app.training.pretraining import RESULTS, Outcome, pretrain
from models_app.training.processes import Processes, processes_join
from models_app.training.reports import Console, Reports, Silent


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says; return its exit status.

    0 when finished or at --max-steps, 2 where something has to be put right first, and as shells
    have it 130 after Ctrl-C and 143 after SIGTERM.
    """
    given = _parser().parse_args(arguments)
    stop = Stop()
    try:
        config = TrainConfig.from_file(given.config)
        if given.photos is not None:
            config = replace(config, photos=str(given.photos))
        cuda = device_choose(config.device).type == "cuda"
        with processes_join(cuda=cuda) as processes:
            outcome = _train(config, given, processes, stop)
    except (TrainingError, NetworkError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        # Such as a full disk; the states before are whole.
        sys.stderr.write(f"The run could not be written ({error.strerror or error}).\n")
        return 2
    if processes.first:
        sys.stdout.write(_told(outcome, given.output))
    return 128 + stop.number if stop.number and outcome.state == "stopped" else 0


def _train(
    config: TrainConfig, given: argparse.Namespace, processes: Processes, stop: Stop
) -> Outcome:
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
        return (
            f"Stopped at step {position.step} of epoch {position.epoch + 1}; go on with --resume.\n"
        )
    lines = [
        f"Finished after {position.step} steps; the best epoch is {position.best_epoch}. "
        f"Results: {folder / RESULTS}"
    ]
    if position.skipped:
        lines.append(f"{position.skipped} steps were not finite and were skipped.")
    if position.unreadable:
        lines.append(f"{len(position.unreadable)} photos could not be read.")
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
    parser.add_argument("config", type=Path, help="JSON file; what it leaves out has its default")
    parser.add_argument(
        "--options",
        nargs=0,
        action=options_action(TrainConfig),
        help="list all options, and end",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--photos", type=Path, help="folder of photos, instead of the file's")
    parser.add_argument("--resume", action="store_true", help="go on from the last intact state")
    parser.add_argument("--max-steps", type=positive, help="stop after so many steps in all")
    return parser


if __name__ == "__main__":
    sys.exit(main())
