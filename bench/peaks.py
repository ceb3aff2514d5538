"""The most memory that something took, measured anew each time."""

from pathlib import Path

import torch

from models_app.training.stopwatch import memory_mb


def peak_forget(device: torch.device) -> None:
    """Start the measure of the most memory anew, where the system can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return
    resets = Path("/proc/self/clear_refs")
    if resets.exists():
        resets.write_text("5")


def peak_mb(device: torch.device) -> float:
    """Return the most memory since `peak_forget`: the GPU's, or this process's with torch."""
    status = Path("/proc/self/status")
    if device.type == "cuda" or not status.exists():
        return memory_mb(device)
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 2**10
