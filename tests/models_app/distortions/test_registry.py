import subprocess
import sys

import pytest
import torch

from models_app.distortions import registry
from models_app.distortions.registry import (
    DISTORTIONS,
    Entry,
    Level,
    UnknownDistortionError,
    distortion_get,
    level_get,
    load,
    select,
)
from models_app.distortions.render import render_variants

ENTRIES = pytest.mark.parametrize("entry", DISTORTIONS.values(), ids=lambda entry: entry.key)

# key: (levels below the default, levels above it)
CHAINS = {
    "brightness": (5, 5),
    "contrast": (5, 5),
    "saturation": (5, 5),
    "exposure": (5, 5),
    "shadows": (5, 3),
    "highlights": (3, 5),
    "temperature": (4, 5),
    "tint": (5, 5),
    "vibrance": (2, 4),
}


def test_it_holds_nine_distortions_with_81_levels() -> None:
    assert set(DISTORTIONS) == set(CHAINS)
    assert sum(len(entry.levels) for entry in DISTORTIONS.values()) == 81


@ENTRIES
def test_steps_count_away_from_the_default(entry: Entry) -> None:
    below, above = CHAINS[entry.key]
    assert [level.step for level in entry.levels] == [*range(-below, 0), *range(1, above + 1)]
    assert [level.value < entry.default for level in entry.levels] == [True] * below + [
        False
    ] * above


@ENTRIES
def test_an_entry_is_complete(entry: Entry) -> None:
    assert entry.label
    assert entry.aspect == "style"
    assert [level.value for level in entry.levels] == sorted({lv.value for lv in entry.levels})
    assert [float(level.key) for level in entry.levels] == [lv.value for lv in entry.levels]


@ENTRIES
def test_every_level_renders_and_leaves_the_photo_alone(entry: Entry, photo: torch.Tensor) -> None:
    before = photo.clone()
    variants = [(entry.key, level.key) for level in entry.levels]
    rendered = list(render_variants(photo, variants, sigma=100.0))
    assert [(key, level_key) for key, level_key, _picture in rendered] == variants
    for _key, _level, picture in rendered:
        assert picture.shape == photo.shape
        assert picture.dtype == torch.uint8
        assert picture.device == photo.device
    assert torch.equal(photo, before)


@ENTRIES
def test_only_an_identity_level_returns_the_photo(entry: Entry, photo: torch.Tensor) -> None:
    variants = [(entry.key, level.key) for level in entry.levels]
    for level, (_key, _level, picture) in zip(
        entry.levels, render_variants(photo, variants, sigma=100.0), strict=True
    ):
        assert torch.equal(picture, photo) == level.identity
        assert picture.data_ptr() != photo.data_ptr()


def test_the_only_identity_level_is_vibrance_0() -> None:
    identities = [(e.key, lv.key) for e in DISTORTIONS.values() for lv in e.levels if lv.identity]
    assert identities == [("vibrance", "0")]


@pytest.mark.parametrize("key", ["shadows", "highlights", "vibrance"])
def test_oddities_of_the_reference_are_noted(key: str) -> None:
    assert DISTORTIONS[key].note


@ENTRIES
def test_load_returns_an_op(entry: Entry) -> None:
    assert callable(load(entry.key).render)


def test_it_imports_neither_torch_nor_django() -> None:
    code = (
        "import sys, models_app.distortions.registry\n"
        "print([name for name in ('torch', 'django', 'numpy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rendering_imports_no_django() -> None:
    code = (
        "import sys, models_app.distortions.render\n"
        "from models_app.distortions.registry import DISTORTIONS, load\n"
        "[load(key) for key in DISTORTIONS]\n"
        "print([name for name in ('django', 'celery') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_key_registered_twice_is_refused() -> None:
    tint = DISTORTIONS["tint"]
    with pytest.raises(ValueError, match="'tint' is registered twice"):
        registry._registry(tint, tint)


@pytest.mark.parametrize("levels", ["0.2 0.20", "0.2 1.0"])
def test_levels_equal_to_each_other_or_to_the_default_are_refused(levels: str) -> None:
    with pytest.raises(ValueError, match=r"must differ from each other and from 1\.0"):
        registry._style("tint", "Tint", levels, 1.0)


def test_level_get_returns_a_level() -> None:
    assert level_get("vibrance", "0") == Level("0", 0.0, -2, identity=True)


def test_unknown_keys_are_answered_with_the_choices() -> None:
    with pytest.raises(UnknownDistortionError, match=r"'sepia'; choose from brightness, contrast"):
        distortion_get("sepia")
    with pytest.raises(UnknownDistortionError, match=r"'1' of contrast; choose from -1\.0, -0\.8"):
        level_get("contrast", "1")


def test_select_takes_keys_aspects_and_all() -> None:
    everything = tuple(DISTORTIONS.values())
    assert select("all") == select("style") == select("tint,style") == everything
    assert [entry.key for entry in select("tint, contrast")] == ["contrast", "tint"]


@pytest.mark.parametrize("wanted", ["", " , ", "sepia", "tint,sepia", "technical"])
def test_select_refuses_what_it_does_not_know(wanted: str) -> None:
    with pytest.raises(UnknownDistortionError, match="choose from all, style, brightness"):
        select(wanted)
