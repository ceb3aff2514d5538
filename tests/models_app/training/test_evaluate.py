from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from models_app.distortions.pictures import photo_to_tensor
from models_app.imaging import open_photo
from models_app.training.errors import Diverged, MemoryShort
from models_app.training.evaluate import evaluate, outcomes_of
from models_app.training.loader import Batch
from models_app.training.measured import KEPT, SAMPLES, Kept, Measured, kept_trim, measured_join
from tests.models_app.training.evaluating import Case, case


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos(real_photos: list[Path]) -> list[Tensor]:
    found = []
    for path in sorted(real_photos)[:3]:
        image = open_photo(path)
        image.thumbnail((90, 90), Image.Resampling.BILINEAR)
        found.append(photo_to_tensor(image))
    return found


@pytest.mark.parametrize(
    ("task", "parts"),
    [
        ("ranking", {"outcomes"}),
        ("ranking_classification", {"outcomes", "right"}),
        ("ranking_regression", {"outcomes", "squares"}),
        ("classification", {"right"}),
        ("regression", {"squares"}),
        ("rotnet", {"right"}),
        ("simclr", set()),
    ],
)
def test_a_task_has_its_parts(task: str, parts: set[str], photos: list[Tensor]):
    measured = case(task).measure(photos, (3,))
    found = {
        name for name in ("outcomes", "right", "squares") if getattr(measured, name) is not None
    }
    assert found == parts
    assert all(len(getattr(measured, name)) == 3 for name in parts)
    assert measured.photos == (("7", "photo 2"), ("8", "photo 1"), ("9", "photo 0"))


@pytest.mark.parametrize("task", ["ranking_classification", "ranking_regression"])
def test_losses_and_errors_are_those_of_the_terms(task: str, photos: list[Tensor]):
    made = case(task)
    measured = made.measure(photos, (2, 1), chunk=7)
    batch = Batch(0, photos, ["9", "8", "7"], ["", "", ""], [0, 1, 2], 0.0)
    pictures = made.make(batch)
    made.network.eval()
    with torch.no_grad():
        outputs = made.network(pictures.flatten(0, 1))
    for key, term in made.pretext.terms.items():
        loss = float(term.loss(outputs[key].unflatten(0, (3, -1))))
        assert measured.losses[key] == pytest.approx(loss, rel=1e-4)
    if task == "ranking_regression":
        assert measured.squares.sum(1).mean() == pytest.approx(
            measured.losses["regression"], rel=1e-4
        )


def test_batches_chunks_and_order_do_not_matter(photos: list[Tensor]):
    made = case("ranking_regression")
    whole, parts = made.measure(photos, (3,)), made.measure(photos, (2, 1), chunk=5)
    assert whole.photos == parts.photos
    # Other chunks round otherwise, which may turn a pair that is nearly tied.
    assert (whole.outcomes == parts.outcomes).mean() > 0.99
    assert np.allclose(whole.squares, parts.squares, rtol=1e-3, atol=1e-4)


def test_the_network_stays_as_it_was(photos: list[Tensor]):
    made = case("ranking")
    made.network.train()
    frozen = next(m for m in made.network.modules() if isinstance(m, nn.BatchNorm2d))
    frozen.eval()
    before = {name: value.clone() for name, value in made.network.state_dict().items()}
    made.measure(photos, (2,))
    assert made.network.training
    assert not frozen.training
    after = made.network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert all(weight.grad is None for weight in made.network.parameters())


def test_a_lonely_last_photo_joins_the_batch_before(photos: list[Tensor]):
    made = case("simclr")
    seen: list[int] = []
    joined = made.measure(photos, (2, 1), seen=seen.append)
    assert seen == [3]
    assert joined.losses["simclr"] == pytest.approx(made.measure(photos, (3,)).losses["simclr"])


@pytest.mark.parametrize(
    ("sizes", "measured"),
    [
        ((1, 1, 1), [3]),
        ((1, 1, 1, 1), [2, 2]),
        ((2, 1, 0, 2), [2, 3]),
        ((2, 1, 0), [3]),
        ((0, 1), [1]),
    ],
)
def test_where_photos_are_compared_none_is_alone(
    sizes: tuple[int, ...], measured: list[int], photos: list[Tensor]
):
    seen: list[int] = []
    case("simclr").measure(photos * 2, sizes, seen=seen.append)
    assert seen == measured


def test_where_photos_are_not_compared_batches_stay_as_they_are(photos: list[Tensor]):
    seen: list[int] = []
    case("ranking").measure(photos, (1, 1, 0, 1), seen=seen.append)
    assert seen == [1, 1, 1]


class Greedy(nn.Module):
    """Asks for more memory than any machine has, for more pictures than a few at once."""

    def __init__(self, most: int, backbone: nn.Module) -> None:
        super().__init__()
        self.most, self.backbone, self.sizes = most, backbone, []

    def forward(self, pictures: Tensor) -> Tensor:
        self.sizes.append(len(pictures))
        if len(pictures) > self.most:
            torch.empty(2**50, dtype=torch.uint8)
        return self.backbone(pictures)


def test_what_does_not_fit_is_computed_in_smaller_chunks(photos: list[Tensor]):
    made = case("rotnet")
    expected = made.measure(photos, (2, 1))
    made.network.backbone = greedy = Greedy(2, made.network.backbone)
    found = made.measure(photos, (2, 1))
    assert found.losses == pytest.approx(expected.losses, rel=1e-4)
    # Eight pictures at once are too many, and so are four; the next photo begins with two.
    assert greedy.sizes == [8, 4, 2, 2, 2, 2, 2, 2]


def test_where_one_picture_does_not_fit_one_sentence_says_so(photos: list[Tensor]):
    made = case("rotnet")
    made.network.backbone = Greedy(0, made.network.backbone)
    with pytest.raises(MemoryShort, match=r"one picture at a time, .*: lower photos_per_batch"):
        made.measure(photos, (2,))
    with pytest.raises(RuntimeError, match="size"):
        # Other errors are passed on.
        evaluate(
            made.network,
            made.pretext,
            made.config,
            [Batch(0, photos[:1], ["9"], [""], [0], 0.0)],
            lambda batch: torch.zeros(1, 4, 5, 32, 32, dtype=torch.uint8),
        )


def test_a_single_photo_is_measured(photos: list[Tensor]):
    measured = case("ranking_regression", agreement=True).measure(photos, (1,))
    assert measured.outcomes.shape[0] == 1
    assert set(measured.losses) == {"ranking", "regression", "agreement"}


def test_without_photos_nothing_is_measured():
    measured = case("ranking").measure([], (0,))
    assert (measured.photos, measured.losses, measured.outcomes) == ((), {}, None)


def test_outputs_that_are_not_finite_name_the_photo(photos: list[Tensor]):
    made = case("regression")
    with torch.no_grad():
        next(made.network.heads["regression"].parameters()).fill_(float("nan"))
    with pytest.raises(Diverged, match="regression on photo 0 is not finite"):
        made.measure(photos, (2,))


def test_parts_of_several_processes_join_to_the_whole(photos: list[Tensor]):
    made = case("ranking_regression")
    whole = made.measure(photos, (3,), chunk=1)
    one, two = made.measure(photos, (2,), chunk=1), made.measure(photos, (3,), chunk=1)
    # The second process has the third photo only.
    only = Measured(
        two.photos[:1],
        {term: float("nan") for term in two.losses} | losses_of(made, photos[2], "7"),
        two.outcomes[:1],
        None,
        two.squares[:1],
        {photo: kept for photo, kept in two.kept.items() if photo == two.photos[0]},
    )
    joined = measured_join([one, made.measure([], (0,)), only])
    assert joined.photos == whole.photos
    assert (joined.outcomes == whole.outcomes).all()
    assert (joined.squares == whole.squares).all()
    assert joined.losses == pytest.approx(whole.losses)
    assert joined.kept.keys() == whole.kept.keys()
    with pytest.raises(ValueError, match="Nothing was measured"):
        measured_join([])


def losses_of(made: Case, photo: Tensor, key: str) -> dict[str, float]:
    batch = Batch(0, [photo], [key], ["photo 2"], [0], 0.0)
    found = evaluate(made.network, made.pretext, made.config, [batch], made.make, chunk=1)
    return dict(found.losses)


def test_the_same_few_photos_are_kept_whatever_the_order():
    tiles = np.zeros((1, 2, 2, 3), dtype=np.uint8)
    keys = [f"{n:03}" for n in np.random.default_rng(1).permutation(KEPT + 7)]
    kept: dict = {}
    for key in keys:
        kept = kept_trim(kept | {(key, "name"): Kept({}, tiles)})
    assert [key for key, _name in kept] == [f"{n:03}" for n in range(KEPT)]
    assert sum(each.tiles is not None for each in kept.values()) == SAMPLES


def test_kept_outputs_and_pictures_are_the_photos_own(photos: list[Tensor]):
    made = case("ranking_regression")
    measured = made.measure(photos, (3,))
    pictures = made.make(Batch(0, photos[1:2], ["8"], ["photo 1"], [0], 0.0))[0]
    kept = measured.kept["8", "photo 1"]
    assert (kept.tiles == pictures.permute(0, 2, 3, 1).numpy()).all()
    scores = kept.outputs["ranking"][None]
    assert (outcomes_of(scores, made.pretext.chart)[0] == measured.outcomes[1]).all()
    assert made.measure(photos, (3,), keep=False).kept == {}
