"""Fixed numbers of a term, kept on each device that computes with them."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Indices:
    """Copy arrays to a device once: a copy a step would make the device wait.

    Parameters
    ----------
    arrays
        By name; integers become int64, other numbers float32.
    """

    def __init__(self, **arrays: NDArray[np.generic]) -> None:
        self._on: dict[torch.device, dict[str, Tensor]] = {}
        self._arrays = arrays

    def on(self, device: torch.device) -> Mapping[str, Tensor]:
        """Return the tensors by name; shared, do not change them."""
        if device not in self._on:
            # A run that goes on at the end of an epoch validates first, in inference mode; the
            # steps that follow keep these for their way back.
            with torch.inference_mode(False):
                self._on[device] = {
                    name: torch.tensor(
                        array, dtype=torch.int64 if array.dtype.kind == "i" else torch.float32
                    ).to(device)
                    for name, array in self._arrays.items()
                }
        return self._on[device]
