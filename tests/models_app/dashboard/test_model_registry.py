"""Checkpoints as a registry: lineage, scores by split, notes, files, comparison."""

import hashlib
import json
import re

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from analysis.metrics.evaluation import evaluate
from analysis.paired_bootstrap import Bootstrap
from models_app.dashboard.checkpoints import SHOWN
from models_app.findings.model_cards import card_make, file_stem
from models_app.findings.model_scores import rows_make
from models_app.models import Checkpoint, Dataset, Evaluation, Job, LabelSet, LabelSplit
from survey.models import AuditEntry
from tests.findings import checkpoint_make

pytestmark = pytest.mark.django_db
LIST = reverse("models_dashboard:checkpoints")
COMPARE = reverse("models_dashboard:checkpoint_compare")
TRUTH = [2.0, 3.0, 4.5, 5.5, 6.0, 7.5, 8.0]
CLOSE = [2.5, 3.5, 4.0, 5.0, 6.5, 7.0, 7.5]
FAR = [5.0, 3.5, 6.0, 5.1, 4.0, 7.0, 5.5]


def url(name: str, checkpoint: Checkpoint) -> str:
    return reverse(f"models_dashboard:{name}", args=[checkpoint.pk])


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def job_make(kind: str = "evaluate", **more: object) -> Job:
    now = dict.fromkeys(("created_at", "queued_at", "sent_at"), timezone.now())
    return Job.objects.create(
        **{"kind": kind, "label": kind, "state": "succeeded", "queue": "cpu", **now, **more}
    )


def checkpoint_row(name: str, **more: object) -> Checkpoint:
    """A row alone; its file is never opened."""
    fields: dict[str, object] = {
        "architecture": "nima_mobilenet_v2", "file": f"checkpoints/{name}", "bytes": 1000,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "preprocessing": {"resize": 72, "crop": 64},
    }  # fmt: skip
    return Checkpoint.objects.create(name=name, **{**fields, **more})


def split_make(name: str, *, labels: str = "AVA", members: str = "a") -> LabelSplit:
    label_set, _new = LabelSet.objects.get_or_create(
        name=labels, defaults={"kind": "ava", "scale_low": 1, "scale_high": 10, "bins": 10}
    )
    return LabelSplit.objects.create(
        label_set=label_set, name=name, rule="random", members={"test": [members]},
        counts={"test": 1}, sha256=hashlib.sha256(members.encode()).hexdigest(),
    )  # fmt: skip


def evaluation_make(
    checkpoint: Checkpoint, split: LabelSplit, predictions: list[float], *, part: str = "test"
) -> Evaluation:
    """As the job writes it: real metrics with real intervals."""
    found = evaluate(
        TRUTH, predictions, threshold=5, rule="greater", intervals=Bootstrap(100, seed=1)
    )
    return Evaluation.objects.create(
        job=job_make(checkpoint=checkpoint), checkpoint=checkpoint, label_set=split.label_set,
        split=split, part=part, split_sha256=split.sha256, metrics=found.to_json(), n=len(TRUTH),
    )  # fmt: skip


@pytest.fixture
def family() -> tuple[Checkpoint, Checkpoint, Checkpoint]:
    """Pretrained without labels, fine-tuned from that, and one from elsewhere."""
    photos = Dataset.objects.create(name="pexels")
    labelled = Dataset.objects.create(name="ava photos")
    pretrained = checkpoint_row(
        "ranking mobilenet_v2 #1", purpose="pretrained", is_random=True,
        made_by=job_make("pretrain", dataset=photos, label="Ranking on pexels",
                         config={"dataset": "pexels", "task": "ranking"}),
    )  # fmt: skip
    tuned = checkpoint_row(
        "tuned", parent=pretrained,
        made_by=job_make(
            "finetune", dataset=labelled, label="Fine-tuning on AVA", seed=3, device="cpu",
            config={"label_set": "AVA", "split": "official", "learning_rate": 1e-4},
            result={"best_epoch": 7, "unreadable_names": ["secret.jpg"]}, versions={"torch": "2"},
        ),
    )  # fmt: skip
    return pretrained, tuned, checkpoint_row("elsewhere", source="a paper")


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
    shown = f"{reading['value']:.3f} [{reading['low']:.3f}, {reading['high']:.3f}]"
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


def test_pages_and_their_queries(analyst, family, django_assert_num_queries):
    _pretrained, tuned, elsewhere = family
    split = split_make("official")
    for made in (tuned, elsewhere):
        evaluation_make(made, split, CLOSE)
        evaluation_make(made, split, FAR, part="validation")
    # Session, person, role; checkpoint; its ancestor; children; evaluations; users.
    with django_assert_num_queries(8):
        analyst.get(url("checkpoint", tuned))
    # Session, person, role; checkpoints; evaluations of each.
    with django_assert_num_queries(6):
        analyst.get(COMPARE, {"checkpoint": [tuned.pk, elsewhere.pk]})
