"""Pfister et al. 2021: 21 distortions, 171 levels."""

from types import MappingProxyType
from typing import Any

from models_app.distortions.catalogue import OPS, Entry, entries_collect, gettext_noop, levels_make

_ = gettext_noop


def _technical(key: str, label: str, path: str) -> Entry:
    source = "Hendrycks & Dietterich 2019 (ImageNet-C), severities 1 to 5"
    return Entry(key, label, "technical", levels_make("1 2 3 4 5"), f"{OPS}.{path}", source)


def _style(
    key: str,
    label: str,
    levels: str,
    module: str,
    default: float = 0.0,
    identity: str | None = None,
    **more: Any,
) -> Entry:
    path = f"{OPS}.{key}.{key.title()}"
    source = f"Pfister et al. 2021, edit files; darktable 4.2.1, module {module}"
    made = levels_make(levels, default, identity)
    return Entry(key, label, "style", made, path, source, default, **more)


def _composition(
    key: str, label: str, path: str, reference: str, levels: str = "", **more: Any
) -> Entry:
    source = "Pfister et al. 2021, data set code; Pillow"
    made = levels_make(levels or "-5 -4 -3 -2 -1 1 2 3 4 5")
    path = f"{OPS}.{path}"
    return Entry(key, label, "composition", made, path, source, reference=reference, **more)


_TENTHS = "-1.0 -0.8 -0.6 -0.4 -0.2 0.2 0.4 0.6 0.8 1.0"
_STOPS = "-3.0 -2.4 -1.8 -1.2 -0.6 0.6 1.2 1.8 2.4 3.0"
_KELVIN = "2000 3000 5000 6000 7000 8000 10000 14000 18000"
_TINTS = "0.75 0.8 0.85 0.9 0.95 1.05 1.1 1.15 1.2 1.25"

_SHADOWS_NOTE = _(
    "Two edits at once: every level also sets highlights to +100, as in the reference's edit "
    "files, so the original is not a point of this scale."
)
_HIGHLIGHTS_NOTE = _(
    "Two edits at once: every level also sets shadows to +50, as in the reference's edit files, "
    "so the original is not a point of this scale."
)
_VIBRANCE_NOTE = _(
    "Level 0 is the original itself, and level 20 is more vivid than it, although the "
    "reference counts both as below the default of 25."
)

PFISTER2021 = entries_collect(
    [
        _technical("jpeg_compression", _("JPEG compression"), "jpeg.JpegCompression"),
        _technical("defocus_blur", _("Defocus blur"), "defocus.DefocusBlur"),
        _technical("motion_blur", _("Motion blur"), "motion.MotionBlur"),
        _technical("pixelate", _("Pixelation"), "pixelate.Pixelate"),
        _technical("gaussian_noise", _("Gaussian noise"), "noise.GaussianNoise"),
        _technical("impulse_noise", _("Impulse noise"), "noise.ImpulseNoise"),
        _style("brightness", _("Brightness"), _TENTHS, "colisa 1"),
        _style("contrast", _("Contrast"), _TENTHS, "colisa 1"),
        _style("saturation", _("Saturation"), _TENTHS, "colisa 1"),
        _style("exposure", _("Exposure"), _STOPS, "exposure 5"),
        _style(
            "shadows",
            _("Shadows"),
            "-100 -60 -20 20 40 60 80 100",
            "shadhi 5",
            50.0,
            options=MappingProxyType({"highlights": 100.0}),
            note=_SHADOWS_NOTE,
        ),
        _style(
            "highlights",
            _("Highlights"),
            "-100 -80 -60 -40 -20 20 60 100",
            "shadhi 5",
            -50.0,
            options=MappingProxyType({"shadows": 50.0}),
            note=_HIGHLIGHTS_NOTE,
        ),
        _style("temperature", _("Colour temperature"), _KELVIN, "temperature 3", 6500.0),
        _style("tint", _("Tint"), _TINTS, "temperature 3", 1.0),
        _style(
            "vibrance",
            _("Vibrance"),
            "0 20 40 60 80 100",
            "vibrance 2",
            25.0,
            identity="0",
            note=_VIBRANCE_NOTE,
        ),
        _composition(
            "rotate",
            _("Rotation"),
            "rotate.Rotate",
            "rotate_original",
            "-10 -8 -6 -4 -2 2 4 6 8 10",
        ),
        _composition("hcrop", _("Horizontal crop"), "crop.HorizontalCrop", "crop_original"),
        _composition("vcrop", _("Vertical crop"), "crop.VerticalCrop", "crop_original"),
        _composition(
            "leftcornerscrop", _("Left diagonal crop"), "crop.LeftDiagonalCrop", "crop_original"
        ),
        _composition(
            "rightcornerscrop", _("Right diagonal crop"), "crop.RightDiagonalCrop", "crop_original"
        ),
        _composition("ratio", _("Image ratio"), "ratio.Ratio", "original"),
    ]
)

_ONE_AT_A_TIME = [
    _style(
        "shadows",
        _("Shadows"),
        "-100 -80 -60 -40 -20 20 60 100",
        "shadhi 5",
        options=MappingProxyType({"highlights": 0.0}),
    ),
    _style(
        "highlights",
        _("Highlights"),
        "-100 -60 -20 20 40 60 80 100",
        "shadhi 5",
        options=MappingProxyType({"shadows": 0.0}),
    ),
    _style("vibrance", _("Vibrance"), "-100 -50 25 50 75 100", "vibrance 2"),
]

IDENTITY_ZERO = MappingProxyType({**PFISTER2021, **entries_collect(_ONE_AT_A_TIME)})
"""The same with one parameter a distortion, so that zero changes nothing."""
