import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from models_app.distortions.registry import PRESETS, preset_get
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.pretext.chart import NO_CLASS, Chart, chart_build


def chart_of(**options: object) -> Chart:
    return chart_build(TrainConfig(**options))


@pytest.mark.parametrize("preset", ["pfister2021", "identity_zero"])
def test_the_whole_preset_has_174_variants_and_500_pairs_in_its_own_order(preset: str):
    chart = chart_of(preset=preset)
    assert chart.variants == preset_get(preset).variants
    assert (len(chart.variants), len(chart.distorted), len(chart.classes)) == (174, 171, 21)
    assert chart.pairs.shape == (500, 2)
    assert len(chart.chains) == 36
    assert chart.aspects == ("technical", "style", "composition")
    assert np.bincount(chart.class_aspect).tolist() == [6, 9, 6]


def test_pairs_are_those_of_the_chains_written_out():
    chart = chart_of()
    place = {variant: number for number, variant in enumerate(chart.variants)}
    written = []
    for entry in PRESETS["pfister2021"].distortions.values():
        for sign in (-1, 1):
            outwards = sorted(
                (level for level in entry.levels if level.step * sign > 0),
                key=lambda level: abs(level.step),
            )
            members = [(entry.reference, ""), *((entry.key, level.key) for level in outwards)]
            for less, more in combinations(members, 2):
                written.append((place[less], place[more], entry.key, entry.aspect, sign))
    assert chart.pairs.tolist() == [list(row[:2]) for row in written]
    assert [chart.distortions[d].key for d in chart.pair_distortion] == [r[2] for r in written]
    assert [chart.aspects[a] for a in chart.pair_aspect] == [r[3] for r in written]
    assert chart.pair_polarity.tolist() == [r[4] for r in written]
    assert [chart.chains[c].distortion for c in chart.pair_chain] == [r[2] for r in written]


def test_one_pair_is_the_same_picture_and_only_as_released():
    chart = chart_of()
    [pair] = chart.pairs[chart.pair_identical]
    assert [chart.variants[place] for place in pair] == [("original", ""), ("vibrance", "0")]
    assert not chart_of(preset="identity_zero").pair_identical.any()


def test_some_distortions_come_with_the_references_that_they_need():
    chart = chart_of(distortions="tint,rotate")
    whole = PRESETS["pfister2021"].variants
    assert chart.variants[:2] == (("original", ""), ("rotate_original", ""))
    assert [entry.key for entry in chart.distortions] == ["tint", "rotate"]
    assert list(chart.variants) == sorted(chart.variants, key=whole.index)
    assert len(chart.variants) == 22
    assert chart.aspects == ("style", "composition")
    only = chart_of(distortions="rotate")
    assert [variant for variant in only.variants if not variant[1]] == [("rotate_original", "")]


def test_every_variant_knows_its_distortion_class_and_aspect():
    chart = chart_of(distortions="composition,contrast,jpeg_compression")
    for place, (key, _level) in enumerate(chart.variants):
        numbers = [
            array[place]
            for array in (chart.variant_distortion, chart.variant_class, chart.variant_aspect)
        ]
        if place not in chart.distorted:
            assert numbers == [NO_CLASS] * 3
            assert key in preset_get("pfister2021").references
            continue
        assert chart.distortions[numbers[0]].key == key
        assert chart.classes[numbers[1]].key == key
        assert chart.aspects[numbers[2]] == chart.classes[numbers[1]].aspect


STEPS = {
    ("brightness", "-0.4"): -2 / 5,
    ("tint", "0.75"): -1.0,
    ("temperature", "6000"): -1 / 4,
    ("temperature", "18000"): 1.0,
    ("shadows", "80"): 2 / 3,
    ("vibrance", "20"): -1 / 2,
    ("vibrance", "0"): -1.0,
    ("pixelate", "3"): 3 / 5,
}
VALUES = {
    ("brightness", "-0.4"): -0.4,
    ("tint", "0.75"): -1.0,
    ("tint", "1.05"): 0.2,
    ("temperature", "6000"): -500 / 4500,
    ("temperature", "10000"): 3500 / 11500,
    ("shadows", "80"): 30 / 50,
    ("shadows", "-20"): -70 / 150,
    ("vibrance", "20"): -5 / 25,
}


@pytest.mark.parametrize(("kind", "known"), [("step", STEPS), ("value", VALUES)])
def test_targets_by_hand(kind, known):
    chart = chart_of()
    targets = chart.targets(kind, references=False)
    assert len(targets.values) == 171
    found = {
        chart.variants[view]: (chart.regressed[column].key, value)
        for view, column, value in zip(*targets, strict=True)
    }
    for variant, value in known.items():
        assert found[variant] == (variant[0], pytest.approx(value, abs=1e-6))
    assert np.abs(targets.values).max() == 1
    assert all(key == column for (key, _level), (column, _value) in found.items())


def test_references_regress_to_zero_once_a_distortion():
    chart = chart_of()
    targets = chart.targets("step", references=True)
    zeros = targets.values == 0
    assert (len(targets.values), int(zeros.sum())) == (192, 21)
    named = {
        chart.regressed[column].key: chart.variants[view][0]
        for view, column in zip(targets.views[zeros], targets.columns[zeros], strict=True)
    }
    assert named == {entry.key: entry.reference for entry in chart.distortions}


def test_levels_without_an_order_are_classified_and_neither_ranked_nor_regressed():
    keys = "sheng_jpeg,sheng_noise,sheng_rotation"
    chart = chart_of(preset="sheng2020", distortions=keys)
    assert [entry.key for entry in chart.classes][-1] == "sheng_rotation"
    assert [entry.key for entry in chart.regressed] == ["sheng_jpeg", "sheng_noise"]
    assert chart.targets("value", references=False).values.tolist() == pytest.approx(
        [-40 / 90, -1.0, 0.25, 1.0]
    )
    assert len(chart.pairs) == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "sheng2020"}, "sheng_mixup mixes two photos"),
        ({"preset": "sheng2020", "distortions": "sheng_rotation"}, "ranks levels"),
        (
            {"preset": "sheng2020", "distortions": "sheng_rotation", "task": "regression"},
            "needs levels that have an order",
        ),
        ({"distortions": "tint,rotate", "task": "classification"}, "each aspect has only one"),
    ],
)
def test_distortions_that_teach_nothing_are_refused(options, words: str):
    with pytest.raises(ConfigInvalid, match=words) as caught:
        chart_of(**options)
    assert caught.value.name == "distortions"


def test_a_chart_needs_no_torch():
    code = (
        "import sys; from models_app.training.config import TrainConfig; "
        "from models_app.training.pretext.chart import chart_build; "
        "chart_build(TrainConfig()).pairs; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
