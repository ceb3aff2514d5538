"""Parts, shares and labels: what may be learnt from."""

from itertools import pairwise

import numpy as np
import pytest

from models_app.training.finetuning.data import parts_make, truth, truths
from models_app.training.finetuning.draws import bases, bits_draw, flips_draw, order_draw
from models_app.training.finetuning.errors import LabelsUnusable
from models_app.training.seeds import derive
from tests.models_app.training.finetuning.labels import BrightParts, judged, members, parts, tiny

LABELLED = BrightParts()
MEMBERS = members(LABELLED)


def named(places) -> set[str]:
    return {LABELLED.name(place) for place in places}


def test_a_smaller_share_lies_inside_every_larger_one():
    found = [
        named(parts_make(LABELLED, MEMBERS, tiny(share=share)).train)
        for share in (0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    assert [len(each) for each in found] == [11, 22, 32, 43, 54]
    assert all(small < large for small, large in pairwise(found))
    assert found[-1] == set(MEMBERS["train"])
    other = parts_make(LABELLED, MEMBERS, tiny(share=0.4, subset_seed=2))
    assert named(other.train) != found[1]
    assert other.available == 54


def test_a_share_does_not_depend_on_the_seed_of_the_training_or_the_order_of_names():
    first = parts_make(LABELLED, MEMBERS, tiny(share=0.4))
    reverse = {part: names[::-1] for part, names in MEMBERS.items()}
    assert parts_make(LABELLED, reverse, tiny(share=0.4, seed=9)) == first


def test_the_first_of_the_list_may_be_taken_as_released():
    found = parts_make(LABELLED, MEMBERS, tiny(share=0.2, subset="first"))
    assert named(found.train) == set(MEMBERS["train"][:11])


def test_a_digest_tells_labels_parts_and_shares_apart():
    other = BrightParts(labels={"coffee-1": np.eye(10)[2]})
    swapped = {"train": MEMBERS["validation"], "validation": MEMBERS["train"]}
    made = [
        parts_make(LABELLED, MEMBERS, tiny()),
        parts_make(other, MEMBERS, tiny()),
        parts_make(LABELLED, swapped, tiny()),
        parts_make(LABELLED, MEMBERS, tiny(share=0.5)),
    ]
    assert len({each.digest for each in made}) == 4
    assert parts_make(BrightParts(), MEMBERS, tiny()).digest == made[0].digest


def test_every_photo_trains_once_an_epoch_in_an_order_of_its_own():
    base = bases([LABELLED.key(index) for index in range(len(LABELLED))])
    orders = [order_draw(base, 1, "order", epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(72)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert order_draw(base, 1, "order", 0) == orders[0]
    assert order_draw(base, 2, "order", 0) != orders[0]


def test_what_is_drawn_a_photo_does_not_depend_on_the_others():
    keys = [f"photo {place}" for place in range(4000)]
    base = bases(keys)
    assert (bases(keys[100:200]) == base[100:200]).all()
    flips = flips_draw(base, 1, "flip", 0)
    assert (flips_draw(base[100:200], 1, "flip", 0) == flips[100:200]).all()
    # Binomial with 4000 and one half: beyond five standard deviations once in a million.
    assert abs(int(flips.sum()) - 2000) < 160
    assert abs(int((flips ^ flips_draw(base, 1, "flip", 1)).sum()) - 2000) < 160


def test_drawn_bits_are_those_of_splitmix():
    """The finaliser, number by number, with Python's whole numbers."""
    base = bases(["a", "b"])
    for place, found in enumerate(bits_draw(base, 7, "flip", 3).tolist()):
        mixed = int(base[place]) ^ derive(7, "flip", 3)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> shift)) * factor % 2**64
        assert found == mixed ^ (mixed >> 31)


def test_shares_are_made_to_sum_to_one():
    one = BrightParts(labels={"coffee-1": judged(parts()["coffee-1"]) * 1.0005})
    index = next(i for i in range(len(one)) if one.name(i) == "coffee-1")
    assert truth(one, index).sum() == pytest.approx(1, abs=1e-15)
    assert truths(one, [index, 0]).shape == (2, 10)


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        (None, "is a mean without a distribution"),
        (np.full(5, 0.2), "has 5 bins, and the network judges the scores 1 to 10"),
        (np.eye(10)[0] * 200, "sum to 200 instead of 1; divide counts"),
        (np.r_[-0.5, 1.5, np.zeros(8)], "holds a share that is negative or not finite"),
        (np.r_[np.nan, np.ones(9)], "holds a share that is negative or not finite"),
    ],
)
def test_labels_that_are_no_distribution_over_ten_scores_are_refused(label, sentence):
    labelled = BrightParts(labels={"coffee-1": label})
    with pytest.raises(LabelsUnusable, match=sentence):
        parts_make(labelled, MEMBERS, tiny())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"validation": []}, "None of the names of the part validation is a photo here"),
        ({"train": ["x", "y"]}, r"part train is a photo here \(x, y\)"),
        ({"val": ["coffee-1"]}, "'val' is no part; allowed are train, validation and test"),
        ({"test": MEMBERS["train"][:1]}, "is in train and test, itself or as another file"),
        ({"validation": MEMBERS["train"][:1]}, "is in train and validation"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changed, sentence):
    with pytest.raises(LabelsUnusable, match=sentence):
        parts_make(LABELLED, MEMBERS | changed, tiny())


def test_two_labels_of_one_photo_may_stand_in_one_part():
    class Twins(BrightParts):
        def key(self, index: int) -> str:
            return super().key(1 if self.name(index) == "astronaut-2" else index)

    found = parts_make(Twins(), MEMBERS, tiny())
    assert len(found.train) == 54
