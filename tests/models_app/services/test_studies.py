"""Studies as graphs of jobs: what is launched when, what is reused, cancelled, resumed."""

import shlex

import pytest

from models_app.errors import JobConflict, JobInvalid
from models_app.findings.studies import command_of
from models_app.models import Checkpoint, Job, Study
from models_app.selectors import studies as selectors
from models_app.selectors.study_images import ImagesNow
from models_app.services import jobs, leases, studies
from tests.factories import file_read
from tests.jobs import work_all
from tests.studies import (
    FIRST,
    done,
    job_of,
    labels_make,
    launched,
    quick_install,
    start,
    state,
    work_through,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quick_install(monkeypatch)
    labels_make()


def test_what_needs_nothing_is_launched_at_once():
    study = start()
    assert launched(study) == FIRST
    assert study.is_generated
    assert state(study) == "running"


def test_what_needs_a_checkpoint_is_told_its_name_once_it_is_there():
    study = start()
    work_all()
    studies.studies_reconcile()
    told = job_of(study, "finetune/ranking/all/seed-1/share-100").config["checkpoint"]
    assert told == job_of(study, "pretrain/ranking/all/seed-1").made.get().name


def test_it_goes_on_to_its_report():
    study = start()
    work_through()
    assert len(done(study)) == study.parts.count() == 12
    assert state(study) == "succeeded"


def test_the_end_of_a_job_launches_what_waits_for_it(django_capture_on_commit_callbacks):
    study = start()
    with django_capture_on_commit_callbacks(execute=True):
        work_all()
    assert "finetune/ranking/all/seed-1/share-100" in launched(study)


def test_a_second_look_launches_nothing_twice():
    study = start()
    work_all()
    assert studies.study_advance(study.pk) > 0
    count = Job.objects.count()
    assert studies.study_advance(study.pk) == 0
    assert Job.objects.count() == count


def test_a_part_that_got_its_job_meanwhile_takes_no_second_one():
    """As on a database whose reads another worker's write has overtaken."""
    study = start()
    work_all()
    stale = selectors.study_get(study.pk)
    part = next(each for each in stale.parts.all() if each.key.startswith("finetune/ranking"))
    studies.study_advance(study.pk)
    count = Job.objects.count()
    with pytest.raises(JobConflict, match="meanwhile"):
        studies._part_launch(stale, part, ImagesNow(), by=None)
    assert Job.objects.count() == count


def test_arms_that_learnt_from_other_images_come_into_the_report():
    study = start()
    work_through()
    for key, digest in (("random", "a"), ("ranking", "b"), ("rotnet", "b")):
        job = job_of(study, f"finetune/{key}/all/seed-1/share-100")
        job.result = {**job.result, "parts": digest}
        job.save(update_fields=["result"])
    studies.report_again(study)
    work_through()
    page = job_of(study, "report").artifacts.get(name="report.html")
    assert "random/all learnt from other images" in file_read(page.file).decode()


@pytest.mark.parametrize("name", ["it's $HOME", "a; reboot", "'"])
def test_the_command_that_asks_again_holds_its_name_as_one_word(name: str):
    words = shlex.split(command_of(start(name=name)))
    assert words[words.index("--name") + 1] == f"{name} again"
    assert words[-1] == "--fresh"


def test_a_failed_part_stops_what_needs_it_and_nothing_else():
    study = start(finetune={"fails": "ranking"})
    work_through()
    rows = {row.part.key: row.state for row in selectors.parts_shown(selectors.study_get(study.pk))}
    assert rows["finetune/ranking/all/seed-1/share-100"] == "failed"
    assert rows["evaluate/ranking/all/seed-1/share-100/test"] == "blocked"
    assert rows["evaluate/rotnet/all/seed-1/share-100/test"] == "succeeded"
    assert rows["report"] == "succeeded"
    assert state(study) == "failed"


def test_resuming_does_what_failed_and_reports_again():
    study = start(finetune={"fails": "ranking"})
    work_through()
    before = job_of(study, "report")
    assert studies.study_resume(study) >= 1
    work_through()
    assert state(study) == "succeeded"
    assert job_of(study, "report") != before
    with pytest.raises(JobConflict, match="nothing to resume"):
        studies.study_resume(study)


def test_a_part_that_is_resumed_on_its_own_page_leads_on():
    study = start(finetune={"fails": "ranking"})
    work_through()
    jobs.job_resume(job_of(study, "finetune/ranking/all/seed-1/share-100"))
    work_all()
    studies.study_advance(study.pk)
    work_through()
    studies.study_advance(study.pk)
    work_through()
    assert state(study) == "succeeded"


def test_cancelling_stops_its_jobs_and_resuming_goes_on():
    study = start()
    job = leases.job_claim("cpu", worker="w")
    assert studies.study_cancel(study)
    assert not studies.study_cancel(study)
    assert state(study) == "stopping"
    with pytest.raises(JobConflict, match="still stopping"):
        studies.study_resume(study)
    leases.job_end(job, "cancelled", worked_s=1)
    assert state(study) == "cancelled"
    studies.studies_reconcile()
    assert launched(study) == FIRST
    studies.study_resume(study)
    work_through()
    assert state(study) == "succeeded"


def test_a_deleted_job_is_done_again_only_when_somebody_says_so():
    study = start()
    work_through()
    evaluated = "evaluate/rotnet/all/seed-1/share-100/test"
    jobs.job_delete(job_of(study, evaluated))
    studies.studies_reconcile()
    assert job_of(study, evaluated) is None
    assert "resume the study" in study.parts.get(key=evaluated).error
    studies.study_resume(study)
    work_through()
    assert state(study) == "succeeded"


def test_a_crash_between_the_end_of_a_job_and_the_next_launch_is_made_up_for():
    """The hook never ran: a look of any worker finds what waits."""
    study = start()
    work_all()
    assert launched(study) == FIRST
    studies.studies_reconcile()
    assert len(launched(study)) > len(FIRST)


def test_a_study_that_breaks_keeps_no_other_from_going_on(caplog, monkeypatch):
    broken, healthy = start(), start(name="second", reuse=False)
    work_all()
    real = studies.study_advance

    def advance(pk: int) -> int:
        if pk == broken.pk:
            raise KeyError("unforeseen")
        return real(pk)

    monkeypatch.setattr(studies, "study_advance", advance)
    studies.studies_reconcile()
    assert len(launched(healthy)) > len(FIRST)
    assert "could not be launched" in caplog.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pretrain": {"epoch": 3}}, "pretrain/ranking"),
        ({"pretrain": {"epochs": 0}}, "epochs is 0"),
        ({"finetune": {"max_epochs": "many"}}, "max_epochs"),
        ({"name": "taken"}, "already"),
        ({"finetune": {"max_epochs": {}}}, "max_epochs"),
        ({"pretrain": {"width": 0.25}}, "width 0.25 and its fine-tuning 1.0"),
        ({"pretrain_by": {"ranking": {"backbone": "resnet18"}}}, "pretrain/ranking.*resnet18"),
        ({"pretrain": {"backbone": "vit_b_16", "side": 64}, "finetune": {"backbone": "vit_b_16"}},
         "side 64"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_before_anything_is_stored(changes: dict, said: str):
    start(name="taken", initialisations=["random", "rotnet"])
    count = Job.objects.count()
    with pytest.raises(JobInvalid, match=said):
        start(**changes)
    assert (Study.objects.count(), Job.objects.count()) == (1, count)
    assert not Checkpoint.objects.exists()


def test_time_to_come_is_told_once_something_alike_was_measured():
    study = start()
    now = leases.db_now()

    def standing() -> selectors.Standing:
        found = selectors.study_get(study.pk)
        return selectors.standing(found, selectors.parts_shown(found), now)

    first = standing()
    assert (first.done, first.total, first.left_s) == (0, 12, None)
    work_through()
    Job.objects.update(worked_s=0)
    Job.objects.filter(kind="finetune").update(worked_s=60, state="queued")
    Job.objects.filter(kind="evaluate").update(worked_s=10)
    one = job_of(study, "finetune/random/all/seed-1/share-100")
    Job.objects.filter(pk=one.pk).update(state="succeeded")
    later = standing()
    assert later.left_s == pytest.approx(120)
    assert later.unmeasured == 0
    assert later.spent_s == 3 * 60 + 6 * 10


def test_reads_of_a_study_cost_the_same_for_many_parts(django_assert_num_queries):
    start(seeds=[1, 2, 3, 4])
    # Studies, parts, their jobs.
    with django_assert_num_queries(3):
        for study in selectors.studies():
            selectors.standing(study, selectors.parts_shown(study), study.created_at)
