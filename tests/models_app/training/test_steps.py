from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models_app.training.dropout import keep_masks
from models_app.training.errors import ConfigInvalid
from models_app.training.networks import PretextNetwork
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.checkpointed import blocks_twice
from models_app.training.steps.stepper import Stepper
from tests.models_app.training.step_parts import (
    VIEWS,
    assert_close,
    averages,
    batch_of,
    gradients,
    network_small,
    objective,
    small,
)

# Of the largest gradient of a weight: float32 sums in another order; measured below 2e-7.
CLOSE = 2e-6
Result = tuple[dict[str, Tensor], dict[str, Tensor]]
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def pictures(real_photos: list[Path]) -> Tensor:
    return batch_of(real_photos, 32)


@pytest.fixture(scope="module")
def run(pictures: Tensor) -> Run:
    """Compute one step: gradients and running statistics after it."""

    def compute(
        network: PretextNetwork | None = None,
        *,
        step: int = 5,
        places: Sequence[int] = range(3),
        weight_statistics: bool = True,
        **options: object,
    ) -> Result:
        config = small(**options)
        network = network or network_small(**options)
        statistics = BatchStatistics(network, frozen=config.bn_group == "frozen")
        stepper = Stepper(config, network, statistics)
        keep = keep_masks(
            probability=0.2,
            seed=1,
            step=step,
            places=places,
            views=VIEWS,
            features=network.width,
        )
        chosen = pictures[: len(places)]
        stepper.step(
            chosen,
            keep,
            objective,
            step=step,
            places=places,
            weight_statistics=weight_statistics,
        )
        statistics.commit()
        return gradients(network), averages(network)

    return compute


@pytest.fixture(scope="module")
def reference(pictures: Tensor) -> Result:
    """The plain batch by torch's own means: no stepper, no collected statistics."""
    network = network_small()
    network.train()
    keep = keep_masks(
        probability=0.2, seed=1, step=5, places=range(3), views=VIEWS, features=network.width
    )
    outputs = network.outputs(network.features(pictures.flatten(0, 1)), keep)
    objective({key: each.unflatten(0, (3, VIEWS)) for key, each in outputs.items()}).backward()
    return gradients(network), averages(network)


@pytest.mark.parametrize("memory", ["plain", "checkpoint"])
def test_a_batch_in_one_forward_is_what_torch_computes(
    memory: str, run: Run, reference: Result
) -> None:
    learnt, stored = run(memory=memory)
    assert_close(learnt, reference[0], CLOSE)
    assert_close(stored, reference[1], 1e-6)


def test_checkpointing_alone_would_move_the_averages_twice(
    pictures: Tensor, reference: Result
) -> None:
    network = network_small()
    network.train()
    with blocks_twice(network.backbone):
        features = network.features(pictures.flatten(0, 1))
    features.sum().backward()
    moved = averages(network)
    name = "backbone.features.1.conv.0.1.running_mean"
    # From 0: 0.1 x the mean, then 0.9 x that and 0.1 x the mean again.
    torch.testing.assert_close(moved[name], reference[1][name] * 1.9)


@pytest.mark.parametrize(
    ("group", "options"),
    [
        ("photo", {}),
        ("variant", {}),
        ("chunk", {"chunk_images": 5}),
        ("frozen", {"chunk_images": 5}),
    ],
)
@pytest.mark.parametrize("memory", ["cache", "checkpoint"])
def test_each_way_gives_the_plain_gradients(
    group: str, options: dict[str, int], memory: str, run: Run
) -> None:
    plain = run(bn_group=group, memory="plain", **options)
    other = run(bn_group=group, memory=memory, **options)
    assert_close(other[0], plain[0], CLOSE)
    assert_close(other[1], plain[1], 1e-6)
    assert len(plain[0]) == len(list(network_small().parameters()))


@pytest.mark.parametrize("group", ["photo", "variant", "chunk", "frozen"])
def test_groups_are_another_training(group: str, run: Run, reference: Result) -> None:
    found = run(bn_group=group, memory="plain", chunk_images=5 if group == "chunk" else 0)
    name = "backbone.features.0.0.weight"
    assert not torch.allclose(found[0][name], reference[0][name], rtol=0.01)


def test_frozen_statistics_stay(run: Run) -> None:
    _learnt, stored = run(bn_group="frozen")
    assert_close(stored, averages(network_small()), 0)


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_b0", "timm:mobilenetv3_small_050"])
def test_a_backbone_that_draws_draws_the_same_twice(backbone: str, run: Run) -> None:
    options = {"backbone": backbone, "bn_group": "photo"}
    plain = run(memory="plain", **options)
    assert_close(run(memory="cache", **options)[0], plain[0], CLOSE)
    assert_close(run(memory="checkpoint", **options)[0], plain[0], CLOSE)


def test_what_a_backbone_draws_depends_on_the_step_alone(run: Run) -> None:
    torch.manual_seed(1)
    before = run(backbone="efficientnet_b0", memory="plain")[0]
    torch.manual_seed(2)
    again = run(backbone="efficientnet_b0", memory="plain")[0]
    later = run(backbone="efficientnet_b0", memory="plain", step=6)[0]
    assert_close(again, before, 0)
    name = "backbone.features.1.0.block.0.0.weight"
    assert not torch.equal(later[name], before[name])


@pytest.mark.parametrize("places", [(0, 2, 4), (1, 2, 3)])
def test_a_photo_draws_what_its_place_says(
    places: tuple[int, ...], pictures: Tensor, real_photos: list[Path]
) -> None:
    """Photos that other processes have, or that cannot be read, leave gaps."""
    options = {"backbone": "efficientnet_b0", "bn_group": "photo", "memory": "plain"}

    def features(photos: Tensor, at: Sequence[int]) -> Tensor:
        seen: list[Tensor] = []

        def judged(outputs: dict[str, Tensor]) -> Tensor:
            seen.append(outputs["ranking"].detach())
            return objective(outputs)

        network = network_small(**options)
        stepper = Stepper(small(**options), network, BatchStatistics(network))
        stepper.step(photos, None, judged, step=5, places=at)
        return seen[0]

    photos = batch_of(real_photos, 32, 5)
    whole = features(photos, range(5))
    some = features(photos[list(places)], places)
    torch.testing.assert_close(some, whole[list(places)])
    assert not torch.allclose(features(photos[list(places)], range(3)), some, atol=1e-4)


def test_each_photo_needs_a_place(pictures: Tensor) -> None:
    network = network_small()
    stepper = Stepper(small(), network, BatchStatistics(network))
    with pytest.raises(ValueError, match="3 photos have 2 places"):
        stepper.step(pictures, None, objective, step=0, places=[0, 1])


@pytest.mark.parametrize("memory", ["plain", "cache"])
def test_a_process_without_a_photo_computes_along(memory: str, run: Run) -> None:
    options = {"bn_group": "photo", "memory": memory}
    learnt, stored = run(weight_statistics=False, **options)
    assert_close(stored, averages(network_small()), 0)
    assert_close(learnt, run(**options)[0], 0)


@pytest.mark.parametrize("memory", ["plain", "cache"])
def test_only_what_is_trainable_gets_gradients(memory: str, run: Run) -> None:
    learnt, stored = run(trainable="last_block", bn_group="photo", memory=memory)
    assert {name.rsplit(".", 2)[0] for name in learnt if name.startswith("backbone")} == {
        "backbone.features.18"
    }
    heads = {name for name in learnt if name.startswith("heads.")}
    assert len(heads) == 4
    # As in the released program, the layers before go by the batch and remember it.
    fresh = averages(network_small())
    name = "backbone.features.0.1.running_mean"
    assert not torch.equal(stored[name], fresh[name])
    assert {*run(trainable="heads", bn_group="photo", memory=memory)[0]} == heads


def test_the_last_block_learns_as_it_does_among_all(run: Run, reference: Result) -> None:
    learnt, _stored = run(trainable="last_block", memory="plain")
    assert_close(learnt, {name: reference[0][name] for name in learnt}, CLOSE)


def test_the_heads_warm_up_alone(run: Run) -> None:
    network = network_small()
    network.train_layers(heads_only=True)
    assert all(name.startswith("heads.") for name in run(network, memory="plain")[0])
    network.train_layers(heads_only=False)
    assert len(run(network, memory="plain")[0]) == len(list(network.parameters()))


def test_caching_a_batch_is_refused() -> None:
    config = small()
    object.__setattr__(config, "memory", "cache")
    network = network_small()
    with pytest.raises(ValueError, match="memory is cache, and bn_group is batch"):
        Stepper(config, network, BatchStatistics(network))


def test_a_group_of_one_picture_of_one_pixel_is_explained(pictures: Tensor) -> None:
    network = network_small()
    config = small(bn_group="variant", memory="plain")
    stepper = Stepper(config, network, BatchStatistics(network))
    with pytest.raises(ConfigInvalid, match="raise photos_per_batch, chunk_images or side"):
        stepper.step(pictures[:1], None, objective, step=0, places=[0])
    assert_close(averages(network), averages(network_small()), 0)


def test_a_step_says_where_its_time_went(pictures: Tensor) -> None:
    network = network_small()
    stepper = Stepper(small(), network, BatchStatistics(network))
    told: list[str] = []
    stepper.step(pictures, None, objective, step=0, places=range(3), mark=told.append)
    assert told == ["forward", "backward"]


def test_dropout_depends_on_the_place_in_the_whole_batch() -> None:
    def masks(*places: int, step: int = 3) -> Tensor:
        made = keep_masks(
            probability=0.2, seed=1, step=step, places=places, views=VIEWS, features=500
        )
        assert made is not None
        return made

    whole = masks(0, 1, 2, 3)
    assert torch.equal(torch.cat([masks(0, 1), masks(2), masks(3)]), whole)
    assert not torch.equal(masks(0, 1, 2, 3, step=4), whole)
    assert set(whole.unique().tolist()) == {0.0, 1.25}
    # 8000 draws: the standard deviation of their mean is 0.0056.
    assert abs(float(whole.mean()) - 1) < 0.025


def test_no_dropout_is_no_mask() -> None:
    rest = {"seed": 1, "step": 0, "places": (0, 1), "views": 3, "features": 4}
    assert keep_masks(probability=0, **rest) is None
    with pytest.raises(ValueError, match="allowed are 0 to below 1"):
        keep_masks(probability=1, **rest)


@pytest.mark.slow
def test_a_compiled_backbone_computes_the_same(run: Run, reference: Result) -> None:
    """Takes a minute or more where nothing is compiled yet."""
    network = network_small()
    learnt, stored = run(network, compile="on")
    assert network.state_dict().keys() == network_small().state_dict().keys()
    # It rounds otherwise: all gradients together differ by 0.9 %, as float64's do by 0.6 %, since
    # BatchNorm divides by the spread of few pictures.
    apart = sum(float((learnt[name] - t).square().sum()) for name, t in reference[0].items())
    size = sum(float(t.square().sum()) for t in reference[0].values())
    assert apart < 0.03**2 * size
    assert_close(stored, reference[1], 2e-3)
