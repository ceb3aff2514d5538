import subprocess
import sys
from collections import Counter

import pytest
import torch

from models_app.distortions.catalogue import Entry, Level, Preset, entries_collect, levels_make
from models_app.distortions.engine import render_variants
from models_app.distortions.registry import (
    DISTORTIONS,
    PRESETS,
    UnknownDistortionError,
    distortion_get,
    level_get,
    load,
    preset_get,
    select,
)

ENTRIES = pytest.mark.parametrize("entry", DISTORTIONS.values(), ids=lambda entry: entry.key)

# key: (levels below the default, levels above it)
CHAINS = {
    "jpeg_compression": (0, 5),
    "defocus_blur": (0, 5),
    "motion_blur": (0, 5),
    "pixelate": (0, 5),
    "gaussian_noise": (0, 5),
    "impulse_noise": (0, 5),
    "brightness": (5, 5),
    "contrast": (5, 5),
    "saturation": (5, 5),
    "exposure": (5, 5),
    "shadows": (5, 3),
    "highlights": (3, 5),
    "temperature": (4, 5),
    "tint": (5, 5),
    "vibrance": (2, 4),
    "rotate": (5, 5),
    "hcrop": (5, 5),
    "vcrop": (5, 5),
    "leftcornerscrop": (5, 5),
    "rightcornerscrop": (5, 5),
    "ratio": (5, 5),
}
REFERENCES = {"rotate": "rotate_original"} | dict.fromkeys(
    ["hcrop", "vcrop", "leftcornerscrop", "rightcornerscrop"], "crop_original"
)
IDENTITY_ZERO = {
    "shadows": "-100 -80 -60 -40 -20 20 60 100",
    "highlights": "-100 -60 -20 20 40 60 80 100",
    "vibrance": "-100 -50 25 50 75 100",
}
SHENG = {
    "sheng_jpeg": "10 60",
    "sheng_noise": "0.2 0.8",
    "sheng_rotation": "90 180 270",
    "sheng_downsampling": "4 6",
    "sheng_quantisation": "8 64",
    "sheng_pixelation": "4 8",
    "sheng_exposure": "0.5 3.0",
    "sheng_blur": "0.2 0.8",
    "sheng_shuffle": "0.1 0.5",
    "sheng_mixup": "0.1 0.4",
}


def spelled(entry: Entry) -> str:
    return " ".join(level.key for level in entry.levels)


@pytest.mark.parametrize("preset", ["pfister2021", "identity_zero"])
def test_a_photo_has_171_variants_3_references_36_chains_and_500_pairs(preset: str) -> None:
    found = preset_get(preset)
    assert list(found.distortions) == list(CHAINS)
    levels = {
        aspect: sum(len(e.levels) for e in found.distortions.values() if e.aspect == aspect)
        for aspect in ("technical", "style", "composition")
    }
    assert levels == {"technical": 30, "style": 81, "composition": 60}
    assert found.references == ("original", "rotate_original", "crop_original")
    assert len(found.variants) == len(set(found.variants)) == 174
    assert len(found.chains) == 36
    pairs = Counter(
        found.distortions[chain.distortion].aspect
        for chain in found.chains
        for _pair in chain.pairs()
    )
    assert pairs == {"style": 230, "technical": 90, "composition": 180}


def test_every_member_of_a_chain_is_a_variant() -> None:
    for preset in PRESETS.values():
        for chain in preset.chains:
            assert set(chain.variants) <= set(preset.variants)
            steps = [level.step * chain.polarity for level in chain.levels]
            assert steps == list(range(1, len(steps) + 1))


def test_a_chain_starts_at_its_reference_and_pairs_run_outwards() -> None:
    below, above = DISTORTIONS["tint"].chains
    assert [key for _tint, key in below.variants] == ["", "0.95", "0.9", "0.85", "0.8", "0.75"]
    assert below.polarity == -1
    assert above.polarity == 1
    assert above.variants[0] == ("original", "")
    assert next(above.pairs()) == (("original", ""), ("tint", "1.05"))
    assert (("tint", "1.1"), ("tint", "1.2")) in set(above.pairs())
    assert (("tint", "1.2"), ("tint", "1.1")) not in set(above.pairs())


@ENTRIES
def test_steps_count_away_from_the_default(entry: Entry) -> None:
    below, above = CHAINS[entry.key]
    assert [level.step for level in entry.levels] == [*range(-below, 0), *range(1, above + 1)]
    assert [level.value < entry.default for level in entry.levels] == [True] * below + [
        False
    ] * above
    assert entry.polarity == ("both" if below else "above")
    assert entry.reference == REFERENCES.get(entry.key, "original")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.key)
def test_an_entry_is_complete(preset: Preset) -> None:
    assert preset.label
    for entry in preset.distortions.values():
        assert entry.label
        assert entry.source
        assert [level.value for level in entry.levels] == sorted({lv.value for lv in entry.levels})
        assert [float(level.key) for level in entry.levels] == [lv.value for lv in entry.levels]
        assert callable(load(entry).render)


def test_identity_zero_differs_in_three_distortions() -> None:
    zero = PRESETS["identity_zero"].distortions
    different = {key: spelled(entry) for key, entry in zero.items() if entry != DISTORTIONS[key]}
    assert different == IDENTITY_ZERO
    assert {key: zero[key].default for key in different} == dict.fromkeys(different, 0.0)
    assert not any(level.identity for entry in zero.values() for level in entry.levels)


def test_sheng_has_ten_operations_with_21_parameters() -> None:
    sheng = PRESETS["sheng2020"]
    assert {key: spelled(entry) for key, entry in sheng.distortions.items()} == SHENG
    # 21 and the unchanged patch, which is their class "None".
    assert len(sheng.variants) == 22
    assert {entry.key for entry in sheng.distortions.values() if not entry.ordered} == {
        "sheng_rotation",
        "sheng_exposure",
    }
    assert [len(chain.levels) for chain in sheng.chains] == [2] * 8


def test_the_weaker_of_shengs_parameters_comes_first() -> None:
    first = {chain.distortion: chain.levels[0].key for chain in PRESETS["sheng2020"].chains}
    assert first == {
        "sheng_jpeg": "60",
        "sheng_noise": "0.2",
        "sheng_downsampling": "4",
        "sheng_quantisation": "64",
        "sheng_pixelation": "4",
        "sheng_blur": "0.2",
        "sheng_shuffle": "0.1",
        "sheng_mixup": "0.1",
    }


@ENTRIES
def test_every_level_renders_and_leaves_the_photo_alone(entry: Entry, photo: torch.Tensor) -> None:
    before = photo.clone()
    variants = [(entry.reference, ""), *((entry.key, level.key) for level in entry.levels)]
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


def test_it_imports_neither_torch_nor_django() -> None:
    code = (
        "import sys, models_app.distortions.registry, models_app.distortions.parity\n"
        "print([name for name in ('torch', 'django', 'numpy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rendering_imports_no_django() -> None:
    code = (
        "import sys, models_app.distortions.render\n"
        "from models_app.distortions.registry import PRESETS, load\n"
        "[load(e) for preset in PRESETS.values() for e in preset.distortions.values()]\n"
        "print([name for name in ('django', 'celery') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_key_registered_twice_is_refused() -> None:
    tint = DISTORTIONS["tint"]
    with pytest.raises(ValueError, match="'tint' is registered twice"):
        entries_collect([tint, tint])


@pytest.mark.parametrize("levels", ["0.2 0.20", "0.2 1.0"])
def test_levels_equal_to_each_other_or_to_the_default_are_refused(levels: str) -> None:
    with pytest.raises(ValueError, match=r"must differ from each other and from 1\.0"):
        levels_make(levels, 1.0)


def test_level_get_returns_a_level() -> None:
    assert level_get("vibrance", "0") == Level("0", 0.0, -2, identity=True)


def test_unknown_keys_are_answered_with_the_choices() -> None:
    with pytest.raises(UnknownDistortionError, match=r"'sepia'; choose from jpeg_compression, "):
        distortion_get("sepia")
    with pytest.raises(UnknownDistortionError, match="'pfister'; choose from pfister2021, ident"):
        preset_get("pfister")
    with pytest.raises(UnknownDistortionError, match=r"'1' of contrast; choose from -1\.0, -0\.8"):
        level_get("contrast", "1")


def test_select_takes_keys_aspects_and_all() -> None:
    everything = tuple(DISTORTIONS.values())
    assert select("all") == everything
    assert select("style,composition, technical") == everything
    assert len(select("technical")) == len(select("composition")) == 6
    assert select("tint,style") == select("style")
    assert len(select("all", preset="sheng2020")) == 10
    assert [entry.key for entry in select("tint, contrast")] == ["contrast", "tint"]


@pytest.mark.parametrize("wanted", ["", " , ", "sepia", "tint,sepia", "semantics"])
def test_select_refuses_what_it_does_not_know(wanted: str) -> None:
    with pytest.raises(
        UnknownDistortionError, match="choose from all, technical, style, composition, jpeg"
    ):
        select(wanted)
