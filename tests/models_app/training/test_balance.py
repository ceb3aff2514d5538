import math

import pytest
import torch

from models_app.training.losses.balance import MAX_EXPONENT, balance_build

# The losses at the start (section 0.4 of the facts): ranking, regression, classification.
START = {"ranking": 100.0, "regression": 76.3, "classification": 339.2}
NAMES = ("exp", "sum", "logsumexp", "uncertainty")


def losses(values=START, dtype=torch.float32) -> dict[str, torch.Tensor]:
    return {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in values.items()}


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_the_derivatives_and_parts_add_up(name: str):
    raw = losses()
    balance = balance_build(name, tuple(START), 50.0)
    found = balance(raw)
    found.total.backward()
    for key, loss in raw.items():
        assert found.weights[key].item() == pytest.approx(loss.grad.item(), rel=1e-5)
        assert not found.weights[key].requires_grad
        assert not found.balanced[key].requires_grad
    parts = sum(part.item() for part in found.balanced.values())
    assert parts == pytest.approx(found.total.item(), rel=1e-6)
    assert found.total.dtype == torch.float32
    assert not found.clamped


def test_exp_is_as_lopsided_as_the_facts_say():
    found = balance_build("exp", tuple(START), 50.0)(losses())
    parts = [found.balanced[key].item() for key in START]
    assert parts == pytest.approx([math.exp(v / 50) for v in START.values()], rel=1e-5)
    assert parts[2] / parts[0] == pytest.approx(120, rel=0.01)


def test_sum_and_logsumexp_in_closed_form():
    assert balance_build("sum", tuple(START), 50.0)(losses()).total.item() == pytest.approx(515.5)
    found = balance_build("logsumexp", tuple(START), 50.0)(losses())
    wanted = 50 * math.log(sum(math.exp(v / 50) for v in START.values()))
    assert found.total.item() == pytest.approx(wanted, rel=1e-6)
    assert sum(w.item() for w in found.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("loss", [3400.0, 4437.0, 1e6, 1e30])
def test_a_huge_loss_is_finite_says_so_and_still_learns(loss: float):
    raw = losses({"ranking": 10.0, "classification": loss})
    found = balance_build("exp", tuple(raw), 50.0)(raw)
    found.total.backward()
    assert found.clamped
    assert found.total.isfinite()
    assert raw["classification"].grad.item() == pytest.approx(math.exp(20) / 50, rel=1e-5)
    assert raw["ranking"].grad.item() == pytest.approx(math.exp(0.2) / 50, rel=1e-5)


def test_the_tangent_joins_without_a_step_or_a_kink():
    balance = balance_build("exp", ("ranking",), 1.0)
    below, at, above = (
        balance({"ranking": torch.tensor(MAX_EXPONENT + shift)}) for shift in (-1e-3, 0, 1e-3)
    )
    assert (bool(at.clamped), bool(above.clamped)) == (False, True)
    assert above.total.item() > at.total.item() > below.total.item()
    assert above.total.item() == pytest.approx(at.total.item(), rel=2e-3)
    assert above.weights["ranking"].item() == pytest.approx(at.weights["ranking"].item())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_shows_in_the_total(name: str, bad: float):
    raw = losses({"ranking": bad, "regression": 1.0})
    assert not balance_build(name, tuple(raw), 50.0)(raw).total.isfinite()


def test_uncertainty_learns_the_weights_that_its_formula_has_at_the_optimum():
    balance = balance_build("uncertainty", tuple(START), 50.0)
    assert [name for name, _p in balance.named_parameters()] == ["log_variances"]
    optimiser = torch.optim.LBFGS(balance.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        optimiser.zero_grad()
        total = balance({k: torch.tensor(v) for k, v in START.items()}).total
        total.backward()
        return total

    optimiser.step(step)
    weights = balance(losses()).weights
    for key, value in START.items():
        assert weights[key].item() == pytest.approx(1 / (2 * value), rel=1e-2)


@pytest.mark.parametrize("name", ["exp", "sum", "logsumexp"])
def test_the_others_have_nothing_to_learn(name: str):
    assert not list(balance_build(name, ("ranking",), 50.0).parameters())


@pytest.mark.parametrize("name", NAMES)
def test_autocast_and_half_precision_make_no_difference(name: str):
    balance = balance_build(name, tuple(START), 50.0)
    plain = balance(losses({k: float(round(v)) for k, v in START.items()}))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ambient = balance(losses({k: float(round(v)) for k, v in START.items()}))
    assert ambient.total.dtype == torch.float32
    assert torch.equal(plain.total, ambient.total)


def test_it_refuses_unknown_names_terms_and_temperatures():
    with pytest.raises(ValueError, match="'max'; choose from exp, sum"):
        balance_build("max", ("ranking",), 50.0)
    with pytest.raises(ValueError, match="at least one"):
        balance_build("sum", (), 50.0)
    with pytest.raises(ValueError, match="above 0"):
        balance_build("exp", ("ranking",), 0.0)
    with pytest.raises(ValueError, match="wanted are those of ranking"):
        balance_build("sum", ("ranking",), 50.0)({"regression": torch.tensor(1.0)})
