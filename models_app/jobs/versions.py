"""Which code did the work: stored with every job."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("django", "celery", "pillow", "numpy", "torch", "torchvision")
ROOT = Path(__file__).parent.parent.parent


@cache
def versions() -> dict[str, str]:
    """Return versions of this code, Python and the libraries that decide results."""
    found = {"proofsheet": _code(), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # A web host has no torch.
            continue
    return found


def _code() -> str:
    """Return the commit, marked with + where files were changed; empty outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
