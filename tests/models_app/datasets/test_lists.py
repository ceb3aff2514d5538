"""Lists that say which split a photo belongs to."""

import gzip
from pathlib import Path

import pytest

from models_app.datasets.lists import Listed, list_read
from models_app.errors import DatasetError


def test_one_column_names_files_and_the_list_names_the_split(tmp_path: Path):
    path = tmp_path / "val_set.txt.gz"
    path.write_bytes(gzip.compress(b"a.jpg\nb.jpg\n\n"))
    assert list_read(path) == {"a.jpg": Listed("val", "a.jpg"), "b.jpg": Listed("val", "b.jpg")}


def test_two_columns_map_names_in_the_list_to_files(tmp_path: Path):
    path = tmp_path / "names.csv"
    path.write_text("train:pexels-1.jpeg,cid_1.jpg\ntest:pexels-2.jpeg,cid_2.jpg\n")
    assert list_read(path) == {
        "cid_1.jpg": Listed("train", "pexels-1.jpeg"),
        "cid_2.jpg": Listed("test", "pexels-2.jpeg"),
    }


def test_a_table_with_a_header_is_read_by_its_columns(tmp_path: Path):
    path = tmp_path / "manifest.csv"
    path.write_text('file,note,authors_list\na.jpg,"x, y",train:p-1.jpeg\nb.jpg,,\n')
    assert list_read(path) == {"a.jpg": Listed("train", "p-1.jpeg")}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("train.txt", "", "is empty"),
        ("photos.txt", "a.jpg\n", "does not say which split"),
        ("train.txt", "a,b,c\n", "3 columns"),
        ("train.txt", "a.jpg\nb.jpg,c.jpg\n", "1, 2 columns"),
        ("names.csv", "train:a,x.jpg\ntest:a,x.jpg\n", "twice"),
        ("train.txt.gz", "not gzip", "cannot be read"),
    ],
)
def test_a_bad_list_is_one_sentence(tmp_path: Path, name: str, text: str, said: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError, match=said):
        list_read(tmp_path / name)


def test_a_missing_list_is_one_sentence(tmp_path: Path):
    with pytest.raises(DatasetError, match="cannot be read"):
        list_read(tmp_path / "train.txt")
