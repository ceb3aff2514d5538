"""The pages of studies: one click to start, progress, report, who may do what."""

import html
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from django.urls import reverse

from models_app.clock import db_now
from models_app.dashboard import study_words
from models_app.jobs.runner import work_next
from models_app.management.commands.seed_study import Command as Seed
from models_app.models import Job, Study
from models_app.selectors import studies as selectors
from models_app.services import studies
from models_app.studies import shipped as shipping
from models_app.studies.config import StudyConfig
from models_app.studies.marks import GENERATED, RANDOM_BASELINE
from models_app.studies.planning import parts_plan
from tests.factories import file_read
from tests.jobs import work_all
from tests.studies import RAW, labels_make, quick_install, work_through

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quick_install(monkeypatch)


@pytest.fixture
def shipped(monkeypatch):
    """One configuration comes with the program, of the label sets that tests make."""
    monkeypatch.setattr(
        "models_app.dashboard.studies.shipped_all", lambda: [shipping.Shipped("study-x", RAW)]
    )
    monkeypatch.setattr(
        "models_app.dashboard.study_actions.shipped_get",
        lambda key: shipping.Shipped("study-x", RAW) if key == "study-x" else None,
    )


def finished(**changes: object) -> Study:
    labels_make()
    study = studies.study_start({**RAW, **changes})
    work_through()
    return study


def url(name: str, *args: object) -> str:
    return reverse(f"models_dashboard:{name}", args=args)


def page(client, study: Study) -> str:
    answer = client.get(url("study", study.pk))
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_shipped_configuration_can_be_asked():
    found = shipping.shipped_all()
    assert {each.key for each in found} >= {"study-small", "study-table2"}
    for each in found:
        config = StudyConfig.from_json(each.raw)
        assert len(parts_plan(config)) > 3


def test_one_click_starts_a_study(admin, shipped):
    labels_make()
    text = admin.get(url("studies")).content.decode()
    assert "Start small" in text
    assert "finished with the same options are taken from it, not done again." in text
    sent = {"shipped": "study-x", "name": "small"}
    answer = admin.post(url("study_start"), sent)
    study = Study.objects.get()
    assert answer.url == url("study", study.pk)
    assert (study.created_by, study.config["name"]) == ("ada", "small")
    assert Job.objects.filter(created_by__username="ada").count() == 3
    # A second click on the same button.
    assert admin.post(url("study_start"), sent).url == answer.url
    assert Study.objects.count() == 1
    assert "Start small (2)" in admin.get(url("studies")).content.decode()


def test_the_list_says_what_a_configuration_lacks_here(admin, shipped):
    text = admin.get(url("studies")).content.decode()
    assert "Not here yet: dataset photos, label set ava, label set tid." in text
    assert "Start small" not in text


def test_what_makes_the_small_studies_is_a_command_that_runs(admin):
    text = admin.get(url("studies")).content.decode()
    command = re.search(r"<code>(.*? seed_study .*?)</code>", text)[1]
    assert command.startswith(".venv/bin/python manage.py seed_study ")
    names = command.split()[3:]
    told = Seed().create_parser("manage.py", "seed_study").parse_args(names)
    assert (told.ava, told.tid) == (Path("AVA.txt"), Path("mos_with_names.txt"))


def test_a_pasted_configuration_is_started_or_refused_with_a_sentence(admin, shipped):
    labels_make()
    answer = admin.post(url("study_start"), {"json": json.dumps({**RAW, "alpha": 2})})
    assert answer.status_code == 400
    assert "alpha is 2" in answer.content.decode()
    broken = html.unescape(admin.post(url("study_start"), {"json": "{"}).content.decode())
    assert "no configuration of a study (Expecting property name" in broken
    assert "study.json that every study’s page offers" in broken
    for wrong in ("{", "[]", " " * 100_001):
        assert admin.post(url("study_start"), {"json": wrong}).status_code == 400
    assert admin.post(url("study_start"), {}).status_code == 400
    assert Study.objects.count() == 0
    assert admin.post(url("study_start"), {"json": json.dumps(RAW)}).status_code == 302


def test_a_page_shows_progress_and_asks_again_for_nothing_new(analyst):
    labels_make()
    study = studies.study_start(RAW)
    assert "0 of 12 parts" in page(analyst, study)
    assert "the time of 11 parts besides the report cannot be told yet" in page(analyst, study)
    live = analyst.get(url("study_live", study.pk))
    body = live.json()
    assert (body["state"], body["acts"], body["report"]) == ("running", [], "")
    again = analyst.get(url("study_live", study.pk), headers={"If-None-Match": live["ETag"]})
    assert again.status_code == 304
    work_all()
    assert "3 of 12 parts" in analyst.get(url("study_live", study.pk)).json()["parts"]["status"]


def test_the_report_has_the_table_beside_the_papers_and_its_marks(analyst):
    study = finished()
    text = page(analyst, study)
    assert text.count(f"<p>{GENERATED}</p>") == text.count(GENERATED) == 1
    assert RANDOM_BASELINE.replace("'", "&#x27;") in text
    for said in ("0.5536", "34.7%", "33.3%", "Bonferroni", "paired bootstrap", "†"):
        assert said in text
    body = analyst.get(url("study_live", study.pk)).json()
    assert (body["state"], bool(body["report"])) == ("succeeded", True)
    fragment = analyst.get(url("study_report", study.pk)).content.decode()
    assert ".5536" in fragment
    assert "<html" not in fragment


def test_figures_are_shown_and_nothing_else_is(analyst):
    study = finished()
    report = study.parts.get(kind="study_report").job
    svg = report.artifacts.filter(name__endswith=".svg").first()
    answer = analyst.get(url("study_figure", study.pk, svg.pk))
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"plumbing" in b"".join(answer.streaming_content)
    table = report.artifacts.get(name="table2.csv")
    assert analyst.get(url("study_figure", study.pk, table.pk)).status_code == 404


def test_the_archive_holds_everything_and_says_what_it_is_not():
    study = finished()
    report = study.parts.get(kind="study_report").job
    stored = file_read(report.artifacts.get(name="study.zip").file)
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        files = {name: archive.read(name).decode("latin-1") for name in archive.namelist()}
    tables = {"table2.csv", "table2.tex", "comparisons.csv", "parts.csv"}
    others = {"report.html", "study.json", "numbers.json", "differences.svg", "differences.png"}
    assert tables | others <= set(files)
    for name, text in files.items():
        if not name.endswith((".png", "study.json")):
            assert "plumbing" in text, name
    assert StudyConfig.from_json(json.loads(files["study.json"])).name == "small"
    assert len(files["parts.csv"].splitlines()) == 1 + 12
    # The page needs no other file and no other host.
    assert "src=" not in files["report.html"]
    assert "<svg" in files["report.html"]


def test_what_failed_is_named_with_what_is_missing(analyst):
    study = finished(finetune={"fails": "ranking"})
    text = page(analyst, study)
    assert "1 part did not succeed" in text
    assert "It was told to fail." in text
    # The fine-tuning, and its two evaluations.
    assert "3 parts are missing" in text


def test_cancel_resume_report_again_and_delete(admin):
    labels_make()
    study = studies.study_start(RAW)
    admin.post(url("study_act", study.pk, "cancel"))
    assert "This study was cancelled, so no report comes." in page(admin, study)
    assert "The report comes when" not in page(admin, study)
    live = admin.get(url("study_live", study.pk)).json()
    # The key is another one, so that an open page asks for the sentence.
    assert (live["acts"], live["report"]) == (["resume"], "cancelled")
    admin.post(url("study_act", study.pk, "resume"))
    work_through()
    report = study.parts.get(kind="study_report").job
    assert admin.get(url("study_live", study.pk)).json()["acts"] == ["report-again"]
    admin.post(url("study_act", study.pk, "report-again"))
    work_through()
    assert study.parts.get(kind="study_report").job != report
    assert admin.post(url("study_act", study.pk, "dance")).status_code == 404
    jobs = Job.objects.count()
    assert admin.post(url("study_act", study.pk, "delete")).url == url("studies")
    assert (Study.objects.count(), Job.objects.count()) == (0, jobs)


def test_what_failed_can_be_tried_again_while_all_else_goes_on(admin):
    labels_make()
    study = studies.study_start({**RAW, "finetune": {"fails": "random"}})
    for _job in range(3):
        work_next("cpu", beating=False)
    studies.studies_reconcile()
    live = admin.get(url("study_live", study.pk)).json()
    assert (live["state"], live["acts"]) == ("running", ["cancel", "resume"])
    admin.post(url("study_act", study.pk, "resume"))
    work_through()
    assert admin.get(url("study_live", study.pk)).json()["state"] == "succeeded"


def test_a_study_that_runs_is_not_deleted(admin):
    labels_make()
    study = studies.study_start(RAW)
    answer = admin.post(url("study_act", study.pk, "delete"), follow=True)
    assert "cancel it first" in answer.content.decode()
    assert Study.objects.count() == 1


def test_analysts_read_and_others_do_not(analyst, outsider, client, shipped):
    study = finished()
    assert analyst.post(url("study_start"), {"shipped": "study-x"}).status_code == 403
    assert analyst.post(url("study_act", study.pk, "cancel")).status_code == 403
    assert "data-act" not in page(analyst, study)
    assert "Start small" not in analyst.get(url("studies")).content.decode()
    own = ("study", "study_live", "study_report", "study_configuration")
    for name, args in (("studies", ()), *((name, (study.pk,)) for name in own)):
        assert analyst.get(url(name, *args)).status_code == 200
        assert outsider.get(url(name, *args)).status_code == 403
        assert client.get(url(name, *args)).status_code == 302


def test_there_is_no_page_of_what_is_not_there(analyst):
    for pk in (7, 2**63):
        assert analyst.get(url("study", pk)).status_code == 404


def test_the_list_costs_the_same_for_many_studies(admin, shipped, django_assert_num_queries):
    labels_make()
    for n in range(3):
        studies.study_start({**RAW, "name": f"study {n}"})
    # Session, account; the clock; studies, parts, jobs; of the shipped one the two label sets, the
    # dataset, the split.
    with django_assert_num_queries(10):
        admin.get(url("studies"))


def test_little_time_is_said_in_plain_words(analyst):
    labels_make()
    study = studies.study_start(RAW)
    work_all()
    rows = selectors.parts_shown(selectors.study_get(study.pk))
    found = selectors.standing(study, rows, db_now())
    said = study_words.left_words(replace(found, left_s=20.0, unmeasured=0))
    assert said == "less than a minute of work, if what ran so far tells"
    assert "about 5 min" in study_words.left_words(replace(found, left_s=300.0, unmeasured=0))


def test_a_part_that_only_stores_what_it_made_has_no_time_left(analyst):
    labels_make()
    study = studies.study_start(RAW)
    job = study.parts.exclude(job=None).first().job
    running = {"state": "running", "rate": 5.0, "total": 100, "started_at": db_now()}
    Job.objects.filter(pk=job.pk).update(done=100, **running)
    assert "left" not in analyst.get(url("study_live", study.pk)).json()["parts"]["status"]
    Job.objects.filter(pk=job.pk).update(done=50)
    assert "10 s left" in analyst.get(url("study_live", study.pk)).json()["parts"]["status"]
