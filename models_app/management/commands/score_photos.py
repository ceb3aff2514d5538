import os
import time
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from models_app.errors import DatasetError, JobInvalid
from models_app.findings.score_files import Interrupted, ScoreFile
from models_app.imaging import SUFFIXES
from models_app.models import Checkpoint
from models_app.selectors import findings as selectors
from models_app.services import checkpoints
from models_app.services.datasets import folder_files

if TYPE_CHECKING:
    from models_app.networks.building import Network

Files = list[tuple[str, Path]]
# What a shell calls a program that Ctrl-C ended.
INTERRUPTED = 130


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 4096):
        raise ArgumentTypeError(
            _("%(text)r is none; allowed are whole numbers from 1 to 4096") % {"text": text}
        )
    return int(text)


class Command(BaseCommand):
    help = (
        "Score every photo of a folder and of those below it with a network, from 1 to 10, and "
        "write name, mean, sd and the share of each score as CSV. Nothing goes to the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--checkpoint", required=True, metavar="ID|NAME", help="the weights that judge"
        )
        parser.add_argument("--csv", required=True, type=Path, metavar="FILE")
        parser.add_argument(
            "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s"
        )
        parser.add_argument("--batch-size", type=positive, default=16, metavar="N")
        parser.add_argument(
            "--decoders", type=positive, metavar="N", help="threads that decode; default: all cores"
        )
        parser.add_argument(
            "--resume",
            action="store_true",
            help="go on where an interrupted run with the same weights and FILE ended",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = judge_find(options["checkpoint"])
        files = photos_of(options["folder"])
        path: Path = options["csv"]
        try:
            with ScoreFile(path, checkpoint, resume=options["resume"]) as table:
                if table.rows:
                    self.stdout.write(_("%(n)d photos were scored before") % {"n": table.rows})
                if checkpoint.is_random:
                    self.stderr.write(_("Random weights: scores mean nothing."))
                left = [(name, found) for name, found in files if name not in table]
                self.score(checkpoint, left, table, options)
        except Interrupted as before:
            raise CommandError(
                _(
                    "An earlier run into %(path)s was interrupted after %(n)d photos: say --resume "
                    "to go on from there, or delete %(part)s to begin anew."
                )
                % {"path": path, "n": before.rows, "part": before.part}
            ) from before
        except OSError as error:
            raise CommandError(
                _("%(path)s cannot be written (%(reason)s); name another file.")
                % {"path": path, "reason": error.strerror or error}
            ) from error
        if not table.rows:
            raise CommandError(_("Not one photo could be read; the lines above say why of each."))
        said = ngettext("%(path)s: %(n)d photo", "%(path)s: %(n)d photos", table.rows)
        self.stdout.write(said % {"path": path, "n": table.rows})

    def score(
        self, checkpoint: Checkpoint, files: Files, table: ScoreFile, options: dict[str, Any]
    ) -> None:
        """Score what is left and say how fast that went. Raises CommandError."""
        if not files:
            return
        try:
            # Imported in here: it takes seconds, and a mistake above is told at once.
            from models_app.networks.errors import NetworkError

            device = device_find(options["device"])
            network = network_load(checkpoint)
        except ImportError as error:
            raise CommandError(
                _("%(name)s is not installed; install requirements.txt.") % {"name": error.name}
            ) from error
        began = time.monotonic()
        try:
            refused = self.batches(files, network, table, device, options)
        except NetworkError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError(
                _("Interrupted after %(n)d photos, which are kept: --resume goes on from there.")
                % {"n": table.rows},
                returncode=INTERRUPTED,
            ) from None
        took = time.monotonic() - began
        self.stdout.write(
            _("%(n)d photos in %(s).1f s on %(device)s: %(rate).1f a second; %(bad)d unreadable")
            % {"n": len(files), "s": took, "device": device, "rate": len(files) / took,
               "bad": refused}
        )  # fmt: skip

    def batches(
        self,
        files: Files,
        network: "Network",
        table: ScoreFile,
        device: str,
        options: dict[str, Any],
    ) -> int:
        """Write each batch as it comes, name what cannot be read, and return how much that is."""
        from models_app.networks.folder_scoring import files_score
        from models_app.networks.scoring import Refused

        refused = 0
        batches = files_score(
            files,
            network,
            device=device,
            batch_size=options["batch_size"],
            decoders=options["decoders"] or len(os.sched_getaffinity(0)),
            max_bytes=settings.PHOTO_MAX_BYTES,
            max_pixels=settings.PHOTO_MAX_PIXELS,
        )
        # disable=None: off where standard error is no terminal.
        with closing(batches), tqdm(total=len(files), unit=_("photos"), disable=None) as bar:
            for batch in batches:
                for found in batch:
                    if isinstance(found, Refused):
                        self.stderr.write(f"{found.key}: {found.reason}")
                        refused += 1
                    else:
                        table.write(found)
                table.flush()
                bar.update(len(batch))
        return refused


def judge_find(wanted: str) -> Checkpoint:
    """Find a checkpoint by name, else by number. Raises CommandError."""
    found = selectors.checkpoint_named(wanted)
    if found is None and wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        found = selectors.checkpoint_get(int(wanted))
    if found is None:
        names = ", ".join(name for name, _label in selectors.checkpoint_choices()[:20])
        raise CommandError(
            _("There is no checkpoint %(name)r; there are: %(names)s.")
            % {"name": wanted[:100], "names": names or _("none yet, import or train one")}
        )
    if found.purpose != Checkpoint.Purpose.JUDGE:
        raise CommandError(
            _("Checkpoint %(name)s was pretrained and judges no photos: fine-tune it first.")
            % {"name": found.name}
        )
    return found


def photos_of(folder: Path) -> Files:
    """Name and path of every photo below a folder, by its ending. Raises CommandError."""
    try:
        paths = [path for path in folder_files(folder) if path.suffix.lower() in SUFFIXES]
    except (DatasetError, OSError) as error:
        raise CommandError(str(error)) from error
    if not paths:
        raise CommandError(
            _("%(folder)s holds no photo; photos are files that end in %(ends)s.")
            % {"folder": folder, "ends": ", ".join(SUFFIXES)}
        )
    # Names of some systems are no text.
    return [
        (os.fsencode(path.relative_to(folder).as_posix()).decode(errors="backslashreplace"), path)
        for path in paths
    ]


def device_find(wanted: str) -> str:
    """Say what computes. Raises CommandError where there is no GPU and one is wanted."""
    import torch

    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise CommandError(_("There is no NVIDIA GPU here that torch can use; say --device cpu."))
    return "cuda" if found and wanted != "cpu" else "cpu"


def network_load(checkpoint: Checkpoint) -> "Network":
    """Raises CommandError, NetworkError."""
    from models_app.networks.checkpoints import checkpoint_load
    from models_app.networks.preprocessing import Preprocessing

    try:
        with checkpoints.checkpoint_file(checkpoint) as path:
            return checkpoint_load(
                path,
                architecture=checkpoint.architecture,
                preprocessing=Preprocessing.from_json(checkpoint.preprocessing),
                max_bytes=checkpoints.max_bytes(),
            )
    except JobInvalid as error:
        raise CommandError(str(error)) from error
