"""Tables as people have them, and those that nobody can use."""

import gzip

import pytest

from models_app.evaluation.tables import TableRefused, number, table_read

LABELS = "data/labels"


def write(folder, text: str, name: str = "t.csv"):
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("image,score\na.jpg,1.5\n\nb,2\n", {"image": ["a.jpg", "b"], "score": ["1.5", "2"]}),
        ("\ufeffimage;score\r\na;1\r\n", {"image": ["a"], "score": ["1"]}),
        ("image\tscore\na b\t1\n", {"image": ["a b"], "score": ["1"]}),
        ('image,score\n"a,1.jpg",2\n', {"image": ["a,1.jpg"], "score": ["2"]}),
        ("5.51 I01.bmp\n5.56 i02.bmp\n", {"1": ["5.51", "5.56"], "2": ["I01.bmp", "i02.bmp"]}),
        ("image  score\na   1\n", {"image": ["a"], "score": ["1"]}),
        (",image,score\n0,a,1\n", {"1": ["0"], "image": ["a"], "score": ["1"]}),
        ("image,0,1,2\na,4,5,6\n", {"image": ["a"], "0": ["4"], "1": ["5"], "2": ["6"]}),
        ("12,5.5\n13,5.6\n", {"1": ["12", "13"], "2": ["5.5", "5.6"]}),
        (
            "953844 mean: 5.962 | std: 1.420 | GT: 5.914\n",
            {"image_id": ["953844"], "mean": ["5.962"], "std": ["1.420"], "GT": ["5.914"]},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zipped", [False, True])
def test_layouts_are_told_apart(tmp_path, text: str, columns: dict, zipped: bool):
    path = write(tmp_path, text)
    if zipped:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert table_read(path).columns == columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"t\.csv is empty"),
        ("image,score\n", "names of columns and no rows"),
        ("image,score\na,1\nb\n", r"Line 3 of t\.csv has 1 columns where 2 are wanted"),
        ("image,score,score\na,1,2\n", "several columns called 'score'"),
        ("1 mean: 5 | std: 1 | GT: 5\n2 mean: x\n", r"Line 2 of t\.csv is not like the first"),
        ('image,score\n"a,1\n', "Line 2.* has 1 columns"),
        ('[\n {"image_id": "1"}]', "looks like JSON; allowed are CSV"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path, text: str, said: str):
    with pytest.raises(TableRefused, match=said):
        table_read(write(tmp_path, text))


def test_damaged_files_are_refused(tmp_path):
    with pytest.raises(TableRefused, match=r"none\.csv cannot be read \(No such file"):
        table_read(tmp_path / "none.csv")
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"image,score\n" * 1000)[:-20])
    with pytest.raises(TableRefused, match="cannot be read"):
        table_read(path)
    path.write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(TableRefused, match="no text in UTF-8"):
        table_read(path)


def test_numbers_are_finite_and_plain():
    assert (number("1e-2"), number(" 5 "), number("-3.5")) == (0.01, 5.0, -3.5)
    assert [number(cell) for cell in ("", "nan", "inf", "1_000", "5,3", "x")] == [None] * 6


@pytest.mark.parametrize(
    ("name", "rows", "names"),
    [
        ("ava/AVA_format_25k.txt.gz", 25_556, {"image_id", "score1", "score10", "tag2"}),
        ("ava/nima_vgg16_preds.txt.gz", 12_818, {"image_id", "mean", "GT"}),
        ("ava/ava_official_test_votes_pred.csv.gz", 19_928, {"quality", "quality_eval"}),
        ("koniq10k/koniq10k_distributions_sets.csv.gz", 10_073, {"image_name", "MOS"}),
        ("tid2013/mos_with_names.txt", 3_000, {"1", "2"}),
        ("iqa_dataset/TID2013.txt.gz", 3_000, {"ref_img_path", "score"}),
    ],
)
def test_published_tables_are_read(shared, name: str, rows: int, names: set):
    table = table_read(shared / LABELS / name)
    assert table.rows == rows
    assert names <= set(table.columns)
    assert len(table.sha256) == 64
