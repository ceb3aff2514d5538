"""Sheng et al. 2020: ten pretext operations with 21 parameters."""

from models_app.distortions.catalogue import (
    OPS,
    Aspect,
    Entry,
    entries_collect,
    gettext_noop,
    levels_make,
)

_ = gettext_noop


def _sheng(
    key: str,
    label: str,
    aspect: Aspect,
    levels: str,
    default: float | None,
    note: str = "",
    ordered: bool = True,
    identity: str | None = None,
    mixes: bool = False,
) -> Entry:
    path = f"{OPS}.sheng.{key.removeprefix('sheng_')}.{key.removeprefix('sheng_').title()}"
    source = "Sheng et al. 2020, pretext operations"
    made = levels_make(levels, default, identity)
    return Entry(
        key, label, aspect, made, path, source, default, ordered=ordered, mixes=mixes, note=note
    )


_BLUR_NOTE = _("At 0.2 pixels the blur changes nothing that 8 bits can show.")

SHENG2020 = entries_collect(
    [
        _sheng("sheng_jpeg", _("JPEG quality"), "technical", "10 60", 100.0),
        _sheng("sheng_noise", _("Gaussian noise variance"), "technical", "0.2 0.8", 0.0),
        _sheng(
            "sheng_rotation",
            _("Rotation by a quarter turn"),
            "composition",
            "90 180 270",
            0.0,
            ordered=False,
        ),
        _sheng("sheng_downsampling", _("Downsampling"), "technical", "4 6", 1.0),
        _sheng("sheng_quantisation", _("Levels a channel"), "technical", "8 64", 256.0),
        _sheng("sheng_pixelation", _("Pixelation"), "technical", "4 8", 1.0),
        _sheng("sheng_exposure", _("Exposure"), "style", "0.5 3.0", 1.0, ordered=False),
        _sheng(
            "sheng_blur",
            _("Gaussian blur"),
            "technical",
            "0.2 0.8",
            0.0,
            _BLUR_NOTE,
            identity="0.2",
        ),
        _sheng("sheng_shuffle", _("Patch shuffle"), "technical", "0.1 0.5", 0.0),
        _sheng(
            "sheng_mixup", _("Mix-up with another photo"), "composition", "0.1 0.4", 0.0, mixes=True
        ),
    ]
)
