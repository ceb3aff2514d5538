"""The thread of a worker's main process: it says that the worker lives, and looks after jobs."""

import logging
import threading
import time
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q

from models_app.jobs.finetune_decoded import decoded_trim
from models_app.models import Job
from models_app.services import leases, renditions, scoring, studies, workers
from models_app.workers import identity

logger = logging.getLogger(__name__)


class Watch:
    def __init__(self, queues: str, slots: int) -> None:
        self.queues = queues
        self.slots = slots
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._reconciled_at = 0.0

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Stop, and take the worker off the list."""
        self.over.set()
        self.thread.join(timeout=5)
        with suppress(DatabaseError, InterfaceError):
            workers.worker_leave(identity.main_name())
        connection.close()

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("the database is away (%s)", error)
                connection.close()
                # Nobody could beat meanwhile: those who live get the time to do so.
                self._reconciled_at = time.monotonic()
            except Exception:
                # Without this thread the worker would look dead, and go on taking jobs.
                logger.exception("looking after the jobs failed; it is tried again")
                connection.close()
            if self.over.wait(settings.JOB_HEARTBEAT_S):
                connection.close()
                return

    def _look(self) -> None:
        workers.worker_beat(
            identity.main_name(), host=identity.host(), queues=self.queues, slots=self.slots
        )
        self._children()
        if not self._reconciled_at:
            self._orphans()
        if (
            time.monotonic() - self._reconciled_at
            >= min(settings.JOB_RESEND_S, settings.JOB_LOST_S) / 2
            or not self._reconciled_at
        ):
            leases.jobs_reconcile()
            renditions.rendering_ask_again()
            studies.studies_reconcile()
            scoring.scored_clean()
            decoded_trim(settings.DECODED_CACHE_MAX_BYTES)
            self._reconciled_at = time.monotonic()

    def _orphans(self) -> None:
        """Take back what a worker of this machine had that was killed before this one started.

        Only on SQLite, where every worker is on this machine and its process can be looked for.
        """
        if connection.vendor != "sqlite":
            return
        running = Job.objects.filter(state=Job.State.RUNNING)
        for pk, worker, lease in running.values_list("pk", "worker", "lease"):
            host, _slash, rest = worker.partition("/")
            pid = identity.pid_of(rest.partition("/")[0])
            if host == identity.host() and pid and not identity.is_alive(pid):
                leases.jobs_take_back(Q(pk=pk, lease=lease))

    def _children(self) -> None:
        """Take back at once what a dead process of this worker's own pool had."""
        mine = f"{identity.main_name()}/"
        running = Job.objects.filter(state=Job.State.RUNNING, worker__startswith=mine)
        for pk, worker, lease in running.values_list("pk", "worker", "lease"):
            pid = worker.removeprefix(mine)
            if pid.isdigit() and not identity.is_alive(int(pid)):
                leases.jobs_take_back(Q(pk=pk, lease=lease))
