"""States on disk: what is loaded is what was saved, to the bit, or it is refused."""

import json
import platform
import shutil
from collections.abc import Iterator
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models_app.networks.tensor_files import note_read
from models_app.training.checkpoint import best_load, best_save, state_load, state_read, state_save
from models_app.training.errors import StateDamaged
from models_app.training.tensor_tree import tree_build, tree_flatten


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network_build() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2))


OPTIMISERS = {
    "rmsprop": lambda p: torch.optim.RMSprop(
        p, 1e-3, alpha=0.9, momentum=0.9, weight_decay=4e-5, centered=True
    ),
    "adam": lambda p: torch.optim.Adam(p, 1e-3),
    "adamw": lambda p: torch.optim.AdamW(p, 1 / 3, amsgrad=True),
    "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
}


def step(network: nn.Module, optimiser: torch.optim.Optimizer, times: int) -> None:
    for _time in range(times):
        optimiser.zero_grad()
        network(torch.rand(5, 3, 6, 6)).square().mean().backward()
        optimiser.step()


def same(first: Any, second: Any) -> bool:
    if isinstance(first, Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list | tuple):
        return (
            type(first) is type(second)
            and len(first) == len(second)
            and all(map(same, first, second))
        )
    return type(first) is type(second) and first == second


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_a_resumed_training_goes_on_to_the_bit(tmp_path: Path, name: str):
    network = network_build()
    optimiser = OPTIMISERS[name](network.parameters())
    step(network, optimiser, 3)
    training = {"optimiser": optimiser.state_dict(), "random": torch.get_rng_state()}
    state_save(tmp_path, 3, network.state_dict(), training, {"epoch": 1})
    step(network, optimiser, 3)

    state = state_load(tmp_path)
    assert state is not None
    assert same(state.training["optimiser"]["param_groups"], training["optimiser"]["param_groups"])
    resumed = network_build()
    resumed.load_state_dict(state.network)
    again = OPTIMISERS[name](resumed.parameters())
    again.load_state_dict(state.training["optimiser"])
    torch.set_rng_state(state.training["random"])
    step(resumed, again, 3)
    assert same(dict(resumed.state_dict()), dict(network.state_dict()))
    assert same(again.state_dict(), optimiser.state_dict())


def test_nested_states_survive():
    tree = {
        "a": [1, 2.5, None, True, "text", (), {}],
        7: (torch.arange(3), [torch.tensor(2, dtype=torch.bfloat16)]),
        (1, 2): 1 / 3,
        "ends": [inf, -inf, 5e-324, -0.0, 2**70],
        "empty": torch.empty(0, 4),
    }
    tensors, skeleton = tree_flatten(tree)
    built = tree_build(tensors, json.loads(json.dumps(skeleton, allow_nan=False)))
    assert same(built, tree)
    assert str(built["ends"][3]) == "-0.0"
    assert isnan(tree_build({}, tree_flatten(nan)[1]))


def test_what_no_state_can_hold_is_refused():
    with pytest.raises(TypeError, match="A state holds a set"):
        tree_flatten({"a": {1, 2}})
    with pytest.raises(ValueError, match="holds a 'set'"):
        tree_build({}, {"set": []})


def fill(folder: Path, *steps: int, keep: int = 3) -> None:
    for number in steps:
        network = {"backbone.w": torch.full((50,), float(number))}
        state_save(folder, number, network, {"t": torch.tensor(number)}, {"epoch": 0}, keep=keep)


def stored(folder: Path) -> list[int]:
    return sorted(int(path.name) for path in (folder / "states").iterdir())


def test_the_newest_states_are_kept_and_last_points_to_the_newest(tmp_path: Path):
    fill(tmp_path, 5, 10, 15, 20, keep=2)
    assert stored(tmp_path) == [15, 20]
    assert (tmp_path / "last").readlink() == Path("states/00000020")
    assert state_read(tmp_path / "last").step == 20


def test_a_step_can_be_saved_again(tmp_path: Path):
    fill(tmp_path, 5)
    state_save(tmp_path, 5, {"w": torch.ones(2)}, {}, {"validated": True})
    state = state_load(tmp_path)
    assert state is not None
    assert state.info == {"validated": True}
    assert stored(tmp_path) == [5]


def test_states_behind_which_a_run_went_back_are_removed(tmp_path: Path):
    fill(tmp_path, 5, 10, 15)
    fill(tmp_path, 7, keep=1)
    assert stored(tmp_path) == [7]


def test_a_state_says_what_it_is(tmp_path: Path):
    state_save(
        tmp_path,
        5,
        {"w": torch.ones(2)},
        {},
        {"config": {"task": "ranking"}},
        note={"random": True},
    )
    content = json.loads((tmp_path / "last" / "state.json").read_text())
    assert content["step"] == 5
    assert content["info"] == {"config": {"task": "ranking"}}
    assert content["versions"]["torch"] == torch.__version__
    assert content["versions"]["python"] == platform.python_version()
    assert content["date"].endswith("+00:00")
    assert set(content["files"]) == {"weights.safetensors", "training.safetensors"}
    assert note_read(tmp_path / "last" / "weights.safetensors") == {"random": True}


def test_tensors_that_share_memory_are_saved(tmp_path: Path):
    shared = torch.arange(6.0)
    state_save(tmp_path, 1, {"a": shared, "b": shared.view(2, 3)}, {"c": [shared, shared]}, {})
    state = state_load(tmp_path)
    assert state is not None
    assert torch.equal(state.network["a"], shared)
    assert torch.equal(state.network["b"], shared.view(2, 3))
    assert same(state.training, {"c": [shared, shared]})


def test_info_that_is_no_json_leaves_nothing_behind(tmp_path: Path):
    fill(tmp_path, 5)
    with pytest.raises(ValueError, match="not JSON compliant"):
        state_save(tmp_path, 6, {"w": torch.ones(2)}, {}, {"best": inf})
    assert stored(tmp_path) == [5]


def test_nothing_there_is_no_state(tmp_path: Path):
    assert state_load(tmp_path / "none") is None
    (tmp_path / "states").mkdir()
    assert state_load(tmp_path) is None
    assert best_load(tmp_path) is None


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("file", ["weights.safetensors", "training.safetensors", "state.json"])
@pytest.mark.parametrize("harm", [truncated, flipped, Path.unlink, lambda p: p.write_bytes(b"")])
def test_a_damaged_state_is_told_and_the_one_before_is_used(tmp_path: Path, file: str, harm: Any):
    fill(tmp_path, 5, 10)
    harm(tmp_path / "states" / "00000010" / file)
    told: list[tuple[str, str]] = []
    state = state_load(tmp_path, damaged=lambda name, reason: told.append((name, reason)))
    assert state is not None
    assert state.step == 5
    [(name, reason)] = told
    assert name == "00000010"
    assert file in reason


def test_no_intact_state_is_an_error(tmp_path: Path):
    fill(tmp_path, 5, 10)
    for path in (tmp_path / "states").iterdir():
        truncated(path / "weights.safetensors")
    with pytest.raises(
        StateDamaged, match=r"None of the 2 saved states.*weights\.safetensors was ch"
    ):
        state_load(tmp_path)


def test_a_state_of_a_later_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("models_app.training.checkpoint.FORMAT", 2)
    fill(tmp_path, 5)
    monkeypatch.undo()
    with pytest.raises(StateDamaged, match="format 2; this program reads 1"):
        state_load(tmp_path)


def test_leftovers_of_a_killed_process_are_cleared(tmp_path: Path):
    fill(tmp_path, 5, 10)
    states = tmp_path / "states"
    shutil.copytree(states / "00000005", states / ".00000011.abc.part")
    # Killed while a step was saved again: the older one is out of the way, the new one not there.
    (states / "00000010").rename(states / ".00000010.old")
    state = state_load(tmp_path)
    assert state is not None
    assert state.step == 10
    assert sorted(path.name for path in states.iterdir()) == ["00000005", "00000010"]


def test_one_who_only_reads_leaves_alone_what_is_being_written(tmp_path: Path):
    fill(tmp_path, 5)
    written = [tmp_path / ".config.json.x.part", tmp_path / "states" / ".00000010.x.part"]
    for path in written:
        path.mkdir()
    state = state_load(tmp_path, clear=False)
    assert state is not None
    assert state.step == 5
    assert all(path.exists() for path in written)
    state_load(tmp_path)
    assert not any(path.exists() for path in written)


def test_the_best_weights_are_replaced_whole(tmp_path: Path):
    for number in (1, 2, 3):
        best_save(tmp_path, number, {"w": torch.full((3,), float(number))}, {"epoch": number})
        reader = (tmp_path / "best").resolve()
        found = best_load(tmp_path)
        assert found is not None
        assert found[0]["w"].tolist() == [number] * 3
        assert found[1] == {"epoch": number}
    best_save(tmp_path, 4, {"w": torch.ones(3)}, {})
    # Whoever resolved the link a moment ago still reads the weights that belong together.
    assert json.loads((reader / "checkpoint.json").read_text())["step"] == 3
    assert len(list((tmp_path / "bests").iterdir())) == 2


def test_damaged_best_weights_are_refused(tmp_path: Path):
    best_save(tmp_path, 4, {"w": torch.ones(3)}, {})
    truncated(tmp_path / "best" / "weights.safetensors")
    with pytest.raises(StateDamaged, match=r"weights\.safetensors was changed"):
        best_load(tmp_path)
