"""What a worker process is called, and what its machine has."""

import os
import platform
import secrets
import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Of the worker's main process; its pool's processes inherit it.
_main: str | None = None


def main_set() -> None:
    """Called in the main process before its pool starts."""
    global _main
    # Containers may share a host name, and count their processes from 1.
    _main = f"{os.getpid()}-{secrets.token_hex(3)}"


def pid_of(main: str) -> int:
    """Return the process id in a main process' name; 0 where there is none."""
    pid = main.partition("-")[0]
    return int(pid) if pid.isdigit() else 0


def host() -> str:
    return socket.gethostname()[:60]


def main_name() -> str:
    """Name the worker: host/process-token."""
    return f"{host()}/{_main or os.getpid()}"


def worker_name() -> str:
    """Name the process that does a job: host/main process/own process."""
    return f"{main_name()}/{os.getpid()}"


def is_alive(pid: int) -> bool:
    """Whether a process of this machine runs; a zombie does not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
        except (OSError, IndexError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class Device:
    """What computes; sizes in bytes, 0 where unknown."""

    name: str
    memory_used: int = 0
    memory_total: int = 0


def device() -> Device:
    """Return the first GPU by the driver's own program, else the processor; without torch."""
    found = _gpu()
    return found or Device(_processor())


def _gpu() -> Device | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = ["--query-gpu=name,memory.used,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run([program, *query], capture_output=True, text=True, timeout=10)
        name, used, total = (part.strip() for part in done.stdout.splitlines()[0].split(","))
        return Device(name, int(used) << 20, int(total) << 20)
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return None


@cache
def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} x {os.cpu_count()}"
    return f"{platform.machine()} x {os.cpu_count()}"


def memory_total() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def memory_used(main: int) -> int:
    """Resident bytes of a process and its children; 0 where the system does not tell."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = entry.read_text().rpartition(")")[2].split()
            if int(entry.parent.name) == main or int(fields[1]) == main:
                found += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return found
