"""The command line: `python -m models_app.training.finetune CONFIG.json --labels FILE ...`.

Several GPUs of one machine: `torchrun --nproc-per-node=N -m models_app.training.finetune ...`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from models_app.networks.checkpoints import checkpoint_load
from models_app.networks.errors import NetworkError
from models_app.training.checkpoint import BEST, WEIGHTS
from models_app.training.command import Stop, options_action, positive
from models_app.training.devices import device_choose
from models_app.training.errors import TrainingError
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import Members, truth
from models_app.training.finetuning.predicting import predict
from models_app.training.finetuning.results import Floats, predictions_write
from models_app.training.finetuning.tables import FolderLabelled, members_read, part_check
from models_app.training.finetuning.tuning import RESULTS, Outcome, finetune
from models_app.training.processes import Processes, processes_join
from models_app.training.reports import Console, Reports, Silent


def main(arguments: Sequence[str] | None = None) -> int:
    """Fine-tune as the command line says; return its exit status, as `training.run` has them."""
    given = _parser().parse_args(arguments)
    stop = Stop()
    try:
        config = FinetuneConfig.from_file(given.config)
        cuda = device_choose(config.device).type == "cuda"
        with processes_join(cuda=cuda) as processes:
            outcome = _tune(config, given, processes, stop)
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
        return (
            f"Stopped at step {position.step} of epoch {position.epoch + 1}; go on with --resume.\n"
        )
    ended = "early stopping" if position.stopped_early else "max_epochs"
    lines = [
        f"Finished after {position.epoch} epochs ({ended}); the best epoch is "
        f"{position.best_epoch}. Results: {folder / RESULTS}",
        f"Earth mover's distance on the validation part {results['validation']['emd']:.4f}; a "
        f"guess that knows no photo has {results['constant']['emd']:.4f}.",
    ]
    if position.skipped:
        lines.append(f"{position.skipped} steps were not finite and were skipped.")
    if position.unreadable:
        lines.append(f"{len(position.unreadable)} photos could not be read.")
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models_app.training.finetune",
        description="Teach a network to judge photos as people did.",
    )
    parser.add_argument("config", type=Path, help="JSON file; what it leaves out has its default")
    parser.add_argument(
        "--options", nargs=0, action=options_action(FinetuneConfig), help="list options, and end"
    )
    parser.add_argument("--labels", type=Path, required=True, help="CSV file: image, and b1 to b10")
    parser.add_argument("--images", type=Path, required=True, help="folder of the photos")
    parser.add_argument(
        "--parts", type=Path, required=True, help="JSON file: names by train, validation, test"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the last intact state")
    parser.add_argument("--max-steps", type=positive, help="stop after so many steps in all")
    parser.add_argument("--predict", help="a part that the best weights judge at the end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
