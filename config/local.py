"""What a single machine can work out by itself: a kept secret key, its own names and addresses."""

import os
import secrets
import socket
from pathlib import Path

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


def secret_key(path: Path) -> str:
    """Read the key kept at `path`, or make it (readable by the owner only)."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text().strip()
        if key:
            return key
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600)
    key = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(key)
    return key


def is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def lan_addresses() -> list[str]:
    """This machine's addresses on the local network, without sending a packet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket only picks a route; 192.0.2.1 is a documentation address.
            probe.connect(("192.0.2.1", 9))
            return [probe.getsockname()[0]]
        except OSError:
            return []


def local_hosts(host: str) -> list[str]:
    """Host names that a browser may use for a server bound to `host`."""
    if is_loopback(host):
        return LOOPBACK
    name = socket.gethostname()
    own = [*lan_addresses(), name, f"{name}.local"]
    return [*LOOPBACK, *own] if host in {"0.0.0.0", "::"} else [*LOOPBACK, host, *own]  # noqa: S104
