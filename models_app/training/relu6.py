"""ReLU6 that keeps its result for the way back, which the next layer keeps anyway.

torch's own, in place, keeps a copy of its input besides.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Relu6(torch.autograd.Function):
    """Results and gradients are those of torch to the last digit.

    The gradient passes where the input is inside 0 to 6, and there the result is too.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.clamp(0, 6)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        found: Tensor = torch.ops.aten.hardtanh_backward(grads[0], y, 0.0, 6.0)
        return found


class LeanReLU6(nn.ReLU6):
    """In the place of an `nn.ReLU6`; never in place."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input, limited to 0 to 6."""
        # A compiler decides by itself what is kept.
        if torch.compiler.is_compiling():
            return functional.relu6(input)
        found: Tensor = _Relu6.apply(input)
        return found


def relu6_lean(network: nn.Module) -> None:
    """Replace every `nn.ReLU6` inside a network; names and weights stay."""
    for module in list(network.modules()):
        # Not `named_children`, which names a layer once that is used in two places.
        for name, child in list(module._modules.items()):
            if type(child) is nn.ReLU6:
                setattr(module, name, LeanReLU6().train(child.training))
