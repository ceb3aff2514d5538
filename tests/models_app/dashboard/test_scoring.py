"""The pages that score a photo: the form, waiting, what came of it, who may see and delete."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app.findings import sensitivity
from models_app.models import Checkpoint, Job
from models_app.services import scoring
from survey.models import AuditEntry
from tests.findings import checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all
from tests.people import account_make, client_of
from tests.scored import hand_in, telling_photo

pytest.importorskip("torch")
pytestmark = pytest.mark.django_db
FORM = reverse("models_dashboard:score")
RANDOM = "Random weights: scores mean nothing."


@pytest.fixture
def checkpoint() -> Checkpoint:
    return checkpoint_make()


def photo_file(real_photos, name: str = "../../<b>.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, telling_photo(real_photos[0]), "text/html")


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def url(name: str, job: Job) -> str:
    return reverse(f"models_dashboard:{name}", args=[job.pk])


def ana() -> User | None:
    """Who the analyst of these tests is, where there is one."""
    return User.objects.filter(username="ana").first()


def scored(checkpoint: Checkpoint, real_photos) -> Job:
    job = hand_in(checkpoint, telling_photo(real_photos[0]), by=ana())
    work_all()
    job.refresh_from_db()
    return job


def test_a_photo_is_handed_in_and_scored(analyst, checkpoint, real_photos):
    photos_make(real_photos[:3], "<i>d")
    nima_launch(checkpoint, "<i>d")
    form = analyst.get(FORM, {"checkpoint": checkpoint.pk})
    assert '<option value="random net" selected>' in form.content.decode()
    assert "deleted after 24 hours" in words(form)
    body = {"checkpoint": checkpoint.name, "photo": photo_file(real_photos)}
    response = analyst.post(FORM, body)
    job = Job.objects.get(kind="score_photo")
    assert response.url == url("job_results_score_photo", job)
    assert job.created_by.username == "ana"

    waiting = analyst.get(response.url)
    assert "Waiting for a worker to begin." in words(waiting)
    state = analyst.get(url("score_state", job)).json()
    assert state == {"version": "queued", "said": "Waiting for a worker to begin.",
                     "done": 0, "total": None}  # fmt: skip
    assert f'data-version="{state["version"]}"' in waiting.content.decode()

    work_all()
    page = analyst.get(response.url)
    said, html = words(page), page.content.decode()
    job.refresh_from_db()
    assert f"{job.result['mean']:.2f}" in said
    assert "Random weights: scores mean nothing." in said
    assert "% of 3 photos of &lt;i&gt;d" in said
    assert html.count('class="small-curve') == 21
    assert "21 distortions at 171 levels" in said
    assert html.count("<circle") == 171 + 21
    assert "data-wait" not in html
    assert "b>.jpg" not in html
    again = analyst.get(FORM)
    assert url("job_results_score_photo", job) in again.content.decode()


def test_the_picture_that_is_shown_tells_nothing(analyst, checkpoint, real_photos):
    job = scored(checkpoint, real_photos)
    response = analyst.get(url("score_picture", job))
    content = b"".join(response.streaming_content)
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert content.startswith(b"\xff\xd8")
    assert b"Secret" not in content
    assert b"Exif" not in content


def test_the_table_has_every_level(analyst, checkpoint, real_photos):
    job = hand_in(checkpoint, telling_photo(real_photos[0]), by=ana())
    assert analyst.get(url("score_table", job)).status_code == 404
    assert analyst.get(url("score_picture", job)).status_code == 404
    work_all()
    lines = b"".join(analyst.get(url("score_table", job)).streaming_content).decode().split("\r\n")
    assert lines[0] == "distortion,aspect,level,step,score,change,remark"
    assert {line.rsplit(",", 1)[1] for line in lines[1:-1]} == {RANDOM}
    assert len(lines) == 1 + 171 + 21 + 1


def test_the_score_is_there_before_its_distortions(analyst, checkpoint, real_photos):
    job = scored(checkpoint, real_photos)
    result = {name: value for name, value in job.result.items() if name != "scores"}
    Job.objects.filter(pk=job.pk).update(state="running", result=result, done=87, total=174)
    page = analyst.get(url("job_results_score_photo", job))
    assert f"{job.result['mean']:.2f}" in words(page)
    assert "scores each picture: 87 of 174" in words(page)
    assert 'data-version="running-width-mean"' in page.content.decode()
    assert "small-curve" not in page.content.decode()


def test_what_is_wrong_is_said(analyst, checkpoint, real_photos, settings):
    none = analyst.post(FORM, {"checkpoint": checkpoint.name})
    assert (none.status_code, "There is no photo; choose or drop one." in words(none)) == (
        400,
        True,
    )
    body = {"checkpoint": "none", "photo": photo_file(real_photos)}
    wrong = analyst.post(FORM, body)
    assert wrong.status_code == 400
    assert "allowed are: random net" in words(wrong)
    settings.PHOTO_MAX_BYTES = 1000
    body = {"checkpoint": checkpoint.name, "photo": photo_file(real_photos)}
    large = analyst.post(FORM, body)
    assert large.status_code == 400
    assert "save it smaller" in words(large)
    whole = SimpleUploadedFile("a.jpg", b"x" * 1_200_000)
    refused = analyst.post(FORM, {"checkpoint": checkpoint.name, "photo": whole})
    assert refused.status_code == 413
    assert not Job.objects.filter(kind="score_photo").exists()


def test_a_file_that_is_no_photo_fails_with_a_sentence(analyst, checkpoint):
    body = {"checkpoint": checkpoint.name, "photo": SimpleUploadedFile("a.jpg", b"<script>")}
    target = analyst.post(FORM, body).url
    work_all()
    said = words(analyst.get(target))
    assert "it is not a JPEG, PNG, WebP, TIFF or BMP picture" in said
    assert "Choose a photo" in said


def test_a_post_needs_the_forms_token(analyst, checkpoint, real_photos):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = analyst.cookies
    body = {"checkpoint": checkpoint.name, "photo": photo_file(real_photos)}
    assert strict.post(FORM, body).status_code == 403
    assert not Job.objects.filter(kind="score_photo").exists()


def test_without_a_network_the_page_says_what_to_do(analyst, manager):
    assert "ask one" in words(analyst.get(FORM))
    page = manager.get(FORM).content.decode()
    assert reverse("models_dashboard:checkpoint_import") in page


def test_a_worker_that_does_not_come_is_doubted(analyst, checkpoint, real_photos):
    job = hand_in(checkpoint, telling_photo(real_photos[0]), by=ana())
    Job.objects.filter(pk=job.pk).update(queued_at=job.queued_at - timedelta(seconds=30))
    said = analyst.get(url("score_state", job)).json()["said"]
    assert said.startswith("No worker has begun for 20 seconds")


def test_who_may_do_what(client, outsider, analyst, checkpoint, real_photos):
    job = scored(checkpoint, real_photos)
    pages = ["job_results_score_photo", "score_state", "score_picture", "score_table"]
    for person, seen in ((client, 302), (outsider, 403), (analyst, 200)):
        assert person.get(FORM).status_code == seen
        for name in pages:
            response = person.get(url(name, job))
            assert response.status_code == seen, name
            # A stored file stays open until it was sent.
            b"".join(response)
    body = {"checkpoint": checkpoint.name, "photo": photo_file(real_photos)}
    for person in (client, outsider):
        assert person.post(FORM, body).status_code in {302, 403}


def test_a_photo_is_shown_to_nobody_else_but_admins(analyst, manager, checkpoint, real_photos):
    """Numbers of jobs can be counted through."""
    job = scored(checkpoint, real_photos)
    eva = client_of(account_make("eva", "analyst"))
    pages = ["job_results_score_photo", "score_state", "score_picture", "score_table"]
    for person, seen in ((analyst, 200), (manager, 200), (eva, 404)):
        for name in pages:
            response = person.get(url(name, job))
            assert response.status_code == seen, name
            b"".join(response)
    photo = job.artifacts.get(name="photo.jpg")
    file = reverse("models_dashboard:job_artifact", args=[job.pk, photo.pk])
    for person, seen in ((analyst, 200), (manager, 200), (eva, 404)):
        response = person.get(file)
        assert response.status_code == seen
        b"".join(response)
    shown = reverse("models_dashboard:training_picture", args=[job.pk, photo.pk])
    assert eva.get(shown).status_code == 404
    assert eva.post(url("score_delete", job)).status_code == 404
    assert Job.objects.filter(kind="score_photo").count() == 1
    # Handed in by nobody, as on the command line.
    Job.objects.filter(pk=job.pk).update(created_by=None)
    assert analyst.get(url("score_picture", job)).status_code == 404


def test_its_figures_are_on_the_page_of_its_job_for_nobody_else(
    analyst, manager, checkpoint, real_photos
):
    job = scored(checkpoint, real_photos)
    figure = f"{job.result['mean']:.4g}"
    eva = client_of(account_make("eva", "analyst"))
    for person, seen in ((analyst, True), (manager, True), (eva, False)):
        page = person.get(reverse("models_dashboard:job", args=[job.pk]))
        live = person.get(reverse("models_dashboard:job_live", args=[job.pk])).json()["parts"]
        for said in (page.content.decode(), live["made"]):
            assert (figure in said, "photo.jpg" in said) == (seen, seen)
            assert ("for whoever handed it in" in said) is not seen


def test_drops_say_what_the_score_was_and_became(analyst, checkpoint, real_photos):
    job = scored(checkpoint, real_photos)
    said = words(analyst.get(url("job_results_score_photo", job)))
    curve, point = sensitivity.drops(sensitivity.curves_of(job.result))[0]
    told = f"−{-point.change:.2f} {point.score - point.change:.2f} to {point.score:.2f}"
    assert told in said
    assert f"{curve.label} at most −{-point.change:.2f}" in said


def test_whoever_handed_it_in_deletes_it_and_so_does_an_admin(
    analyst, manager, checkpoint, real_photos
):
    eva = client_of(account_make("eva", "analyst"))
    for person in (eva, manager):
        body = {"checkpoint": checkpoint.name, "photo": photo_file(real_photos)}
        job = Job.objects.get(pk=eva.post(FORM, body).url.rstrip("/").rpartition("/")[2])
        if person is eva:
            work_all()
        said = person.post(url("score_delete", job), follow=True)
        assert "The photo and its scores are deleted." in words(said)
        assert not Job.objects.filter(kind="score_photo").exists()
    assert AuditEntry.objects.filter(action="job.delete").count() == 2
    assert analyst.get(url("job_results_score_photo", job)).status_code == 404


def test_one_that_is_being_scored_is_asked_to_stop(manager, checkpoint, real_photos):
    job = hand_in(checkpoint, telling_photo(real_photos[0]), by=ana())
    Job.objects.filter(pk=job.pk).update(state="running")
    said = words(manager.post(url("score_delete", job), follow=True))
    assert "A worker is at it and is asked to stop" in said
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_boards_do_not_show_it_unless_asked(manager, checkpoint, real_photos):
    hand_in(checkpoint, telling_photo(real_photos[0]), by=ana())
    assert "Score of a photo" not in words(manager.get(reverse("models_dashboard:jobs")))


def test_the_pages_and_their_queries(analyst, checkpoint, real_photos, django_assert_num_queries):
    photos_make(real_photos[:2])
    nima_launch(checkpoint)
    job = scored(checkpoint, real_photos)
    scored(checkpoint, real_photos)
    # Session, person, role, checkpoints, what the person had scored.
    with django_assert_num_queries(5):
        analyst.get(FORM)
    # Session, person, role; the job; what made the checkpoint is no job; checks, scores of one.
    with django_assert_num_queries(6):
        analyst.get(url("job_results_score_photo", job))
    assert scoring.kept_hours() == 24
