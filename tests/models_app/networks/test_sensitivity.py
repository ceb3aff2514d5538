"""What distortions do to a score: rendered in the network's own size, scored like any photo."""

import numpy as np
import pytest
from PIL import Image

from models_app.distortions.engine import display_sigma, render_variants
from models_app.distortions.pictures import photo_to_tensor, tensor_to_image
from models_app.distortions.registry import PRESETS
from models_app.networks.building import Network, network_random
from models_app.networks.errors import PhotoUnusable
from models_app.networks.preprocessing import IMAGENET, Preprocessing, photo_to_input
from models_app.networks.scoring import TOLERANCE, score
from models_app.networks.sensitivity import photo_working, variants_score, variants_wanted

SMALL = Preprocessing(40, 32, mean=IMAGENET[0], std=IMAGENET[1])


@pytest.fixture(scope="module")
def network() -> Network:
    return network_random("nima_mobilenet_v2", seed=1, preprocessing=SMALL, spread=True)


@pytest.mark.parametrize(
    "preprocessing",
    [SMALL, Preprocessing(40, mode="pad_square"), Preprocessing(48, 40, interpolation="lanczos")],
)
def test_the_undistorted_photo_is_what_the_network_sees_anyway(photos, preprocessing):
    for photo in photos.values():
        direct = photo_to_input(photo, preprocessing)
        through = photo_to_input(photo_working(photo, preprocessing), preprocessing)
        # pad_square resizes in two passes, which round in between: a level or two of 255.
        most = 2.1 / 255 if preprocessing.mode == "pad_square" else 0
        assert np.abs(direct - through).max() <= most


def test_every_level_is_scored_and_the_original_as_ever(photos, network):
    photo = photos["coffee"] if "coffee" in photos else next(iter(photos.values()))
    found = {each.key: each for each in variants_score(photo, network, key="a", batch_size=32)}
    preset = PRESETS["pfister2021"]
    assert set(found) == set(preset.variants)
    plain = next(iter(score([("", photo)], network)))
    assert found["original", ""].mean == pytest.approx(plain.mean, abs=10 * TOLERANCE)
    assert np.std([each.mean for each in found.values()]) > 100 * TOLERANCE
    # Against the picture rendered by hand.
    working = photo_working(photo, SMALL)
    rendered = render_variants(
        photo_to_tensor(working), [("jpeg_compression", "5")],
        sigma=display_sigma(working.width), key="a",
    )  # fmt: skip
    picture = tensor_to_image(next(rendered)[2])
    by_hand = next(iter(score([("", picture)], network)))
    assert found["jpeg_compression", "5"].mean == pytest.approx(by_hand.mean, abs=10 * TOLERANCE)


def test_crops_are_cut_from_the_photo_not_from_its_small_copy(photos):
    photo = max(photos.values(), key=lambda each: min(each.size))
    working = photo_to_tensor(photo_working(photo, SMALL))
    wanted = [("crop_original", "")]
    sharp, soft = (
        next(render_variants(working, wanted, sigma=1, source=source))[2].float()
        for source in (photo_to_tensor(photo), None)
    )
    grain = [each.diff(dim=2).abs().mean().item() for each in (sharp, soft)]
    assert grain[0] > 1.1 * grain[1]


def test_what_mixes_two_photos_is_left_out():
    wanted = variants_wanted("sheng2020")
    mixed = {key for key, entry in PRESETS["sheng2020"].distortions.items() if entry.mixes}
    assert mixed
    assert not mixed & {key for key, _level in wanted}


def test_a_strip_is_refused_with_a_sentence(network):
    with pytest.raises(PhotoUnusable, match="one side more than 50 times the other"):
        next(variants_score(Image.new("RGB", (5100, 100)), network, key="a"))
