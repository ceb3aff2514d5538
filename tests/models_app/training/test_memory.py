"""What a step keeps in memory, and how much the machine has."""

from pathlib import Path

import pytest
import torch
from torch import nn

from models_app.training.steps.memory import (
    Kept,
    free_of_group,
    kept_measure,
    memory_available,
    out_of_memory,
)
from tests.models_app.training.step_parts import (
    network_small,
)

CPU = torch.device("cpu")


def test_what_the_way_back_keeps_is_counted_exactly() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sigmoid(), nn.Conv2d(4, 2, 1))
    pictures = torch.ones(5, 3, 8, 8)
    kept = kept_measure(network, network, network, pictures)
    # The input of the first convolution, the result of the sigmoid: float32, 8 x 8 pixels.
    assert kept.plain == 4 * 64 * (3 + 4)
    assert kept.working == 3 * 4 * 64 * 4


def test_checkpoints_keep_less_and_larger_pictures_more() -> None:
    def kept(side: int) -> Kept:
        network = network_small(side=side)
        pictures = torch.zeros(2, 3, side, side, dtype=torch.uint8)
        return kept_measure(network, network.backbone, network.features, pictures)

    small_ones, large_ones = kept(64), kept(128)
    assert small_ones.checkpoint < small_ones.plain / 2
    assert 3.5 < large_ones.plain / small_ones.plain < 4.1


def test_layers_that_do_not_learn_keep_nothing() -> None:
    network = network_small(trainable="last_block")
    pictures = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    kept = kept_measure(network, network.backbone, network.features, pictures)
    whole = network_small()
    all_of_it = kept_measure(whole, whole.backbone, whole.features, pictures)
    assert kept.plain < all_of_it.plain / 5


def test_memory_is_what_the_machine_has_at_most() -> None:
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert 0 < memory_available(CPU) <= total


def test_processes_share_a_machines_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = memory_available(CPU)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert 0.15 * alone < memory_available(CPU) < 0.35 * alone


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    names = ("memory.max", "memory.current", "inactive_file")
    assert free_of_group(tmp_path, *names) is None
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_of_group(tmp_path, *names) is None
    (tmp_path / "memory.max").write_text("1000\n")
    # Read files are given up when memory is needed.
    assert free_of_group(tmp_path, *names) == 450


def test_torchs_own_error_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50, dtype=torch.uint8)
    assert out_of_memory(caught.value)
    with pytest.raises(RuntimeError) as other:
        torch.ones(2) @ torch.ones(3)
    assert not out_of_memory(other.value)
