"""What leaks, what does not, and what is left when leaks go."""

import pytest

from models_app.splits.base import Item
from models_app.splits.leakage import (
    Leak,
    checks_made,
    leaks_counted,
    leaks_dropped,
    leaks_find,
)


def items_of(*items: Item) -> dict[str, Item]:
    return {item.name: item for item in items}


def parts(train=(), validation=(), test=()) -> dict[str, list[str]]:
    return {"train": list(train), "validation": list(validation), "test": list(test)}


@pytest.mark.parametrize(
    ("a", "b", "kind", "bits"),
    [
        (Item("953619"), Item("953619.jpg"), "same_id", None),
        (Item("A/i01_01_1.BMP"), Item("I01_01_1.bmp"), "same_id", None),
        # CUHK-PQ and LIVE: one name in two folders is two images.
        (Item("high/animal/1.jpg"), Item("low/animal/1.jpg"), None, None),
        (Item("high/animal/1.jpg"), Item("set/high/animal/1.png"), "same_id", None),
        (Item("a", photo_key="f0"), Item("b", photo_key="f0"), "same_content", None),
        (Item("i1", reference="I01.BMP"), Item("i2", reference="i01.bmp"), "same_reference", None),
        (Item("I01.BMP"), Item("i1_2.bmp", reference="i01.bmp"), "same_reference", None),
        (Item("refs/I01.BMP"), Item("x", reference="i01.bmp"), "same_reference", None),
        (Item("x", reference="a/1.png"), Item("y", reference="b/1.png"), None, None),
        (Item("a", perceptual_hash=0b111111 << 20), Item("b", perceptual_hash=1 << 63), None, None),
        (Item("a", perceptual_hash=0xFF00), Item("b", perceptual_hash=0xFF3F), "near_duplicate", 6),
        (Item("a", perceptual_hash=0xFF00), Item("b", perceptual_hash=0xFF7F), None, None),
        # What has one colour, or is not at hand, has no hash to compare.
        (Item("a"), Item("b"), None, None),
        (Item("a", photo_key="f0", perceptual_hash=9), Item("b", photo_key="f1"), None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "sides", [("train", "validation"), ("train", "test"), ("validation", "test")]
)
def test_each_kind_of_leak(a, b, kind, bits, sides):
    first, second = sides
    found = leaks_find({first: [a.name], second: [b.name]}, items_of(a, b))
    wanted = [Leak(kind, a.name, first, b.name, second, bits)] if kind else []
    assert found == wanted
    # Within one part nothing leaks.
    assert leaks_find({first: [a.name, b.name]}, items_of(a, b)) == []


def test_the_very_same_name_in_two_parts_leaks():
    same = Item("x.jpg", photo_key="f0", perceptual_hash=3)
    assert leaks_find(parts(["x.jpg"], (), ["x.jpg"]), items_of(same)) == [
        Leak("same_id", "x.jpg", "train", "x.jpg", "test")
    ]


def test_an_image_is_listed_once_a_part_with_its_nearest_and_how_many_more():
    near = items_of(
        Item("a", photo_key="f0", perceptual_hash=0b1111),
        Item("t1", photo_key="f1", perceptual_hash=0b1100),
        Item("t2", photo_key="f2", perceptual_hash=0b1110),
        Item("t3", photo_key="f3", perceptual_hash=0b1101),
        Item("v1", photo_key="f0", perceptual_hash=0b1111),
    )
    members = parts(["a"], ["v1"], ["t1", "t2", "t3"])
    assert leaks_find(members, near) == [
        Leak("same_content", "a", "train", "v1", "validation"),
        Leak("near_duplicate", "a", "train", "t2", "test", bits=1, others=2),
        Leak("near_duplicate", "v1", "validation", "t2", "test", bits=1, others=2),
    ]
    assert leaks_counted(leaks_find(members, near)) == {"same_content": 1, "near_duplicate": 2}
    assert leaks_find(parts(["a"], (), ["t1"]), near, near=1) == []


def test_leaving_leaks_out_takes_train_and_validation_never_test():
    known = items_of(
        Item("a1", photo_key="x"),
        Item("a2", photo_key="y"),
        Item("a3", photo_key="z"),
        Item("v1", photo_key="y"),
        Item("v2", photo_key="w"),
        Item("t1", photo_key="x"),
        Item("t2", photo_key="y"),
    )
    members = parts(["a1", "a2", "a3"], ["v1", "v2"], ["t1", "t2"])
    left, counts = leaks_dropped(members, known)
    assert left == parts(["a3"], ["v2"], ["t1", "t2"])
    assert counts == {"train": 2, "validation": 1, "test": 0}
    assert leaks_find(left, known) == []
    assert members["train"] == ["a1", "a2", "a3"]


def test_what_trains_stays_when_what_it_resembles_goes():
    # The hashes lie on a line: a near v, v near t, a not near t.
    known = items_of(
        Item("a", perceptual_hash=0b1),
        Item("v", perceptual_hash=0b1111),
        Item("t", perceptual_hash=0xFF),
    )
    left, counts = leaks_dropped(parts(["a"], ["v"], ["t"]), known, near=4)
    assert left == parts(["a"], [], ["t"])
    assert counts == {"train": 0, "validation": 1, "test": 0}


def test_the_checks_say_over_how_many_images_they_could_look():
    known = items_of(
        Item("a", photo_key="x", perceptual_hash=4),
        Item("b", photo_key="y"),
        Item("c", reference="r"),
    )
    assert checks_made(parts(["a"], ["b"], ["c"]), known, 6) == {
        "same_id": 3,
        "same_content": 2,
        "same_reference": 1,
        "near_duplicate": 1,
        "near": 6,
    }
