"""Tables of credits: as spreadsheets write them, and what is wrong with them by row and column."""

import pytest

from models_app.importing.credits import Credit, CreditsRefused, credits_match, credits_read


def rows(text: str, encoding: str = "utf-8") -> dict[str, Credit]:
    return {row.name: row.credit for row in credits_read(text.encode(encoding)).values()}


def test_columns_are_found_by_their_names_in_any_order():
    found = rows("Licence,Remarks,File name,Photographer,Source\nCC0,x,a.jpg,Ada,https://x.org/a\n")
    assert found == {"a.jpg": Credit("Ada", "CC0", "https://x.org/a")}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_of_every_country_are_read(delimiter: str):
    text = delimiter.join(["photo", "credit"]) + "\r\n" + delimiter.join(["é.jpg", '"A; B, C"'])
    assert rows(text, "utf-8-sig") == {"é.jpg": Credit("A; B, C")}


def test_the_apostrophe_before_a_formula_is_taken_off_again():
    assert rows("photo,credit\na.jpg,'=1+1\nb.jpg,'quoted'\n") == {
        "a.jpg": Credit("=1+1"),
        "b.jpg": Credit("'quoted'"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,words\na.jpg,Ada\n", "The first row of the table of credits is file, words; it"),
        ("credit\nAda\n", "must name a column photo"),
        ("", "must name a column photo"),
        ("photo,credit,author\na,b,c\n", "two columns of the credit: credit, author"),
        ("photo,credit\n\n", "names no photo"),
        ("photo,credit\na.jpg,Ada\n,Bob\n", "Row 3, column photo: it is empty"),
        ("photo,credit\na.jpg," + "x" * 256, "Row 2, column credit: it has 256 letters; allowed "),
        ("photo,licence\na.jpg,CC\x000\n", "Row 2, column licence: it has letters that cannot"),
        ("photo,credit\na.jpg,Ada\nA.JPG,Bob\n", "Row 3, column photo: 'A.JPG' stands in row 2"),
        ("photo,credit,url\na.jpg,A,javascript:alert(1)\n", "Row 2, column source_url: 'javasc"),
        ("photo,credit,url\na.jpg,A,https://\n", "is no address; it must begin with https://"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_row_and_column(text: str, said: str):
    with pytest.raises(CreditsRefused) as caught:
        rows(text)
    assert said in str(caught.value)


def test_many_mistakes_are_said_at_once_but_not_all():
    table = "photo,credit\n" + ",Ada\n" * 30
    with pytest.raises(CreditsRefused) as caught:
        rows(table)
    assert "Row 9, column photo" in str(caught.value)
    assert "Row 10" not in str(caught.value)
    assert "And 22 more." in str(caught.value)


def test_another_encoding_is_one_sentence():
    with pytest.raises(CreditsRefused, match="save it as “CSV UTF-8”"):
        rows("photo,credit\né.jpg,Ada\n", "cp1252")
    with pytest.raises(CreditsRefused, match="no UTF-8 text"):
        rows("photo,credit\na.jpg,Ada\n", "utf-16")


def test_a_row_is_found_by_the_longest_end_of_the_path():
    table = credits_read(b"photo,credit\na.jpg,Ada\nx/a.jpg,Bob\nB.JPG,Cy\ngone.jpg,Di\n")
    found = credits_match(table, ["all/a.jpg", "all/x/A.jpg", "all/b.jpg", "all/c.jpg"])
    assert {path: credit.credit for path, credit in found.by_path.items()} == {
        "all/a.jpg": "Ada",
        "all/x/A.jpg": "Bob",
        "all/b.jpg": "Cy",
    }
    assert (found.unused, found.ambiguous) == (["gone.jpg"], [])


def test_a_row_that_could_mean_several_photos_means_none():
    table = credits_read(b"photo,credit\na.jpg,Ada\n")
    found = credits_match(table, ["x/a.jpg", "y/a.jpg"])
    assert (found.by_path, found.ambiguous) == ({}, ["a.jpg"])
