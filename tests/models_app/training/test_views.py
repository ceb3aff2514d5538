from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import RandomResizedCrop

from models_app.distortions.engine import Geometry, render_batch
from models_app.distortions.pictures import photo_to_tensor
from models_app.imaging import open_photo
from models_app.training.config import TrainConfig
from models_app.training.pretext.base import Views
from models_app.training.pretext.building import pretext_build
from models_app.training.views.augmented import AREA, RATIO, Augmented, Draws, box_draw
from models_app.training.views.rotations import Rotations

SIDE = 32
TASKS = ("ranking", "rotnet", "simclr")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos(real_photos: list[Path]) -> list[Tensor]:
    """A landscape, a portrait and a square photo, small enough to be quick."""
    opened = {path.stem: open_photo(path) for path in real_photos}
    chosen = [opened["coffee"], opened["flower"].crop((200, 0, 400, 400)), opened["astronaut"]]
    for image in chosen:
        image.thumbnail((120, 120), Image.Resampling.BILINEAR)
    return [photo_to_tensor(image) for image in chosen]


KEYS = ("a", "b", "c")


def views_of(task: str, **options: object) -> Views:
    return pretext_build(TrainConfig(task=task, side=SIDE, **options)).views


@pytest.mark.parametrize("task", TASKS)
def test_views_keep_their_contract(task: str, photos: list[Tensor]):
    before = [photo.clone() for photo in photos]
    views = views_of(task, distortions="gaussian_noise,tint")
    made = views.make(photos, keys=KEYS, seed=4)
    assert made.shape == (3, views.count, 3, SIDE, SIDE)
    assert made.dtype == torch.uint8
    assert all(map(torch.equal, before, photos))
    assert torch.equal(made, views.make(photos, keys=KEYS, seed=4))
    assert len({picture.numpy().tobytes() for picture in made.flatten(0, 1)}) > 3


@pytest.mark.parametrize("task", TASKS)
def test_a_photo_looks_the_same_whatever_shares_its_batch(task: str, photos: list[Tensor]):
    views = views_of(task, distortions="technical,rotate")
    together = views.make(photos, keys=KEYS, seed=4)
    backwards = views.make(photos[::-1], keys=KEYS[::-1], seed=4)
    torch.manual_seed(77)
    alone = [
        views.make([photo], keys=[key], seed=4)[0] for photo, key in zip(photos, KEYS, strict=True)
    ]
    assert torch.equal(together, backwards.flip(0))
    assert torch.equal(together, torch.stack(alone))


@pytest.mark.parametrize("task", TASKS)
def test_no_global_generator_is_used(task: str, photos: list[Tensor]):
    before = torch.get_rng_state()
    views_of(task, distortions="gaussian_noise").make(photos, keys=KEYS, seed=4)
    assert torch.equal(before, torch.get_rng_state())


def test_all_variants_are_those_of_the_engine(photos: list[Tensor]):
    made = views_of("ranking").make(photos[:2], keys=KEYS[:2], seed=4)
    wanted = render_batch(photos[:2], keys=KEYS[:2], geometry=Geometry(SIDE), seed=4)
    assert torch.equal(made, wanted)


def test_some_variants_are_those_among_all(photos: list[Tensor]):
    whole = pretext_build(TrainConfig(side=SIDE, order="render_first"))
    part = pretext_build(
        TrainConfig(side=SIDE, order="render_first", distortions="shadows,vibrance,hcrop")
    )
    assert whole.chart is not None
    assert part.chart is not None
    places = [whole.chart.places[variant] for variant in part.chart.variants]
    all_made = whole.views.make(photos[:1], keys=["a"], seed=1)
    assert torch.equal(part.views.make(photos[:1], keys=["a"], seed=1), all_made[:, places])


def test_pairs_of_the_same_picture_are_that_and_the_others_mostly_not(photos: list[Tensor]):
    pretext = pretext_build(TrainConfig(side=SIDE, distortions="vibrance,contrast"))
    assert pretext.chart is not None
    [made] = pretext.views.make(photos[:1], keys=["a"], seed=1)
    less, more = pretext.chart.pairs.T
    same = [torch.equal(made[a], made[b]) for a, b in zip(less, more, strict=True)]
    assert same == pretext.chart.pair_identical.tolist()


def test_noise_is_drawn_anew_with_another_seed_and_photo(photos: list[Tensor]):
    views = views_of("ranking", distortions="gaussian_noise")
    first = views.make(photos[:1], keys=["a"], seed=1)
    assert not torch.equal(first, views.make(photos[:1], keys=["a"], seed=2))
    assert not torch.equal(first, views.make(photos[:1], keys=["b"], seed=1))


def test_rotations_turn_the_square_of_the_original(photos: list[Tensor]):
    made = Rotations(preset="pfister2021", geometry=Geometry(SIDE)).make(photos, keys=KEYS, seed=1)
    original = views_of("ranking", distortions="tint").make(photos, keys=KEYS, seed=1)[:, 0]
    assert torch.equal(made[:, 0], original)
    for turn in range(1, 4):
        back = made[:, turn]
        for _quarter in range(turn):
            # A quarter turn clockwise, spelled out.
            back = back.flip(2).transpose(2, 3)
        assert torch.equal(back, original)


def test_augmentations_differ_between_views_seeds_and_photos(photos: list[Tensor]):
    views = Augmented(SIDE)
    one = views.make(photos, keys=KEYS, seed=1)
    assert all(not torch.equal(first, second) for first, second in one)
    other = views.make(photos, keys=KEYS, seed=2)
    renamed = views.make(photos, keys=("d", "e", "f"), seed=1)
    for found in (other, renamed):
        assert not (found == one).flatten(2).all(2).any()


def test_augmentations_happen_as_often_as_the_paper_says(photos: list[Tensor]):
    views = Augmented(SIDE)
    made = torch.cat([views.make(photos[2:], keys=["a"], seed=seed) for seed in range(150)])
    pictures = made.flatten(0, 1).float()
    grey = (pictures.amax(1) - pictures.amin(1)).amax((1, 2)) == 0
    # 0.2 of 300: standard deviation 0.023.
    assert 0.13 <= grey.float().mean().item() <= 0.27


def test_autocast_makes_no_difference_to_augmentations(photos: list[Tensor]):
    plain = Augmented(SIDE).make(photos, keys=KEYS, seed=3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ambient = Augmented(SIDE).make(photos, keys=KEYS, seed=3)
    assert torch.equal(plain, ambient)


def test_crops_are_distributed_as_torchvision_s():
    torch.manual_seed(1)
    blank = torch.empty(3, 200, 300)
    theirs = [RandomResizedCrop.get_params(blank, AREA, RATIO) for _draw in range(3000)]
    ours = [box_draw(200, 300, Draws("a", 0, seed)) for seed in range(3000)]
    a, b = (torch.tensor(boxes, dtype=torch.float64) for boxes in (ours, theirs))
    # Top, left, height and width.
    for first, second in zip(a.T, b.T, strict=True):
        # Four standard errors of a difference of means.
        error = ((first.var() + second.var()) / 3000).sqrt()
        assert abs(first.mean() - second.mean()) < 4 * error
        assert first.std().item() == pytest.approx(second.std().item(), rel=0.07)


def test_crops_lie_inside_whatever_the_shape_of_the_photo():
    for height, width in ((1, 1), (1, 50), (50, 1), (2, 3), (3000, 60), (200, 300)):
        for seed in range(20):
            top, left, high, wide = box_draw(height, width, Draws("a", 0, seed))
            assert 0 < high <= height - top
            assert 0 < wide <= width - left


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("task", ["rotnet", "simclr"])
def test_the_gpu_makes_the_same_views_within_a_level(task: str, photos: list[Tensor]):
    views = views_of(task)
    on_cpu = views.make(photos, keys=KEYS, seed=1)
    on_gpu = views.make([photo.cuda() for photo in photos], keys=KEYS, seed=1)
    assert on_gpu.is_cuda
    assert (on_cpu.int() - on_gpu.cpu().int()).abs().max() <= 2
