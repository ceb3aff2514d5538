"""Every kind of label file can be imported, is labelled and refuses what is none of its files."""

import gzip
from pathlib import Path

import pytest

from models_app.labels.base import LabelsRefused
from models_app.labels.registry import FILES, REGISTRY, Entry, importer_get, kind_label, registry


def test_the_number_of_kinds_is_known():
    assert len(REGISTRY) == 17


@pytest.mark.parametrize("key", REGISTRY)
def test_a_kind_is_labelled_and_refuses_other_files_in_a_sentence(key: str, tmp_path: Path):
    entry = REGISTRY[key]
    assert entry.label
    assert entry.wants
    path = tmp_path / "labels.txt"
    path.write_text("This is a letter,\nnot a table of labels.\n")
    with pytest.raises(LabelsRefused) as refused:
        importer_get(key).read(path, {})
    assert str(refused.value).endswith(".")
    assert str(path) not in str(refused.value)


@pytest.mark.parametrize("key", REGISTRY)
def test_a_kind_refuses_an_option_that_it_does_not_know(key: str, tmp_path: Path):
    with pytest.raises(LabelsRefused, match=r"'colour' is unknown .* allowed are part"):
        importer_get(key).read(tmp_path, {"colour": "red"})


@pytest.mark.parametrize("key", [key for key in REGISTRY if key != "cuhk_pq"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\x1f\x8bnot gzip", "cannot be read"), (b"\xff\xfe\xfa", "cannot be")],
)
def test_a_kind_refuses_a_file_that_cannot_be_read(
    key: str, content: bytes, said: str, tmp_path: Path
):
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(LabelsRefused, match=said):
        importer_get(key).read(path, {})


def test_a_file_cut_off_in_the_middle_is_refused(tmp_path: Path):
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress(b"image,score\n" + b"a.jpg,5\n" * 5000)[:-20])
    with pytest.raises(LabelsRefused, match="cannot be read"):
        importer_get("tad66k").read(path, {})


def test_an_unknown_kind_names_what_is_allowed():
    with pytest.raises(LabelsRefused, match=r"'eva' is no kind .* ava, ava_csv"):
        importer_get("eva")
    assert kind_label("eva") == "eva"


def test_a_key_cannot_be_registered_twice():
    with pytest.raises(ValueError, match="twice"):
        registry(Entry("a", "A", "x", "a.A"), Entry("a", "B", "x", "b.B"))


def test_options_that_name_files_are_known():
    told = {option for entry in REGISTRY.values() for option in entry.options}
    assert told >= FILES
