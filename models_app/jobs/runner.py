"""One job from claim to end, on a worker."""

import errno
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from models_app.errors import DatasetError, JobError, JobHandedBack, JobStopped, LeaseLost
from models_app.jobs.config import config_load
from models_app.jobs.context import Context
from models_app.jobs.patience import UNREACHABLE, disk_is_full, patiently
from models_app.jobs.registry import kind_get
from models_app.jobs.versions import versions
from models_app.models import Job
from models_app.services import leases
from models_app.services.jobs import hint_send
from models_app.workers.identity import worker_name

logger = logging.getLogger(__name__)

TICK_S = 1.0
State = Job.State


def work_next(queue: str, *, beating: bool = True) -> bool:
    """Do the next job of a queue; False where there was none.

    `beating` False leaves out the thread that reports meanwhile: for callers inside a transaction,
    which that thread could not see.
    """
    job = leases.job_claim(queue, worker=worker_name())
    if job is None:
        return False
    _Run(job).go(beating=beating)
    return True


class _Run:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.context = Context(job)
        self.since = time.monotonic()

    @property
    def worked_s(self) -> float:
        return time.monotonic() - self.since

    def go(self, *, beating: bool) -> None:
        attempt = _("attempt %(n)d on %(worker)s") % {
            "n": self.job.attempt,
            "worker": self.job.worker,
        }
        self.context.log(attempt)
        try:
            with _beating(self.context) if beating else _quiet():
                end = self._work()
            # After the thread has ended: its last report may be older than ours.
            lost = self._report()
            self._end(self._failed(sentence(lost)) if lost else end)
            if leases.work_waits(self.job.queue):
                # Whatever became of the others' hints, one more keeps the queue moving.
                hint_send(self.job.queue)
        except LeaseLost:
            logger.warning("job %s was given to another worker meanwhile", self.job.pk)
        except UNREACHABLE as error:
            # The heartbeat grows old, and another worker goes on.
            logger.warning("job %s: the database stays away (%s)", self.job.pk, error)

    def _report(self) -> Exception | None:
        """Write the last report; what cannot be stored must not keep the job from ending."""
        self.context.renew()
        try:
            patiently(self.context.flush)
        except (LeaseLost, *UNREACHABLE):
            raise
        except Exception as error:
            logger.exception("job %s: its last report is lost", self.job.pk)
            return error
        return None

    def _end(self, end: Callable[[], object]) -> None:
        try:
            patiently(end)
        except (LeaseLost, *UNREACHABLE):
            raise
        except Exception as error:
            logger.exception("job %s: its end cannot be stored", self.job.pk)
            patiently(self._failed(sentence(error)))

    def _work(self) -> Callable[[], object]:
        """Run the kind and return what is to be recorded of its end."""
        context = self.context
        try:
            kind = kind_get(self.job.kind)
            context.yields = kind.preemptible
            context.note(versions=versions())
            kind.run(config_load(kind.config_type, self.job.config), context)
        except JobStopped:
            context.log(_("cancelled; what was saved is kept"))
            return lambda: leases.job_end(self.job, State.CANCELLED, worked_s=self.worked_s)
        except JobHandedBack as why:
            context.log(_("handed back to the queue: %(why)s") % {"why": why})
            values = why.values
            return lambda: leases.job_hand_back(self.job, worked_s=self.worked_s, **values)
        except LeaseLost:
            raise
        except (JobError, DatasetError) as error:
            return self._failed(str(error))
        except UNREACHABLE as error:
            context.log(traceback.format_exc())
            return self._failed(sentence(error)) if disk_is_full(error) else self._crashed
        except Exception as error:
            logger.exception("job %s failed", self.job.pk)
            context.log(traceback.format_exc())
            return self._failed(sentence(error))
        return lambda: leases.job_end(self.job, State.SUCCEEDED, worked_s=self.worked_s, resume={})

    def _crashed(self) -> None:
        leases.job_crash(self.job, worked_s=self.worked_s)

    def _failed(self, error: str) -> Callable[[], None]:
        self.context.log(error)
        return lambda: leases.job_end(self.job, State.FAILED, worked_s=self.worked_s, error=error)


def sentence(error: Exception) -> str:
    """Say what an unforeseen error means to whoever launched the job."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return _("The disk is full; free some space, then resume the job.")
    if disk_is_full(error):
        return _("The disk of the database is full; free some space, then resume the job.")
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return _("There was not enough memory; make the batch smaller, then launch it again.")
    text = " ".join(str(error).split())
    return _("The worker failed (%(what)s: %(text)s); the log says more.") % {
        "what": type(error).__name__,
        "text": text[:300],
    }


@contextmanager
def _quiet() -> Iterator[None]:
    yield


@contextmanager
def _beating(context: Context) -> Iterator[None]:
    """Report once a second from a thread, so that a long step is no sign of death."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(TICK_S):
                try:
                    context.flush()
                except LeaseLost:
                    return
                except UNREACHABLE:
                    connection.close()
                except Exception:
                    # A report that cannot be stored is no sign of death.
                    logger.exception("job %s: a report is lost", context.job.pk)
                    with suppress(DatabaseError, LeaseLost):
                        leases.job_beat(context.job)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"job-{context.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
