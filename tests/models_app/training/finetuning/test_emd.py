"""The earth mover's distance against a plain loop, SciPy and cases that are known."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import energy_distance

from models_app.training.losses.emd import emd, emd_root, emd_squares


def drawn(photos: int, bins: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(photos)
    counts = torch.rand(2, photos, bins, generator=generator, dtype=torch.float64) ** 3
    one, other = counts / counts.sum(2, keepdim=True)
    return one, other


def looped(one, other) -> list[float]:
    """Return the mean over bins of the squared differences of sums, number by number."""
    found = []
    for p, q in zip(one.tolist(), other.tolist(), strict=True):
        total = 0.0
        for bins in range(1, len(p) + 1):
            total += (sum(p[:bins]) - sum(q[:bins])) ** 2
        found.append(total / len(p))
    return found


@pytest.mark.parametrize("photos", [1, 2, 7])
def test_it_is_what_a_plain_loop_computes(photos):
    one, other = drawn(photos)
    squares = looped(one, other)
    assert emd_squares(one, other).tolist() == pytest.approx(squares, rel=1e-12)
    by_photo = sum(math.sqrt(each) for each in squares) / photos
    assert float(emd(one, other)) == pytest.approx(by_photo, rel=1e-12)
    of_batch = math.sqrt(sum(squares) / photos)
    assert float(emd(one, other, root="batch")) == pytest.approx(of_batch, rel=1e-12)


def test_it_is_scipys_energy_distance_but_for_a_factor():
    """SciPy integrates 2 (U - V)^2 over the scores and takes the root; here it is a mean."""
    one, other = drawn(9)
    scores = np.arange(1, 11)
    for p, q in zip(one, other, strict=True):
        theirs = energy_distance(scores, scores, p.numpy(), q.numpy()) / math.sqrt(2 * 10)
        assert float(emd(p[None], q[None])) == pytest.approx(theirs, rel=1e-9)


def test_cases_that_are_known():
    ends = torch.eye(10, dtype=torch.float64)
    # All mass over nine borders: nine of ten sums differ by 1.
    assert float(emd(ends[:1], ends[9:])) == pytest.approx(math.sqrt(0.9))
    assert float(emd(ends[3:4], ends[4:5])) == pytest.approx(math.sqrt(0.1))
    assert float(emd(ends, ends)) == 0
    # One photo right and one wrong: the roots are taken before or after the mean.
    truth, guess = ends[[0, 0]], ends[[0, 9]]
    assert float(emd(guess, truth)) == pytest.approx(math.sqrt(0.9) / 2)
    assert float(emd(guess, truth, root="batch")) == pytest.approx(math.sqrt(0.45))


def test_it_is_a_distance():
    one, other = drawn(5)
    third = one.flip(0)
    assert torch.allclose(emd_squares(one, other), emd_squares(other, one))
    roots = [emd_root(emd_squares(*pair)) for pair in ((one, other), (other, third), (one, third))]
    assert bool((roots[2] <= roots[0] + roots[1] + 1e-12).all())
    # The order of the scores is read from either end.
    assert torch.allclose(emd_squares(one.flip(1), other.flip(1)), emd_squares(one, other))


@pytest.mark.parametrize("root", ["sample", "batch"])
def test_its_gradient_is_right_and_finite_where_nothing_is_wrong(root):
    _one, truth = drawn(3, bins=4)
    logits = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: emd(x.softmax(1), truth, root=root), logits)
    same = truth.clone().requires_grad_()
    emd(same, truth, root=root).backward()
    assert same.grad is not None
    assert torch.equal(same.grad, torch.zeros_like(same))


def test_what_are_no_distributions_is_refused():
    one, other = drawn(3)
    with pytest.raises(ValueError, match=r"shapes \[3, 10\] and \[2, 10\]"):
        emd_squares(one, other[:2])
    with pytest.raises(ValueError, match=r"both must be \[photos, bins\]"):
        emd_squares(one[0], other[0])
    with pytest.raises(ValueError, match="root is 'photo'; allowed are sample and batch"):
        emd(one, other, root="photo")
