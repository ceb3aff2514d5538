"""Every published label file that a developer may have, against what is known of it."""

import csv
import gzip
import json
import math
from collections import Counter
from pathlib import Path

import pytest

from models_app.labels.base import LabelsRefused, Read
from models_app.labels.lists import ids_read
from models_app.labels.registry import importer_get


@pytest.fixture
def labels(shared: Path) -> Path:
    return shared / "data" / "labels"


# kind, file, rows, duplicates, rows by part
FILES = [
    ("ava", "ava/AVA_format_25k.txt.gz", 25_556, 0, {"": 25_556}),
    ("ava_csv", "ava/ava_official_test_votes_pred.csv.gz", 19_928, 0, {"test": 19_928}),
    ("ava_csv", "ava/ava_train_half_votes.csv.gz", 117_787, 0, {"train": 117_787}),
    ("ava_csv", "ava/tanet_test_votes_tags.csv.gz", 12_776, 0, {"test": 12_776}),
    ("ava_csv", "ava/tanet_val_votes_tags.csv.gz", 12_775, 0, {"validation": 12_775}),
    ("idealo_ava", "ava/idealo_ava_labels_test.json.gz", 25_551, 0, {"test": 25_551}),
    ("tid2013", "tid2013/mos_with_names.txt", 3_000, 0, {"": 3_000}),
    ("tid2013", "iqa_dataset/TID2013.txt.gz", 3_000, 0, {"": 3_000}),
    ("tid2013_idealo", "tid2013/idealo_tid_labels_train.json.gz", 2_640, 0, {"train": 2_640}),
    ("tid2013_idealo", "tid2013/idealo_tid_labels_test.json.gz", 360, 0, {"test": 360}),
    ("tid2008", "iqa_dataset/TID2008.txt.gz", 1_700, 0, {"": 1_700}),
    (
        "koniq10k",
        "koniq10k/koniq10k_distributions_sets.csv.gz",
        10_073,
        0,
        {"train": 7_058, "test": 2_015, "validation": 1_000},
    ),
    ("aadb", "aadb/test_with_pred.csv.gz", 1_000, 0, {"test": 1_000}),
    ("aadb", "iqa_dataset/AADB.txt.gz", 9_831, 127, {"": 9_831}),
    ("tad66k", "tad66k/train.csv.gz", 52_248, 0, {"train": 52_248}),
    ("tad66k", "tad66k/test.csv.gz", 14_079, 0, {"test": 14_079}),
    ("spaq", "iqa_dataset/SPAQ.txt.gz", 11_125, 0, {"": 11_125}),
    ("kadid10k", "iqa_dataset/KADID-10k.txt.gz", 10_125, 0, {"": 10_125}),
    ("csiq", "iqa_dataset/CSIQ.txt.gz", 866, 0, {"": 866}),
    ("live", "iqa_dataset/LIVE.txt.gz", 779, 0, {"": 779}),
    ("live_challenge", "iqa_dataset/LIVE_Challenge.txt.gz", 1_161, 0, {"": 1_161}),
]


def read(labels: Path, kind: str, file: str, **options: str) -> Read:
    return importer_get(kind).read(labels / file, options)


@pytest.mark.parametrize(
    ("kind", "file", "rows", "duplicates", "parts"), FILES, ids=[each[1] for each in FILES]
)
def test_a_file_gives_all_its_rows(labels, kind, file, rows, duplicates, parts):
    found = read(labels, kind, file)
    assert (len(found.rows), len(found.duplicates)) == (rows, duplicates)
    assert (found.out_of_range, found.malformed, found.unscored) == ([], [], [])
    assert Counter(row.part for row in found.rows) == parts
    assert len({row.name for row in found.rows}) == rows
    assert all(found.scale.low <= row.mean <= found.scale.high for row in found.rows)
    for row in found.rows[::50]:
        assert (row.distribution is not None) == bool(found.scale.bins)
        if row.distribution is not None:
            assert len(row.distribution) == found.scale.bins
            assert math.fsum(row.distribution) == pytest.approx(1, abs=1e-12)


def test_every_table_of_the_folder_is_a_case_or_known_to_be_none(labels: Path):
    """A file that comes later is looked at by somebody."""
    known = {file for _kind, file, *_rest in FILES} | {
        "ava/README.txt",
        "ava/challenges.txt",
        "ava/tags.txt",
        "ava/nima_vgg16_preds.txt.gz",
        "ava/official_test_ids_absent_from_public_copy.txt",
        "ava/style_image_lists/styles.txt",
        "ava/style_image_lists/test.multilab",
        "ava/style_image_lists/train.lab",
        "eva/image_content_category.csv",
        "tid2013/mos_std.txt",
    }
    there = {path.relative_to(labels).as_posix() for path in labels.rglob("*") if path.is_file()}
    assert {file for file in there if not file.endswith(".jpgl")} == known


def test_ava_means_are_those_that_were_published_with_the_votes(labels: Path):
    file = "ava/ava_official_test_votes_pred.csv.gz"
    with gzip.open(labels / file, "rt") as table:
        published = {row["image_id"]: float(row["quality"]) for row in csv.DictReader(table)}
    found = read(labels, "ava_csv", file)
    assert found.unused == ["quality", "quality_eval"]
    assert max(abs(row.mean - published[row.name]) for row in found.rows) < 1e-12


def test_three_files_of_ava_agree_on_the_images_that_they_share(labels: Path):
    """AVA's own layout, TANet's table and idealo's JSON, which number no columns alike."""
    ava = {row.name: row for row in read(labels, "ava", "ava/AVA_format_25k.txt.gz").rows}
    table = read(labels, "ava_csv", "ava/tanet_test_votes_tags.csv.gz").rows
    listed = read(labels, "idealo_ava", "ava/idealo_ava_labels_test.json.gz").rows
    shared = [(row, ava[row.name]) for row in (*table, *listed) if row.name in ava]
    assert len(shared) > 14_000
    for row, other in shared:
        assert (row.votes, row.distribution) == (other.votes, other.distribution)


def test_ava_names_tags_and_challenge(labels: Path):
    first = read(labels, "ava", "ava/AVA_format_25k.txt.gz").rows[0]
    assert (first.name, first.votes) == ("953619", 124)
    assert first.attributes == {"tags": ["Abstract", "Macro"], "challenge": "100_Meters"}
    assert first.mean == pytest.approx((2 + 15 + 68 + 190 + 216 + 105 + 48 + 45 + 10) / 124)


def test_tid_layouts_agree_and_idealos_bins_are_0_to_9(labels: Path):
    official = {r.name.lower(): r for r in read(labels, "tid2013", FILES[6][1]).rows}
    for row in read(labels, "tid2013", "iqa_dataset/TID2013.txt.gz").rows:
        assert row.mean == pytest.approx(official[row.name.lower()].mean, abs=1e-4)
    parts = [read(labels, "tid2013_idealo", FILES[place][1]) for place in (8, 9)]
    assert all((part.scale.first_bin, part.scale.bins) == (0, 10) for part in parts)
    rows = [row for part in parts for row in part.rows]
    assert len(rows) == 3_000
    for row in rows:
        assert row.mean == pytest.approx(official[f"{row.name.lower()}.bmp"].mean, abs=1e-4)


def test_tid_has_its_deviations_and_25_references(labels: Path):
    rows = read(labels, "tid2013", "tid2013/mos_with_names.txt").rows
    assert [row.sd for row in rows[:2]] == [0.13013, 0.16008]
    assert {row.reference for row in rows} == {f"i{n:02}" for n in range(1, 26)}
    assert rows[0].attributes == {"distortion": 1, "level": 1}
    for file, kind in (("TID2013", "tid2013"), ("TID2008", "tid2008")):
        others = read(labels, kind, f"iqa_dataset/{file}.txt.gz").rows
        assert len({row.reference for row in others}) == 25


def test_koniq_is_read_on_either_of_its_scales(labels: Path):
    file = "koniq10k/koniq10k_distributions_sets.csv.gz"
    answers, mos = read(labels, "koniq10k", file), read(labels, "koniq10k", file, score="mos")
    assert (answers.scale.low, answers.scale.high, answers.scale.bins) == (1, 5, 5)
    assert (mos.scale.low, mos.scale.high, mos.scale.bins) == (0, 100, 0)
    first, other = answers.rows[0], mos.rows[0]
    assert first.mean == pytest.approx(3 * 25 / 105 + 4 * 73 / 105 + 5 * 7 / 105)
    assert (first.votes, first.attributes) == (105, {"mos_zscore": other.mean})
    assert other.mean == pytest.approx(77.3836206897)


def test_aadb_layouts_agree_and_repeated_images_are_named(labels: Path):
    whole, test = (
        read(labels, "aadb", "iqa_dataset/AADB.txt.gz"),
        read(labels, "aadb", "aadb/test_with_pred.csv.gz"),
    )
    assert [(r.name, r.mean, r.attributes) for r in whole.rows[:1000]] == [
        (r.name, r.mean, r.attributes) for r in test.rows
    ]
    assert len(test.rows[0].attributes) == 11
    assert test.unused == ["quality_eval"]
    first = whole.duplicates[0]
    assert (first.line, first.name) == (9460, "farm1_366_19368111544_fd2446d472_b.jpg")
    assert "line 875" in first.reason


def test_names_that_two_folders_share_keep_their_folders(labels: Path):
    rows = read(labels, "live", "iqa_dataset/LIVE.txt.gz").rows
    assert {row.name.split("/")[0] for row in rows} == {"fastfading", "gblur", "jp2k", "jpeg", "wn"}
    assert len({row.reference for row in rows}) == 29


@pytest.mark.parametrize(("kind", "file"), [("csiq", "CSIQ"), ("live", "LIVE")])
def test_dmos_is_the_worse_the_greater(labels: Path, kind: str, file: str):
    found = read(labels, kind, f"iqa_dataset/{file}.txt.gz")
    assert not found.scale.higher_is_better
    if kind == "csiq":
        # The levels of a distortion become stronger from 1 to 5.
        means = {row.name: row.mean for row in found.rows}
        assert means["1600.AWGN.1.png"] < means["1600.AWGN.5.png"]


def test_every_list_of_ava_is_read_and_is_no_label(labels: Path):
    found = {path: ids_read(path) for path in (labels / "ava").rglob("*.jpgl")}
    assert len(found) == 21
    sizes = Counter(len(names) for names in found.values())
    assert sizes == {2_500: 17, 20_000: 2, 2_809: 1, 11_270: 1}
    for path, names in found.items():
        listed = importer_get("ava_lists").read(path, {})
        assert (listed.rows, listed.unscored) == ([], names)


def test_a_list_takes_its_scores_from_another_file(labels: Path):
    found = read(
        labels,
        "ava_lists",
        "ava/aesthetics_image_lists/generic_test.jpgl",
        scores_file=str(labels / "ava/ava_official_test_votes_pred.csv.gz"),
    )
    absent = ids_read(labels / "ava/official_test_ids_absent_from_public_copy.txt")
    assert len(found.rows) == 19_928
    assert {row.part for row in found.rows} == {"test"}
    assert sorted(found.unscored) == sorted(absent)


def test_files_without_labels_are_refused(labels: Path):
    with pytest.raises(LabelsRefused, match="no column of the score among image_id, sort"):
        read(labels, "generic", "eva/image_content_category.csv")
    with pytest.raises(LabelsRefused, match="no column of the image"):
        read(labels, "generic", "ava/nima_vgg16_preds.txt.gz")


def test_the_general_importer_reads_what_the_special_ones_do(labels: Path):
    """One file of bins that start at 1, one of means, one whose columns are numbered from 2."""
    koniq = read(labels, "generic", FILES[11][1])
    assert koniq.rows[0].distribution == read(labels, "koniq10k", FILES[11][1]).rows[0].distribution
    tad = read(labels, "generic", "tad66k/test.csv.gz", low="1", high="10")
    assert tad.rows == read(labels, "tad66k", "tad66k/test.csv.gz").rows
    with pytest.raises(LabelsRefused, match="first_bin=1"):
        read(labels, "generic", "ava/tanet_test_votes_tags.csv.gz")
    file = "ava/tanet_test_votes_tags.csv.gz"
    votes = read(labels, "generic", file, first_bin="1").rows
    special = read(labels, "ava_csv", file).rows
    assert [(r.name, r.distribution) for r in votes] == [(r.name, r.distribution) for r in special]


def test_idealos_counts_are_kept(labels: Path):
    file = "ava/idealo_ava_labels_test.json.gz"
    with gzip.open(labels / file, "rt") as table:
        first = json.load(table)[0]
    row = read(labels, "idealo_ava", file).rows[0]
    assert (row.name, row.votes) == (first["image_id"], sum(first["label"]))
    assert row.distribution is not None
    assert [round(share * row.votes) for share in row.distribution] == first["label"]
