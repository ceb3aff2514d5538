"""The command line: `python -m models_app.training.finetune CONFIG.json --labels FILE ...`.

Several GPUs of one machine: `torchrun --nproc-per-node=N -m models_app.training.finetune ...`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from models_app.networks.checkpoints import checkpoint_load
from models_app.training.checkpoint import BEST, WEIGHTS
from models_app.training.command import (
    Stop,
    arguments_add,
    command_run,
    losses_text,
    stopped_text,
)
from models_app.training.devices import device_choose
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Members, truth
from models_app.training.finetuning.predicting import predict
from models_app.training.finetuning.results import Floats, predictions_write
from models_app.training.finetuning.tables import FolderLabelled, members_read, part_check
from models_app.training.finetuning.tuning import Outcome, finetune
from models_app.training.frame import RESULTS
from models_app.training.processes import Processes
from models_app.training.reports import Console, Reports, Silent


def main(arguments: Sequence[str] | None = None) -> int:
    """Fine-tune as the command line says; return its exit status, as `command_run` has them."""
    given = _parser().parse_args(arguments)
    return command_run(
        FinetuneConfig,
        given.config,
        lambda config, processes, stop: _tune(config, given, processes, stop),
        lambda outcome: _told(outcome, given.output),
    )


def _tune(
    config: FinetuneConfig, given: argparse.Namespace, processes: Processes, stop: Stop
) -> Outcome:
    base = given.config.parent
    if config.weights_file:
        config = replace(config, weights_file=str(base / config.weights_file))
    if config.cache_folder:
        config = replace(config, cache_folder=str(base / config.cache_folder))
    members = members_read(given.parts)
    if given.predict:
        part_check(members, given.predict)
    labelled = FolderLabelled(given.labels, given.images)
    reports: Reports = Console() if processes.first else Silent()
    outcome = finetune(
        config,
        labelled,
        members,
        given.output,
        resume=given.resume,
        reports=reports,
        should_stop=stop,
        max_steps=given.max_steps,
        processes=processes,
    )
    if given.predict and processes.first and outcome.state == "finished":
        _predict(config, labelled, members, given, reports)
    return outcome


def _predict(
    config: FinetuneConfig,
    labelled: FolderLabelled,
    members: Members,
    given: argparse.Namespace,
    reports: Reports,
) -> None:
    """Write what the best weights say of a part: `results/predictions_PART.csv`."""
    network = checkpoint_load(given.output / BEST / WEIGHTS)
    wanted = set(members[given.predict])
    indices = [index for index in range(len(labelled)) if labelled.name(index) in wanted]
    found = predict(
        network.module,
        labelled,
        indices,
        network.preprocessing,
        device=device_choose(config.device),
        workers=config.workers,
    )

    def rows() -> Iterator[tuple[str, Floats, Floats | None]]:
        for each in found:
            if each.distribution is None:
                reports.log(f"{each.name}: {each.reason}")
            else:
                yield each.name, each.distribution, truth(labelled, each.index)

    reports.stage(f"judging the part {given.predict}")
    predictions_write(given.output / RESULTS / f"predictions_{given.predict}.csv", rows())


def _told(outcome: Outcome, folder: Path) -> str:
    position, results = outcome.position, outcome.results
    if results is None:
        return stopped_text(position)
    ended = "early stopping" if position.stopped_early else "max_epochs"
    lines = [
        f"Finished after {position.epoch} epochs ({ended}); the best epoch is "
        f"{position.best_epoch}. Results: {folder / RESULTS}",
        f"Earth mover's distance on the validation part {results['validation']['emd']:.4f}; a "
        f"guess that knows no photo has {results['constant']['emd']:.4f}.",
        *losses_text(position),
    ]
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models_app.training.finetune",
        description="Teach a network to judge photos as people did.",
    )
    arguments_add(parser, FinetuneConfig)
    parser.add_argument("--labels", type=Path, required=True, help="CSV file: image, and b1 to b10")
    parser.add_argument("--images", type=Path, required=True, help="folder of the photos")
    parser.add_argument(
        "--parts", type=Path, required=True, help="JSON file: names by train, validation, test"
    )
    parser.add_argument("--predict", help="a part that the best weights judge at the end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
