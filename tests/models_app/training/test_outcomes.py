"""Which outcomes count, against plain double loops."""

import numpy as np

from models_app.training.evaluate import classes_right, outcomes_of
from tests.models_app.training.evaluating import case


def test_outcomes_equal_a_plain_double_loop():
    chart = case("ranking").pretext.chart
    # One decimal, so that there are ties.
    scores = np.random.default_rng(2).random((3, len(chart.variants), 1)).round(1)
    found = outcomes_of(scores.astype(np.float32), chart)
    for photo in range(3):
        of = dict(zip(chart.variants, scores[photo, :, 0].tolist(), strict=True))
        plain = [
            (of[less] > of[more]) - (of[less] < of[more])
            for entry in chart.distortions
            for chain in entry.chains
            for less, more in chain.pairs()
        ]
        assert found[photo].tolist() == plain
    assert {-1, 0, 1} == set(found.ravel())


def test_of_three_scores_the_pairs_aspect_decides():
    chart = case("ranking").pretext.chart
    scores = np.random.default_rng(3).random((2, len(chart.variants), 3)).astype(np.float32)
    found = outcomes_of(scores, chart)
    for column, aspect in enumerate(chart.aspects):
        own = [chart.distortions[n].aspect == aspect for n in chart.pair_distortion]
        alone = outcomes_of(scores[:, :, [column]], chart)
        assert (found[:, own] == alone[:, own]).all()


def test_classes_compete_within_their_aspect_only():
    chart = case("classification").pretext.chart
    logits = np.random.default_rng(4).normal(size=(2, len(chart.variants), len(chart.classes)))
    found = classes_right(logits, chart)
    for photo in range(2):
        for picture, place in enumerate(chart.distorted):
            key = chart.variants[place][0]
            aspect = next(entry.aspect for entry in chart.distortions if entry.key == key)
            rivals = [n for n, entry in enumerate(chart.classes) if entry.aspect == aspect]
            named = max(rivals, key=lambda n: logits[photo, place, n])
            assert found[photo, picture] == (chart.classes[named].key == key)
