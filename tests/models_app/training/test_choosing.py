import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models_app.training.backbones import Backbone
from models_app.training.errors import ConfigInvalid, MemoryShort
from models_app.training.networks import PretextNetwork
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.choosing import Choice, smaller, way_fits, ways
from models_app.training.steps.memory import (
    Kept,
    kept_measure,
)
from models_app.training.steps.stepper import Stepper
from models_app.training.steps.trials import compiling_pays
from tests.models_app.training.step_parts import (
    HEADS,
    assert_close,
    averages,
    batch_of,
    gradients,
    network_small,
    objective,
    small,
)

KEPT = Kept(plain=1e6, checkpoint=1e5, working=0)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def pictures(real_photos: list[Path]) -> Tensor:
    return batch_of(real_photos, 32, 6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("plain", "checkpoint")),
        ({"bn_group": "photo"}, ("plain", "cache", "cache+checkpoint")),
        ({"bn_group": "photo", "memory": "checkpoint"}, ("checkpoint",)),
        ({"bn_group": "frozen", "memory": "cache"}, ("cache",)),
    ],
)
def test_the_configuration_decides_what_may_be_chosen(
    options: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert ways(small(**options)) == expected


@pytest.mark.parametrize(
    ("group", "available", "way"),
    [
        ("batch", 2e8, "plain"),
        ("batch", 1e8, "checkpoint"),
        ("photo", 2e8, "plain"),
        ("photo", 1e8, "cache"),
        ("photo", 5e6, "cache+checkpoint"),
    ],
)
def test_the_fastest_way_that_fits_is_taken(group: str, available: float, way: str) -> None:
    config = small(bn_group=group)
    found, why = way_fits(
        config, KEPT, pictures=100, group=10, available=int(available), strict=True
    )
    assert found == way
    assert why.endswith("GB")


def test_what_cannot_fit_on_a_cpu_is_refused_before_it_starts() -> None:
    options = {"pictures": 100, "group": 100, "available": 5_000_000}
    with pytest.raises(MemoryShort, match="lower photos_per_batch, side or width, or set bn_group"):
        way_fits(small(), KEPT, strict=True, **options)
    # A GPU says so itself.
    assert way_fits(small(), KEPT, strict=False, **options)[0] == "checkpoint"
    with pytest.raises(MemoryShort, match="set memory to cache"):
        way_fits(small(bn_group="photo", memory="plain"), KEPT, strict=True, **options)
    with pytest.raises(MemoryShort, match="set memory to checkpoint"):
        way_fits(small(memory="plain"), KEPT, strict=True, **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["checkpoint"]),
        ({"memory": "plain"}, []),
        ({"bn_group": "photo"}, ["cache", "cache+checkpoint"]),
        (
            {"bn_group": "frozen"},
            ["cache 50", "cache 25", "cache 12", "cache 6", "cache 3", "cache 1"],
        ),
        ({"bn_group": "frozen", "chunk_images": 8}, ["cache", "cache+checkpoint"]),
    ],
)
def test_it_goes_on_to_what_needs_less(options: dict[str, object], expected: list[str]) -> None:
    choice: Choice | None = Choice(memory="plain")
    found = []
    while choice := smaller(choice, small(**options), pictures=100):
        found.append(f"{choice.memory} {choice.chunk}" if choice.chunk else choice.memory)
    assert found == expected


def _stepped(
    pictures: Tensor, choice: dict[str, object] | None, **options: object
) -> tuple[PretextNetwork, Stepper]:
    network = network_small(**options)
    statistics = BatchStatistics(network, frozen=options.get("bn_group") == "frozen")
    stepper = Stepper(small(**options), network, statistics, choice=choice)
    stepper.step(pictures, None, objective, step=3, places=range(len(pictures)))
    statistics.commit()
    return network, stepper


@pytest.mark.parametrize("options", [{}, {"bn_group": "photo"}, {"bn_group": "frozen"}])
def test_choosing_leaves_no_trace(options: dict[str, str], pictures: Tensor) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    chosen, stepper = _stepped(pictures, None, **options)
    assert torch.equal(torch.get_rng_state(), before)
    assert stepper.choice is not None
    assert stepper.choice.memory == "plain"
    assert stepper.choice.text.startswith("Steps: plain")
    # As a resumed run does it: nothing is measured, and all is the same to the last digit.
    again, other = _stepped(pictures, stepper.choice.to_json(), **options)
    assert other.choice == stepper.choice
    assert_close(gradients(again), gradients(chosen), 0)
    assert_close(averages(again), averages(chosen), 0)
    # Only the optimiser changes weights.
    fresh = network_small(**options).state_dict()
    learnt = dict(chosen.named_parameters())
    assert all(torch.equal(weight.detach(), fresh[name]) for name, weight in learnt.items())


def test_the_warm_up_does_not_hide_what_comes_after_it(pictures: Tensor) -> None:
    network = network_small()
    network.train_layers(heads_only=True)
    stepper = Stepper(small(), network, BatchStatistics(network))
    stepper.step(pictures, None, objective, step=0, places=range(len(pictures)))
    assert stepper.choice is not None
    assert not network.backbone_learns
    told = float(stepper.choice.why.split()[1])
    whole = network_small()
    kept = kept_measure(whole, whole.backbone, whole.features, pictures[0])
    assert told == pytest.approx(24 * (kept.plain + kept.working) / 1e9, abs=0.006)


def test_frozen_chunks_are_measured_and_a_given_one_is_taken(pictures: Tensor) -> None:
    _network, stepper = _stepped(pictures, None, bn_group="frozen")
    assert stepper.choice is not None
    assert stepper.choice.chunk in (24, 16)
    assert "pictures/s by chunk 24: " in stepper.choice.why
    _network, stepper = _stepped(pictures, None, bn_group="frozen", chunk_images=7)
    assert stepper.choice is not None
    assert stepper.choice.chunk == 0


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """As on a machine without a C++ compiler; nothing compiled is left from before."""
    from torch._inductor import config

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch._dynamo.reset()
    with config.patch({"cpp.cxx": ("no-such-compiler",)}):
        yield
    torch._dynamo.reset()


def _tiny() -> PretextNetwork:
    """A network that is compiled quickly."""
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    backbone = Backbone(layers, 4, "", (), (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
    heads = {key: term.head(4) for key, term in HEADS.terms.items()}
    return PretextNetwork(backbone, heads, shared={key: key for key in heads})


def test_without_a_compiler_nothing_is_compiled(no_compiler: None, pictures: Tensor) -> None:
    network = _tiny()
    pays, told = compiling_pays(network, BatchStatistics(network), pictures[0])
    assert not pays
    assert told.startswith("cannot compile here (")
    assert "no-such-compiler" in told
    # It goes on without.
    assert network.features(pictures[0]).shape == (4, 4)


@pytest.mark.parametrize("choice", [None, Choice(memory="plain", compiled=True).to_json()])
def test_to_compile_without_a_compiler_is_refused(
    choice: dict[str, object] | None, no_compiler: None, pictures: Tensor
) -> None:
    network = _tiny()
    stepper = Stepper(small(compile="on"), network, BatchStatistics(network), choice=choice)
    with pytest.raises(ConfigInvalid, match=r"torch\.compile fails here .* set compile to off"):
        stepper.step(pictures, None, objective, step=0, places=range(len(pictures)))


def test_a_choice_from_a_machine_with_a_compiler_goes_on_without(
    no_compiler: None, pictures: Tensor
) -> None:
    network, told = _tiny(), []
    stepper = Stepper(
        small(compile="auto"),
        network,
        BatchStatistics(network),
        choice=Choice(memory="plain", compiled=True).to_json(),
        log=told.append,
    )
    stepper.step(pictures, None, objective, step=0, places=range(len(pictures)))
    assert told[-1].startswith("Steps: plain (cannot compile here (")
    assert stepper.choice is not None
    assert not stepper.choice.compiled
    assert gradients(network)


def test_blocks_that_are_computed_twice_are_not_compiled(pictures: Tensor) -> None:
    _network, stepper = _stepped(pictures, None, memory="checkpoint", compile="on")
    assert stepper.choice is not None
    assert not stepper.choice.compiled
    assert "not compiled, since blocks are computed twice" in stepper.choice.text
    found = smaller(Choice(memory="plain", compiled=True), small(), pictures=100)
    assert found is not None
    assert found.why.endswith("not compiled, since blocks are computed twice")


def _short(spare: int, group: str, memory: str = "auto") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.models_app.training.short_memory", str(spare), group, memory],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={
            "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT),
            # Freed memory goes back at once: what is left does not depend on how a heap is torn.
            "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
# How much memory is spare depends on the machine's allocator, too.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("spare", "group", "way"),
    [(180, "batch", "checkpoint"), (120, "photo", "cache"), (140, "frozen", "cache of ")],
)
def test_when_memory_runs_out_the_same_step_is_done_with_less(
    spare: int, group: str, way: str
) -> None:
    assert _short(spare, group).splitlines()[-1].startswith(f"Steps: {way}")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize(
    ("group", "memory", "remedy"),
    [("batch", "auto", "width, or set bn_group to photo"), ("photo", "plain", "memory to cache")],
)
def test_when_nothing_is_left_one_sentence_says_what_to_change(
    group: str, memory: str, remedy: str
) -> None:
    told = _short(30, group, memory).splitlines()[-1]
    way = "plain" if memory == "plain" else "checkpoint"
    assert told.startswith(f"MemoryShort: A step needs more than there is with {way} for 24")
    assert remedy in told
