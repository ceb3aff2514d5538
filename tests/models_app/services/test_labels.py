"""Label sets: their rows, the photos behind them, and what the import says of every name."""

import json
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from models_app.errors import DatasetError
from models_app.imaging import open_photo
from models_app.models import Dataset, Label, LabelSet, Photo
from models_app.selectors import labels as selectors
from models_app.services import labels as services
from models_app.services.datasets import photos_import
from models_app.services.labels import labels_import
from survey.models import AuditEntry

pytestmark = pytest.mark.django_db
COUNTS = "0 1 5 17 38 36 15 6 5 1 1 22 1396"


@pytest.fixture
def folder(tmp_path: Path, real_photos: list[Path]) -> Path:
    """Five images: two photos, one of them again as BMP, one damaged, and one without a label."""
    images = tmp_path / "images"
    (images / "more").mkdir(parents=True)
    first, second, third = (open_photo(path).resize((160, 120)) for path in real_photos[:3])
    first.save(images / "101.png")
    second.save(images / "more" / "102.JPG")
    first.save(images / "103.bmp")
    (images / "104.jpg").write_bytes((images / "more" / "102.JPG").read_bytes()[:900])
    third.save(images / "999.jpg")
    (images / "notes.txt").write_text("none of these")
    return images


@pytest.fixture
def ava(tmp_path: Path) -> Path:
    path = tmp_path / "AVA.txt"
    lines = [f"{n} {100 + n} {COUNTS}" for n in range(1, 6)]
    path.write_text("\n".join([*lines, lines[0], "7 107 1 2"]))
    return path


def names(problems) -> list[str]:
    return [problem.name for problem in problems]


def test_labels_are_linked_with_the_photos_that_they_name(ava: Path, folder: Path):
    imported = labels_import("ava", ava, name="AVA five", images=folder)
    label_set, report = imported.label_set, imported.report
    assert label_set is not None
    assert label_set.dataset is not None
    assert label_set.dataset.name == "AVA five"
    assert Photo.objects.count() == 2
    found = {label.name: label for label in selectors.labels_of(label_set)}
    assert list(found) == ["101", "102", "103", "104", "105"]
    assert found["101"].photo == found["103"].photo
    assert found["102"].photo.name.startswith("more/102")
    assert found["104"].photo is None
    assert found["105"].photo is None
    assert found["101"].perceptual_hash == found["103"].perceptual_hash != ""
    assert len(found["102"].perceptual_hash) == 16
    assert found["105"].perceptual_hash == ""
    assert report.counts() == {
        "rows": 5, "found": 3, "missing": 1, "unreadable": 1, "ambiguous": 0, "same_picture": 1,
        "duplicates": 1, "out_of_range": 0, "malformed": 1, "unscored": 0, "unlabelled": 1,
    }  # fmt: skip
    assert names(report.missing) == ["105"]
    assert names(report.unreadable) == ["104"]
    assert report.same_picture[0].reason == "it shows the very pixels of 101"
    assert names(report.unlabelled) == ["999.jpg"]
    assert label_set.report == json.loads(json.dumps(report.as_json()))


def test_the_set_says_where_it_came_from(ava: Path, admin):
    from django.contrib.auth.models import User

    ada = User.objects.get(username="ada")
    label_set = labels_import("ava", ava, name="Table", by=ada).label_set
    assert label_set is not None
    assert (label_set.kind, label_set.source, label_set.created_by) == ("ava", "AVA.txt", "ada")
    assert (label_set.scale_low, label_set.scale_high, label_set.bins) == (1, 10, 10)
    assert (label_set.first_bin, label_set.higher_is_better) == (1, True)
    assert len(label_set.source_sha256) == 64
    assert (label_set.dataset, label_set.is_generated) == (None, False)
    assert label_set.report["images"] is False
    entry = AuditEntry.objects.get(action="labels.import")
    assert (entry.actor_name, entry.target_label, entry.detail["rows"]) == ("ada", "Table", 5)
    label = label_set.labels.get(name="103")
    assert label.votes == 124
    assert label.distribution == pytest.approx([float(n) / 124 for n in COUNTS.split()[:10]])


def test_what_a_stopped_import_took_is_known_to_the_next(ava: Path, folder: Path, monkeypatch):
    def cut(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(services, "_store", cut)
        with pytest.raises(KeyboardInterrupt):
            labels_import("ava", ava, name="AVA", images=folder)
    assert (LabelSet.objects.count(), Label.objects.count()) == (0, 0)
    before = set(Photo.objects.values_list("pk", flat=True))
    assert len(before) == 2
    report = labels_import("ava", ava, name="AVA", images=folder).report
    assert set(Photo.objects.values_list("pk", flat=True)) == before
    assert (report.found, len(report.unreadable)) == (3, 1)


def test_a_name_is_given_once(ava: Path):
    labels_import("ava", ava, name="AVA")
    with pytest.raises(DatasetError, match="There is a label set AVA already"):
        labels_import("ava", ava, name="AVA")
    assert Label.objects.count() == 5


def test_whoever_comes_second_at_the_same_time_is_refused(ava: Path, monkeypatch):
    labels_import("ava", ava, name="AVA")
    monkeypatch.setattr(services, "name_check", lambda _name: None)
    with pytest.raises(DatasetError, match="There is a label set AVA already"):
        labels_import("ava", ava, name="AVA")
    assert Label.objects.count() == 5


@pytest.mark.parametrize("name", ["", " AVA", "a" * 101, "A\nB"])
def test_a_name_that_cannot_be_is_refused(ava: Path, name: str):
    with pytest.raises(DatasetError, match="allowed are 1 to 100"):
        labels_import("ava", ava, name=name)


def test_images_of_something_else_are_refused(ava: Path, tmp_path: Path, real_photos):
    shutil.copy(real_photos[0], tmp_path)
    with pytest.raises(DatasetError, match="None of the 1 images is named by a label, such as 101"):
        labels_import("ava", ava, name="AVA", images=tmp_path)
    assert not Dataset.objects.exists()


def test_a_folder_that_is_none_is_refused(ava: Path, tmp_path: Path):
    with pytest.raises(DatasetError, match="is no folder"):
        labels_import("ava", ava, name="AVA", images=tmp_path / "absent")


def test_two_images_of_one_name_are_named_and_neither_is_taken(ava: Path, folder: Path):
    shutil.copy(folder / "101.png", folder / "more" / "101.jpg")
    report = labels_import("ava", ava, name="AVA", images=folder).report
    assert report.ambiguous[0].reason == "2 images have this name: 101.png, more/101.jpg"
    assert not Label.objects.filter(name="101", photo__isnull=False).exists()


def test_labels_may_be_those_of_a_dataset_that_is_there(ava: Path, folder: Path):
    photos_import("Own", {folder / "101.png": "a/101.png", folder / "999.jpg": "999.jpg"})
    dataset = Dataset.objects.get()
    imported = labels_import("ava", ava, name="AVA", dataset=dataset)
    assert imported.label_set is not None
    assert imported.label_set.dataset == dataset
    linked = Label.objects.exclude(photo=None).get()
    assert (linked.name, linked.photo.name) == ("101", "a/101.png")
    assert names(imported.report.unlabelled) == ["999.jpg"]
    assert Photo.objects.count() == 2


def test_a_report_alone_changes_nothing(ava: Path, folder: Path):
    report = labels_import("ava", ava, name="", images=folder, report_only=True).report
    assert (report.found, names(report.unreadable)) == (3, ["104"])
    assert names(report.same_picture) == ["103"]
    assert not any(model.objects.exists() for model in (LabelSet, Label, Photo, Dataset))


def test_a_list_alone_is_no_label_set(tmp_path: Path):
    path = tmp_path / "generic_test.jpgl"
    path.write_text("101\n102\n")
    report = labels_import("ava_lists", path, name="", report_only=True).report
    assert names(report.unscored) == ["101", "102"]
    with pytest.raises(DatasetError, match="names 2 images and no scores"):
        labels_import("ava_lists", path, name="List")


def test_excluded_photos_and_unknown_names_are_left_out_of_reads(ava: Path, folder: Path):
    from django.utils import timezone

    label_set = labels_import("ava", ava, name="AVA", images=folder).label_set
    assert label_set is not None
    Photo.objects.filter(name="101.png").update(excluded_at=timezone.now())
    assert [each.name for each in selectors.labels_of(label_set, with_photo=True)] == ["102"]
    some = selectors.labels_of(label_set, names={"101", "104", "absent"})
    assert [each.name for each in some] == ["101", "104"]


def test_the_list_of_sets_counts_labels_and_photos(
    ava: Path, folder: Path, django_assert_num_queries
):
    labels_import("ava", ava, name="AVA", images=folder)
    labels_import("ava", ava, name="Table")
    with django_assert_num_queries(3):  # sets, labels, splits
        rows = selectors.label_sets()
    assert [(row.label_set.name, row.labels, row.with_photo, row.splits) for row in rows] == [
        ("Table", 5, 0, 0),
        ("AVA", 5, 3, 0),
    ]
    assert selectors.label_set_choices() == [("AVA", "AVA"), ("Table", "Table")]


class TestCommand:
    def test_it_imports_and_says_what_it_found(self, ava: Path, folder: Path, capsys):
        call_command("import_labels", "ava", labels=[ava], images=folder, name="AVA")
        said = capsys.readouterr()
        assert "AVA.txt: rows 5, found 3, missing 1, unreadable 1" in said.out
        assert "labels AVA imported" in said.out
        assert "missing: 105: no image has this name" in said.err
        assert "malformed: 107 (line 7): it has 4 columns; expected are 15" in said.err
        assert LabelSet.objects.get().labels.count() == 5

    def test_a_report_is_json_and_every_finding_a_line(
        self, ava: Path, folder: Path, tmp_path: Path, capsys
    ):
        table = tmp_path / "findings.csv"
        arguments = ["--labels", str(ava), "--images", str(folder), "--report-only", "--json"]
        call_command("import_labels", "ava", *arguments, "--findings", str(table))
        report = json.loads(capsys.readouterr().out)
        assert report["counts"]["found"] == 3
        assert report["names"]["missing"][0]["name"] == "105"
        lines = table.read_text().splitlines()
        assert lines[0] == "finding,line,name,reason"
        assert len(lines) == 1 + 6
        assert not LabelSet.objects.exists()

    def test_options_reach_the_importer(self, tmp_path: Path):
        path = tmp_path / "mine.csv"
        path.write_text("photo,opinion\na.jpg,3\n")
        arguments = ["--labels", str(path), "--name", "Mine", "--set", "name=photo"]
        arguments += ["--set", "mean=opinion", "--set", "low=1", "--set", "high=5", "--generated"]
        call_command("import_labels", "generic", *arguments)
        label_set = LabelSet.objects.get()
        assert (label_set.scale_high, label_set.bins, label_set.is_generated) == (5, 0, True)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["eva", "--name", "E"], "'eva' is no kind of label file"),
            (["ava"], "Give the labels a name"),
            (["ava", "--name", "A", "--dataset", "absent"], "There is no dataset 'absent'"),
            (["ava", "--name", "A", "--set", "part"], "write OPTION=VALUE"),
            (["tad66k", "--name", "A"], "expected are image and score"),
        ],
    )
    def test_what_is_wrong_is_one_sentence(self, ava: Path, arguments: list[str], said: str):
        with pytest.raises(CommandError, match=said):
            call_command("import_labels", *arguments, "--labels", str(ava))


class TestRealImages:
    """Images that came with their scores: six of AVA, one of LIVE In the Wild, one of SPAQ."""

    def test_ava_images_get_their_votes(self, shared: Path):
        data = shared / "data"
        tables = ["ava_official_test_votes_pred.csv.gz", "ava_train_half_votes.csv.gz"]
        paths = [data / "labels" / "ava" / name for name in tables]
        images = data / "scored" / "ava"
        report = labels_import("ava_csv", paths, name="", images=images, report_only=True).report
        assert (report.rows, report.found, len(report.missing)) == (137_715, 5, 137_710)
        # The one image without a label in any table that was found.
        assert names(report.unlabelled) == ["42044.jpg"]

    def test_the_case_of_a_suffix_makes_no_other_image(self, shared: Path):
        data = shared / "data"
        table = data / "labels" / "iqa_dataset" / "LIVE_Challenge.txt.gz"
        images = data / "scored" / "clive"
        label_set = labels_import("live_challenge", table, name="C", images=images).label_set
        assert label_set is not None
        linked = label_set.labels.exclude(photo=None).get()
        assert (linked.name, linked.photo.name, linked.mean) == ("1000.JPG", "1000.jpg", 56.5122)


def test_folders_high_and_low_are_labels_and_images_at_once(folder: Path):
    """CUHK-PQ: the names of two folders may be the same."""
    for quality, image in {"high": "101.png", "low": "999.jpg"}.items():
        (folder / "night" / quality).mkdir(parents=True)
        suffix = Path(image).suffix
        shutil.copy(folder / image, folder / "night" / quality / f"1{suffix}")
    night = folder / "night"
    label_set = labels_import("cuhk_pq", night, name="Night", images=night).label_set
    assert label_set is not None
    found = [(each.name, each.mean, each.photo.name) for each in selectors.labels_of(label_set)]
    assert found == [("high/1.png", 1, "high/1.png"), ("low/1.jpg", 0, "low/1.jpg")]


def test_a_stored_photo_that_is_gone_is_named(ava: Path, folder: Path):
    from django.core.files.storage import default_storage

    photos_import("Own", {folder / "101.png": "101.png", folder / "103.bmp": "other.bmp"})
    photos_import("Own", {folder / "more" / "102.JPG": "102.jpg"})
    default_storage.delete(Photo.objects.get(name="101.png").file)
    report = labels_import("ava", ava, name="AVA", dataset=Dataset.objects.get()).report
    assert names(report.unreadable) == ["101"]
    assert "cannot be read" in report.unreadable[0].reason
    assert report.found == 1
