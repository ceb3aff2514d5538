"""What importers say of lines that are no labels, and how options change what is read."""

from pathlib import Path

import pytest

from models_app.labels.base import LabelsRefused, Problem, Read
from models_app.labels.images import Finder
from models_app.labels.merging import files_hash, files_read
from models_app.labels.registry import importer_get
from models_app.labels.report import report_of

GOOD = "1 953619 0 1 5 17 38 36 15 6 5 1 1 22 1396"


def read(kind: str, path: Path, text: str, **options: str) -> Read:
    path.write_text(text)
    return importer_get(kind).read(path, options)


def test_ava_names_each_line_that_gave_no_label(tmp_path: Path):
    lines = [
        GOOD,
        "2 953620 0 0 0 0 0 0 0 0 0 0 1 22 1396",
        "3 953621 0 -1 5 17 38 36 15 6 5 1 1 22 1396",
        "4 953622 0 1 5",
        "5 953623 0 1 x 17 38 36 15 6 5 1 1 22 1396",
        "6 953624 0 1.5 5 17 38 36 15 6 5 1 1 22 1396",
        GOOD.replace("38", "39"),
        "",
        GOOD.replace("953619", "953625"),
        GOOD.replace("953619", "953626"),
    ]
    found = read("ava", tmp_path / "AVA.txt", "\n".join(lines))
    assert [row.name for row in found.rows] == ["953619", "953625", "953626"]
    assert found.malformed == [
        Problem(2, "953620", "it has no votes"),
        Problem(4, "953622", "it has 5 columns; expected are 15"),
        Problem(5, "953623", "a count is 'x', which is no number"),
    ]
    assert [(each.line, each.name) for each in found.out_of_range] == [(3, "953621"), (6, "953624")]
    assert found.duplicates == [
        Problem(7, "953619", "line 1 has this name already, with the score 5.6371, and counts")
    ]


def test_a_file_with_more_other_lines_than_labels_is_refused(tmp_path: Path):
    path = tmp_path / "AVA.txt"
    assert len(read("ava", path, f"{GOOD}\n2 953620 1\n").malformed) == 1
    said = r"2 lines are no labels and 1 are \(line 2: it has 3 columns; expected are 15\)"
    with pytest.raises(LabelsRefused, match=said):
        read("ava", path, f"{GOOD}\n2 953620 1\nand text\n")


def test_a_text_about_labels_is_refused(shared: Path):
    """Three of its lines begin with a number, as the lines of TID2013 do."""
    path = shared / "data" / "labels" / "ava" / "README.txt"
    with pytest.raises(LabelsRefused, match="lines are no labels and 3 are"):
        importer_get("tid2013").read(path, {})


def test_mean_and_deviation_are_those_of_the_votes(tmp_path: Path):
    row = read("ava", tmp_path / "AVA.txt", "1 7 1 0 0 0 0 0 0 0 0 3 0 0 1\n").rows[0]
    # One 1 and three 10s.
    assert (row.mean, row.votes) == (7.75, 4)
    assert row.sd == pytest.approx(((6.75**2 + 3 * 2.25**2) / 4) ** 0.5)
    assert row.distribution == (0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0.75)
    assert row.attributes == {"tags": [], "challenge": "1"}


def test_ava_as_csv_needs_no_header_and_takes_file_names(tmp_path: Path):
    text = "images/953619.jpg,0,1,5,17,38,36,15,6,5,1\n953620.jpg,0,1,5,17,38,36,15,6,5,1\n"
    found = read("ava_csv", tmp_path / "train_labels.csv", text)
    assert [(row.name, row.part) for row in found.rows] == [
        ("953619.jpg", "train"),
        ("953620.jpg", "train"),
    ]


def test_columns_that_skip_a_score_are_refused(tmp_path: Path):
    header = ",".join(["image_id", *(f"score{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11))])
    with pytest.raises(LabelsRefused, match="expected are the image and then score1 to score10"):
        read("ava_csv", tmp_path / "a.csv", f"{header}\n1,{',1' * 9}1\n")


@pytest.mark.parametrize(
    ("label", "list_name", "reason"),
    [
        ("[0.5, 0.5]", "malformed", "a label of 10 numbers"),
        ("[1, 1, 1, 1, 1, 1, 1, 1, 1, true]", "malformed", "no numbers"),
        ("[NaN, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "malformed", "no numbers"),
        ("[0.5, 0.6, 0, 0, 0, 0, 0, 0, 0, 0]", "out_of_range", "sum to 1.1"),
        ("[-0.1, 1.1, 0, 0, 0, 0, 0, 0, 0, 0]", "out_of_range", "below 0"),
    ],
)
def test_idealos_entries_are_checked(tmp_path: Path, label: str, list_name: str, reason: str):
    good = '{"image_id": "I01_01_1", "label": [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}'
    other = good.replace("I01_01_1", "I01_01_3")
    text = f'[{good}, {{"image_id": "I01_01_2", "label": {label}}}, 3, {other}]'
    found = read("tid2013_idealo", tmp_path / "a.json", text)
    assert found.rows[0].mean == pytest.approx(4.5)
    problems = getattr(found, list_name)
    assert (problems[0].line, problems[0].name) == (2, "I01_01_2")
    assert reason in problems[0].reason
    assert found.malformed[-1].line == 3


@pytest.mark.parametrize("text", ["{}", "not json", '{"image_id": "a"}'])
def test_json_that_is_no_list_is_refused(tmp_path: Path, text: str):
    with pytest.raises(LabelsRefused, match=r"a\.json"):
        read("idealo_ava", tmp_path / "a.json", text)


def test_deviations_belong_line_by_line(tmp_path: Path):
    (tmp_path / "mos_std.txt").write_text("0.1\n")
    text = "5.5 i01_01_1.bmp\n4.5 I01_01_2.BMP\n"
    with pytest.raises(LabelsRefused, match=r"has 1 lines and mos_with_names.txt has 2"):
        read("tid2013", tmp_path / "mos_with_names.txt", text)
    (tmp_path / "other.txt").write_text("0.1\n0.2\n")
    path = str(tmp_path / "other.txt")
    found = read("tid2013", tmp_path / "mos_with_names.txt", text, sd_file=path)
    assert [(row.sd, row.reference) for row in found.rows] == [(0.1, "i01"), (0.2, "i01")]


def test_scores_outside_of_the_scale_are_named(tmp_path: Path):
    found = read("tad66k", tmp_path / "a.csv", "image,score\na.jpg,0.9\nb.jpg,10\nc.jpg,nan\n")
    assert [row.name for row in found.rows] == ["b.jpg"]
    assert found.out_of_range == [Problem(2, "a.jpg", "the score 0.9 is not between 1 and 10")]
    assert found.malformed == [Problem(4, "c.jpg", "the score is 'nan', which is no number")]


def test_a_file_without_one_good_line_is_refused_with_its_first_problem(tmp_path: Path):
    with pytest.raises(LabelsRefused, match="line 2: the score 55 is not between 1 and 10"):
        read("tad66k", tmp_path / "a.csv", "image,score\na.jpg,55\nb.jpg,60\n")


def test_koniqs_own_file_counts_people_and_has_both_means(tmp_path: Path):
    header = "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,MOS_zscore"
    text = f"{header}\na.jpg,0,0,25,73,7,105,3.828571429,0.527277894,77.38362069\n"
    row = read("koniq10k", tmp_path / "a.csv", text).rows[0]
    assert (row.mean, row.votes) == (pytest.approx(3.828571429), 105)
    assert (row.attributes, row.part) == ({"mos_zscore": 77.38362069}, "")


def test_aadbs_own_list_has_no_header(tmp_path: Path):
    text = "farm1_1.jpg 0.65\nfarm1_2.jpg 0.4\n"
    found = read("aadb", tmp_path / "imgListTestNewRegression_score.txt", text)
    assert [(row.name, row.mean) for row in found.rows] == [
        ("farm1_1.jpg", 0.65),
        ("farm1_2.jpg", 0.4),
    ]


def test_folders_high_and_low_are_labels(tmp_path: Path):
    for name in ("animal/high/1.jpg", "animal/low/1.jpg", "HighQuality/night/2.JPG", "3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "animal/high/readme.txt").touch()
    found = importer_get("cuhk_pq").read(tmp_path, {})
    assert [(row.name, row.mean, row.attributes) for row in found.rows] == [
        ("HighQuality/night/2.JPG", 1, {"category": "night"}),
        ("animal/high/1.jpg", 1, {"category": "animal"}),
        ("animal/low/1.jpg", 0, {"category": "animal"}),
    ]
    assert [problem.name for problem in found.malformed] == ["3.jpg"]


class TestGeneric:
    MEANS = "photo;opinion;spread;origin;use\nx/a.png;2.5;1;r.png;training\nx/b.png;3;2;r.png;\n"

    def test_columns_are_named_by_options(self, tmp_path: Path):
        named = {"name": "photo", "mean": "opinion", "sd": "spread", "reference": "origin"}
        more = {"part_column": "use", "low": "0", "high": "5", "better": "low"}
        found = read("generic", tmp_path / "a.csv", self.MEANS, **named, **more)
        assert (found.scale.low, found.scale.high, found.scale.higher_is_better) == (0, 5, False)
        assert [(r.name, r.mean, r.sd, r.reference, r.part) for r in found.rows] == [
            ("a.png", 2.5, 1, "r.png", "train"),
            ("b.png", 3, 2, "r.png", ""),
        ]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({}, "no column of the image"),
            ({"name": "photo"}, "no column of the score"),
            ({"name": "photo", "mean": "opinion"}, "say which scores people could give"),
            ({"name": "photo", "mean": "opinion", "low": "5", "high": "1"}, "low must be the less"),
            ({"name": "photo", "mean": "absent"}, "has no column 'absent'; it has photo"),
            (
                {"name": "photo", "mean": "opinion", "low": "0", "high": "5", "part": "exam"},
                "allowed are train",
            ),
        ],
    )
    def test_what_is_missing_is_asked_for(self, tmp_path: Path, options, said: str):
        with pytest.raises(LabelsRefused, match=said):
            read("generic", tmp_path / "a.csv", self.MEANS, **options)

    def test_bins_may_be_shares_or_counts(self, tmp_path: Path):
        header = "image,b0,b1,b2,note"
        shares = read("generic", tmp_path / "a.csv", f"{header}\na.png,0.25,0.25,0.5,x\n")
        counts = read("generic", tmp_path / "a.csv", f"{header}\na.png,1,1,2,x\n")
        assert shares.rows[0].distribution == counts.rows[0].distribution == (0.25, 0.25, 0.5)
        assert (shares.rows[0].votes, counts.rows[0].votes) == (None, 4)
        assert (counts.scale.low, counts.scale.high, counts.scale.first_bin) == (0, 2, 0)
        assert counts.rows[0].mean == 1.25
        assert counts.unused == ["note"]

    def test_a_part_that_is_none_is_named(self, tmp_path: Path):
        text = "image,b1,b2,split\na.png,1,1,exam\nb.png,1,1,test\n"
        found = read("generic", tmp_path / "a.csv", text)
        assert found.malformed[0].reason.startswith("it belongs to 'exam'")
        assert found.rows[0].part == "test"


def test_the_files_name_tells_the_part_unless_an_option_does(tmp_path: Path):
    text = "image,score\na.jpg,5\n"
    assert read("tad66k", tmp_path / "my-train.csv", text).rows[0].part == "train"
    assert read("tad66k", tmp_path / "train_or_test.csv", text).rows[0].part == ""
    assert read("tad66k", tmp_path / "train.csv", text, part="val").rows[0].part == "validation"
    assert read("tad66k", tmp_path / "train.csv", text, part="none").rows[0].part == ""
    assert read("tad66k", tmp_path / "latest.csv", text).rows[0].part == ""


def test_several_files_become_one_set(tmp_path: Path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("image,score\na.jpg,5\nb.jpg,11\n")
    test.write_text("image,score\na.jpg,6\nc.jpg,7\n")
    found = files_read("tad66k", [train, test], {})
    assert [(r.name, r.mean, r.part) for r in found.rows] == [
        ("a.jpg", 5, "train"),
        ("c.jpg", 7, "test"),
    ]
    assert found.duplicates[0].reason == (
        "test.csv: train.csv has this name already, with the score 5, and counts"
    )
    assert found.out_of_range[0].reason.startswith("train.csv: ")
    assert files_hash([train, test]) != files_hash([test, train]) != files_hash([train])
    report = report_of(found, kind="tad66k", name="t", source="train.csv, test.csv")
    assert report.counts()["duplicates"] == 1
    assert [row[0] for row in report.table()] == ["duplicates", "out_of_range"]


def test_an_image_is_found_as_it_is_written_first():
    finder = Finder(
        ["A/I01_01_1.bmp", "a/b/i01_01_1.BMP", "x/img2.bmp", "y/img2.bmp", "953619.jpg"]
    )
    assert finder.find("I01_01_1.bmp") == ["A/I01_01_1.bmp"]
    assert finder.find("i01_01_1.BMP") == ["a/b/i01_01_1.BMP"]
    # Neither is written so: both are meant.
    assert len(finder.find("i01_01_1.bmp")) == 2
    assert finder.find("x/img2.bmp") == ["x/img2.bmp"]
    assert finder.find("z/img2.bmp") == []
    assert len(finder.find("img2.bmp")) == 2
    assert finder.find("953619") == ["953619.jpg"]
    assert finder.find("953619.png") == ["953619.jpg"]
    assert finder.find("95361") == []


def test_a_dot_inside_a_name_is_no_suffix():
    finder = Finder(["1600.AWGN.1.png", "1600.AWGN.2.png"])
    assert finder.find("1600.AWGN.1.png") == ["1600.AWGN.1.png"]
    assert finder.find("1600.AWGN.2") == ["1600.AWGN.2.png"]
