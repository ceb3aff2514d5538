"""The commands that the launcher starts, and the address where the web server answers."""

import http.client
import shutil
import socket
import sys
import time
from collections.abc import Callable

from django.conf import settings

WILDCARDS = {"0.0.0.0", "::", "[::]"}  # noqa: S104 - named, not bound
WAIT_S = 90.0


def server_command(listener: socket.socket) -> list[str]:
    # Threads that write wait for each other on SQLite: about four in all is its best.
    threads = 2 if "sqlite" in settings.DATABASES["default"]["ENGINE"] else 4
    return [
        sys.executable, "-m", "gunicorn", "config.wsgi:application",
        "--bind", f"fd://{listener.fileno()}",
        "--worker-class", "gthread", "--workers", "2", "--threads", str(threads),
        "--timeout", "120", "--graceful-timeout", "6",
        "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip


def queues() -> list[str]:
    """Return the queues that this machine serves: `gpu` too where there is one."""
    return ["cpu", "gpu"] if shutil.which("nvidia-smi") else ["cpu"]


def worker_command(queue: str) -> list[str]:
    # Root is the only user there is in many containers.
    quiet = "ignore:You're running the worker with superuser privileges"
    return [
        sys.executable, "-W", quiet, "-m", "celery", "--app", "config", "--quiet", "worker",
        "--queues", queue, "--concurrency", "1", "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--hostname", f"{queue}@%h",
        # A process that ends gives its GPU memory back.
        *(["--max-tasks-per-child", "1"] if queue == "gpu" else []),
    ]  # fmt: skip


def demo_command() -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "seed_demo"]


def reachable(host: str) -> str:
    """The host to connect to from this machine when the server is bound to `host`."""
    return "127.0.0.1" if host in WILDCARDS or host == "localhost" else host.strip("[]")


def address(host: str, port: int) -> str:
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def answers(host: str, port: int, *, while_true: Callable[[], bool]) -> bool:
    """Wait until the landing page gets an answer, as long as `while_true()` and at most 90 s."""
    deadline = time.monotonic() + WAIT_S
    allowed = [name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))]
    headers = {"Host": allowed[0] if allowed else "localhost"}
    while while_true() and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(reachable(host), port, timeout=3)
        try:
            connection.request("GET", "/", headers=headers)
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.03)
        else:
            return True
        finally:
            connection.close()
    return False
