import hashlib

import pytest
import torch

from models_app.distortions.engine import (
    NATIVE_SIGMA,
    Geometry,
    display_sigma,
    render_batch,
    render_family,
    render_variants,
)
from models_app.distortions.geometry import GeometryError, pad_square, resize_short
from models_app.distortions.ops import base
from models_app.distortions.philox import Stream
from models_app.distortions.pictures import photo_to_tensor, tensor_to_image
from models_app.distortions.registry import DISTORTIONS, PRESETS
from tests.models_app.distortions.make_golden import crop, demo_photo

VARIANTS = PRESETS["pfister2021"].variants
PLACES = {variant: place for place, variant in enumerate(VARIANTS)}

IMPULSE_NOISE = "10bebdd3a065"
MOTION = 0.7766270637512207


@pytest.fixture(scope="module")
def photos() -> list[torch.Tensor]:
    """A landscape, a portrait and a square photo."""
    names = ("coffee", "china", "astronaut")
    landscape, portrait, square = (photo_to_tensor(demo_photo(name)) for name in names)
    return [landscape, portrait[:, :, 100:380].contiguous(), square]


def nearly(a: torch.Tensor, b: torch.Tensor) -> bool:
    """At most one level apart, on at most 0.01 % of the values."""
    apart = (a.int() - b.int()).abs()
    return int(apart.max()) <= 1 and float((apart > 0).double().mean()) <= 1e-4


def test_variants_do_not_depend_on_what_else_is_asked_for(photo: torch.Tensor) -> None:
    together = {(k, lv): p for k, lv, p in render_variants(photo, VARIANTS, sigma=30.0)}
    assert len(together) == 174
    for key in DISTORTIONS:
        variant = next(v for v in reversed(VARIANTS) if v[0] == key)
        [(_key, _level, alone)] = render_variants(photo, [variant], sigma=30.0)
        assert torch.equal(alone, together[variant])


def test_bands_make_no_difference(photo: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    monkeypatch.setitem(base._BAND_PIXELS, "cpu", 64 * 9 * 5)
    cut = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    for (key, level), a, b in zip(VARIANTS, whole, cut, strict=True):
        if key == "defocus_blur":
            # A convolution may sum in another order, and a sum near a whole number may tip.
            assert nearly(a, b), level
        else:
            assert torch.equal(a, b), (key, level)


def test_ambient_autocast_and_low_precision_make_no_difference(photo: torch.Tensor) -> None:
    plain = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ambient = [p for _key, _level, p in render_variants(photo, VARIANTS, sigma=30.0)]
    finally:
        torch.set_float32_matmul_precision(before)
    assert all(torch.equal(a, b) for a, b in zip(plain, ambient, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_gpu_renders_the_same_within_a_level(photo: torch.Tensor) -> None:
    on_cpu = render_family(photo, key="a")
    on_gpu = render_family(photo.cuda(), key="a")
    assert on_gpu.is_cuda
    for variant, a, b in zip(VARIANTS, on_cpu, on_gpu, strict=True):
        difference = (a.int() - b.cpu().int()).abs().double()
        # Where the two round a tie apart; shadows and exposure lie closest to ties.
        assert difference.mean() <= 0.05, variant
        assert difference.max() <= 2, variant


def test_sigma_matters_to_shadows_only_where_it_should(photo: torch.Tensor) -> None:
    for key in ("shadows", "tint"):
        level = DISTORTIONS[key].levels[0].key
        [(_, _, wide)] = render_variants(photo, [(key, level)], sigma=100.0)
        [(_, _, narrow)] = render_variants(photo, [(key, level)], sigma=3.0)
        assert torch.equal(wide, narrow) == (key == "tint")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(3, 4, 4), r"is torch\.float32; it must be torch\.uint8"),
        (torch.zeros(4, 4, 3, dtype=torch.uint8), r"shape \(4, 4, 3\); it must be \[3, height"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), "one photo at a time"),
        (torch.zeros(3, 0, 4, dtype=torch.uint8), r"shape \(3, 0, 4\)"),
    ],
)
def test_what_is_no_photo_is_refused_at_the_call(bad: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render_variants(bad, [("tint", "0.9")], sigma=100.0)
    if bad.dtype == torch.uint8:
        with pytest.raises(ValueError, match=message):
            tensor_to_image(bad)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bad_sigma_is_refused(photo: torch.Tensor, sigma: float) -> None:
    with pytest.raises(ValueError, match="must be a positive number of pixels"):
        render_variants(photo, [], sigma=sigma)


def test_an_unknown_variant_is_refused_at_the_call(photo: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"'7' of tint; choose from 0\.75"):
        render_variants(photo, [("tint", "7")], sigma=100.0)
    with pytest.raises(ValueError, match="'sepia'; choose from jpeg"):
        render_variants(photo, [("sepia", "1")], sigma=100.0)


def test_display_sigma_is_a_tenth_of_the_width() -> None:
    assert display_sigma(1000) == NATIVE_SIGMA == 100.0
    assert display_sigma(320) == 32.0
    with pytest.raises(ValueError, match="The width is 0"):
        display_sigma(0)


def test_pictures_become_tensors_and_back() -> None:
    picture = crop("china")
    assert tensor_to_image(photo_to_tensor(picture)).tobytes() == picture.tobytes()
    assert tuple(photo_to_tensor(picture)[:, 3, 5].tolist()) == picture.getpixel((5, 3))
    with pytest.raises(ValueError, match="mode L; convert it to RGB"):
        photo_to_tensor(picture.convert("L"))


def test_a_family_is_all_variants_in_the_registrys_order(photos: list[torch.Tensor]) -> None:
    family = render_family(photos[0], key="a")
    assert family.shape == (174, 3, 224, 224)
    assert family.dtype == torch.uint8
    small = resize_short(photos[0], 224)
    assert torch.equal(family[0], pad_square(small[None], 224)[0])
    wanted = [("tint", "0.9"), ("rotate_original", ""), ("gaussian_noise", "3")]
    some = render_family(photos[0], key="a", variants=wanted)
    assert torch.equal(some, family[[PLACES[variant] for variant in wanted]])


def test_technical_and_style_are_rendered_before_padding(photos: list[torch.Tensor]) -> None:
    small = resize_short(photos[1], 224)
    variants = [("tint", "0.9"), ("gaussian_noise", "3"), ("ratio", "-4"), ("vcrop", "2")]
    family = render_family(photos[1], key="a", variants=variants)
    native = render_variants(small, variants, sigma=display_sigma(small.shape[2]), key="a")
    for (key, _level, picture), tensor in zip(native, family, strict=True):
        padded = pad_square(picture[None], 224)[0]
        # Crops are cut from the photo itself, not from its smaller copy.
        assert torch.equal(padded, tensor) == (key != "vcrop")


def test_another_side_moves_everything_along(photos: list[torch.Tensor]) -> None:
    family = render_family(photos[0], key="a", geometry=Geometry(96))
    assert family.shape == (174, 3, 96, 96)
    assert torch.equal(family[0], pad_square(resize_short(photos[0], 96)[None], 96)[0])


def test_rendering_first_changes_style_alone(photos: list[torch.Tensor]) -> None:
    first = render_family(photos[0], key="a", geometry=Geometry(order="render_first"))
    second = render_family(photos[0], key="a")
    for (key, level), a, b in zip(VARIANTS, first, second, strict=True):
        entry = DISTORTIONS.get(key)
        if entry is None or entry.aspect != "style" or (key, level) == ("vibrance", "0"):
            assert torch.equal(a, b), (key, level)
        else:
            assert not torch.equal(a, b), (key, level)
            # Resizing and a pixelwise edit nearly commute; contrast 1.0 is the worst.
            assert (a.int() - b.int()).abs().double().mean() < 12, (key, level)


def test_noise_depends_on_photo_distortion_level_and_seed_alone(
    photos: list[torch.Tensor],
) -> None:
    variants = [(key, str(n)) for key in ("gaussian_noise", "motion_blur") for n in (1, 2)]
    one = render_family(photos[0], key="a", variants=variants, seed=1)
    assert torch.equal(one, render_family(photos[0], key="a", variants=variants, seed=1))
    backwards = render_family(photos[0], key="a", variants=variants[::-1], seed=1)
    assert torch.equal(one, backwards.flip(0))
    for other in (
        render_family(photos[0], key="b", variants=variants, seed=1),
        render_family(photos[0], key="a", variants=variants, seed=2),
    ):
        assert not any(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_batches_change_nothing(photos: list[torch.Tensor]) -> None:
    keys = ["a", "b", "c"]
    together = render_batch(photos, keys=keys, seed=5)
    assert together.shape == (3, 174, 3, 224, 224)
    for n, (photo, key) in enumerate(zip(photos, keys, strict=True)):
        assert torch.equal(together[n], render_batch([photo], keys=[key], seed=5)[0])


def test_threads_change_at_most_a_level_here_and_there(photos: list[torch.Tensor]) -> None:
    # One level of each; threads of a machine with other work to do wait for each other a lot.
    variants = [(key, entry.levels[-1].key) for key, entry in DISTORTIONS.items()]
    one = render_family(photos[0], key="a", variants=variants)
    torch.set_num_threads(2)
    try:
        two = render_family(photos[0], key="a", variants=variants)
    finally:
        torch.set_num_threads(1)
    for (key, level), a, b in zip(variants, one, two, strict=True):
        summed = key in {"defocus_blur", "shadows", "highlights"}
        assert nearly(a, b) if summed else torch.equal(a, b), (key, level)


def test_the_same_key_draws_the_same_on_every_machine() -> None:
    photo = (torch.arange(3 * 64 * 64) % 251).to(torch.uint8).view(3, 64, 64)
    # Impulse noise compares and copies; nothing in it may differ by the last digit.
    [noisy] = render_family(photo, key="a", variants=[("impulse_noise", "3")])
    assert hashlib.sha256(noisy.numpy().tobytes()).hexdigest().startswith(IMPULSE_NOISE)
    assert Stream.keyed("a", "motion_blur", 3.0, 0).one() == MOTION


def test_a_patch_is_cut_out_of_the_middle(photos: list[torch.Tensor]) -> None:
    sheng = PRESETS["sheng2020"].variants
    batch = render_batch(photos, keys=["a", "b", "c"], preset="sheng2020")
    assert batch.shape == (3, 22, 3, 227, 227)
    large = resize_short(photos[0], 256)
    left = (large.shape[2] - 227) / 2
    patch = large[:, 14 : 14 + 227, round(left) : round(left) + 227]
    assert torch.equal(batch[0, 0], patch)
    half = batch[0, sheng.index(("sheng_mixup", "0.4"))].double()
    mixed = 0.6 * batch[0, 0].double() + 0.4 * batch[1, 0].double()
    assert (half - mixed).abs().max() <= 0.51


def test_mixing_without_another_photo_is_refused(photos: list[torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="Mix-up needs another photo"):
        render_batch(photos[:1], keys=["a"], preset="sheng2020")


def test_photos_and_keys_must_match(photos: list[torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="3 photos and 2 keys"):
        render_batch(photos, keys=["a", "b"])
    with pytest.raises(ValueError, match="0 photos and 0 keys"):
        render_batch([], keys=[])


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 5), (300, 8)])
def test_tiny_and_narrow_photos_render(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    photo = torch.randint(0, 256, (3, *shape), dtype=torch.uint8)
    family = render_family(photo, key="a", geometry=Geometry(32))
    assert family.shape == (174, 3, 32, 32)
    native = render_variants(photo, VARIANTS, sigma=3.0)
    assert sum(1 for _variant in native) == 174


def test_a_photo_that_is_all_length_is_refused() -> None:
    photo = torch.zeros(3, 2, 101, dtype=torch.uint8)
    with pytest.raises(GeometryError, match="it is 101 x 2, one side more than 50 times"):
        render_family(photo, key="a")


def test_a_large_side_of_a_scene_is_checked(photo: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="partner has shape"):
        base.Scene(photo, sigma=1.0, partner=photo[:, 1:])
