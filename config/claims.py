"""What only one running copy may hold: the data folder's lock and the port."""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path

from config.local import lan_addresses

PREDECESSOR_S = 10.0


class RefusedError(Exception):
    """The program cannot start; the message is one sentence for the person at the terminal."""


def lock_take(var: Path) -> int:
    """Take the lock of the data folder and return its descriptor; it is held until it is closed.

    Every child inherits the descriptor: those that are still going down after their launcher was
    killed keep the folder closed until they have let go of the port, Redis' socket and its data.
    """
    path = var / "run" / "launcher.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + PREDECESSOR_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as error:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
            if _is_running(holder) or time.monotonic() > deadline:
                os.close(handle)
                raise RefusedError(_held(var, holder)) from error
            time.sleep(0.1)
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def _held(var: Path, holder: str) -> str:
    if not _is_running(holder):
        return (
            f"Processes of an earlier Proofsheet still run on {var}; wait until they have ended, "
            "or end them."
        )
    return (
        f"Proofsheet already runs on {var} (process {holder}); use that one, stop it, or run a "
        "second one with PROOFSHEET_VAR=/another/folder PORT=8001 make run."
    )


def _is_running(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def port_take(host: str, port: int) -> socket.socket:
    """Bind the port, so that it is ours before anything starts; the web server listens on it."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RefusedError(_wrong_host(host)) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise RefusedError(_why_not(error, host, port)) from error
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    other = port + 1 if port < 65535 else 8000
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; stop the other program or run PORT={other} make run."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} may not be opened by this user; allowed are 1024 to 65535: run "
            "PORT=8000 make run."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return _wrong_host(host)
    return f"Port {port} of {host} cannot be opened ({error.strerror}); choose another PORT."


def _wrong_host(host: str) -> str:
    own = "".join(f", {address}" for address in lan_addresses())
    return (
        f"HOST is {host!r}, which is no address of this machine; allowed are 127.0.0.1 (this "
        f"machine only), 0.0.0.0 (everybody on the network){own}: correct it or unset it."
    )
