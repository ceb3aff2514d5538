"""Against torchvision's own transforms, digit by digit, on real photos."""

import json
import math

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms
from torchvision.models import DenseNet121_Weights
from torchvision.transforms import InterpolationMode

from models_app.distortions import geometry
from models_app.distortions.pictures import photo_to_tensor
from models_app.networks import preprocessing as under_test
from models_app.networks.backbones import BACKBONES
from models_app.networks.errors import PhotoUnusable, PreprocessingError
from models_app.networks.preprocessing import (
    HALF,
    IMAGENET,
    Preprocessing,
    photo_to_input,
)

KENTSYX = Preprocessing(256, 224)
SHAPES = [(640, 427), (427, 640), (300, 451), (451, 300), (224, 224), (257, 256), (40, 90), (16, 1)]


def torchvisions(photo: Image.Image, wanted: Preprocessing) -> np.ndarray:
    """The same steps by torchvision, on Pillow's pictures."""
    how = InterpolationMode(wanted.interpolation)
    exact = wanted.mode == "stretch"
    steps = [
        transforms.Resize((wanted.resize,) * 2 if exact else wanted.resize, interpolation=how),
        *([transforms.CenterCrop(wanted.crop)] if wanted.crop else []),
        transforms.ToTensor(),
        transforms.Normalize(wanted.mean, wanted.std),
    ]
    return transforms.Compose(steps)(photo).numpy()


@pytest.mark.parametrize(
    "wanted",
    [
        KENTSYX,
        Preprocessing(256, 224, mean=IMAGENET[0], std=IMAGENET[1]),
        Preprocessing(342, 299, mean=HALF[0], std=HALF[1]),
        Preprocessing(224, 224, "short_side", "bicubic"),
        Preprocessing(97, 64, "short_side", "nearest"),
        Preprocessing(225, 64, "short_side", "lanczos"),
        Preprocessing(224, 0, "stretch"),
        Preprocessing(225, 200, "stretch", "bicubic"),
    ],
    ids=lambda wanted: f"{wanted.mode}-{wanted.resize}-{wanted.crop}-{wanted.interpolation}",
)
def test_every_digit_is_torchvisions(photos: dict[str, Image.Image], wanted: Preprocessing) -> None:
    for photo in photos.values():
        got = photo_to_input(photo, wanted)
        assert got.dtype == np.float32
        assert got.shape == (3, wanted.side, wanted.side)
        assert np.array_equal(got, torchvisions(photo, wanted))


@pytest.mark.parametrize("shape", SHAPES)
def test_odd_shapes_are_torchvisions_too(
    photos: dict[str, Image.Image], shape: tuple[int, int]
) -> None:
    photo = photos["china"].resize(shape, Image.Resampling.BICUBIC)
    for wanted in (KENTSYX, Preprocessing(71, 70), Preprocessing(70, 33, "stretch")):
        assert np.array_equal(photo_to_input(photo, wanted), torchvisions(photo, wanted))


def test_densenets_input_is_what_its_weights_ask_for(photos: dict[str, Image.Image]) -> None:
    transform = DenseNet121_Weights.IMAGENET1K_V1.transforms()
    for photo in photos.values():
        expected = transform(photo).numpy()
        assert np.array_equal(photo_to_input(photo, BACKBONES["densenet121"]), expected)


@pytest.mark.parametrize("shape", [*SHAPES, (1100, 90), (90, 2300), (50, 1)])
def test_padding_is_that_of_the_distortions(
    photos: dict[str, Image.Image], shape: tuple[int, int]
) -> None:
    photo = photos["coffee"].resize(shape, Image.Resampling.BICUBIC)
    for side in (64, 224):
        square = geometry.pad_square(photo_to_tensor(photo)[None], side)[0]
        got = photo_to_input(photo, Preprocessing(side, mode="pad_square"))
        assert np.array_equal(got, square.numpy().astype(np.float32) / np.float32(255))


def test_the_limit_of_long_photos_is_that_of_the_distortions() -> None:
    assert under_test.MAX_RATIO == geometry.MAX_RATIO


def test_pixels_are_scaled_to_one_and_red_comes_first() -> None:
    photo = Image.new("RGB", (300, 300), (255, 51, 0))
    plain = photo_to_input(photo, KENTSYX)
    assert plain[:, 0, 0].tolist() == pytest.approx([1.0, 0.2, 0.0], abs=1e-7)
    half = photo_to_input(photo, Preprocessing(256, 224, mean=HALF[0], std=HALF[1]))
    assert half[:, 100, 100].tolist() == pytest.approx([1.0, -0.6, -1.0], abs=1e-6)


def test_a_photo_is_left_as_it_was(photos: dict[str, Image.Image]) -> None:
    before = photos["china"].tobytes()
    for mode in ("short_side", "pad_square", "stretch"):
        photo_to_input(photos["china"], Preprocessing(64, 60, mode))
    assert photos["china"].tobytes() == before


@pytest.mark.parametrize(
    ("photo", "told"),
    [
        (Image.new("L", (300, 300)), "it has mode L: convert it to RGB first"),
        (Image.new("RGB", (51, 1)), "it is 51 x 1, one side more than 50 times the other: cut it"),
    ],
)
def test_a_photo_that_cannot_be_used_is_refused(photo: Image.Image, told: str) -> None:
    with pytest.raises(PhotoUnusable, match=f"^{told}$"):
        photo_to_input(photo, KENTSYX)


@pytest.mark.parametrize("wanted", [KENTSYX, *set(BACKBONES.values())])
def test_it_comes_back_from_json(wanted: Preprocessing) -> None:
    assert Preprocessing.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted


def test_a_description_holds_what_a_sentence_needs() -> None:
    described = BACKBONES["densenet121"].describe()
    assert described | {"mean": 0, "std": 0} == {
        "resize": 256,
        "crop": 224,
        "mode": "short_side",
        "interpolation": "bilinear",
        "mean": 0,
        "std": 0,
        "side": 224,
        "normalisation": "imagenet",
    }
    assert KENTSYX.normalisation == "none"
    assert BACKBONES["inception_v3"].normalisation == "half"
    assert Preprocessing(64, 64, std=(0.5, 1.0, 1.0)).normalisation == "own"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"resize": 15}, "resize is 15; it must be a whole number of pixels from 16 to 2048."),
        ({"resize": 256.0}, "resize is 256.0; it must be a whole"),
        ({"resize": True}, "resize is True; it must be a whole"),
        ({"resize": "256"}, "resize is '256'; it must be a whole"),
        ({"crop": 257}, "crop is 257, more than resize (256) leaves: make it smaller."),
        ({"crop": -1}, "crop is -1; it must be 0 (none) or a whole number"),
        ({"crop": False}, "crop is False; it must be 0 (none) or a whole number"),
        ({"crop": 0}, "crop is 0, so photos of different shapes would stay different: give"),
        ({"mode": "fit"}, "mode is 'fit'; choose from short_side, pad_square, stretch."),
        ({"mode": ["fit"]}, "mode is ['fit']; choose from"),
        ({"interpolation": "area"}, "interpolation is 'area'; choose from nearest, bilinear, "),
        ({"mean": [123.7, 116.3, 103.5]}, "mean is (123.7, 116.3, 103.5); it must be three"),
        ({"mean": [0.5, 0.5]}, "mean is (0.5, 0.5); it must be three numbers (red, green, blue)"),
        ({"mean": 0.5}, "mean is 0.5; it must be three numbers"),
        ({"mean": [True, 0, 0]}, "mean is (True, 0, 0); it must be three numbers"),
        ({"mean": [math.nan, 0, 0]}, "mean is (nan, 0, 0); it must be three numbers"),
        ({"std": [0, 1, 1]}, "std is (0, 1, 1); it must be three numbers (red, green, blue), each"),
        ({"std": [58.4, 57.1, 57.4]}, "each above 0, at most 1, because pixels are scaled to 0..1"),
        ({"size": 3}, "The preprocessing has an unknown field 'size'; allowed are resize, crop"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_allowed(change: dict, told: str) -> None:
    with pytest.raises(PreprocessingError) as caught:
        Preprocessing.from_json(KENTSYX.to_json() | change)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("found", [None, [], "256", 3])
def test_what_is_no_object_is_refused(found: object) -> None:
    with pytest.raises(PreprocessingError, match="must be an object with the fields resize, crop"):
        Preprocessing.from_json(found)


def test_resize_is_asked_for() -> None:
    with pytest.raises(PreprocessingError, match="has no resize: say how many pixels"):
        Preprocessing.from_json({"crop": 224})
