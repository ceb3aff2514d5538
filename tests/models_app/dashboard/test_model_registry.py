"""Checkpoints as a registry: lineage, scores by split, notes, files."""

import hashlib
import json
import re

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from models_app.dashboard.checkpoints import SHOWN
from models_app.findings.model_cards import card_make, file_stem
from models_app.models import Checkpoint, Evaluation
from survey.models import AuditEntry
from tests.findings import checkpoint_make
from tests.models_app.dashboard.model_rows import (
    CLOSE,
    COMPARE,
    FAR,
    checkpoint_row,
    evaluation_make,
    family_make,
    job_make,
    split_make,
    url,
    words,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> tuple[Checkpoint, Checkpoint, Checkpoint]:
    return family_make()


def test_a_page_says_where_weights_come_from(analyst, family):
    pretrained, tuned, elsewhere = family
    page = words(analyst.get(url("checkpoint", tuned)))
    for said in ("Fine-tuning on AVA", "ava photos", "AVA, official", "Began with",
                 "ranking mobilenet_v2 #1 random initial weights", "Learning rate"):  # fmt: skip
        assert said.lower() in page.lower(), said
    before = words(analyst.get(url("checkpoint", pretrained)))
    assert "Trained further as tuned" in before
    assert "Random initial weights." in before
    assert "Scores by split" not in before
    alone = words(analyst.get(url("checkpoint", elsewhere)))
    assert "what it was trained on is not known here" in alone
    assert "It was not evaluated yet." in alone


def test_a_long_line_of_ancestors_is_shown_from_the_nearest(analyst):
    made = checkpoint_row("g0")
    for generation in range(1, 4):
        made = checkpoint_row(f"g{generation}", parent=made)
    html = analyst.get(url("checkpoint", made)).content.decode()
    places = [html.index(f">g{generation}</a>") for generation in (2, 1, 0)]
    assert places == sorted(places)


def test_scores_stand_by_split_the_newest_first_with_their_intervals(analyst, family):
    _pretrained, tuned, _elsewhere = family
    official, other = split_make("official"), split_make("random", members="b")
    evaluation_make(tuned, official, FAR)
    newest = evaluation_make(tuned, official, CLOSE)
    evaluation_make(tuned, official, FAR, part="validation")
    evaluation_make(tuned, other, FAR)
    page = analyst.get(url("checkpoint", tuned))
    said = words(page)
    reading = newest.metrics["metrics"]["srcc"]
    shown = f"{reading['value']:.3f} ({reading['low']:.3f} to {reading['high']:.3f})"
    assert shown in said
    assert said.count("official, test") == 1
    assert official.sha256[:8] in said
    assert other.sha256[:8] in said
    assert page.content.decode().count("<tr>") == 1 + 3
    # Without distributions there is no EMD.
    assert "emd" in SHOWN
    assert "—" in said


def test_what_was_learnt_from_generated_images_is_marked_everywhere(analyst, family):
    _pretrained, tuned, elsewhere = family
    tuned.is_generated = True
    tuned.save(update_fields=["is_generated"])
    mark = "a check of the plumbing, no scientific claim"
    pages = [url("checkpoint", tuned), f"{COMPARE}?checkpoint={tuned.pk}&checkpoint={elsewhere.pk}"]
    for page in pages:
        assert mark in words(analyst.get(page))
    assert mark not in words(analyst.get(url("checkpoint", elsewhere)))
    card = analyst.get(url("checkpoint_card", tuned)).json()
    assert card["marks"]["generated_labels"] is True
    assert any(mark in warning for warning in card["marks"]["warnings"])


def test_the_card_says_all_that_is_needed_to_use_and_to_judge_them(analyst, family):
    pretrained, tuned, _elsewhere = family
    split = split_make("official")
    evaluation = evaluation_make(tuned, split, CLOSE)
    response = analyst.get(url("checkpoint_card", tuned))
    assert response["Content-Disposition"] == 'attachment; filename="tuned.card.json"'
    card = json.loads(response.content)
    assert card["file"] == {"name": "tuned.safetensors", "format": "safetensors", "bytes": 1000,
                            "sha256": tuned.sha256}  # fmt: skip
    assert card["input"]["preprocessing"] == tuned.preprocessing
    training = card["training"]
    assert training["configuration"] == tuned.made_by.config
    assert (training["dataset"], training["label_set"]) == ("ava photos", "AVA")
    assert training["figures"] == {"best_epoch": 7}
    assert [each["sha256"] for each in card["lineage"]] == [pretrained.sha256]
    (score,) = card["scores"]
    assert (score["split"], score["split_sha256"], score["part"]) == (
        "official",
        split.sha256,
        "test",
    )
    assert score["metrics"]["srcc"]["value"] == evaluation.metrics["metrics"]["srcc"]["value"]
    assert (score["rule"], score["threshold"], score["n"]) == ("greater", 5, 7)
    assert "licences of the photos" in card["licence"]
    # Names of photos stay here.
    assert "secret.jpg" not in response.content.decode()


def test_the_weights_are_the_stored_file(analyst):
    pytest.importorskip("torch")
    made = checkpoint_make("net: <1>/../")
    response = analyst.get(url("checkpoint_weights", made))
    content = b"".join(response.streaming_content)
    assert hashlib.sha256(content).hexdigest() == made.sha256
    assert response["Content-Disposition"] == 'attachment; filename="net-1.safetensors"'
    card = analyst.get(url("checkpoint_card", made)).json()
    assert card["file"]["sha256"] == made.sha256
    assert card["marks"]["warnings"] == ["Random weights: scores mean nothing."]
    default_storage.delete(made.file)
    assert analyst.get(url("checkpoint_weights", made)).status_code == 404


@pytest.mark.parametrize(
    ("name", "stem"),
    [("tuned", "tuned"), ("a b/c", "a-b-c"), ("..", "checkpoint-"), ("Ä", "checkpoint-"),
     ("ranking mobilenet_v2 #4", "ranking-mobilenet_v2-4")],
)  # fmt: skip
def test_names_become_names_of_files(name, stem):
    assert file_stem(checkpoint_row(name)).startswith(stem)


def test_notes_are_written_by_admins_and_audited(manager, analyst, family):
    _pretrained, tuned, _elsewhere = family
    target = url("checkpoint_notes", tuned)
    form = manager.get(url("checkpoint", tuned)).content.decode()
    known = re.search(r'name="known" value="(\w+)"', form)[1]
    said = manager.post(
        target, {"notes": "  Good on\r\nportraits <b> ", "known": known}, follow=True
    )
    assert "The notes are stored." in words(said)
    tuned.refresh_from_db()
    assert tuned.notes == "Good on\nportraits <b>"
    assert "portraits &lt;b&gt;" in analyst.get(url("checkpoint", tuned)).content.decode()
    entry = AuditEntry.objects.get(action="checkpoint.notes")
    assert (entry.actor_name, entry.target_label) == ("mia", "tuned")
    assert entry.detail == {"before": "", "after": tuned.notes}

    # Somebody who had the form open from before.
    late = manager.post(target, {"notes": "Mine", "known": known})
    assert late.status_code == 409
    assert "Somebody else has changed the notes" in words(late)
    assert ">Mine</textarea>" in late.content.decode()
    tuned.refresh_from_db()
    assert tuned.notes == "Good on\nportraits <b>"
    assert card_make(tuned)["notes"] == tuned.notes


def test_notes_are_refused_to_others_and_where_too_long(manager, analyst, outsider, family):
    tuned = family[1]
    target = url("checkpoint_notes", tuned)
    for person in (analyst, outsider):
        assert person.post(target, {"notes": "x"}).status_code == 403
    form = manager.get(url("checkpoint", tuned)).content.decode()
    known = re.search(r'name="known" value="(\w+)"', form)[1]
    long = manager.post(target, {"notes": "x" * 10_001, "known": known})
    assert long.status_code == 400
    assert "allowed are 10000" in words(long)
    assert "notes-form" not in analyst.get(url("checkpoint", tuned)).content.decode()
    tuned.refresh_from_db()
    assert tuned.notes == ""


def test_a_row_of_all_images_says_so(analyst, family):
    tuned = family[1]
    made = evaluation_make(tuned, split_make("s", labels="TID"), CLOSE, part="")
    Evaluation.objects.filter(pk=made.pk).update(split=None, split_sha256="")
    assert "TID all images 7" in words(analyst.get(url("checkpoint", tuned)))


def test_who_may_see_what(client, outsider, analyst, family):
    tuned = family[1]
    pages = [url("checkpoint", tuned), url("checkpoint_card", tuned),
             f"{COMPARE}?checkpoint={tuned.pk}&checkpoint={family[2].pk}",
             f"{reverse('models_dashboard:checkpoint_table')}?checkpoint={tuned.pk}"]  # fmt: skip
    for person, seen in ((client, 302), (outsider, 403), (analyst, 200)):
        for page in pages:
            assert person.get(page).status_code == seen, page
    for name in ("checkpoint_card", "checkpoint_weights"):
        assert analyst.get(reverse(f"models_dashboard:{name}", args=[10**9])).status_code == 404


def test_a_list_says_widths_and_who_works_with_a_checkpoint(analyst):
    trained = job_make("pretrain", config={"backbone": "mobilenet_v2", "width": 0.35})
    narrow = checkpoint_row("narrow", architecture="mobilenet_v2", purpose="pretrained",
                            made_by=trained)  # fmt: skip
    tuned = checkpoint_row("tuned", architecture="nima:mobilenet_v2@0.35")
    transformer = checkpoint_row("seeing", architecture="nima:vit_b_16/256")
    job_make("nima_check", checkpoint=tuned)
    for _photo in range(2):
        job_make("score_photo", checkpoint=tuned)
    said = words(analyst.get(reverse("models_dashboard:checkpoints")))
    assert "narrow random" not in said
    assert "pretrained mobilenet_v2 × 0.35" in said
    assert "NIMA on mobilenet_v2 × 0.35, fine-tuned here" in said
    assert "NIMA on vit_b_16 of 256 pixels, fine-tuned here" in said
    assert "3 jobs" in said
    assert "mobilenet_v2 × 0.35" in words(analyst.get(url("checkpoint", narrow)))
    page = words(analyst.get(url("checkpoint", tuned)))
    assert "It scored 2 single photos, which are deleted by themselves" in page
    assert "It scored" not in words(analyst.get(url("checkpoint", transformer)))


def test_photos_that_were_scored_keep_no_checkpoint(manager):
    tuned = checkpoint_row("tuned")
    job_make("score_photo", checkpoint=tuned)
    page = words(manager.get(url("checkpoint", tuned)))
    assert "It scored 1 single photo" in page
    assert "No job yet." not in page
    assert "Delete tuned" in page


def test_pages_and_their_queries(analyst, family, django_assert_num_queries):
    _pretrained, tuned, elsewhere = family
    split = split_make("official")
    for made in (tuned, elsewhere):
        evaluation_make(made, split, CLOSE)
        evaluation_make(made, split, FAR, part="validation")
    # Session, person, role; checkpoint; its ancestor; children; evaluations; users; parts of
    # studies; scored photos.
    with django_assert_num_queries(10):
        analyst.get(url("checkpoint", tuned))
    # Session, person, role; checkpoints; evaluations of each.
    with django_assert_num_queries(6):
        analyst.get(COMPARE, {"checkpoint": [tuned.pk, elsewhere.pk]})
