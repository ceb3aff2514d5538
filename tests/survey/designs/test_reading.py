"""Files from elsewhere: what is no design, or was changed, is refused with one sentence."""

import json

import pytest

from survey.designs import design_of, design_read
from survey.designs.base import content_sha256
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


def test_a_design_that_somebody_changed_needs_its_hash_removed(good: dict):
    good["design"]["settings"]["trials"] = 9
    with pytest.raises(SurveyInvalid, match="its SHA-256 does not fit"):
        design_read(json.dumps(good).encode())
    del good["sha256"]
    assert design_read(json.dumps(good).encode()).settings.trials == 9


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
