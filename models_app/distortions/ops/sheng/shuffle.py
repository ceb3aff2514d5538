"""Patch shuffle."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.distortions.ops.base import Scene


class Shuffle:
    """The pixels of some small blocks change places (Kang et al. 2017, PatchShuffle).

    Levels are the share of blocks, 0.1 and 0.5. Sheng et al. 2020, who do not give the size of a
    block. Pixels at the right and bottom edge that fill no block stay.
    """

    def __init__(self, *, block: float = 2) -> None:
        """Set the side of a block in pixels."""
        self.block = int(block)

    def render(self, scene: Scene, values: Sequence[float]) -> Tensor:
        """Follow `Op.render`; values in 0..1."""
        return torch.stack([self._shuffled(scene, value) for value in values])

    def _shuffled(self, scene: Scene, value: float) -> Tensor:
        side, photo = self.block, scene.photo.clone()
        down, along = photo.shape[1] // side, photo.shape[2] // side
        blocks, cells = down * along, side * side
        stream = scene.stream("sheng_shuffle", value)
        chosen = stream.uniform(0, blocks, photo.device)[0] <= value
        # Four numbers a counter: as many counters a block as its cells need.
        counters = -(-cells // 4)
        draws = stream.uniform(blocks, blocks * counters, photo.device)
        order = draws.view(4, blocks, counters).permute(1, 2, 0).flatten(1)[:, :cells].argsort(1)
        stay = torch.arange(cells, device=photo.device).expand_as(order)
        order = torch.where(chosen[:, None], order, stay)
        inner = photo[:, : down * side, : along * side]
        tiles = inner.reshape(3, down, side, along, side)
        tiles = tiles.permute(0, 1, 3, 2, 4).reshape(3, blocks, cells)
        tiles = tiles.gather(2, order.expand(3, -1, -1)).view(3, down, along, side, side)
        photo[:, : down * side, : along * side] = tiles.permute(0, 1, 3, 2, 4).reshape(inner.shape)
        return photo
