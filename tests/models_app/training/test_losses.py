import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from models_app.training.losses.cross_entropy import cross_entropy
from models_app.training.losses.nt_xent import nt_xent
from models_app.training.losses.squared_error import squared_error


def drawn(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(5), dtype=dtype)


VIEWS = torch.tensor([1, 2, 4, 5])
LABELS = torch.tensor([0, 2, 1, 4])
HEADS = [slice(0, 2), slice(2, 5), slice(0, 2), slice(2, 5)]
OUTSIDE = torch.full((4, 5), -torch.inf)
for row, head in zip(OUTSIDE, HEADS, strict=True):
    row[head] = 0


def test_cross_entropy_equals_torch_head_by_head():
    logits = drawn(3, 7, 5)
    total = 0.0
    for photo in logits:
        for view, label, head in zip(VIEWS, LABELS, HEADS, strict=True):
            total += functional.cross_entropy(photo[view, head], label - head.start).item()
    found = cross_entropy(logits, VIEWS, LABELS, OUTSIDE)
    assert found.item() == pytest.approx(total / 3, rel=1e-12)


def test_cross_entropy_judges_no_other_view_and_no_other_head():
    logits = drawn(2, 7, 5).requires_grad_()
    cross_entropy(logits, VIEWS, LABELS, OUTSIDE).backward()
    assert logits.grad is not None
    judged = logits.grad != 0
    assert not judged[:, [0, 3, 6]].any()
    for view, head in zip(VIEWS, HEADS, strict=True):
        own = torch.zeros(5, dtype=torch.bool)
        own[head] = True
        assert torch.equal(judged[:, view], own.expand(2, -1))
    # The gradient of a softmax sums to zero over its classes.
    assert logits.grad.sum(2).abs().max() < 1e-12


def test_squared_error_equals_a_loop_and_touches_nothing_else():
    outputs = drawn(3, 6, 4).requires_grad_()
    views, columns = torch.tensor([0, 0, 3, 5]), torch.tensor([0, 2, 2, 3])
    targets = torch.tensor([0.0, 0.0, -0.4, 1.0], dtype=torch.float64)
    rows = list(zip(views.tolist(), columns.tolist(), targets.tolist(), strict=True))
    wanted = sum((p[v][c] - t) ** 2 for p in outputs.tolist() for v, c, t in rows) / 3
    found = squared_error(outputs, views, columns, targets)
    found.backward()
    assert found.item() == pytest.approx(wanted, rel=1e-12)
    assert outputs.grad is not None
    assert int((outputs.grad != 0).sum()) == 3 * 4


def nt_xent_loop(projections: Tensor, temperature: float) -> float:
    """Chen et al. 2020, equation 1, each view against all others, summed over both views."""
    views = [(photo, view) for photo in range(len(projections)) for view in range(2)]

    def similar(a: tuple[int, int], b: tuple[int, int]) -> float:
        cosine = functional.cosine_similarity(projections[a], projections[b], dim=0)
        return math.exp(cosine.item() / temperature)

    total = 0.0
    for view in views:
        others = sum(similar(view, other) for other in views if other != view)
        total -= math.log(similar(view, (view[0], 1 - view[1])) / others)
    return total / len(projections)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
@pytest.mark.parametrize("photos", [2, 5])
def test_nt_xent_equals_the_printed_sum(photos: int, temperature: float):
    projections = drawn(photos, 2, 8)
    found = nt_xent(projections, temperature=temperature)
    assert found.item() == pytest.approx(nt_xent_loop(projections, temperature), rel=1e-10)


def test_nt_xent_in_closed_form():
    # Four equal views: each finds its partner among three. Orthogonal photos: e^(1/t) to 1.
    same = torch.ones(2, 2, 4)
    assert nt_xent(same, temperature=0.5).item() == pytest.approx(2 * math.log(3), rel=1e-6)
    apart = torch.eye(4)[:2, None].expand(-1, 2, -1)
    wanted = 2 * math.log(1 + 2 * math.exp(-1 / 0.5))
    assert nt_xent(apart, temperature=0.5).item() == pytest.approx(wanted, rel=1e-6)
    assert nt_xent(same[:1], temperature=0.5).item() == 0


def test_nt_xent_does_not_depend_on_lengths_order_or_autocast():
    projections = drawn(4, 2, 8, dtype=torch.float32)
    plain = nt_xent(projections, temperature=0.5)
    longer = nt_xent(projections * 7, temperature=0.5)
    turned = nt_xent(projections.flip(0).flip(1), temperature=0.5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ambient = nt_xent(projections, temperature=0.5)
    assert longer.item() == pytest.approx(plain.item(), rel=1e-6)
    assert turned.item() == pytest.approx(plain.item(), rel=1e-6)
    assert ambient.dtype == torch.float32
    assert ambient.item() == plain.item()


def test_gradients():
    outputs = drawn(2, 7, 5).requires_grad_()
    targets = drawn(4)
    projections = drawn(3, 2, 6).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: cross_entropy(x, VIEWS, LABELS, OUTSIDE.double()), (outputs,)
    )
    assert torch.autograd.gradcheck(lambda x: squared_error(x, VIEWS, LABELS, targets), (outputs,))
    assert torch.autograd.gradcheck(lambda x: nt_xent(x, temperature=0.5), (projections,))
