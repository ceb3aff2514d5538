"""Files from elsewhere: what is no design, or was changed, is refused with one sentence."""

import json
import tracemalloc

import pytest

from survey.designs import design_of, design_read
from survey.designs.base import content_sha256
from survey.designs.reading import LARGEST, VALUES
from survey.errors import SurveyInvalid
from survey.models import Survey


@pytest.fixture
def good(survey: Survey) -> dict:
    return json.loads(b"".join(design_of(survey).chunks()))


def refused(content: bytes | dict, said: str) -> None:
    if isinstance(content, dict):
        content["sha256"] = content_sha256(content.get("design"))
        content = json.dumps(content).encode()
    with pytest.raises(SurveyInvalid, match=said) as caught:
        design_read(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no survey design"),
        (b'{"votes": 1}', "no survey design"),
        (b'{"proofsheet_design": 2}', "has version 2; this program reads version 1"),
        (b'{"proofsheet_design": true}', "has version True"),
        (b'{"proofsheet_design": 1}', "lacks the entry"),
    ],
)
def test_what_is_no_design(content: bytes, said: str):
    refused(content, said)


def test_a_file_that_is_too_large(monkeypatch):
    monkeypatch.setattr("survey.designs.reading.LARGEST", 10)
    refused(b"x" * 11, "no design is so large")


def test_a_small_file_of_too_many_entries_is_refused_before_it_takes_memory():
    """Lists of nothing take 20 times their bytes once read."""
    for entry in (b"[]", b"{}", b"1", b'"a"'):
        bomb = b'{"proofsheet_design": 1, "design": [' + b",".join([entry] * VALUES) + b"]}"
        assert len(bomb) < LARGEST
        tracemalloc.start()
        refused(bomb, "more entries than any design")
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 1_000_000


def test_the_design_of_a_large_study_is_read(good: dict):
    """20,000 photos with long names and credits, and commas in both."""
    names = [f"a rather long title, as people give to photos [{n:05}].jpg" for n in range(20_000)]
    credit = "Firstname Lastname, https://www.flickr.com/photos/12345678@N00/12345678901/"
    licence = "CC BY-NC-SA 2.0, https://creativecommons.org/licenses/by-nc-sa/2.0/"
    good["design"]["photos"] = [{"name": name, "pixel_sha256": "a" * 64} for name in names]
    good["credits"] = [{"name": name, "credit": credit, "licence": licence} for name in names]
    del good["sha256"]
    content = b"".join(design_read(json.dumps(good).encode()).chunks())
    assert 0.85 * LARGEST < len(content) <= LARGEST
    assert len(design_read(content).photos) == 20_000


def test_a_design_that_somebody_changed_needs_its_hash_removed(good: dict):
    good["design"]["settings"]["trials"] = 9
    with pytest.raises(SurveyInvalid, match="its SHA-256 does not fit"):
        design_read(json.dumps(good).encode())
    del good["sha256"]
    assert design_read(json.dumps(good).encode()).settings.trials == 9


def test_credits_are_read_where_there_are_some_and_are_no_part_of_the_hash(good: dict):
    before = design_read(json.dumps(good).encode())
    assert [row.credit for row in before.credits] == [f"credit {n}" for n in range(4)]
    good["credits"][1]["credit"] = "Somebody else"
    after = design_read(json.dumps(good).encode())
    assert after.credits[1].credit == "Somebody else"
    assert after.sha256 == before.sha256 == good["sha256"]
    del good["credits"]
    assert design_read(json.dumps(good).encode()).credits == ()


HALF = "a\ud800b"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("colour",), "blue", "the file has an unknown entry 'colour'"),
        (("design",), [], "design is no JSON object"),
        (("design", "colour"), 1, "design has an unknown entry 'colour'"),
        (("design", "kind"), "three_choice", "'three_choice' is no survey kind"),
        (("design", "kind"), 3, "kind is 3; it must be a text"),
        (("title",), "", "title is ''; it must be a text"),
        (("title",), "t" * 201, "title has 201 characters; at most 200"),
        (("title",), "a\0b", "title holds a character that no text can have"),
        (("title",), HALF, "half a character"),
        (("design", "settings", "speed"), 1, "settings has an unknown entry 'speed'"),
        (("design", "settings", "trials"), 0, "trials is 0; allowed are whole numbers"),
        (("design", "settings", "trials"), "9", "trials is '9'; it must be a whole number"),
        (("design", "settings", "contact"), "a\0b", "contact holds a character"),
        (("design", "settings", "consent_version"), "v" * 41, "at most 40 are allowed"),
        (("design", "formulas_sha256"), "abc", "formulas_sha256 is 'abc'"),
        (("design", "kind"), ["x" * 9999], "kind is ..x*…; it must"),
        (("design", "conditions"), {}, "conditions is no JSON list"),
        (("design", "conditions", 0), 7, "conditions 1 is no JSON object"),
        (("design", "conditions", 0, "level"), "=A1", "level is '=A1'"),
        (("design", "conditions", 0, "level"), "nan", "level is 'nan'"),
        (("design", "conditions", 0, "step"), 1.5, "step is 1.5"),
        (("design", "conditions", 0, "aspect"), "odd", "aspect is 'odd'; allowed are: technical"),
        (("design", "conditions", 0, "distortion"), ["a"], "distortion is .'a'.; it must be"),
        (("design", "conditions", 1, "level"), "-0.4", "twice"),
        (("design", "photos", 0, "name"), "n" * 256, "name has 256 characters"),
        (("design", "photos", 0, "name"), "photo-1.jpg", "photos has 'photo-1.jpg' twice"),
        (("design", "photos", 0, "pixel_sha256"), "../x", "pixel_sha256 is '../x'"),
        (("design", "photos", 0, "file"), "/etc/x", "photos 1 has an unknown entry 'file'"),
        (("credits",), {}, "credits is no JSON list"),
        (("credits", 0, "source"), "x", "credits 1 has an unknown entry 'source'"),
        (("credits", 0, "name"), "photo-1.jpg", "credits has 'photo-1.jpg' twice"),
        (("credits", 0, "licence"), "l" * 256, "licence has 256 characters"),
        (("credits", 0, "credit"), 7, "credit is 7; it must be a text"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_design(good: dict, path: tuple, value: object, said: str):
    place = good
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    if value == HALF:
        # Half a character has no hash; such a file comes without one.
        del good["sha256"]
        with pytest.raises(SurveyInvalid, match=said):
            design_read(json.dumps(good).encode())
        return
    refused(good, said)


@pytest.mark.parametrize("path", [("slug",), ("design", "photos"), ("design", "settings", "undo")])
def test_what_is_missing(good: dict, path: tuple):
    place = good
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    refused(good, f"lacks the entry '{path[-1]}'")


def test_half_a_character_inside_the_design_is_refused_too(good: dict):
    good["design"]["settings"]["contact"] = HALF
    del good["sha256"]
    with pytest.raises(SurveyInvalid, match="half a character"):
        design_read(json.dumps(good).encode())


def test_what_json_has_no_number_for_is_refused(good: dict):
    good["design"]["settings"]["trials"] = float("nan")
    del good["sha256"]
    with pytest.raises(SurveyInvalid, match="trials is nan"):
        design_read(json.dumps(good).encode())
