import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from models_app.clock import db_now
from models_app.errors import JobError, JobInvalid
from models_app.jobs import words
from models_app.jobs.base import Kind
from models_app.jobs.config import config_schema, described
from models_app.jobs.registry import REGISTRY, kind_get
from models_app.jobs.typed import object_read, option_read
from models_app.models import Job
from models_app.selectors import jobs as selectors
from models_app.services.jobs import job_create

LOOK_S = 0.5
# What a shell calls a program that Ctrl-C ended.
INTERRUPTED = 130


class Command(BaseCommand):
    help = "Queue a job for the workers and print its number."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"one of: {', '.join(REGISTRY)}")
        parser.add_argument(
            "--config", metavar="FILE", help="its configuration as JSON, - for standard input"
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="an option, over what the file says; may be given again",
        )
        parser.add_argument("--queue", choices=Job.Queue.values, help="default: the kind's own")
        parser.add_argument(
            "--wait", action="store_true", help="follow it to its end; exit status 1 if it failed"
        )
        parser.add_argument(
            "--schema", action="store_true", help="print the JSON schema of its configuration"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kind = kind_get(options["kind"])
            if options["schema"]:
                schema = config_schema(kind.config_type, title=str(REGISTRY[options["kind"]].label))
                self.stdout.write(json.dumps(schema, indent=2, ensure_ascii=False))
                return
            config = {**config_read(options["config"]), **settings_read(kind, options["set"])}
            queue_check(kind, options["queue"])
            job = job_create(options["kind"], config, queue=options["queue"])
        except JobError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(str(job.pk))
        if waiting := selectors.queue_deserted(job.queue, db_now()):
            self.stderr.write(words.deserted(job.queue, waiting))
        if options["wait"]:
            self.wait(job)

    def wait(self, job: Job) -> None:
        """Follow a job; leaving does not stop it."""
        try:
            ended = follow(job.pk)
        except KeyboardInterrupt:
            self.stderr.write(
                _("job %(pk)d goes on without you; manage.py cancel_job %(pk)d stops it")
                % {"pk": job.pk}
            )
            sys.exit(INTERRUPTED)
        if ended is None:
            raise CommandError(_("Job %(pk)d was deleted meanwhile.") % {"pk": job.pk})
        said = _("job %(pk)d %(state)s") % {"pk": ended.pk, "state": ended.get_state_display()}
        if ended.state == Job.State.SUCCEEDED:
            self.stderr.write(said)
            return
        raise CommandError(f"{said}: {ended.error}" if ended.error else said)


def config_read(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise JobInvalid(
            _("%(name)s cannot be read (%(reason)s); name a JSON file, or - for standard input.")
            % {"name": name, "reason": reason}
        ) from error
    return object_read(text)


def settings_read(kind: Kind, texts: list[str]) -> dict[str, Any]:
    known = {each.name: each for each in described(kind.config_type)}
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise JobInvalid(
                _("--set %(text)r has no =; write NAME=VALUE, as in %(name)s=...")
                % {"text": text, "name": next(iter(known), "name")}
            )
        # An unknown name is refused with the others, where all names are known.
        found[name] = option_read(known[name], value) if name in known else value
    return found


def queue_check(kind: Kind, queue: str | None) -> None:
    if queue is not None and queue not in kind.queues:
        raise JobInvalid(
            _("This kind does not run in the queue %(queue)s; allowed are: %(allowed)s.")
            % {"queue": queue, "allowed": ", ".join(kind.queues)}
        )


def follow(pk: int, pause: Callable[[float], None] = time.sleep) -> Job | None:
    """Watch a job to its end, with a bar where standard error is a terminal; None if deleted."""
    # disable=None: off where standard error is no terminal.
    with tqdm(total=None, disable=None, bar_format="{l_bar}{bar}| {postfix}") as bar:
        while True:
            job = selectors.job_get(pk)
            if job is None or job.is_over:
                return job
            show(bar, job)
            pause(LOOK_S)


def show(bar: "tqdm[Any]", job: Job) -> None:
    position = selectors.positions([job]).get(job.pk)
    bar.total = job.total or None
    bar.n = min(job.done, job.total) if job.total else job.done
    parts = [words.progress(job), words.pace(job, db_now()), words.where(job, position)]
    bar.set_description_str(words.state_label(job), refresh=False)
    bar.set_postfix_str("; ".join(part for part in parts if part))
