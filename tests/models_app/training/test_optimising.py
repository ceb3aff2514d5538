import math

import pytest
import torch
from torch import nn

from models_app.training.losses.balance import balance_build
from models_app.training.optimising import gradients_finite, learning_rate, optimiser_build
from tests.models_app.training.runs import tiny


@pytest.fixture
def network():
    torch.manual_seed(1)
    return nn.ModuleDict({"backbone": nn.Linear(3, 2), "heads": nn.Linear(2, 1)})


def test_it_falls_by_two_percent_an_epoch():
    config = tiny(learning_rate=1e-4, schedule="exponential", decay=0.98, epochs=20)
    assert learning_rate(config, 0) == 1e-4
    assert learning_rate(config, 19) == pytest.approx(1e-4 * 0.98**19)


def test_as_released_it_is_gone_by_epoch_ten(network):
    """Beside the scheduler that the released program builds."""
    config = tiny(learning_rate=1e-4, schedule="released", decay=0.9, epochs=20)
    optimiser = torch.optim.SGD(network.parameters(), 1e-4)
    theirs = torch.optim.lr_scheduler.MultiplicativeLR(optimiser, lambda epoch: 0.9 ** (epoch + 1))
    for epoch in range(11):
        assert learning_rate(config, epoch) == pytest.approx(theirs.get_last_lr()[0])
        optimiser.step()
        theirs.step()
    assert learning_rate(config, 10) == pytest.approx(1.06e-7, rel=0.01)


def test_a_cosine_ends_near_zero_and_constant_stays():
    cosine = tiny(learning_rate=1.0, schedule="cosine", epochs=10)
    assert learning_rate(cosine, 5) == pytest.approx(0.5)
    assert learning_rate(cosine, 9) == pytest.approx((1 + math.cos(0.9 * math.pi)) / 2)
    assert learning_rate(tiny(learning_rate=0.5, schedule="constant"), 1) == 0.5


def test_rmsprop_is_that_of_the_paper_by_hand(network):
    config = tiny(
        optimiser="rmsprop", learning_rate=1e-2, alpha=0.9, momentum=0.9, weight_decay=4e-5
    )
    optimiser = optimiser_build(config, network, nn.Module(), fused=False)
    weight = network["backbone"].weight
    value, square, speed = weight.detach().clone(), torch.zeros(2, 3), torch.zeros(2, 3)
    for step in range(5):
        weight.grad = torch.full((2, 3), 0.1 * (step + 1))
        gradient = weight.grad + 4e-5 * value
        square = 0.9 * square + 0.1 * gradient**2
        speed = 0.9 * speed + gradient / (square.sqrt() + 1e-8)
        value = value - 1e-2 * speed
        optimiser.step()
        torch.testing.assert_close(weight.detach(), value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["rmsprop", "adam", "adamw", "sgd"])
def test_a_learnt_balance_is_not_pulled_to_one(network, name):
    balance = balance_build("uncertainty", ("ranking", "regression"), 50)
    config = tiny(optimiser=name, weight_decay=0.5)
    optimiser = optimiser_build(config, network, balance, fused=False)
    decays = {group["name"]: group["weight_decay"] for group in optimiser.param_groups}
    assert decays == {"backbone": 0.5, "heads": 0.5, "balance": 0.0}


def test_one_number_that_is_not_finite_is_found(network):
    for weight in network.parameters():
        weight.grad = torch.ones_like(weight)
    assert bool(gradients_finite(network.parameters()))
    network["heads"].weight.grad[0, 1] = math.inf
    assert not bool(gradients_finite(network.parameters()))
    network["heads"].weight.grad[0, 1] = math.nan
    assert not bool(gradients_finite(network.parameters()))
