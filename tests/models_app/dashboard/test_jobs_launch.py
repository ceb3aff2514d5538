"""Launching: who may, the form, JSON, mistakes, two clicks, clones."""

import html
import json
import re

import pytest
from django.test import Client

from models_app.jobs import registry
from models_app.models import Job
from models_app.services.datasets import photos_import
from models_app.services.publish import survey_make
from survey.models import AuditEntry
from tests.jobs_rows import job_make

BOARD = "/dashboard/models/jobs/"
LAUNCH = f"{BOARD}launch/"
FORM = f"{LAUNCH}render_survey/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def study(real_photos) -> None:
    photos_import("d", {path: path.name for path in real_photos[:1]}, credits={})
    survey_make("study", title="<i>Study</i>", dataset="d", settings={"trials": 4})
    Job.objects.all().delete()


def text(response) -> str:
    page = response.content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") :]).split())


def fields(response) -> dict[str, str]:
    """What a browser would send if the first form were sent as it is."""
    form = re.search(
        r'<form method="post" action="[^"]*launch.*?</form>', response.content.decode(), re.S
    )
    assert form is not None
    found = dict(
        re.findall(
            r'<input type="(?:hidden|number|text)" name="([^"]*)"[^>]*?value="([^"]*)"', form[0]
        )
    )
    for name, options in re.findall(r'<select name="([^"]*)"(.*?)</select>', form[0], re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found.pop("csrfmiddlewaretoken", None)
    return {name: html.unescape(value) for name, value in found.items()}


@pytest.mark.parametrize("address", [LAUNCH, FORM])
def test_only_admins_launch(
    client: Client, outsider: Client, analyst: Client, manager: Client, address: str
):
    assert client.get(address)["Location"] == f"/login/?next={address}"
    for somebody in (outsider, analyst):
        assert somebody.get(address).status_code == 403
        assert somebody.post(address, {"option-survey": "study"}).status_code in {403, 405}
    assert manager.get(address).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post(address, {"option-survey": "study"}).status_code in {403, 405}
    assert not Job.objects.exists()


def test_the_schema_is_for_people_with_a_role(client: Client, outsider: Client, analyst: Client):
    address = f"{FORM}schema.json"
    assert client.get(address).status_code == 302
    assert outsider.get(address).status_code == 403
    found = analyst.get(address).json()
    assert found["properties"]["survey"]["enum"] == ["study"]
    assert found["properties"]["part"]["maximum"] == 64


def test_kinds_are_listed_with_their_purpose(manager: Client):
    said = text(manager.get(LAUNCH))
    for entry in registry.REGISTRY.values():
        assert (str(entry.purpose) in said) == entry.listed


@pytest.mark.parametrize("key", ["nothing", "contact_sheet", "__class__"])
def test_a_kind_that_nobody_launches_here_is_not_found(manager: Client, key: str):
    assert manager.get(f"{LAUNCH}{key}/").status_code == 404
    assert manager.post(f"{LAUNCH}{key}/").status_code == 404
    assert manager.get(f"{LAUNCH}{key}/schema.json").status_code == 404


@pytest.mark.parametrize("key", [key for key, entry in registry.REGISTRY.items() if entry.listed])
def test_every_kind_has_a_form(manager: Client, key: str):
    response = manager.get(f"{LAUNCH}{key}/")
    assert response.status_code == 200
    page = response.content.decode()
    for each in re.findall(r'aria-describedby="([^"]*)"', page):
        for name in each.split():
            assert f'id="{name}"' in page
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


def test_the_form_says_what_each_option_means(manager: Client):
    response = manager.get(FORM)
    said = text(response)
    assert "Survey survey needed choose study: &lt;i&gt;Study&lt;/i&gt;" in said
    assert (
        "Which of several jobs that share this work, counted from 1. Default: 1. From 1 to 64."
        in said
    )
    assert fields(response)["option-part"] == "1"


def test_launching(manager: Client, django_capture_on_commit_callbacks):
    sent = {**fields(manager.get(FORM)), "option-survey": "study", "option-parts": "2"}
    answer = manager.post(FORM, sent)
    job = Job.objects.get()
    assert answer["Location"] == f"{BOARD}{job.pk}/"
    assert job.config == {"survey": "study", "part": 1, "parts": 2}
    assert (job.state, job.queue) == ("queued", "cpu")
    assert job.created_by is not None
    assert job.created_by.username == "mia"
    assert AuditEntry.objects.get(action="job.launch").detail == {"config": job.config}
    assert f"Job {job.pk} is in the queue." in text(manager.get(answer["Location"]))


def test_two_clicks_launch_one_job(manager: Client):
    sent = {**fields(manager.get(FORM)), "option-survey": "study"}
    places = {manager.post(FORM, sent)["Location"] for _click in range(3)}
    assert places == {f"{BOARD}{Job.objects.get().pk}/"}
    other = {**fields(manager.get(FORM)), "option-survey": "study"}
    assert other["nonce"] != sent["nonce"]
    manager.post(FORM, other)
    assert Job.objects.count() == 2


def test_the_session_does_not_grow_without_end(manager: Client):
    for n in range(25):
        manager.post(FORM, {"nonce": f"n{n}", "option-survey": "study"})
    assert Job.objects.count() == 25
    assert len(manager.session["jobs-launched"]) == 20


def test_every_mistake_is_told_at_its_field(manager: Client):
    sent = {"option-survey": "other", "option-part": "65", "option-parts": "two"}
    response = manager.post(FORM, {**sent, "nonce": "n"})
    assert response.status_code == 200
    said = text(response)
    assert "3 options have to be put right." in said
    assert "survey is &#x27;other&#x27;; allowed are: study." in said
    assert "part is 65; allowed are numbers from 1 to 64." in said
    assert "parts is &#x27;two&#x27;; it must be a whole number." in said
    # What was typed stays, and so does the launch that it belongs to.
    assert fields(response) == {"nonce": "n", **sent}
    assert response.content.decode().count('aria-invalid="true"') == 3
    assert not Job.objects.exists()


def test_what_is_missing_is_told(manager: Client):
    response = manager.post(FORM, {"option-part": "1"})
    assert "Survey is missing; say which." in text(response)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "value",
    ["<script>x</script>", "\0", "\ud800".encode("utf-8", "surrogatepass"), "9" * 400, "1e999"],
)
def test_odd_texts_are_refused_in_words(manager: Client, value):
    response = manager.post(FORM, {"option-survey": value, "option-part": value})
    assert response.status_code == 200
    assert "<script>x" not in response.content.decode()
    assert not Job.objects.exists()


def test_json_does_the_same(manager: Client):
    config = {"survey": "study", "part": 2, "parts": 3}
    answer = manager.post(FORM, {"how": "json", "json": json.dumps(config), "nonce": "j"})
    job = Job.objects.get()
    assert answer["Location"] == f"{BOARD}{job.pk}/"
    assert job.config == config


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "This is no JSON"),
        ("{", "This is no JSON"),
        ("[1]", "A configuration is a JSON object"),
        ("NaN", "NaN is no number in JSON"),
        ('{"survey": "study", "part": NaN}', "NaN is no number in JSON"),
        ("[" * 100_000, "This JSON is nested too deeply"),
        ('{"survey": "study", "part": 1e400}', "it must be a whole number"),
        ('{"survey": "study", "part": true}', "part is True; it must be a whole number."),
        ('{"survey": ["study"]}', "it must be a text"),
        ('{"survey": "study", "prat": 1}', "Did you mean part?"),
        ('{"survey": "\\u0000"}', "letters that cannot be stored"),
        ('{"survey": "\\ud800"}', "letters that cannot be stored"),
        ('{"survey": "</textarea><script>x"}', "allowed are: study."),
    ],
)
def test_json_that_cannot_be_used_is_told(manager: Client, written: str, said: str):
    response = manager.post(FORM, {"how": "json", "json": written})
    assert response.status_code == 200
    assert said in html.unescape(text(response))
    assert "<script>x" not in response.content.decode()
    assert not Job.objects.exists()


def test_a_queue_that_this_kind_does_not_use_is_refused(manager: Client):
    response = manager.post(FORM, {"option-survey": "study", "queue": "gpu"})
    assert response.status_code == 200
    assert "allowed are: cpu." in text(response)
    assert not Job.objects.exists()


def test_a_clone_is_the_form_filled_in(manager: Client):
    source = job_make("failed", config={"survey": "study", "part": 2, "parts": 5, "older": 1})
    response = manager.get(f"{FORM}?from={source.pk}")
    sent = fields(response)
    assert (sent["option-survey"], sent["option-part"], sent["option-parts"]) == ("study", "2", "5")
    assert f"Filled in as in job {source.pk}" in text(response)
    manager.post(FORM, {**sent, "option-part": "3"})
    clone = Job.objects.exclude(pk=source.pk).get()
    assert clone.cloned_from == source
    assert clone.config == {"survey": "study", "part": 3, "parts": 5}


def test_only_a_job_of_this_kind_is_cloned(manager: Client):
    other = job_make("failed", kind="nima_check")
    assert manager.get(f"{FORM}?from={other.pk}").status_code == 404
    assert manager.get(f"{FORM}?from=99999").status_code == 404
    assert manager.get(f"{FORM}?from=x").status_code == 200


def test_a_kind_for_both_queues_asks_which(manager: Client):
    said = text(manager.get(f"{LAUNCH}nima_check/"))
    assert "Queue as the options above say CPU GPU" in said
    assert "Queue" not in text(manager.get(FORM)).split("Launch a job")[1]


def test_the_form_costs_little(manager: Client, django_assert_num_queries):
    survey_make("second", title="Second", dataset="d", settings={"trials": 4})
    # 1 session, 2 person, 3 role, 4 surveys to choose
    with django_assert_num_queries(4):
        assert manager.get(FORM).status_code == 200


@pytest.mark.parametrize("kind", ["finetune", "pretrain"])
def test_imagenet_weights_that_are_not_here_are_told_before_a_launch(
    manager: Client, kind: str, tmp_path, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    form = f"{LAUNCH}{kind}/"
    told = "ImageNet’s weights of mobilenet_v2 are not on this machine"
    said = html.unescape(text(manager.get(form)))
    assert told in said
    assert "get_model('mobilenet_v2', weights='IMAGENET1K_V1')" in said
    assert "weights of resnet18 are not" in text(manager.get(form, {"option-backbone": "resnet18"}))
    assert "are not on this machine" not in text(manager.get(form, {"option-weights": "random"}))
    # What timm has, only a worker knows.
    assert "are not on" not in text(manager.get(form, {"option-backbone": "timm:vit_tiny"}))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "mobilenet_v2-b0353104.pth").touch()
    assert "are not on this machine" not in text(manager.get(form))


def test_other_kinds_need_no_such_weights(manager: Client, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert "ImageNet" not in text(manager.get(FORM))
