"""Which device computes, and what people call it."""

import torch

from models_app.training.errors import TrainingError


def device_choose(wanted: str, local_rank: int = 0) -> torch.device:
    """Return the device that an option asks for.

    Raises
    ------
    TrainingError
        If a GPU is wanted and there is none.
    """
    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise TrainingError(
            "device is cuda, and torch finds no NVIDIA GPU here; set device to auto or cpu, or "
            "train on a machine with a GPU."
        )
    return torch.device("cuda", local_rank) if found and wanted != "cpu" else torch.device("cpu")


def device_name(device: torch.device) -> str:
    """Return what people call it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
