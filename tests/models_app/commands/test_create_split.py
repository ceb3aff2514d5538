"""manage.py create_split"""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from models_app.models import LabelSplit
from tests.split_rows import copy_make, names_make, photos_label

pytestmark = pytest.mark.django_db
HUNDRED = [f"{n}.jpg" for n in range(100)]


def run(*arguments: object, **options: object) -> str:
    out = io.StringIO()
    call_command("create_split", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    (tmp_path / "train.jpgl").write_text("\n".join(map(str, range(60))))
    (tmp_path / "more.jpgl").write_text("60\n61\nnobody\n")
    (tmp_path / "test.jpgl").write_text("\n".join(map(str, range(80, 100))))
    return tmp_path


def test_a_split_by_lists(lists: Path):
    names_make("a", HUNDRED)
    said = run(
        "a", "mine", "--rule", "lists", "--train", lists / "train.jpgl", "--train",
        lists / "more.jpgl", "--test", lists / "test.jpgl", "--labels-only", "--seed", 3,
    )  # fmt: skip
    split = LabelSplit.objects.get()
    assert split.counts == {"train": 56, "validation": 6, "test": 20}
    assert [each["file"] for each in split.settings["lists"]["train"]] == [
        "train.jpgl",
        "more.jpgl",
    ]
    assert "split mine of a: train 56, validation 6, test 20 (by lists; validation drawn" in said
    assert f"SHA-256 {split.sha256}" in said
    assert "names without a label: train 1\n" in said
    assert "in no part: 18\n" in said
    assert "pixels could be compared for 0 of 82 members only" in said


def test_json_says_all():
    names_make("a", HUNDRED)
    said = json.loads(run("a", "s", "--rule", "random", "--labels-only", "--json"))
    split = LabelSplit.objects.get()
    assert said["sha256"] == split.sha256
    assert said["counts"] == {"train": 80, "validation": 10, "test": 10}
    assert said["settings"]["seed"] == 0
    assert said["checks"]["near"] == 6


def test_a_leak_is_refused_with_its_list(real_photos, tmp_path: Path):
    copy = copy_make(tmp_path, real_photos[0])
    photos_label("a", {real_photos[0]: "train", real_photos[1]: "train", copy: "test"})
    table = tmp_path / "leaks.csv"
    plain = ("a", "s", "--rule", "official", "--validation-share", 0)
    with pytest.raises(CommandError, match=r"1 image leaks .*--leaks FILE writes the whole list"):
        run(*plain)
    with pytest.raises(CommandError, match=r"the whole list is in .*leaks\.csv"):
        run(*plain, "--leaks", table)
    (row,) = csv.DictReader(table.read_text().splitlines())
    assert row["kind"] == "near_duplicate"
    assert (row["image"], row["part"]) == (real_photos[0].name, "train")
    assert (row["same_as"], row["part_of_it"]) == (copy.name, "test")
    assert 0 <= int(row["bits"]) <= 6
    with pytest.raises(CommandError, match=r"could not be written to .*No such file"):
        run(*plain, "--leaks", tmp_path / "nowhere" / "leaks.csv")
    assert not LabelSplit.objects.exists()
    assert "left out because they leak: train 1" in run(*plain, "--without-leaks")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("b", "s", "--rule", "random"), "no label set 'b'; there are: a"),
        (("a", "s", "--rule", "random", "--rest", "train"), "random knows no option 'rest'"),
        (("a", "s", "--rule", "random"), "None of the 100 images of a has a photo"),
        (("a", "s", "--rule", "magic"), "invalid choice: 'magic'"),
        (("a", "s", "--rule", "lists", "--test", "gone.txt"), "gone.txt cannot be read"),
        (("a", "s", "--rule", "random", "--test-share", 0.95), "test_share is 0.95; allowed are"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, said):
    names_make("a", HUNDRED)
    with pytest.raises(CommandError, match=said):
        run(*arguments)
