"""Blocks that keep their inputs alone and compute the rest a second time on the way back.

Chen, Xu, Zhang, Guestrin 2016, "Training deep nets with sublinear memory cost". Non-re-entrant:
torch's re-entrant kind ends gradients at an input that needs none, which is why the released
program trains one layer of the backbone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from models_app.training.blocks import composite_blocks


@contextmanager
def blocks_twice(backbone: nn.Module) -> Iterator[None]:
    """While this lasts, a forward keeps only the blocks' inputs.

    The second computation, on the way back, may come later. It measures BatchNorm's statistics a
    second time, so collect them with `BatchStatistics`.
    """
    wrapped = list(composite_blocks(backbone).values())
    try:
        for block in wrapped:
            setattr(block, "forward", partial(checkpoint, block.forward, use_reentrant=False))  # noqa: B010
        yield
    finally:
        for block in wrapped:
            block.__dict__.pop("forward", None)
