"""What a result was made with."""

import platform
import subprocess
from functools import cache
from pathlib import Path

import torch
import torchvision

_ROOT = Path(__file__).resolve().parents[2]


@cache
def versions() -> dict[str, str]:
    """Return versions of Python, torch and torchvision, and the commit where there is one.

    A commit that ends with -dirty was changed by hand.
    """
    found = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "torchvision": str(torchvision.__version__),
    }
    commit = _commit()
    return found | {"git": commit} if commit else found


def _commit() -> str:
    # The program's own repository only: it may be installed inside somebody else's.
    if not (_ROOT / ".git").exists():
        return ""
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(
            [*command, "--exclude=*"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
