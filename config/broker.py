"""Which message broker is used: the one asked for, a private Redis, or a folder.

Order (the first that applies): CELERY_BROKER_URL; a redis-server on a unix socket that the run
command starts when the program is installed; kombu's filesystem transport, which needs nothing.
"""

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEEK_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Broker:
    url: str
    label: str
    transport_options: dict[str, Any]
    server_command: tuple[str, ...] = ()


def redis_socket(var: Path) -> Path:
    return var / "run" / "redis.sock"


def broker_pick(asked: str | None, *, var: Path, start: bool) -> Broker:
    """Choose a broker.

    `start=True` is the run command, which may start a private redis-server; any other process
    joins that server if its socket is there, so that all of one machine share one broker.
    """
    if asked and not asked.startswith("filesystem"):
        return Broker(asked, f"broker of CELERY_BROKER_URL ({asked.split('@')[-1]})", _redis())
    program = shutil.which("redis-server")
    path = redis_socket(var)
    # A unix socket's path holds at most 107 bytes on Linux (sun_path).
    fits = len(str(path).encode()) <= 100
    if not asked and fits and ((start and program) or (not start and path.exists())):
        command = _redis_command(program or "redis-server", var) if start else ()
        return Broker(
            f"redis+socket://{path}", "private redis-server on a unix socket", _redis(), command
        )
    return Broker("filesystem://localhost", f"folder {var / 'broker'}", _folder(var))


def redis_answers(path: Path) -> bool:
    """Whether a server on this socket takes commands; one that still loads its log does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _redis() -> dict[str, Any]:
    # Rows and heartbeats decide what is sent again, not the broker's timeout.
    return {"visibility_timeout": WEEK_S}


def _redis_command(program: str, var: Path) -> tuple[str, ...]:
    data = var / "redis"
    data.mkdir(parents=True, exist_ok=True)
    redis_socket(var).parent.mkdir(parents=True, exist_ok=True)
    return (
        program, "--port", "0", "--unixsocket", str(redis_socket(var)), "--unixsocketperm", "700",
        "--appendonly", "yes", "--dir", str(data), "--save", "", "--loglevel", "warning",
        "--logfile", str(data / "redis.log"),
    )  # fmt: skip


def _folder(var: Path) -> dict[str, Any]:
    queue, control = var / "broker" / "queue", var / "broker" / "control"
    for path in (queue, control):
        path.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "store_processed": False,
        # kombu's default of 1 s makes every task start a second late.
        "polling_interval": 0.1,
    }
