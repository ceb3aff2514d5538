"""Private servers for tests: PostgreSQL, Redis and moto's S3, in a temporary folder.

`python -m tests.servers [pytest's arguments]` runs on all three what uses a database, without the
browser's tests and the slow ones; arguments replace that choice.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from pathlib import Path

import boto3

BUCKET = "proofsheet"
REGION = "us-east-1"
# moto takes any keys until it is told to look at them.
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
START_S = 60
_ports = count()
CHOICE = (
    *("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile"),
    *("--only-database", "-m", "not slow and not browser"),
)


class Missing(Exception):
    """A program is not installed; the message says which and how to get it."""


def free_port() -> int:
    """A port that nothing else takes until its server is up.

    Linux itself gives none below 32768 away, and no two processes of a test run begin at the same.
    """
    for n in islice(_ports, 64):
        port = 10_000 + (64 * os.getpid() + n) % 20_000
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As servers do, so that one that has just ended is no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise Missing("No port from 10000 to 29999 is free.")


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs; Debian keeps them off PATH."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    return found[-1].parent if found else None


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server of our own; yields the DATABASE_URL of an empty database.

    Tests do without fsync; what is measured must be `durable`.
    """
    programs = postgres_programs()
    if programs is None:
        raise Missing("PostgreSQL's server is not installed (Debian: apt install postgresql).")
    with tempfile.TemporaryDirectory(prefix="proofsheet-pg-") as home:
        # It refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(home, user, user)
        data = f"{home}/data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"],
            check=True,
            cwd=home,
            stdout=subprocess.DEVNULL,
            user=user,
            group=user,
        )
        port = free_port()
        options = [
            *("-h", "127.0.0.1", "-p", str(port), "-k", home),
            *("-c", "log_min_messages=fatal"),
            *(() if durable else ("-c", "fsync=off", "-c", "full_page_writes=off")),
        ]
        command = [programs / "postgres", "-D", data, *options]
        # SIGINT is its fast shutdown; on SIGTERM it would wait for every client to leave.
        with _running(command, cwd=home, user=user, stop=signal.SIGINT):
            ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            _wait("PostgreSQL", lambda: subprocess.run(ready, check=False).returncode == 0)
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """A Redis of our own that keeps nothing; yields its CELERY_BROKER_URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("redis-server is not installed (Debian: apt install redis-server).")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (
        tempfile.TemporaryDirectory(prefix="proofsheet-redis-") as home,
        _running([program, *options], cwd=home),
    ):
        _wait("redis-server", lambda: _listens(port))
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def bucket_server() -> Iterator[str]:
    """moto's S3 with one empty bucket; yields the endpoint's URL. The caller sets KEYS."""
    try:
        import moto.server  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise Missing("moto is not installed (pip install -r requirements/dev.txt).") from error
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, cwd=tempfile.gettempdir()):
        _wait("moto", lambda: _listens(port))
        bucket_make(endpoint, BUCKET)
        yield endpoint


def bucket_make(endpoint: str, name: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=name)
    client.close()


def keys_are_checked(endpoint: str, checked: bool) -> None:
    """Tell moto whether to refuse keys that no account has (all of ours)."""
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", "/moto-api/reset-auth", body=b"0" if checked else b"inf")
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def storage_url(endpoint: str, prefix: str = "") -> str:
    return f"s3://{BUCKET}/{prefix}?endpoint_url={endpoint}&region={REGION}"


@contextmanager
def _running(
    command: Sequence[str | Path],
    *,
    cwd: str,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    # In a session of its own: Ctrl-C reaches pytest first, and its servers outlive its tests.
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        user=user,
        group=user,
    )
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(name: str, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not answers():
        if time.monotonic() > deadline:
            raise Missing(f"{name} did not start within {START_S} s.")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def main() -> int:
    with ExitStack() as stack:
        try:
            found = {
                "DATABASE_URL": stack.enter_context(postgres()),
                "CELERY_BROKER_URL": stack.enter_context(redis()),
                "STORAGE_URL": storage_url(stack.enter_context(bucket_server()), "suite"),
                **KEYS,
            }
        except Missing as error:
            sys.stderr.write(f"tests: {error}\n")
            return 2
        for name in ("DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_URL"):
            sys.stdout.write(f"{name}={found[name]}\n")
        sys.stdout.flush()
        command = [sys.executable, "-m", "pytest", *(sys.argv[1:] or CHOICE)]
        return subprocess.run(command, env={**os.environ, **found}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
