"""Whose turn it is to write to an SQLite file, among the threads and processes of a machine."""

import fcntl
import time
from pathlib import Path
from typing import IO

POLL_S = 0.0005
# So long a place in the queue is waited for; then SQLite's own waiting decides.
PATIENCE_S = 5.0


class Turn:
    """Only politeness: SQLite's lock keeps the database whole, with or without it.

    SQLite has no queue. Who finds the file locked sleeps, longer each time (1 to 100 ms), while
    the lock lies free and others overtake. An advisory lock is cheap enough to be tried every half
    millisecond, and the system releases it when its holder dies.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}-queue")
        self.file: IO[bytes] | None = None

    def begin(self) -> None:
        if self.file is None:
            self.file = self.path.open("ab")
        deadline = time.monotonic() + PATIENCE_S
        while not self._taken(self.file) and time.monotonic() < deadline:
            time.sleep(POLL_S)

    @staticmethod
    def _taken(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def end(self) -> None:
        if self.file is not None:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None
