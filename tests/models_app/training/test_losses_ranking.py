from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from models_app.training.config import TrainConfig
from models_app.training.losses.across_photos import across_photos
from models_app.training.losses.agreement import agreement
from models_app.training.losses.pairwise_ranking import pairwise_ranking
from models_app.training.pretext.chart import chart_build

CHART = chart_build(TrainConfig())
PAIRS = torch.from_numpy(CHART.pairs)
ASPECTS = torch.from_numpy(CHART.pair_aspect)
MARGIN = 0.2


@pytest.fixture
def drawn() -> Callable[..., Tensor]:
    generator = torch.Generator().manual_seed(3)

    def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float64).to(dtype)

    return draw


def ranking_loop(scores: Tensor, columns: list[int]) -> float:
    total = 0.0
    for photo in scores.tolist():
        for (less, more), column in zip(PAIRS.tolist(), columns, strict=True):
            total += max(0.0, photo[more][column] - photo[less][column] + MARGIN)
    return total / len(scores)


@pytest.mark.parametrize(("dtype", "rel"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("width", [1, 3])
def test_ranking_equals_a_plain_double_loop(drawn, dtype, rel: float, width: int):
    scores = drawn(8, 174, width, dtype=dtype)
    columns = ASPECTS if width == 3 else None
    found = pairwise_ranking(scores, PAIRS, margin=MARGIN, columns=columns)
    wanted = ranking_loop(scores, ASPECTS.tolist() if width == 3 else [0] * 500)
    assert wanted > 50
    assert found.item() == pytest.approx(wanted, rel=rel)


def test_ranking_of_equal_scores_is_500_margins():
    loss = pairwise_ranking(torch.full((3, 174, 1), 0.5), PAIRS, margin=MARGIN)
    assert loss.item() == pytest.approx(100)


def test_scores_in_the_right_order_leave_only_the_pair_of_the_same_picture():
    # Scores fall by more than the margin from level to level, but for the picture that comes
    # twice: it has one score, and its chain goes on below it.
    steps = torch.tensor([0 if level is None else abs(level.step) for level in CHART.levels])
    steps[CHART.untouched] = 0
    scores = -MARGIN * 1.01 * steps.to(torch.float64)[None, :, None]
    chain = next(c for c in CHART.chains if (c.distortion, c.polarity) == ("vibrance", -1))
    assert [level.key for level in chain.levels] == ["20", "0"]
    loss = pairwise_ranking(scores, PAIRS, margin=MARGIN)
    # original and 20 in order; original and 0 equal: m; 0 scores above the milder 20: m + 1.01 m.
    assert loss.item() == pytest.approx(MARGIN + MARGIN + 1.01 * MARGIN)


def test_ranking_does_not_depend_on_the_order_of_photos_and_averages_over_them(drawn):
    scores = drawn(6, 174, 1)
    whole = pairwise_ranking(scores, PAIRS, margin=MARGIN)
    turned = pairwise_ranking(scores.flip(0), PAIRS, margin=MARGIN)
    single = [pairwise_ranking(scores[n : n + 1], PAIRS, margin=MARGIN) for n in range(6)]
    assert turned.item() == pytest.approx(whole.item(), rel=1e-12)
    assert torch.stack(single).mean().item() == pytest.approx(whole.item(), rel=1e-12)


def test_gradients_of_the_losses_on_scores(drawn):
    pairs, columns = PAIRS[::50], ASPECTS[::50]
    pairs = pairs % 7
    pairs[pairs[:, 0] == pairs[:, 1], 1] += 1
    scores = drawn(3, 9, 3).requires_grad_()
    views = torch.arange(1, 7)

    def ranked(s: Tensor) -> Tensor:
        return pairwise_ranking(s, pairs, margin=MARGIN, columns=columns)

    def across(s: Tensor) -> Tensor:
        return across_photos(s, pairs, margin=MARGIN, columns=columns)

    assert torch.autograd.gradcheck(ranked, (scores,))
    assert torch.autograd.gradcheck(across, (scores,))
    assert torch.autograd.gradcheck(lambda s: agreement(s, views, views % 3), (scores,))


@pytest.mark.parametrize("photos", [2, 5])
def test_agreement_equals_a_loop_over_pairs_of_photos(drawn, photos: int):
    scores = drawn(photos, 20, 3)
    views, columns = torch.tensor([2, 5, 5, 19]), torch.tensor([0, 1, 2, 0])
    total, pairs = 0.0, 0
    for a in range(photos):
        for b in range(a):
            pairs += 1
            for view, column in zip(views.tolist(), columns.tolist(), strict=True):
                total += (scores[a, view, column] - scores[b, view, column]).item() ** 2
    assert agreement(scores, views, columns).item() == pytest.approx(total / pairs, rel=1e-12)


def test_agreement_is_zero_for_equal_photos_and_keeps_digits_far_from_zero(drawn):
    views = torch.arange(174)
    same = drawn(1, 174, 1).expand(4, -1, -1)
    assert agreement(same, views, torch.zeros_like(views)).item() == pytest.approx(0, abs=1e-25)
    shifted = 1000 + torch.tensor([0.0, 0.5])[:, None, None].expand(-1, 174, -1)
    assert agreement(shifted, views, torch.zeros_like(views)).item() == 174 * 0.25


def test_across_photos_equals_a_plain_loop(drawn):
    scores = drawn(4, 174, 3)
    total = 0.0
    listed = scores.tolist()
    for a in range(4):
        for b in range(4):
            if a == b:
                continue
            for (less, more), column in zip(PAIRS.tolist(), ASPECTS.tolist(), strict=True):
                total += max(0.0, listed[b][more][column] - listed[a][less][column] + MARGIN)
    found = across_photos(scores, PAIRS, margin=MARGIN, columns=ASPECTS)
    assert found.item() == pytest.approx(total / 12, rel=1e-12)


def test_across_photos_of_equal_photos_is_the_ranking_within_one(drawn):
    scores = drawn(1, 174, 1)
    within = pairwise_ranking(scores, PAIRS, margin=MARGIN)
    across = across_photos(scores.expand(5, -1, -1), PAIRS, margin=MARGIN)
    assert across.item() == pytest.approx(within.item(), rel=1e-12)


def test_a_single_photo_has_no_other_and_a_finite_gradient(drawn):
    scores = drawn(1, 174, 1).requires_grad_()
    views = torch.arange(174)
    loss = across_photos(scores, PAIRS, margin=MARGIN)
    loss = loss + agreement(scores, views, torch.zeros_like(views))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None
    assert not scores.grad.any()
