import json
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.clock import db_now
from models_app.jobs import words
from models_app.jobs.registry import REGISTRY
from models_app.models import Job
from models_app.selectors import jobs as selectors

CHUNK = 500
COLUMNS = (7, 10, 16, 22)


class Command(BaseCommand):
    help = "List jobs, the newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", choices=Job.State.values)
        # No argparse choices: a kind that is no more may still have jobs.
        parser.add_argument("--kind", help=f"one of: {', '.join(REGISTRY)}")
        parser.add_argument("--queue", choices=Job.Queue.values)
        parser.add_argument("--limit", type=int, default=50, help="default: %(default)s; 0 for all")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.write_all(options)
            self.stdout.flush()
        except BrokenPipeError:
            # Whoever reads has seen enough, as `head` has; Python must not try again at its end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stdout.fileno())
            os.close(nowhere)

    def write_all(self, options: dict[str, Any]) -> None:
        if options["limit"] < 0:
            raise CommandError(
                _("--limit is %(n)d; allowed are whole numbers from 0.") % {"n": options["limit"]},
                returncode=2,
            )
        wanted = selectors.Wanted(
            state=options["state"] or "",
            kind=options["kind"] or "",
            queue=options["queue"] or "",
            small=True,
        )
        left, after, some = options["limit"], None, False
        while True:
            rows = min(CHUNK, left) if options["limit"] else CHUNK
            page = selectors.jobs_page(wanted, after=after, rows=rows)
            self.write(page.jobs, as_json=options["json"])
            some = some or bool(page.jobs)
            left, after = left - len(page.jobs), page.after
            if after is None or (options["limit"] and left <= 0):
                break
        if not some and not options["json"]:
            self.stderr.write(_("no such job"))

    def write(self, jobs: list[Job], *, as_json: bool) -> None:
        now, places = db_now(), selectors.positions(jobs)
        for job in jobs:
            position = places.get(job.pk)
            if as_json:
                self.stdout.write(json.dumps(facts(job, position), ensure_ascii=False))
                continue
            row = words.row(job, now=now, position=position)
            cells = (str(job.pk), row.state_label, job.kind, row.progress or "-")
            start = "  ".join(cell.ljust(n) for cell, n in zip(cells, COLUMNS, strict=True))
            self.stdout.write(f"{start}  {one_line(job.label)} ({row.where}, {row.when})")


def facts(job: Job, position: int | None) -> dict[str, Any]:
    moments = ("created_at", "started_at", "finished_at")
    return {
        "id": job.pk,
        "kind": job.kind,
        "label": job.label,
        "state": job.state,
        "queue": job.queue,
        "position": position,
        "done": job.done,
        "total": job.total,
        "rate": job.rate,
        "seconds_left": words.seconds_left(job),
        "attempt": job.attempt,
        "worker": job.worker,
        "dataset": job.dataset.name if job.dataset else None,
        "created_by": job.created_by.get_username() if job.created_by else None,
        **{name: at and at.isoformat() for name in moments for at in [getattr(job, name)]},
        "error": job.error,
    }


def one_line(text: str) -> str:
    """Show a name without what would move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
