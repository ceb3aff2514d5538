"""What a kind's `run` is given: how it reports, saves, and learns that it should stop."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction

from models_app.errors import Interrupted, JobHandedBack, JobStopped, LeaseLost
from models_app.jobs.patience import UNREACHABLE, patiently
from models_app.jobs.signals import going_down
from models_app.models import Job, JobArtifact
from models_app.services import job_records, leases

logger = logging.getLogger(__name__)

LOG_LETTERS = 20_000
LINE_LETTERS = 2_000
# Over so long the rate is taken: long enough to be steady, short enough to notice a change.
RATE_S = 30.0


class Context:
    """Reports are kept in memory and written together about once a second, by `flush`.

    A training loop that reports every step therefore never waits for the database.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        # What `save` kept at an earlier attempt; empty at the first.
        self.resume: dict[str, Any] = dict(job.resume)
        self._lock = threading.Lock()
        self._values: dict[str, Any] = {}
        self._result: dict[str, Any] = dict(job.result)
        self._points: list[job_records.Point] = []
        self._lines = deque(job.log.splitlines())
        self._letters = len(job.log)
        self._marks: deque[tuple[float, int]] = deque()
        self._why: Interrupted | None = None
        self._urgent = False
        self.yields = True

    # --- the kind reports

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how many items of work are done, of how many."""
        now = time.monotonic()
        with self._lock:
            self._marks.append((now, done))
            while now - self._marks[0][0] > RATE_S and len(self._marks) > 2:
                self._marks.popleft()
            first, before = self._marks[0]
            gone = now - first
            self._values["done"] = done
            self._values["rate"] = max(0.0, (done - before) / gone) if gone > 0 else 0.0
            if total is not None:
                self._values["total"] = total

    def stage(self, text: str) -> None:
        """Say what is being done, where that is not plain from the progress."""
        with self._lock:
            self._values["stage"] = leases.storable(text)[:120]

    def device(self, text: str) -> None:
        """Say what computes: "cpu", or a GPU by its name."""
        with self._lock:
            self._values["device"] = leases.storable(text)[:120]

    def note(self, **values: Any) -> None:
        """Write fields of the job along with the next report."""
        with self._lock:
            self._values |= values

    def log(self, text: str) -> None:
        """Add lines to the log; the last 20,000 letters are kept."""
        stamp = time.strftime("%H:%M:%S", time.gmtime())
        with self._lock:
            for line in leases.storable(text).splitlines() or [""]:
                self._lines.append(f"{stamp} {line[:LINE_LETTERS]}")
                self._letters += len(self._lines[-1]) + 1
            while self._letters > LOG_LETTERS and len(self._lines) > 1:
                self._letters -= len(self._lines.popleft()) + 1
            self._values["log"] = "\n".join(self._lines)

    def metric(self, name: str, step: int, value: float) -> None:
        """Add a point to a curve; a step that is reported again is overwritten."""
        with self._lock:
            self._points.append((leases.storable(name)[:80], step, value))

    def result(self, **figures: Any) -> None:
        """Keep figures for the job's page; JSON values."""
        with self._lock:
            self._result |= figures
            self._values["result"] = dict(self._result)

    # --- the kind saves

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Write rows together with the proof that the job is still ours. Raises LeaseLost."""
        with transaction.atomic():
            leases.lease_hold(self.job)
            yield

    def save(self, **resume: Any) -> None:
        """Keep where to go on from; JSON values. Reports so far are written first."""
        patiently(self.flush)
        patiently(lambda: self._keep(resume))
        self.resume = resume

    def _keep(self, resume: dict[str, Any]) -> None:
        # Whoever gets further is not what kills its workers.
        forgiven = {"crashes": 0} if resume != self.resume else {}
        leases.job_beat(self.job, resume=resume, **forgiven)
        if forgiven:
            self.job.crashes = 0

    def artifact(self, name: str, content: bytes | Path, content_type: str) -> JobArtifact:
        """Store a file of this job; the one of the same name is replaced."""
        return job_records.artifact_store(self.job, name, content, content_type=content_type)

    # --- the kind asks

    @property
    def stopping(self) -> bool:
        """Whether `check` would raise: time to save what is worth saving."""
        if self._why is None and going_down():
            self._why = JobHandedBack("the worker goes down")
        return self._why is not None or self._urgent

    def check(self, *, yielding: bool = True) -> None:
        """Raise Interrupted when the work must end here: cancelled, handed back, lease lost.

        `yielding` False where stepping aside for more urgent work would cost what is half done.
        """
        if not self.stopping:
            return
        if self._why is not None:
            raise self._why
        if yielding:
            raise JobHandedBack("more urgent work waits")

    # --- the runner writes

    def renew(self) -> None:
        """Report once more what a report that was under way may have overwritten."""
        with self._lock:
            if self._result:
                self._values["result"] = dict(self._result)
            if self._marks:
                self._values["done"] = self._marks[-1][1]
            self._values["log"] = "\n".join(self._lines)

    def flush(self) -> None:
        """Write what was reported, and see whether to stop. Raises LeaseLost, database errors.

        While the database is away it is kept for the next time; what cannot be stored is dropped.
        """
        with self._lock:
            values, self._values = self._values, {}
            points, self._points = self._points, []
        try:
            with transaction.atomic():
                job_records.metrics_record(self.job, points)
                asked = leases.job_beat(self.job, **values)
        except LeaseLost as lost:
            self._why = lost
            raise
        except UNREACHABLE:
            with self._lock:
                self._values = {**values, **self._values}
                self._points = [*points, *self._points]
            raise
        if asked:
            self._why = self._why or JobStopped("somebody cancelled it")
        elif self.yields and leases.urgent_waits(self.job):
            self._urgent = True
