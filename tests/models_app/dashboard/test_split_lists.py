"""Lists of names that were uploaded for a split stay while it is refused."""

import re
from datetime import timedelta

import pytest

from models_app.models import LabelSplit
from models_app.services import split_uploads
from tests.models_app.dashboard.test_splits import HUNDRED, make_url, names_file
from tests.split_rows import names_make

pytestmark = pytest.mark.django_db


def test_lists_of_a_refused_split_are_kept_for_the_next_try(manager):
    found = names_make("set", HUNDRED)
    common = {"rule": "lists", "option-labels_only": "true", "option-validation_share": "0"}
    posted = {**common, "name": "", "test": names_file("t.jpgl", *range(90, 100)),
              "train": [names_file("a.txt", *range(40)), names_file("b.txt", 40, 41)]}  # fmt: skip
    answer = manager.post(make_url(found), posted)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "needs a name" in page
    assert "<strong>a.txt</strong> (40 names)" in page
    token = re.search(r'name="lists" value="([^"]+)"', page)[1]
    # Another list of tests, none of training: refused again, and what is kept follows.
    again = {**common, "name": "", "lists": token, "forget": "train",
             "test": names_file("u.txt", 7, 8, 9)}  # fmt: skip
    page = manager.post(make_url(found), again).content.decode()
    assert "<strong>u.txt</strong> (3 names)" in page
    assert "t.jpgl" not in page
    assert "a.txt" not in page
    answer = manager.post(make_url(found), {**common, "name": "mine", "lists": token})
    assert answer.status_code == 302
    assert LabelSplit.objects.get().counts == {"train": 42, "validation": 0, "test": 10}


@pytest.mark.parametrize("token", ["", "x", "../../secret-key", f"{'0' * 32}.json"])
def test_lists_that_are_not_kept_are_none(manager, token: str):
    found = names_make("set", HUNDRED)
    posted = {"rule": "lists", "name": "mine", "option-labels_only": "true", "lists": token}
    answer = manager.post(make_url(found), posted)
    assert answer.status_code == 400
    assert "needs files that name" in answer.content.decode()


def test_kept_lists_are_deleted_after_a_day(manager, monkeypatch):
    found = names_make("set", HUNDRED)
    posted = {"rule": "lists", "name": "", "train": names_file("a.txt", 1)}
    page = manager.post(make_url(found), posted).content.decode()
    token = re.search(r'name="lists" value="([^"]+)"', page)[1]
    assert split_uploads.lists_open(token)["train"][0].names == ("1",)
    assert split_uploads.lists_clean() == 0
    monkeypatch.setattr(split_uploads, "KEPT", timedelta(days=-1))
    assert split_uploads.lists_clean() >= 1
    assert not any(split_uploads.lists_open(token).values())
