"""Each rule: who goes where, the same everywhere, and what it refuses."""

import random
from pathlib import Path

import pytest

from models_app.splits.base import (
    PARTS,
    Item,
    NameList,
    SplitRefused,
    ids_of,
    image_id,
    members_hash,
    members_sorted,
)
from models_app.splits.config import SplitConfig, config_dump, config_read, options_of
from models_app.splits.leakage import leaks_find
from models_app.splits.listing import list_read
from models_app.splits.registry import REGISTRY, Entry, entry_get, registry, rule_get
from models_app.training.settings import settings_of

# Of {"test":["0.jpg",...],"train":[...],"validation":[...]} for the hundred images and seed 7.
PINNED = "fa330ec142d1e539ef8f8ffd4d04d3bd829316635e00492fe0ad3084e77b8400"
IMAGES = [Item(f"{n}.jpg") for n in range(100)]
COPIES = [
    Item(f"i{of:02d}_{kind}.bmp", reference=f"I{of:02d}.BMP")
    for of in range(1, 26)
    for kind in range(4)
]


def divided(rule, items=IMAGES, lists=None, **options):
    return rule_get(rule).divide(items, lists or {}, SplitConfig(**options))


def counts(found) -> dict[str, int]:
    return {part: len(found.members.get(part, ())) for part in PARTS}


def named(part: str, *names: str) -> dict[str, list[NameList]]:
    return {part: [NameList("list.txt", "00", names)]}


def test_the_number_of_rules_is_known():
    assert list(REGISTRY) == ["official", "lists", "random", "by_reference"]


@pytest.mark.parametrize("key", REGISTRY)
def test_a_rule_keeps_its_contract(key: str):
    entry = REGISTRY[key]
    assert entry.label
    assert entry.purpose.endswith(".")
    assert set(options_of(key)) <= set(settings_of(SplitConfig))
    assert list(config_dump(key, config_read(key, {}))) == list(options_of(key))
    assert callable(rule_get(key).divide)
    with pytest.raises(SplitRefused, match=f"rule {key} knows no option 'colour'; allowed are"):
        config_read(key, {"colour": 1})


def test_a_rule_cannot_be_registered_twice_and_an_unknown_one_is_named():
    with pytest.raises(ValueError, match="twice"):
        registry(Entry("a", "A", "A.", "a.A", ()), Entry("a", "B", "B.", "b.B", ()))
    with pytest.raises(SplitRefused, match="no rule 'by_hand'; allowed are: official, lists"):
        entry_get("by_hand")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": -1}, "seed is -1; allowed are numbers from 0"),
        ({"validation_share": 0.5, "test_share": 0.5}, "must leave something to train on"),
        ({"near": 12}, "near is 12; allowed are numbers from 0 to 11"),
        ({"seed": "1"}, "it must be a whole number"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(SplitRefused, match=said):
        config_read("random", options)


@pytest.mark.parametrize(("rule", "items"), [("random", IMAGES), ("by_reference", COPIES)])
def test_a_draw_depends_on_seed_and_names_alone(rule, items):
    once = divided(rule, items, seed=3)
    mixed = list(items)
    random.Random(1).shuffle(mixed)
    again = divided(rule, mixed, seed=3)
    assert members_sorted(once.members) == members_sorted(again.members)
    assert members_hash(once.members) == members_hash(again.members)
    other = divided(rule, items, seed=4)
    assert members_hash(once.members) != members_hash(other.members)
    everybody = [name for names in once.members.values() for name in names]
    assert sorted(everybody) == sorted(item.name for item in items)


def test_the_hash_of_a_split_is_the_same_everywhere():
    # Pinned: a split made on another machine, or next year, has this hash.
    found = divided("random", seed=7, validation_share=0.2, test_share=0.25)
    assert counts(found) == {"train": 55, "validation": 20, "test": 25}
    assert members_hash(found.members) == PINNED
    assert members_hash({"test": ["é", "a"], "train": []}) == members_hash(
        {"train": [], "validation": [], "test": ["a", "é"]}
    )


def test_a_draw_of_another_share_moves_no_test_image():
    few = divided("random", seed=1, test_share=0.1)
    more = divided("random", seed=1, test_share=0.2)
    assert set(few.members["test"]) < set(more.members["test"])


def test_names_of_the_same_pixels_are_drawn_together():
    twice = [Item(f"{n}.jpg", photo_key=f"{n % 20}") for n in range(100)]
    found = divided("random", twice, validation_share=0.3, test_share=0.3)
    assert counts(found) == {"train": 40, "validation": 30, "test": 30}
    assert leaks_find(found.members, {item.name: item for item in twice}) == []


def test_random_refuses_copies_and_by_reference_keeps_them_together():
    with pytest.raises(SplitRefused, match=r"i01_0.bmp of I01.BMP.*by_reference"):
        divided("random", COPIES)
    whole = [*COPIES, Item("I07.bmp")]
    found = divided("by_reference", whole, validation_share=0.2, test_share=0.2)
    # 5, 5 and 15 of the 25 references, four copies each, and one reference itself.
    assert sorted(counts(found).values()) in ([20, 20, 61], [20, 21, 60])
    assert leaks_find(found.members, {item.name: item for item in whole}) == []
    assert "25 references" in found.source


def test_by_reference_refuses_what_has_none():
    with pytest.raises(SplitRefused, match="name no references"):
        divided("by_reference", IMAGES)
    with pytest.raises(SplitRefused, match=r"lonely.bmp has no reference"):
        divided("by_reference", [*COPIES, Item("lonely.bmp")])


def test_lists_match_names_or_ids():
    lists = named("train", "1.jpg", "2", "folder/3.PNG", "1.jpg", "gone") | named("test", "10")
    found = divided("lists", lists=lists, validation_share=0.0)
    assert found.members == {
        "train": ["1.jpg", "2.jpg", "3.jpg"],
        "validation": [],
        "test": ["10.jpg"],
    }
    assert found.unlabelled == {"train": ["gone"], "validation": [], "test": []}
    assert len(found.left_out) == 96


def test_an_id_of_two_labels_is_nobodys():
    twins = [Item("1.jpg"), Item("1.png"), Item("2.png")]
    found = divided("lists", twins, named("test", "1", "2"), validation_share=0.0)
    assert found.members["test"] == ["2.png"]
    assert found.unlabelled["test"] == ["1"]


def test_a_list_with_folders_means_no_image_of_another_folder():
    both = [Item("high/animal/1.jpg"), Item("low/animal/1.jpg"), Item("low/animal/2.jpg")]
    lists = named("test", "HIGH/animal/1", "set/low/animal/1.png", "high/animal/2.jpg", "2", "1")
    found = divided("lists", both, lists, validation_share=0.0)
    assert found.members["test"] == ["high/animal/1.jpg", "low/animal/1.jpg", "low/animal/2.jpg"]
    assert found.unlabelled["test"] == ["high/animal/2.jpg", "1"]


def test_references_of_two_folders_are_two():
    copies = [
        Item(f"{folder}_{of}_{kind}.png", reference=f"{folder}/{of}.png")
        for folder in "ab"
        for of in range(5)
        for kind in range(2)
    ]
    found = divided("by_reference", copies, validation_share=0.2, test_share=0.2)
    assert "10 references" in found.source
    assert leaks_find(found.members, {item.name: item for item in copies}) == []


def test_the_rest_may_train_and_validation_is_drawn_from_train():
    found = divided("lists", lists=named("test", *map(str, range(20))), rest="train", seed=5)
    assert counts(found) == {"train": 72, "validation": 8, "test": 20}
    assert "validation drawn from train with seed 5" in found.source
    # A list for validation is the last word.
    lists = named("validation", "50") | named("test", "1")
    assert counts(divided("lists", lists=lists, rest="train")) == {
        "train": 98,
        "validation": 1,
        "test": 1,
    }


def test_lists_that_name_nothing_are_refused():
    with pytest.raises(SplitRefused, match="needs files that name images"):
        divided("lists")
    with pytest.raises(SplitRefused, match=r"None of the names in the lists, such as 'x.jpg'"):
        divided("lists", lists=named("test", "x.jpg"))


def test_official_takes_the_parts_of_the_labels():
    items = [
        Item("a", part="train"),
        Item("b", part="validation"),
        Item("c", part="test"),
        Item("d"),
    ]
    found = divided("official", items)
    assert found.members == {"train": ["a"], "validation": ["b"], "test": ["c"]}
    assert found.left_out == ["d"]
    assert divided("official", items, rest="train").members["train"] == ["a", "d"]
    with pytest.raises(SplitRefused, match="do not say which part"):
        divided("official")


def test_official_takes_no_list_but_the_published_ones():
    with pytest.raises(SplitRefused, match=r"list.txt .1 names. is none of the published lists"):
        divided("official", lists=named("test", "1"))


@pytest.fixture
def ava(shared: Path) -> Path:
    return shared / "data" / "labels" / "ava" / "aesthetics_image_lists"


def test_the_published_lists_are_known_and_apart(ava: Path):
    train, test = (list_read(ava / f"generic_{each}.jpgl") for each in ("ls_train", "test"))
    items = [Item(f"{name}.jpg") for name in (*train.names, *test.names)]
    found = divided("official", items, {"train": [train], "test": [test]}, validation_share=0.0)
    assert counts(found) == {"train": 20_000, "validation": 0, "test": 20_000}
    assert found.source == "AVA: generic_ls_train, generic_test"
    assert leaks_find(found.members, {item.name: item for item in items}) == []
    small = list_read(ava / "generic_ss_train.jpgl")
    assert set(small.names) < set(train.names)
    with pytest.raises(SplitRefused, match="AVA's generic_test: give it for test, not for train"):
        divided("official", items, {"train": [test]})


def test_a_list_is_read_line_by_line(tmp_path: Path):
    path = tmp_path / "mine.txt"
    path.write_text("\ufeffone.jpg\n\n my photo.jpg \none.jpg\n", encoding="utf-8")
    found = list_read(path, "yours.txt")
    assert found.names == ("one.jpg", "my photo.jpg")
    assert (found.file, len(found.sha256)) == ("yours.txt", 64)
    path.write_text(" \n")
    with pytest.raises(SplitRefused, match=r"yours.txt is empty"):
        list_read(path, "yours.txt")
    with pytest.raises(SplitRefused, match="cannot be read"):
        list_read(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("953619", "953619"),
        ("953619.jpg", "953619"),
        ("images/Photo.1.JPEG", "photo.1"),
        ("photo.1", "photo.1"),
        ("C:\\p\\a.bmp", "a"),
        (".hidden", ".hidden"),
    ],
)
def test_the_id_of_an_image(name: str, wanted: str):
    assert image_id(name) == wanted


def test_folders_count_where_names_repeat():
    assert ids_of(["high/1.jpg", "low/1.JPG", "./LOW/1.png", "a/2.jpg", "2"]) == {
        "high/1.jpg": "high/1",
        "low/1.JPG": "low/1",
        "./LOW/1.png": "low/1",
        # One of them says no folder: it may be the other.
        "a/2.jpg": "2",
        "2": "2",
    }
    assert ids_of(["x/3.jpg", "X/3.bmp"]) == {"x/3.jpg": "3", "X/3.bmp": "3"}
    nested = ids_of(["z/a/4", "a/4", "b/4"])
    assert nested == {"z/a/4": "a/4", "a/4": "a/4", "b/4": "b/4"}
