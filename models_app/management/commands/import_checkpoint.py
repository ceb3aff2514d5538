from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.errors import JobError
from models_app.jobs.kinds.import_checkpoint import proposed
from models_app.jobs.registry import kind_get
from models_app.management.commands.launch_job import follow, settings_read
from models_app.models import Job
from models_app.networks.architectures import architecture_get
from models_app.networks.errors import NetworkError
from models_app.services import checkpoints


class Command(BaseCommand):
    help = "Import the weights of a network as a checkpoint; a worker checks and stores them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what lists and results call it")
        parser.add_argument("--architecture", required=True, metavar="KEY", help="as in nima_vgg16")
        weights = parser.add_mutually_exclusive_group(required=True)
        weights.add_argument("--file", type=Path, help="safetensors, or a state dict of torch.save")
        weights.add_argument(
            "--random", type=int, metavar="SEED", help="random weights: their scores mean nothing"
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="OPTION=VALUE",
            help="how photos become its input, where that is not as published: resize, crop, mode, "
            "interpolation, normalisation, mean, sd; also source; may be given again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            job = checkpoints.import_launch(self.config(options))
        except (JobError, NetworkError) as error:
            raise CommandError(str(error), returncode=2) from error
        ended = follow(job.pk)
        if ended is None or ended.state != Job.State.SUCCEEDED:
            said = ended.error if ended else ""
            raise CommandError(said or _("Job %(pk)d did not succeed.") % {"pk": job.pk})
        self.stdout.write(_("checkpoint %(name)s imported") % {"name": options["name"]})

    def config(self, options: dict[str, Any]) -> dict[str, Any]:
        key = options["architecture"]
        config = {"name": options["name"], "architecture": key, **proposed(architecture_get(key))}
        config |= settings_read(kind_get(checkpoints.KIND), options["set"])
        if options["file"] is None:
            return {**config, "random": True, "seed": options["random"]}
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                token = checkpoints.upload_keep(file, path.name)
        except OSError as error:
            raise CommandError(
                _("%(name)s cannot be read (%(why)s); name a file of weights.")
                % {"name": path.name, "why": error.strerror or error}
            ) from error
        return {"source": path.name, **config, "upload": token}
