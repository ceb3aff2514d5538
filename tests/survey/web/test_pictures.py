"""Blindness: what a browser shows by itself does not tell the original."""

import io

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from survey.models import Assignment, Survey
from tests.people import Annotator

# End-of-image marker of a JPEG.
EOI = b"\xff\xd9"


def both_sides(annotator: Annotator):
    trial = annotator.pair()["trials"][0]
    return [annotator.client.get(trial[side]) for side in ("left", "right")]


def content(response) -> bytes:
    return response.content


def test_both_sides_have_equal_headers_and_length(annotator: Annotator):
    left, right = both_sides(annotator)
    assert dict(left.headers) == dict(right.headers)
    assert left["Content-Type"] == "image/jpeg"
    bodies = [content(left), content(right)]
    assert len(bodies[0]) == len(bodies[1]) == int(left["Content-Length"])
    for name in ("ETag", "Last-Modified", "Content-Disposition"):
        assert name not in left.headers


def test_the_padding_lies_after_the_end_of_the_picture(annotator: Annotator):
    trial = Assignment.objects.get(token=annotator.pair()["trials"][0]["token"])
    stored = {
        trial.original_side: trial.stimulus.reference,
        ("right" if trial.original_side == "left" else "left"): trial.stimulus,
    }
    assert stored["left"].bytes != stored["right"].bytes, "the pair must need padding"
    for side in ("left", "right"):
        token = getattr(trial, f"{side}_token")
        body = content(annotator.client.get(f"/s/study/p/{token}"))
        own = stored[side].bytes
        assert body[:own].endswith(EOI)
        assert not any(body[own:])
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            assert image.size == (stored[side].width, stored[side].height)
            assert not image.getexif()
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_each_presentation_has_addresses_of_its_own(annotator: Annotator):
    state = annotator.pair()
    seen = [t[side] for t in state["trials"] for side in ("left", "right")]
    state = annotator.vote(state["trials"][0]["token"]).json()
    seen += [state["trials"][1][side] for side in ("left", "right")]
    assert len(set(seen)) == 6


def test_an_address_works_in_its_own_session_only(annotator: Annotator, survey: Survey):
    address = annotator.pair()["trials"][0]["left"]
    assert annotator.client.get(address).status_code == 200
    assert Client().get(address).status_code == 404
    assert Annotator(survey).client.get(address).status_code == 404


@pytest.mark.parametrize(
    "token",
    ["x", "..%2f..%2fetc%2fpasswd", "%00", "a#b", "..\\..\\secret", "stimuli%2Ftest.jpg", "%2e%2e"],
)
def test_no_path_comes_from_a_client(annotator: Annotator, token: str):
    annotator.pair()
    assert annotator.client.get(f"/s/study/p/{token}").status_code in {404, 301}


def test_media_is_not_served_by_name(annotator: Annotator, survey: Survey):
    annotator.pair()
    name = survey.stimuli.first().file
    for address in (f"/{name}", f"/media/{name}", f"/static/{name}"):
        assert annotator.client.get(address).status_code == 404


def test_a_picture_whose_file_is_gone_is_not_found(annotator: Annotator):
    address = annotator.pair()["trials"][0]["left"]
    for stimulus in annotator.survey.stimuli.all():
        default_storage.delete(stimulus.file)
    assert annotator.client.get(address).status_code == 404
