"""What is said beside the scores of checkpoints: seen images, random beginnings."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from models_app.findings.model_cards import card_make
from models_app.findings.model_scores import rows_make
from models_app.models import Checkpoint, Job
from models_app.selectors import findings, training
from tests.models_app.dashboard.model_rows import (
    CLOSE,
    COMPARE,
    FAR,
    checkpoint_row,
    evaluation_make,
    job_make,
    split_make,
    url,
    words,
)

pytestmark = pytest.mark.django_db


def test_scores_of_images_seen_in_training_are_told_and_never_the_best(analyst):
    tuned, elsewhere, third = (checkpoint_row(name) for name in ("tuned", "elsewhere", "third"))
    split = split_make("official")
    evaluations = [evaluation_make(tuned, split, CLOSE), evaluation_make(elsewhere, split, FAR),
                   evaluation_make(third, split, FAR[::-1])]  # fmt: skip
    for each, seen in zip(evaluations, (3, 0, None), strict=True):
        each.metrics["seen_in_training"] = seen
        each.save()
    (row,) = rows_make([tuned, elsewhere, third], "srcc")
    assert [(each.seen, each.is_best) for each in row.cells] == [
        (3, False), (0, True), (0, False)
    ]  # fmt: skip
    # One is nothing to choose from.
    (row,) = rows_make([tuned, elsewhere], "srcc")
    assert not any(each.is_best for each in row.cells)
    query = {"checkpoint": [tuned.pk, elsewhere.pk, third.pk]}
    assert words(analyst.get(COMPARE, query)).count("3 images seen in training") == 1
    table = reverse("models_dashboard:checkpoint_table")
    lines = b"".join(analyst.get(table, query).streaming_content).decode().strip().split("\r\n")
    told = [line.rsplit(",", 2)[1:] for line in lines]
    assert told[0] == ["seen_in_training", "remark"]
    assert told[1] == ["3", "3 of these images were in what trained or validated this network: "
                            "its scores are no test."]  # fmt: skip
    assert told[2:] == [["0", ""], ["", ""]]
    assert "3 images seen in training" in words(analyst.get(url("checkpoint", tuned)))
    card = card_make(tuned)
    assert card["scores"][0]["seen_in_training"] == 3
    assert any("no test" in warning for warning in card["marks"]["warnings"])
    assert not any("no test" in each for each in card_make(third)["marks"]["warnings"])


def test_a_card_says_that_weights_began_at_random():
    """Also where the jobs that made them are deleted: the pretrained ancestor knows it."""
    pretrained = checkpoint_row(
        "pretrained", purpose="pretrained", is_random=True, made_by=job_make("pretrain")
    )
    tuned = checkpoint_row("tuned", parent=pretrained, made_by=job_make("finetune"))
    elsewhere = checkpoint_row("elsewhere")

    def marks() -> dict[str, object]:
        return card_make(Checkpoint.objects.get(pk=tuned.pk))["marks"]

    before = marks()
    assert (before["random_weights"], before["began_random"]) == (False, True)
    assert "The training began with random weights." in before["warnings"]
    tuned.made_by.delete()
    pretrained.made_by.delete()
    assert marks() == before
    assert card_make(elsewhere)["marks"]["began_random"] is False


def test_choices_of_a_network_say_what_its_scores_do_not_mean(analyst):
    checkpoint_row("plain")
    drawn = checkpoint_row("drawn", is_generated=True)
    checkpoint_row("untrained", is_random=True)
    checkpoint_row("both", is_random=True, is_generated=True)
    checkpoint_row("patches", purpose="pretrained", is_generated=True)
    assert [label for _name, label in findings.checkpoint_choices()] == [
        "both (random weights, generated images)", "untrained (random weights)",
        "drawn (generated images)", "plain",
    ]  # fmt: skip
    assert [label for _name, label in training.beginning_choices()] == [
        "patches (pretrained, generated images)", "both (judges photos, generated images)",
        "untrained (judges photos)", "drawn (judges photos, generated images)",
        "plain (judges photos)",
    ]  # fmt: skip
    scored = job_make("score_photo")
    Job.objects.filter(pk=scored.pk).update(
        checkpoint=drawn, created_by=User.objects.get(username="ana"), result={"mean": 5.0}
    )
    page = words(analyst.get(reverse("models_dashboard:score")))
    assert "drawn (generated images)" in page
    assert "by drawn generated images" in page
