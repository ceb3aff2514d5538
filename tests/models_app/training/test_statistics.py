from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from models_app.training.statistics import BatchStatistics
from tests.models_app.training.step_parts import assert_close, averages, batch_of


@pytest.fixture(scope="module")
def inputs(real_photos: list[Path]) -> Tensor:
    """Real photos, float32 [12, 3, 32, 32] from 0 to 1."""
    return batch_of(real_photos, 32).flatten(0, 1).float() / 255


def _mobilenet() -> nn.Module:
    torch.manual_seed(1)
    return models.mobilenet_v2(width_mult=0.25).train()


def _timm() -> nn.Module:
    import timm

    torch.manual_seed(1)
    return timm.create_model("mobilenetv3_small_050", pretrained=False, drop_rate=0.0).train()


def _average() -> nn.Module:
    """Layers that average over all steps alike, and one that keeps no averages."""
    torch.manual_seed(1)
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.Conv2d(4, 4, 3)]
    return nn.Sequential(*layers, nn.BatchNorm2d(4, track_running_stats=False)).train()


@pytest.mark.parametrize("build", [_mobilenet, _timm, _average])
def test_one_group_a_step_is_what_torch_does(
    build: Callable[[], nn.Module], inputs: Tensor
) -> None:
    plain, ours = build(), build()
    statistics = BatchStatistics(ours)
    for step in range(3):
        batch = inputs[step * 4 :]
        plain(batch)
        statistics.begin()
        ours(batch)
        statistics.record(len(batch))
        # Not recorded: computed again.
        ours(batch)
        statistics.commit()
    assert_close(averages(ours), averages(plain), 1e-6)
    assert ours.state_dict().keys() == plain.state_dict().keys()


def test_groups_count_by_their_pictures(inputs: Tensor) -> None:
    layer = nn.BatchNorm2d(3, momentum=0.25).train()
    statistics = BatchStatistics(layer)
    statistics.begin()
    for group in (inputs[:3], inputs[3:]):
        layer(group)
        statistics.record(len(group))
    statistics.commit()
    means = [group.mean((0, 2, 3)) for group in (inputs[:3], inputs[3:])]
    variances = [group.transpose(0, 1).flatten(1).var(1) for group in (inputs[:3], inputs[3:])]
    mean = (3 * means[0] + 9 * means[1]) / 12
    variance = (3 * variances[0] + 9 * variances[1]) / 12
    torch.testing.assert_close(layer.running_mean, 0.25 * mean)
    torch.testing.assert_close(layer.running_var, 0.75 + 0.25 * variance)
    assert int(layer.num_batches_tracked) == 1
    assert layer.momentum == 0.25


def test_processes_average_over_all_their_pictures(inputs: Tensor) -> None:
    parts = [inputs[:4], inputs[4:]]
    # What the other process hands over: both messages added up.
    sent: list[Tensor] = []
    for part in parts:
        layer = nn.BatchNorm2d(3).train()
        statistics = BatchStatistics(layer)
        statistics.begin()
        layer(part)
        statistics.record(len(part))
        statistics.commit(lambda packed: sent.append(packed.clone()) or packed)
    both: list[nn.BatchNorm2d] = []
    for part in parts:
        layer = nn.BatchNorm2d(3).train()
        statistics = BatchStatistics(layer)
        statistics.begin()
        layer(part)
        statistics.record(len(part))
        statistics.commit(lambda _packed: sent[0] + sent[1])
        both.append(layer)
    assert_close(averages(both[0]), averages(both[1]), 0)
    expected = 0.1 * inputs.mean((0, 2, 3))
    torch.testing.assert_close(both[0].running_mean, expected)


def test_a_group_without_weight_counts_for_nothing(inputs: Tensor) -> None:
    network = _mobilenet()
    before = averages(network)
    statistics = BatchStatistics(network)
    asked: list[Tensor] = []
    statistics.begin()
    network(inputs * float("inf"))
    statistics.record(0)
    statistics.commit(lambda packed: asked.append(packed) or packed)
    assert_close(averages(network), before, 0)
    # The other processes wait for this one's message, which says nothing.
    assert len(asked) == 1
    assert not asked[0].any()


def test_the_averages_are_moved_as_one_by_one(inputs: Tensor) -> None:
    network = _mobilenet()
    old = averages(network)
    statistics = BatchStatistics(network)
    statistics.begin()
    sums: dict[str, Tensor] = {}
    for group in (inputs[:3], inputs[3:]):
        network(group)
        statistics.record(len(group))
        for name, buffer in averages(network).items():
            sums[name] = sums.get(name, 0) + buffer * len(group)
    statistics.commit()
    for name, buffer in averages(network).items():
        if not name.endswith("num_batches_tracked"):
            expected = old[name] * (1 - 0.1) + sums[name] * (0.1 / 12)
            torch.testing.assert_close(buffer, expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("ended", [True, False])
def test_a_dropped_step_leaves_nothing(ended: bool, inputs: Tensor) -> None:
    network = _mobilenet()
    before = averages(network)
    momenta = [m.momentum for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    statistics = BatchStatistics(network)
    statistics.begin()
    network(inputs * float("nan"))
    statistics.record(len(inputs))
    if ended:
        statistics.drop()
        # There is no step that it could end.
        statistics.commit()
    else:
        # Begun anew, as after an interruption.
        statistics.begin()
        statistics.drop()
    assert_close(averages(network), before, 0)
    assert momenta == [m.momentum for m in network.modules() if isinstance(m, nn.BatchNorm2d)]


def test_a_step_without_a_forward_moves_nothing() -> None:
    network = _mobilenet()
    before = averages(network)
    statistics = BatchStatistics(network)
    statistics.begin()
    statistics.commit()
    assert_close(averages(network), before, 0)


def test_frozen_layers_use_what_they_have(inputs: Tensor) -> None:
    network = _mobilenet()
    statistics = BatchStatistics(network, frozen=True)
    before = averages(network)
    statistics.begin()
    alone = network.features(inputs[:1])
    together = network.features(inputs)
    statistics.record(len(inputs))
    statistics.commit()
    torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-5)
    assert_close(averages(network), before, 0)


def test_a_network_without_batch_normalisation_has_nothing_to_collect() -> None:
    network = nn.Linear(2, 2)
    statistics = BatchStatistics(network)
    statistics.begin()
    network(torch.ones(2, 2))
    statistics.record(2)
    statistics.commit(lambda packed: packed)
    assert averages(network) == {}
