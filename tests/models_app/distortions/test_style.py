"""The style ops against slow float64 versions of the formulas, and against plain facts."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models_app.distortions.ops.base import Band, Scene, quantise
from models_app.distortions.ops.blur import gaussian_matrix, gaussian_recursive
from models_app.distortions.ops.colour import cube_root
from models_app.distortions.registry import DISTORTIONS, distortion_get, load
from tests.models_app.distortions.conftest import RenderOne

M_IN = np.array(
    [
        [0.43604112, 0.38511334, 0.14304553],
        [0.22248445, 0.71690540, 0.06061015],
        [0.01392029, 0.09706775, 0.71391195],
    ]
)
WHITE = np.array([0.9642, 1.0, 0.8249])[:, None, None]
STYLE = [entry.key for entry in DISTORTIONS.values() if entry.aspect == "style"]
PHOTOS = arrays(np.uint8, (3, 4, 5))


def lab_of(photo: torch.Tensor) -> np.ndarray:
    v = photo.numpy().astype(np.float64) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    t = np.einsum("ij,jhw->ihw", M_IN, linear) / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def encoded_of(lab: np.ndarray) -> np.ndarray:
    fy = (lab[0] + 16) / 116
    f = np.stack([fy + lab[1] / 500, fy, fy - lab[2] / 200])
    t = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    linear = np.einsum("ij,jhw->ihw", np.linalg.inv(M_IN), t * WHITE).clip(0, 1)
    curve = 1.055 * linear ** (1 / 2.4) - 0.055
    encoded: np.ndarray = np.where(linear <= 0.0031308, 12.92 * linear, curve)
    return encoded


def recursion(signal: np.ndarray, sigma: float) -> np.ndarray:
    """The filter as it is defined: a forward and a backward pass, sample by sample."""
    alpha = 1.695 / sigma
    e, e2 = math.exp(-alpha), math.exp(-2 * alpha)
    k = (1 - e) ** 2 / (1 + 2 * alpha * e - e2)
    a0, a1, a2, a3 = k, k * (alpha - 1) * e, k * (alpha + 1) * e, -k * e2
    b1, b2 = -2 * e, e2
    cp, cn = (a0 + a1) / (1 + b1 + b2), (a2 + a3) / (1 + b1 + b2)
    out = np.zeros(len(signal))
    x1, y1, y2 = signal[0], cp * signal[0], cp * signal[0]
    for i, x0 in enumerate(signal):
        y0 = a0 * x0 + a1 * x1 - b1 * y1 - b2 * y2
        out[i] += y0
        x1, y1, y2 = x0, y0, y1
    x1 = x2 = signal[-1]
    y1 = y2 = cn * signal[-1]
    for i in reversed(range(len(signal))):
        y0 = a2 * x1 + a3 * x2 - b1 * y1 - b2 * y2
        out[i] += y0
        x1, x2, y1, y2 = signal[i], x1, y0, y1
    return out


def blur_of(lightness: np.ndarray, sigma: float) -> np.ndarray:
    down = np.apply_along_axis(recursion, 0, lightness, sigma)
    return np.apply_along_axis(recursion, 1, down, sigma)


def sign(x: float) -> float:
    return -1.0 if x < 0 else 1.0


def inverse(x: float) -> float:
    return sign(x) / max(abs(x), 1e-6)


def stage(
    lightness: float, inverted: float, amount: float, x: float, direction: float, w: float
) -> tuple[float, float]:
    """One pixel through one stage of shadhi: its lightness and the factor on its chroma."""
    rest, chroma = amount**2, 1.0
    while rest > 0:
        op = min(rest, 1.0) * x
        rest -= 1
        low = (inverted - 0.5) * direction * sign(1 - lightness) + 0.5
        over = (
            1 - (1 - 2 * (lightness - 0.5)) * (1 - low) if lightness > 0.5 else 2 * lightness * low
        )
        new = lightness * (1 - op) + over * op
        q = new * inverse(lightness) * w + (1 - new) * inverse(1 - lightness) * (1 - w)
        chroma *= 1 - op + q * op
        lightness = new
    return lightness, chroma


def toned(photo: torch.Tensor, shadows: float, highlights: float, sigma: float) -> np.ndarray:
    lab = lab_of(photo)
    inverted = 1 - blur_of(lab[0], sigma) / 100
    s, h = shadows / 50, highlights / 50
    for place, t in np.ndenumerate(inverted):
        x_h = min(max(1 - t / 0.5, 0), 1)
        x_s = min(max(t / 0.5 - 1, 0), 1)
        first, chroma_h = stage(lab[0][place] / 100, t, h, x_h, sign(-h), 0.5)
        second, chroma_s = stage(first, t, s, x_s, sign(s), 1.0 if s >= 0 else 0.0)
        lab[0][place] = 100 * second
        lab[1][place] *= chroma_h * chroma_s
        lab[2][place] *= chroma_h * chroma_s
    return encoded_of(lab)


def close(got: torch.Tensor, expected: np.ndarray) -> bool:
    """Equal once clipped; the approximate cube root may cost part of a level in dark colours."""
    levels = 255 * np.abs(got.clamp(0, 1).double().numpy() - expected.clip(0, 1))
    return bool(levels.mean() < 0.02 and levels.max() < 1)


@pytest.mark.parametrize("value", [-1.0, -0.6, 0.2, 1.0])
def test_contrast_follows_its_formula(
    value: float, photo: torch.Tensor, render_one: RenderOne
) -> None:
    lab = lab_of(photo)
    u, k = 2 * np.floor(lab[0] / 100 * 65536) / 65536 - 1, 20 * value**2
    curve = math.sqrt(1 + k) * u / np.sqrt(1 + k * u * u) if value > 0 else (1 + value) * u
    lab[0] = 50 * (1 + curve)
    got = quantise(render_one("contrast", photo, value)[0]).int().numpy()
    expected = np.floor(255 * encoded_of(lab) + 0.5)
    assert np.abs(got - expected).mean() < 0.01


@pytest.mark.parametrize("value", [-1.0, -0.2, 0.4, 1.0])
def test_brightness_follows_its_formula(
    value: float, photo: torch.Tensor, render_one: RenderOne
) -> None:
    lab = lab_of(photo)
    gamma = 1 / (1 + 2 * value) if value > 0 else 1 - 2 * value
    lab[0] = 100 * (np.floor(lab[0] / 100 * 65536) / 65536).clip(0) ** gamma
    got = quantise(render_one("brightness", photo, value)[0]).int().numpy()
    expected = np.floor(255 * encoded_of(lab) + 0.5)
    assert np.abs(got - expected).mean() < 0.01


@pytest.mark.parametrize("value", [-100.0, -50.0, 20.0, 100.0])
def test_vibrance_follows_its_formula(
    value: float, photo: torch.Tensor, render_one: RenderOne
) -> None:
    lab = lab_of(photo)
    weight = np.hypot(lab[1], lab[2]) / 256 * value / 100
    expected = encoded_of(lab * np.stack([1 - weight / 4, 1 + weight, 1 + weight]))
    assert close(render_one("vibrance", photo, value)[0], expected)


@pytest.mark.parametrize(
    ("key", "index"), [("shadows", 0), ("highlights", 1)], ids=["shadows", "highlights"]
)
def test_shadows_and_highlights_follow_the_pixel_loop(
    key: str, index: int, photo: torch.Tensor, render_one: RenderOne
) -> None:
    # Dark above, bright below, and a blur that keeps them apart, so that both stages act.
    part = torch.cat([photo[:, 20:32, :16] // 2, 255 - photo[:, 20:32, :16] // 3], dim=1)
    values = [level.value for level in DISTORTIONS[key].levels]
    for value, got in zip(values, render_one(key, part, *values, sigma=4.0), strict=True):
        shadows, highlights = ((value, 100.0), (50.0, value))[index]
        assert close(got, toned(part, shadows, highlights, 4.0)), value


@pytest.mark.parametrize("key", ["shadows", "highlights"])
def test_with_the_other_at_zero_there_is_one_parameter(key: str, photo: torch.Tensor) -> None:
    entry = distortion_get(key, preset="identity_zero")
    part = torch.cat([photo[:, 20:26, :12] // 2, 255 - photo[:, 20:26, :12] // 3], dim=1)
    band = Band(Scene(part, sigma=4.0), slice(0, 12))
    for level in (-60.0, 60.0):
        shadows, highlights = (level, 0.0) if key == "shadows" else (0.0, level)
        [got] = load(entry).encoded(band, [level])
        assert close(got, toned(part, shadows, highlights, 4.0)), level
    assert torch.equal(load(entry).render(band.scene, [0.0])[0], part)


@pytest.mark.parametrize("sigma", [0.8, 5.0, 100.0])
@pytest.mark.parametrize("n", [1, 2, 37])
def test_the_blur_matrix_is_the_recursion(n: int, sigma: float) -> None:
    signal = np.random.default_rng(n).uniform(0, 100, n)
    matrix = gaussian_matrix(n, sigma, torch.device("cpu")).numpy()
    np.testing.assert_allclose(matrix @ signal, recursion(signal, sigma), rtol=1e-9)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=1e-9)


def test_the_blur_runs_down_and_along() -> None:
    plane = torch.rand(7, 11, generator=torch.Generator().manual_seed(1)) * 100
    np.testing.assert_allclose(
        gaussian_recursive(plane, 3.0).numpy(), blur_of(plane.double().numpy(), 3.0), rtol=1e-6
    )


@pytest.mark.parametrize("key", ["exposure", "temperature", "tint"])
def test_gains_multiply_encoded_values(
    key: str, photo: torch.Tensor, render_one: RenderOne
) -> None:
    gains = {
        "exposure": (1.2, [2**1.2] * 3),
        "temperature": (5000.0, [0.829422, 1, 1.352282]),
        "tint": (1.25, [0.477960, 1, 0.600348]),
    }
    value, factors = gains[key]
    expected = photo.double().numpy() / 255 * np.array(factors)[:, None, None]
    assert close(render_one(key, photo, value)[0], expected)


@pytest.mark.parametrize("key", ["temperature", "tint"])
def test_a_level_without_multipliers_is_refused(
    key: str, photo: torch.Tensor, render_one: RenderOne
) -> None:
    with pytest.raises(ValueError, match=r"for level 4; choose from (2000|0\.75), "):
        render_one(key, photo, 4.0)


def test_the_cube_root_errs_as_the_original_does() -> None:
    x = torch.tensor([0.01, 0.5, 1.0, 2460.0])
    error = (cube_root(x).double() / x.double().pow(1 / 3) - 1).abs()
    assert float(error.max()) < 3e-5
    assert float(error.max()) > 1e-7


def test_saturation_minus_1_leaves_only_grey(photo: torch.Tensor, render_one: RenderOne) -> None:
    red, green, blue = quantise(render_one("saturation", photo, -1.0)[0]).int()
    assert int((red - green).abs().max()) <= 1
    assert int((blue - green).abs().max()) <= 1


def test_vibrance_0_changes_nothing_by_its_formula_either(
    photo: torch.Tensor, render_one: RenderOne
) -> None:
    assert torch.equal(quantise(render_one("vibrance", photo, 0.0)[0]), photo)


@settings(deadline=None, max_examples=25)
@given(PHOTOS, st.sampled_from(STYLE))
def test_every_photo_gives_finite_values(pixels: np.ndarray, key: str) -> None:
    photo = torch.from_numpy(pixels)
    band = Band(Scene(photo, sigma=2.0), slice(0, 4))
    values = [level.value for level in DISTORTIONS[key].levels]
    assert load(DISTORTIONS[key]).encoded(band, values).isfinite().all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 255), st.sampled_from(["contrast", "brightness", "saturation", "vibrance"]))
def test_grey_stays_grey(level: int, key: str) -> None:
    photo = torch.full((3, 2, 2), level, dtype=torch.uint8)
    band = Band(Scene(photo, sigma=2.0), slice(0, 2))
    for picture in quantise(
        load(DISTORTIONS[key]).encoded(band, [lv.value for lv in DISTORTIONS[key].levels])
    ):
        assert int(picture.max()) - int(picture.min()) <= 1


@pytest.mark.parametrize("key", ["exposure", "brightness"])
def test_more_is_never_darker(key: str) -> None:
    # Greys: in saturated colours the approximate cube root lifts channels that should be empty.
    photo = torch.arange(256, dtype=torch.uint8).repeat(3, 1, 1)
    band = Band(Scene(photo, sigma=2.0), slice(0, 1))
    values = [level.value for level in DISTORTIONS[key].levels]
    pictures = quantise(load(DISTORTIONS[key]).encoded(band, values)).int()
    assert (pictures.diff(dim=0) >= 0).all()
    assert (pictures.diff(dim=-1) >= 0).all()


def test_quantise_rounds_half_up_and_clips() -> None:
    encoded = torch.tensor([-3.0, -0.001, 0.0, 0.49 / 255, 0.51 / 255, 1.0, 7.0])
    assert quantise(encoded).tolist() == [0, 0, 0, 0, 1, 255, 255]
