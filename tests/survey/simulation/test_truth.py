"""What is planted: functions of their subject, with the shares that they claim."""

from math import exp, sqrt

import numpy as np
import pytest

from survey.simulation.truth import Asked, Truth, logistic, normal, uniform


def truth_make(**changes: float) -> Truth:
    given = {"seed": 1, "lapse": 0.1, "side_bias": 0.4, "annotator_sd": 0.5, "photo_sd": 0.7}
    return Truth(utilities={"tint/0.9": 1.2, "tint/1.1": -0.3}, **{**given, **changes})


def asked_all(annotators: int, photos: int) -> list[Asked]:
    return [
        Asked(annotator, f"photo-{photo}.jpg", condition, (annotator + photo) % 2 == 0)
        for annotator in range(annotators)
        for photo in range(photos)
        for condition in ("tint/0.9", "tint/1.1")
    ]


def test_an_answer_is_a_function_of_what_is_asked():
    truth, again = truth_make(), truth_make()
    asked = asked_all(10, 10)
    answers = {one: truth.original_preferred(one) for one in asked}
    assert answers == {one: again.original_preferred(one) for one in reversed(asked)}
    assert set(answers.values()) == {True, False}
    other = truth_make(seed=2)
    assert answers != {one: other.original_preferred(one) for one in asked}


def test_draws_are_the_same_on_every_machine():
    # printf "1\x1fanswer\x1f3\x1fa.jpg\x1ftint/0.9" | b2sum -l 64, its first 53 bits
    assert uniform(1, "answer", 3, "a.jpg", "tint/0.9") == 0.665095558101261
    assert uniform(1, "answer", 3, "a.jpg", "tint/0.9") != uniform(1, "answer", 33, ".jpg")


def test_draws_are_uniform_and_normal():
    drawn = np.array([uniform(5, "x", n) for n in range(20_000)])
    # The largest gap between the empirical and the true distribution (Kolmogorov): 1e-6 is beyond.
    gap = np.abs(np.sort(drawn) - (np.arange(20_000) + 0.5) / 20_000).max()
    assert gap < 2.7 / sqrt(20_000)
    normals = np.array([normal(5, "x", n) for n in range(20_000)])
    assert abs(normals.mean()) < 5 / sqrt(20_000)
    assert abs(normals.std() - 1) < 5 / sqrt(2 * 20_000)


def test_answers_come_with_their_chance():
    truth = truth_make()
    asked = asked_all(100, 60)
    chances = np.array([truth.chance(one) for one in asked])
    answers = np.array([truth.original_preferred(one) for one in asked])
    spread = sqrt((chances * (1 - chances)).sum())
    assert abs((answers - chances).sum()) < 5 * spread
    # Not only on average: also among the likely ones.
    likely = chances > 0.7
    assert likely.sum() > 1000
    assert abs((answers - chances)[likely].sum()) < 5 * spread


def test_the_share_has_a_closed_form_without_spread():
    truth = truth_make(annotator_sd=0, photo_sd=0)
    left, right = 1 / (1 + exp(-1.6)), 1 / (1 + exp(-0.8))
    assert truth.share("tint/0.9") == pytest.approx(0.05 + 0.9 * (left + right) / 2)
    assert truth.share_left("tint/0.9") == pytest.approx(0.5 + 0.9 * (left - right) / 2)


def test_the_share_is_the_mean_over_people_and_photos():
    truth = truth_make()
    more = np.random.default_rng(3).normal(0, sqrt(0.5**2 + 0.7**2), 400_000)
    for name, utility in truth.utilities.items():
        slow = 0.05 + 0.9 * np.mean([1 / (1 + np.exp(-(utility + s + more))) for s in (0.4, -0.4)])
        assert truth.share(name) == pytest.approx(slow, abs=0.002)


def test_each_part_moves_the_chance_as_it_says():
    asked = Asked(0, "a.jpg", "tint/0.9", original_left=True)
    right = Asked(0, "a.jpg", "tint/0.9", original_left=False)
    assert truth_make(side_bias=0).chance(asked) == truth_make(side_bias=0).chance(right)
    assert truth_make().chance(asked) > truth_make().chance(right)
    assert truth_make(lapse=1).chance(asked) == 0.5
    plain = truth_make(lapse=0, side_bias=0, annotator_sd=0, photo_sd=0)
    assert plain.chance(asked) == logistic(1.2)


def test_the_logistic_function_takes_any_number():
    assert logistic(-1000) == 0
    assert logistic(1000) == 1
    assert logistic(0) == 0.5
