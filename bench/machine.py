"""What a figure was measured on."""

import os
import platform
from pathlib import Path

import torch


def machine(device: str = "cpu") -> str:
    """One line: processor or accelerator, cores, versions."""
    if device == "cuda":
        name = torch.cuda.get_device_name()
    else:
        lines = (
            Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
        )
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = f"{os.cpu_count()} cores ({names[0] if names else platform.processor()})"
    python = platform.python_version()
    return f"{name}, {platform.system()}, Python {python}, torch {torch.__version__}"
