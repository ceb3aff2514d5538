"""Child processes that do not outlive the program that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def status(self) -> str:
        code = self.process.returncode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def ask(self) -> None:
        """SIGTERM to the leader alone: it knows how to let its own children finish."""
        if self.running:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to whatever is left of the group, also after its leader has gone."""
        # macOS answers EPERM for a group of which only zombies are left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)


def child_start(
    name: str,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    stdout: int | None = None,
) -> Child:
    """Start a process in its own session, so that a terminal's Ctrl-C reaches only the launcher.

    Call it from the main thread: Linux ties the death signal to the thread that forked.
    """
    process = subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=partial(_die_with, os.getpid()) if _libc else None,
    )
    return Child(name, process)


def _die_with(parent: int) -> None:
    """In the child before exec: be killed when the launcher dies, whatever killed it.

    SIGTERM is too mild: a worker that has lost Redis at the same moment tries to reach it for long.
    The leaders' own children notice that their leader is gone.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It died between fork and prctl.
        os._exit(1)


def children_stop(
    children: Sequence[Child], *, grace_s: float, hurry: Callable[[], bool] = lambda: False
) -> None:
    """Ask all of them to end, wait at most `grace_s` or until `hurry()`, then kill the groups."""
    for child in children:
        child.ask()
    deadline = time.monotonic() + grace_s
    while any(child.running for child in children):
        if hurry() or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    for child in children:
        child.kill()


class StopSignals:
    """Counts SIGINT, SIGTERM and SIGHUP instead of letting them end the process."""

    def __init__(self) -> None:
        self.count = 0

    def install(self) -> None:
        signal.signal(signal.SIGINT, self._arrived)
        signal.signal(signal.SIGTERM, self._arrived)
        # `nohup make run` is meant to outlive its terminal.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._arrived)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        self.count += 1

    def asked(self) -> bool:
        return self.count > 0

    def hurry(self) -> bool:
        return self.count > 1


@dataclass(slots=True)
class Keeper:
    """Keeps one child alive: started again after a growing pause, given up after five failures."""

    start: Callable[[], Child]
    say: Callable[[str], Any]
    child: Child
    failures: int = 0
    since: float = field(default_factory=time.monotonic)
    due: float | None = None

    FAILURES_MAX = 5
    STEADY_S = 60.0

    def tend(self) -> None:
        now = time.monotonic()
        if self.due is not None:
            if now >= self.due:
                self.child, self.since, self.due = self.start(), now, None
            return
        if self.failures > self.FAILURES_MAX or self.child.running:
            return
        self.child.kill()
        self.failures = 1 if now - self.since > self.STEADY_S else self.failures + 1
        name, status = self.child.name, self.child.status
        if self.failures > self.FAILURES_MAX:
            self.say(
                f"The {name} ended {self.failures} times in a row ({status}) and stays off: votes "
                "are still taken, pictures are no longer made. Stop with Ctrl-C and start again."
            )
            return
        pause_s = 2 ** (self.failures - 1)
        self.due = now + pause_s
        self.say(f"The {name} ended ({status}); it is started again in {pause_s} s.")
