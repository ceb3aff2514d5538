"""Planted rules are found and named; without one, alarms are as rare as promised."""

import string

import numpy as np
import pytest

from analysis.telltale import (
    LEAST_PAIRS,
    Sides,
    Whole,
    differs,
    feature_tells,
    halves_draw,
    joint,
)
from analysis.telltale_rules import rules_of_sides

PAIRS = 80
CHARACTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def left(rng: np.random.Generator) -> list[bool]:
    """Whether the left one is meant, drawn by a fair coin."""
    return list(rng.random(PAIRS) < 0.5)


@pytest.fixture
def learned(rng: np.random.Generator):
    return halves_draw(PAIRS, rng)


def sides(left, meant, other) -> Sides:
    """Values of the one meant and of the other, put on their sides."""
    pairs = [
        (m, o) if is_left else (o, m) for is_left, m, o in zip(left, meant, other, strict=True)
    ]
    return Sides([a for a, _b in pairs], [b for _a, b in pairs])


def word(rng: np.random.Generator, length: int = 24) -> str:
    return "".join(CHARACTERS[at] for at in rng.integers(0, len(CHARACTERS), length))


def words(rng: np.random.Generator, n: int = PAIRS, length: int = 24) -> list[str]:
    return [word(rng, length) for _n in range(n)]


def planted(rng: np.random.Generator):
    """Feature of the one meant, of the other, and the kinds of rule that may be named."""
    noise = rng.normal(size=(2, PAIRS))
    photos = rng.integers(1000, 9000, PAIRS)
    plain = words(rng)
    yield photos + 1, photos, {"greater"}
    yield photos - rng.integers(1, 9, PAIRS), photos, {"greater"}
    # Only a large difference tells; small ones are noise.
    large = rng.random(PAIRS) < 0.5
    yield noise[0] + np.where(large, 50, 0), noise[1], {"by", "greater"}
    yield ["a"] * PAIRS, ["b"] * PAIRS, {"is"}
    yield [f"b{w}" for w in plain], [f"a{w}" for w in words(rng)], {"later"}
    yield [1.0] * PAIRS, [None] * PAIRS, {"present"}
    yield ["x" + w for w in plain], words(rng), {"longer"}
    yield ["Q9" + w[2:] for w in plain], words(rng), {"starts", "contains"}
    yield [w[:-3] + ".j0" for w in plain], words(rng), {"ends", "contains"}
    yield [w[:9] + "=" + w[10:] for w in plain], words(rng), {"contains"}
    # No order and no common part: seen values come again.
    pool, rest = words(rng, 5), words(rng, 5)
    draws = rng.integers(0, 5, (2, PAIRS))
    yield [pool[d] for d in draws[0]], [rest[d] for d in draws[1]], {"table", "contains"}


@pytest.mark.parametrize("case", range(11))
def test_a_planted_difference_is_named(case: int, left, learned):
    meant, other, kinds = list(planted(np.random.default_rng(5)))[case]
    meant, other = (
        [value.item() if isinstance(value, np.generic) else value for value in column]
        for column in (meant, other)
    )
    found = feature_tells(sides(left, meant, other), left, learned)
    assert found.kind in kinds
    assert found.p < 1e-4
    assert found.named > 0.9 * found.decided >= 0.4 * found.tried
    assert found.share is not None
    assert found.share.low > 0.5


def test_a_rule_points_the_other_way_where_that_is_right(left, learned):
    found = feature_tells(sides(left, [1] * PAIRS, [2] * PAIRS), left, learned)
    assert (found.kind, found.reverse, found.named) == ("greater", True, found.tried)


@pytest.mark.parametrize("values", [("x", "y"), (3, 8), (True, False)])
def test_a_feature_of_the_pair_tells_the_side(values, left, learned):
    whole = Whole([values[0] if is_left else values[1] for is_left in left])
    found = feature_tells(whole, left, learned)
    assert found.named == found.decided == found.tried


def test_a_part_of_a_pairs_text_tells_the_side(left, learned, rng):
    whole = Whole([f"{'L' if is_left else 'r'}{word(rng)}" for is_left in left])
    found = feature_tells(whole, left, learned)
    assert (found.kind, found.mark, found.named) == ("starts", "L", found.tried)


def test_a_number_of_the_pair_tells_the_side(left, learned, rng):
    whole = Whole([float(rng.uniform(0, 1) + is_left) for is_left in left])
    found = feature_tells(whole, left, learned)
    assert found.kind == "above"
    assert found.named > 0.8 * found.tried


def test_what_never_differs_tells_nothing(left, learned):
    for feature in (
        Sides(["a"] * PAIRS, ["a"] * PAIRS),
        # Another value in each pair, the same on both sides.
        Sides(range(PAIRS), range(PAIRS)),
        Whole([7] * PAIRS),
    ):
        found = feature_tells(feature, left, learned)
        assert not differs(feature)
        assert (found.differs, found.decided, found.p, found.share) == (False, 0, 1.0, None)


def test_undecided_pairs_are_left_out(left, learned):
    """Half of the pairs have equal values: the rule is right wherever it decides."""
    meant = [1 + place % 2 for place in range(PAIRS)]
    found = feature_tells(sides(left, meant, [1] * PAIRS), left, learned)
    wanted = sum(place % 2 for place in np.flatnonzero(~learned))
    assert (found.named, found.decided, found.tried) == (wanted, wanted, PAIRS // 2)


def test_a_table_that_only_memorises_is_not_chosen(left, learned, rng):
    """Every value is new: learned by heart it is right on its half and says nothing else."""
    feature = Sides(words(rng), words(rng))
    assert feature_tells(feature, left, learned).kind != "table"


def test_a_table_is_learned_where_no_order_tells(left, learned, rng):
    meant, other = (
        rng.choice([1, 4, 5, 8], PAIRS).tolist(),
        rng.choice([2, 3, 6, 7], PAIRS).tolist(),
    )
    found = feature_tells(sides(left, meant, other), left, learned)
    assert (found.kind, found.named, found.decided) == ("table", found.tried, found.tried)


def test_values_alone_make_the_rules(rng):
    """But for the table, turning all answers round leaves the rules what they were."""
    a, b = words(rng), words(rng)
    truth = np.where(rng.random(PAIRS) < 0.5, 1, -1)
    learned = halves_draw(PAIRS, rng)
    one = [c for c in rules_of_sides(a, b, truth, learned) if c.honest is None]
    two = [c for c in rules_of_sides(a, b, -truth, learned) if c.honest is None]
    assert [(c.kind, c.mark) for c in one] == [(c.kind, c.mark) for c in two]
    assert all((c.says == d.says).all() for c, d in zip(one, two, strict=True))
    assert len(one) > 100


@pytest.mark.parametrize("draw", ["tokens", "numbers", "few values", "pair", "both"])
def test_false_alarms_are_as_rare_as_promised(draw: str):
    """Without a leak p is at most 0.1 in at most a tenth of audits, however many the rules."""
    rng = np.random.default_rng(3)
    runs, pairs = 250, 40
    alarms = 0
    for _run in range(runs):
        left = rng.random(pairs) < 0.5
        feature = {
            "tokens": lambda: Sides(words(rng, pairs, 8), words(rng, pairs, 8)),
            "numbers": lambda: Sides(*rng.normal(size=(2, pairs)).tolist()),
            "few values": lambda: Sides(*rng.integers(0, 6, (2, pairs)).tolist()),
            "pair": lambda: Whole(rng.integers(0, 6, pairs).tolist()),
            "both": lambda: joint(Sides(words(rng, pairs, 8), words(rng, pairs, 8))),
        }[draw]()
        alarms += feature_tells(feature, left, halves_draw(pairs, rng)).p <= 0.1
    # Five standard errors above a tenth.
    assert alarms / runs <= 0.1 + 5 * (0.1 * 0.9 / runs) ** 0.5


def test_halves_are_halves(rng):
    assert halves_draw(81, rng).sum() == 40
    with pytest.raises(ValueError, match=f"at least {LEAST_PAIRS}"):
        halves_draw(LEAST_PAIRS - 1, rng)


def test_shapes_must_agree(left, learned):
    with pytest.raises(ValueError, match="must agree"):
        feature_tells(Whole([1, 2]), left, learned)


def test_inputs_stay_as_they_are(left, learned, rng):
    feature = Sides(words(rng), words(rng))
    before = (list(feature.left), list(feature.right), list(left), learned.copy())
    feature_tells(feature, left, learned)
    assert (feature.left, feature.right, left) == before[:3]
    assert (learned == before[3]).all()


def test_what_two_have_together():
    equal = Sides(["a", 3, None, 1.5], ["a", 3, None, 1.5])
    assert joint(equal).values == ["a", 3, None, 1.5]
    numbers = Sides([1, 2.5], [4, 2.0])
    assert joint(numbers).values == [2.5, 2.25]
    mixed = Sides(["b", None, 4], ["a", "x", "5"])
    assert joint(mixed).values == ["b | a", "None | x", "4 | 5"]


def test_without_an_order_it_does_not_matter_which_is_left(rng):
    texts, numbers = [words(rng), words(rng)], rng.normal(size=(2, PAIRS)).tolist()
    for a, b in (texts, numbers):
        assert joint(Sides(a, b), ordered=False) == joint(Sides(b, a), ordered=False)


@pytest.mark.parametrize("values", [("l", "r"), (300, 301)])
def test_what_both_share_tells_the_side(values, left, learned):
    """Compared with each other the two say nothing."""
    shared = [values[0] if is_left else values[1] for is_left in left]
    assert feature_tells(Sides(shared, shared), left, learned).decided == 0
    found = feature_tells(joint(Sides(shared, shared)), left, learned)
    assert found.named == found.decided == found.tried


def test_whether_two_agree_tells_the_side(left, learned, rng):
    """Either value by itself is a fair coin."""
    first = rng.integers(0, 2, PAIRS)
    second = np.where(left, first, 1 - first)
    letters = [["ab"[at] for at in column] for column in (first, second)]
    found = feature_tells(joint(Sides(*letters)), left, learned)
    assert found.named == found.decided == found.tried
