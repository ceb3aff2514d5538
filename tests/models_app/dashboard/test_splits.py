"""The pages of splits: making one, being refused, one with its checks, its lists."""

import csv
import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from models_app.dashboard import split_form
from models_app.models import Dataset, Evaluation, LabelSet, LabelSplit
from models_app.services import split_leaks
from models_app.services.splits import split_create
from models_app.splits.leakage import Leak
from models_app.splits.listing import list_read
from tests.models_app.dashboard.dataset_rows import checkpoint_make, job_make
from tests.split_rows import copy_make, names_make, photos_label

pytestmark = pytest.mark.django_db
GENERATED = "Generated images: a check of the plumbing, no scientific claim."
HUNDRED = [f"{n}.jpg" for n in range(100)]


def make_url(label_set) -> str:
    return reverse("models_dashboard:split_make", args=[label_set.pk])


def names_file(name: str, *names: object) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(map(str, names)).encode())


@pytest.fixture
def leaking(real_photos, tmp_path: Path):
    """A set whose test part has a train photo once more."""
    copy = copy_make(tmp_path, real_photos[0])
    return photos_label("set", {real_photos[0]: "train", real_photos[1]: "train", copy: "test"})


def test_a_split_is_made_in_two_steps(manager):
    found = names_make("<i>set", HUNDRED)
    first = manager.get(make_url(found)).content.decode()
    assert "&lt;i&gt;set" in first
    assert "A seeded draw of references" in first
    form = manager.get(make_url(found), {"rule": "random"}).content.decode()
    assert 'name="option-test_share"' in form
    assert 'type="file"' not in form
    assert 'type="file"' in manager.get(make_url(found), {"rule": "lists"}).content.decode()
    posted = {
        "rule": "random", "name": "mine", "option-seed": "4", "option-labels_only": "true",
        "option-test_share": "0.3",
    }  # fmt: skip
    answer = manager.post(make_url(found), posted)
    split = LabelSplit.objects.get()
    assert answer["Location"] == reverse("models_dashboard:split", args=[split.pk])
    assert split.counts == {"train": 60, "validation": 10, "test": 30}
    assert (split.settings["seed"], split.created_by) == (4, "mia")


def test_lists_are_uploaded(manager):
    found = names_make("set", HUNDRED)
    posted = {
        "rule": "lists", "name": "mine", "option-labels_only": "true",
        "option-validation_share": "0", "test": names_file("t.jpgl", *range(90, 100)),
        "train": [names_file("a.jpgl", *range(40)), names_file("b.txt", 40, 41)],
    }  # fmt: skip
    assert manager.post(make_url(found), posted).status_code == 302
    split = LabelSplit.objects.get()
    assert split.counts == {"train": 42, "validation": 0, "test": 10}
    page = manager.get(reverse("models_dashboard:split", args=[split.pk])).content.decode()
    assert "a.jpgl" in page
    assert "(40 names, SHA-256" in page


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"rule": "random", "name": ""}, "needs a name of 1 to 100 letters"),
        ({"rule": "random", "name": "s"}, "has a photo that may be used"),
        ({"rule": "random", "name": "s", "option-seed": "x"}, "must be a whole number"),
        ({"rule": "random", "name": "s", "option-near": "12"}, "allowed are numbers from 0 to 11"),
        ({"rule": "magic", "name": "s"}, "By reference"),
        ({"rule": "lists", "name": "s", "option-labels_only": "true"}, "needs files that name"),
        (
            {"rule": "official", "name": "s", "option-labels_only": "true", "test": True},
            "t.jpgl (1 names) is none of the published lists",
        ),
    ],
)
def test_what_cannot_be_is_said_in_the_form(manager, posted, said):
    found = names_make("set", HUNDRED)
    if "test" in posted:
        posted = {**posted, "test": names_file("t.jpgl", 1)}
    answer = manager.post(make_url(found), posted)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not LabelSplit.objects.exists()


def test_a_list_that_is_too_large_is_refused(manager, monkeypatch):
    monkeypatch.setattr(split_form, "LIST_MOST", 3_000_000)
    found = names_make("set", HUNDRED)
    large = SimpleUploadedFile("large.txt", b"x" * 3_000_001)
    answer = manager.post(make_url(found), {"rule": "lists", "name": "s", "test": large})
    assert "large.txt has more than 3 MB" in answer.content.decode()


def test_a_list_that_unpacks_to_too_much_is_refused(manager):
    found = names_make("set", HUNDRED)
    # 60 MB of the same name, packed to a thousandth.
    bomb = gzip.compress(b"1.jpg\n" * 10_000_000, 9)
    assert len(bomb) < 300_000
    posted = {"rule": "lists", "name": "s", "test": SimpleUploadedFile("b.txt.gz", bomb)}
    answer = manager.post(make_url(found), {**posted, "option-labels_only": "true"})
    assert answer.status_code == 400
    assert "b.txt.gz has more than 50 MB of text" in answer.content.decode()
    assert not LabelSplit.objects.exists()


def test_so_many_lists_are_too_many(manager):
    found = names_make("set", HUNDRED)
    posted = {
        "rule": "lists", "name": "s", "option-labels_only": "true",
        "train": [names_file(f"{n}.txt", n) for n in range(15)],
        "test": [names_file(f"{n}.txt", n) for n in range(15, 21)],
    }  # fmt: skip
    answer = manager.post(make_url(found), posted)
    assert "There are 21 files of names; allowed are 20" in answer.content.decode()
    assert not LabelSplit.objects.exists()


def test_a_leaking_split_is_refused_with_its_list(manager, leaking, real_photos):
    posted = {"rule": "official", "name": "mine", "option-validation_share": "0"}
    answer = manager.post(make_url(leaking), posted)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Refused: 1 image leaks" in page
    assert f">{real_photos[0].name}</th>" in page
    assert "tick below that leaking images are left out" in page
    assert "generated images" not in page
    # Both are shown, to be judged by eye.
    for photo in leaking.dataset.photos.exclude(name=real_photos[1].name):
        assert reverse("models_dashboard:dataset_thumb", args=[photo.pk, 320]) in page
    assert 'value="mine"' in page
    table = manager.get(page.split('">the whole list as CSV')[0].rpartition('href="')[2])
    rows = list(csv.DictReader(b"".join(table.streaming_content).decode().splitlines()))
    assert [(row["kind"], row["image"]) for row in rows] == [
        ("near_duplicate", real_photos[0].name)
    ]
    again = manager.post(make_url(leaking), {**posted, "option-without_leaks": "true"})
    assert again.status_code == 302
    shown = manager.get(again["Location"]).content.decode()
    assert "1 image left out because it leaks" in shown


def test_a_refused_split_of_a_generated_set_is_marked(manager, leaking):
    leaking.is_generated = True
    leaking.save(update_fields=["is_generated"])
    posted = {"rule": "official", "name": "mine", "option-validation_share": "0"}
    page = manager.post(make_url(leaking), posted).content.decode()
    assert "Refused: 1 image leaks" in page
    assert page.index("checks the plumbing and nothing else") < page.index("Refused")


def test_what_trains_altogether_leaking_is_refused_to_the_end(manager, real_photos, tmp_path: Path):
    copy = copy_make(tmp_path, real_photos[0])
    found = photos_label("set", {real_photos[0]: "train", copy: "test"})
    posted = {
        "rule": "official", "name": "mine", "option-validation_share": "0",
        "option-without_leaks": "true",
    }  # fmt: skip
    answer = manager.post(make_url(found), posted)
    assert answer.status_code == 409
    assert "All images that train (1) would leak" in answer.content.decode()


def test_lists_of_leaks_are_kept_for_a_day(analyst, monkeypatch):
    token = split_leaks.leaks_keep([])
    address = reverse("models_dashboard:split_leaks", args=[token])
    now = timezone.now()
    split_leaks.leaks_clean()
    assert b"".join(analyst.get(address).streaming_content).startswith(b"kind,image,part")
    monkeypatch.setattr(split_leaks.timezone, "now", lambda: now + timedelta(days=2))
    assert split_leaks.leaks_clean() >= 1
    assert analyst.get(address).status_code == 404
    assert analyst.get(reverse("models_dashboard:split_leaks", args=["..csv"])).status_code == 404


def test_a_table_of_leaks_runs_no_formulas():
    text = split_leaks.leaks_csv([Leak("same_id", "=1+1", "train", "a,b", "test", None, 2)])
    assert text.splitlines()[1] == 'same_id,\'=1+1,train,"a,b",test,,2'


@pytest.fixture
def split(db):
    found = names_make("set", HUNDRED, is_generated=True)
    return split_create(found, "first", "random", {"labels_only": True})


def test_the_page_shows_checks_and_scores(analyst, split, django_assert_num_queries):
    evaluated = checkpoint_make(name="tuned")
    dataset = Dataset.objects.create(name="photos")
    for part in ("test", "validation"):
        Evaluation.objects.create(
            job=job_make(dataset, "evaluate"),
            checkpoint=evaluated,
            label_set=split.label_set,
            split=split,
            part=part,
            split_sha256=split.sha256,
            metrics={"metrics": {"srcc": {"value": 0.6754, "low": 0.66, "high": 0.69}}},
            n=10,
        )
    address = reverse("models_dashboard:split", args=[split.pk])
    # Session, person, role, the split with its set, its evaluations.
    with django_assert_num_queries(5):
        page = analyst.get(address).content.decode()
    assert "generated images" in page
    assert split.sha256 in page
    assert "100 of 100" in page
    assert "Labels without photos too <strong>yes</strong>" in page
    assert page.count("0.675") == 2
    assert "(0.660 to 0.690)" in page
    assert "tuned" in page


def test_a_split_without_scores_says_so(analyst, split):
    page = analyst.get(reverse("models_dashboard:split", args=[split.pk])).content.decode()
    assert "No network was evaluated on it yet." in page


def test_its_lists_can_be_taken_elsewhere(analyst, split, tmp_path: Path):
    answer = analyst.get(reverse("models_dashboard:split_members", args=[split.pk]))
    assert answer["Content-Disposition"] == 'attachment; filename="set-first.json"'
    told = json.loads(answer.content)
    assert (told["members"], told["marks"]) == (split.members, [GENERATED])
    LabelSet.objects.filter(pk=split.label_set_id).update(is_generated=False)
    real = analyst.get(reverse("models_dashboard:split_members", args=[split.pk]))
    assert json.loads(real.content)["marks"] == []
    lists = {}
    for part in split.members:
        address = reverse("models_dashboard:split_part", args=[split.pk, part])
        answer = analyst.get(address)
        assert answer["Content-Disposition"] == f'attachment; filename="set-first-{part}.txt"'
        path = tmp_path / f"{part}.txt"
        path.write_bytes(answer.content)
        lists[part] = [list_read(path)]
    again = split_create(split.label_set, "again", "lists", {"labels_only": True}, lists=lists)
    assert again.sha256 == split.sha256
    wrong = reverse("models_dashboard:split_part", args=[split.pk, "trian"])
    assert analyst.get(wrong).status_code == 404


def test_who_may_do_what(client, outsider, analyst, split):
    pages = [
        reverse("models_dashboard:split", args=[split.pk]),
        reverse("models_dashboard:split_members", args=[split.pk]),
        reverse("models_dashboard:split_part", args=[split.pk, "test"]),
    ]
    posted = {"rule": "random", "name": "s", "option-labels_only": "true"}
    for person, seen in ((client, 302), (outsider, 403), (analyst, 200)):
        for page in pages:
            assert person.get(page).status_code == seen
        refused = 302 if person is client else 403
        assert person.get(make_url(split.label_set)).status_code == refused
        assert person.post(make_url(split.label_set), posted).status_code == refused
    assert LabelSplit.objects.count() == 1


def test_what_is_not_there_is_not_found(manager):
    assert manager.get(reverse("models_dashboard:split", args=[1])).status_code == 404
    assert manager.get(reverse("models_dashboard:split_make", args=[1])).status_code == 404
