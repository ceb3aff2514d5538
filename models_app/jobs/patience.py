"""Waiting for a database that is briefly away."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

UNREACHABLE = (OperationalError, InterfaceError)


def disk_is_full(error: Exception) -> bool:
    """Whether a database says that it has no space: waiting does not help."""
    state = getattr(error.__cause__, "sqlstate", "")
    return state == "53100" or "disk is full" in str(error)


def patiently(write: Callable[[], object]) -> None:
    """Repeat a write while the database is away, for as long as the job would still be ours.

    Inside a transaction nothing can be repeated, and the error is raised at once.
    """
    deadline = time.monotonic() + settings.JOB_LOST_S
    pause_s = 0.1
    while True:
        try:
            write()
            return
        except UNREACHABLE as error:
            late = time.monotonic() + pause_s > deadline
            if connection.in_atomic_block or late or disk_is_full(error):
                raise
            # The broken connection would stay broken.
            connection.close()
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 2.0)
