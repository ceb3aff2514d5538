"""Checkpoints side by side: only scores of the same images share a row."""

import pytest
from django.urls import reverse

from models_app.findings.model_scores import rows_make
from models_app.models import Checkpoint
from tests.models_app.dashboard.model_rows import (
    CLOSE,
    COMPARE,
    FAR,
    checkpoint_row,
    evaluation_make,
    family_make,
    split_make,
    words,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> tuple[Checkpoint, Checkpoint, Checkpoint]:
    return family_make()


def test_only_scores_of_the_same_images_share_a_row(analyst, family):
    _pretrained, tuned, elsewhere = family
    first, second = split_make("official"), split_make("mine", members="b")
    same_name = split_make("official", labels="TID", members="c")
    evaluation_make(tuned, first, CLOSE)
    evaluation_make(elsewhere, first, FAR)
    evaluation_make(tuned, second, FAR)
    evaluation_make(elsewhere, same_name, CLOSE)
    rows = rows_make([tuned, elsewhere], "srcc")
    assert [(row.example.label_set.name, row.example.split.name) for row in rows] == [
        ("AVA", "mine"), ("AVA", "official"), ("TID", "official")
    ]  # fmt: skip
    assert [[each.evaluation is not None for each in row.cells] for row in rows] == [
        [True, False], [True, True], [False, True]
    ]  # fmt: skip
    assert [[each.is_best for each in row.cells] for row in rows] == [
        [False, False], [True, False], [False, False]
    ]  # fmt: skip
    # The lower error is the better one.
    (_one, both, _three) = rows_make([elsewhere, tuned], "mae")
    assert [each.is_best for each in both.cells] == [False, True]

    query = {"checkpoint": [tuned.pk, elsewhere.pk, 10**30, "x"], "metric": "krcc"}
    page = words(analyst.get(COMPARE, query))
    assert page.count("not evaluated") == 2
    assert "KRCC (Kendall tau-b)" in page
    assert first.sha256[:8] in page
    table = reverse("models_dashboard:checkpoint_table")
    lines = b"".join(analyst.get(table, query).streaming_content).decode().strip().split("\r\n")
    assert len(lines) == 1 + 4
    assert lines[1].startswith("tuned,AVA,mine,test,")


def test_a_comparison_needs_two(analyst, family):
    for query in ({}, {"checkpoint": family[1].pk}, {"checkpoint": [family[1].pk, family[1].pk]}):
        said = words(analyst.get(COMPARE, query, follow=True))
        assert "Choose at least two checkpoints to compare." in said
    assert analyst.get(reverse("models_dashboard:checkpoint_table")).status_code == 404


def test_more_than_a_table_holds_are_named(analyst):
    made = [checkpoint_row(f"n{place}").pk for place in range(10)]
    said = words(analyst.get(COMPARE, {"checkpoint": made}))
    assert "More than 8 were chosen; these are the first 8." in said
    assert "None of them was evaluated yet." in said
