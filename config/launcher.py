"""Database, broker, web server, worker and demo survey on one machine, as one program.

Everything it starts goes down with it (config/processes.py); what must be free or correct is
looked at before anything is started (config/claims.py, config/prepare.py).
"""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from subprocess import DEVNULL

from django.conf import settings

from config import env, prepare, web
from config.broker import Broker, broker_pick, redis_answers, redis_socket
from config.claims import RefusedError, lock_take, port_take
from config.local import is_loopback, lan_addresses
from config.processes import Child, Keeper, StopSignals, child_start, children_stop

GRACE_S = 8.0
REDIS_S = 5.0
TICK_S = 0.1


def say(text: str) -> None:
    # A terminal that is gone is no reason to leave children behind.
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


class Launcher:
    def __init__(self, var: Path, lock: int, signals: StopSignals) -> None:
        self.var = var
        self.lock = lock
        self.signals = signals
        self.env = {**os.environ, "PROOFSHEET_VAR": str(var), "PYTHONUNBUFFERED": "1"}
        self.redis: Child | None = None
        self.web: Child | None = None
        self.workers: list[Keeper] = []
        self.demo: Child | None = None

    def _start(
        self, name: str, command: Sequence[str], *fds: int, stdout: int | None = None
    ) -> Child:
        return child_start(name, command, env=self.env, pass_fds=(self.lock, *fds), stdout=stdout)

    def broker_start(self, asked: str | None) -> Broker:
        """Start a private Redis when that is the choice; every child shares what comes out."""
        path = redis_socket(self.var)
        # The lock is ours, so a socket that lies there belongs to nobody; others would join it.
        path.unlink(missing_ok=True)
        broker = broker_pick(asked, var=self.var, start=True)
        if broker.server_command:
            self.redis = self._start("redis-server", broker.server_command)
            if not self._redis_is_up(self.redis):
                self.redis.kill()
                self.redis = None
                path.unlink(missing_ok=True)
                say(
                    f"redis-server does not start (see {self.var / 'redis' / 'redis.log'}); "
                    "a folder is the broker instead."
                )
                broker = broker_pick("filesystem://", var=self.var, start=True)
        self.env["CELERY_BROKER_URL"] = broker.url
        return broker

    def _redis_is_up(self, server: Child) -> bool:
        deadline = time.monotonic() + REDIS_S
        while server.running and time.monotonic() < deadline:
            if redis_answers(redis_socket(self.var)):
                return True
            time.sleep(0.02)
        return False

    def web_start(self, listener: socket.socket, host: str, port: int) -> bool:
        """Start the web server on the bound port; False when it died or was told to stop."""
        self.web = self._start("web server", web.server_command(listener), listener.fileno())
        listener.close()
        if web.answers(host, port, while_true=self._is_starting):
            return True
        if self._is_starting():
            say("The web server does not answer.")
            self.web.kill()
        return False

    def _is_starting(self) -> bool:
        return self.web is not None and self.web.running and not self.signals.asked()

    def jobs_start(self) -> None:
        """Start the workers and the demo last: they would slow down the first page."""
        for queue in web.queues():
            start = partial(self._worker_start, queue)
            self.workers.append(Keeper(start, say, start()))
        self.demo = self._start("demo survey", web.demo_command())

    def _worker_start(self, queue: str) -> Child:
        name = "worker" if queue == "cpu" else f"worker for queue {queue}"
        # Its log goes to stderr; to stdout it only writes about signals.
        return self._start(name, web.worker_command(queue), stdout=DEVNULL)

    def watch(self) -> int:
        """Go on until a signal or until something dies that the rest cannot do without."""
        while not self.signals.asked():
            for child in (self.web, self.redis):
                if child and not child.running:
                    say(f"The {child.name} ended by itself ({child.status}); all is stopped.")
                    return 1
            for keeper in self.workers:
                keeper.tend()
            if self.demo and not self.demo.running:
                if self.demo.process.returncode:
                    say(f"The demo survey was not made ({self.demo.status}); all else goes on.")
                self.demo = None
            time.sleep(TICK_S)
        return 0

    def stop(self) -> None:
        """Everything down, Redis last, because the worker still hands its message back to it."""
        workers = [keeper.child for keeper in self.workers]
        children = [child for child in (self.demo, *workers, self.web) if child]
        if any(worker.running for worker in workers):
            say(
                f"Stopping; jobs at work save and go on at the next start (about {GRACE_S + 2:.0f} "
                "s at most, Ctrl-C again stops at once) ..."
            )
        children_stop(children, grace_s=GRACE_S, hurry=self.signals.hurry)
        if self.redis:
            children_stop([self.redis], grace_s=REDIS_S, hurry=self.signals.hurry)
        say("Stopped.")


def announce(broker: Broker, host: str, port: int, password: str | None) -> None:
    base = web.address(host, port)
    keep = (
        "use the password printed at the first start, or "
        "`.venv/bin/python manage.py changepassword admin`"
    )
    rows = [
        ("Survey", f"{base}/"),
        ("Dashboard", f"{base}/dashboard/"),
        ("Log in", f"{prepare.ADMIN}, password {password} (shown only this once)" if password
            else keep),
        ("Broker", broker.label),
        ("Database", prepare.database_label()),
    ]  # fmt: skip
    if not is_loopback(host):
        found = lan_addresses() if host in web.WILDCARDS else [host]
        rows[1:1] = [("Phones", f"{web.address(name, port)}/") for name in found]
    say("\nProofsheet is running.")
    for label, value in rows:
        say(f"  {label:<11}{value}")
    if not is_loopback(host):
        say("  Everybody on this network can reach it, and nothing sent to it is encrypted.")
    say("  Ctrl-C stops everything.\n")


def launch(var: Path, host: str, port: int) -> int:
    lock = lock_take(var)
    listener = port_take(host, port)
    say("Proofsheet is starting ...")
    prepare.database_prepare()
    signals = StopSignals()
    signals.install()
    launcher = Launcher(var, lock, signals)
    try:
        broker = launcher.broker_start(env.broker("CELERY_BROKER_URL"))
        if launcher.web_start(listener, host, port):
            announce(broker, host, port, prepare.admin_create())
            launcher.jobs_start()
        return launcher.watch()
    finally:
        launcher.stop()


def run() -> int:
    try:
        prepare.settings_load()
        host = getattr(settings, "HOST", "127.0.0.1")
        return launch(settings.VAR, host, getattr(settings, "PORT", 8000))
    except RefusedError as error:
        sys.stderr.write(f"proofsheet: {error}\n")
        return 2
