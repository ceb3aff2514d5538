"""The pages of NIMA checks: what they show, to whom, and leaving photos out."""

import re

import pytest
from django.urls import reverse

from models_app.findings import results
from models_app.models import Job, Photo, PhotoScore
from models_app.services.jobs import job_create
from survey.models import AuditEntry
from tests.findings import checkpoint_make, photos_make

pytestmark = pytest.mark.django_db
MEANS = [2.31, 4.9, 5.0, 5.000001, 6.2, 7.75, 10.0]


@pytest.fixture
def check(real_photos) -> Job:
    """A check whose scores are known."""
    photos_make(real_photos)
    checkpoint_make("=net")
    job = job_create("nima_check", {"dataset": "d", "checkpoint": "=net"})
    for photo, mean in zip(Photo.objects.order_by("pk"), MEANS, strict=True):
        PhotoScore.objects.create(job=job, photo=photo, mean=mean, sd=1.5, distribution=[0.1] * 10)
    return job


def address(job: Job) -> str:
    return reverse("models_dashboard:job_results_nima_check", args=[job.pk])


def act(job: Job, what: str, photo: Photo) -> str:
    return reverse(f"models_dashboard:nima_{what}", args=[job.pk, photo.pk])


def test_the_page_shows_share_interval_and_source(analyst, check: Job):
    page = re.sub(r"\s+", " ", analyst.get(address(check)).content.decode())
    # 4 of 7 are above 5; a score of exactly 5 is not.
    assert '<dd class="big">57.1%</dd>' in page
    assert "95% Wilson interval 25.0–84.2%; n = 7" in page
    assert "report about 88% of their photos" in page
    assert "Random weights: scores mean nothing." in page
    assert "NIMA on MobileNetV2" in page
    assert (
        "shorter side 72 pixels (bilinear), the middle 64 × 64 of it, values 0 to 1, then "
        "ImageNet’s mean and sd"
    ) in page
    assert (
        page.index("2.31")
        < page.index('id="highest"')
        < page.index("10.00", page.index('id="highest"'))
    )


def test_scores_that_are_all_the_same_are_told(analyst, check: Job):
    said = "All photos have the same score; their order means nothing."
    assert said not in analyst.get(address(check)).content.decode()
    PhotoScore.objects.update(mean=5.5)
    assert said in analyst.get(address(check)).content.decode()


def test_figures_and_histogram(check: Job):
    from models_app.selectors.findings import scores_histogram

    figures = results.nima_figures(check)
    mean = sum(MEANS) / 7
    assert figures["mean"] == pytest.approx(mean)
    assert figures["sd"] == pytest.approx((sum((m - mean) ** 2 for m in MEANS) / 7) ** 0.5)
    assert (figures["n"], figures["above"], figures["mean_sd"]) == (7, 4, 1.5)
    bins = scores_histogram(check)
    assert len(bins) == 36
    # 2.31 -> [2.25, 2.5); 5.0 and a hair above -> [5, 5.25); 10 -> the last.
    assert {place: n for place, n in enumerate(bins) if n} == {
        5: 1,
        15: 1,
        16: 2,
        20: 1,
        27: 1,
        35: 1,
    }


def test_a_check_without_scores_says_what_happens(analyst, check: Job):
    PhotoScore.objects.all().delete()
    assert "Waiting for a worker." in analyst.get(address(check)).content.decode()
    Job.objects.filter(pk=check.pk).update(state="failed", error="It broke.")
    page = analyst.get(address(check)).content.decode()
    assert "This check failed." in page
    assert "It broke." in page
    assert "data-live" not in page


def test_the_csv_holds_every_score_and_runs_no_formula(analyst, check: Job):
    Photo.objects.filter(name="coffee.png").update(name="=cmd()")
    response = analyst.get(reverse("models_dashboard:nima_scores", args=[check.pk]))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[0] == "photo,split,mean,sd,p1,p2,p3,p4,p5,p6,p7,p8,p9,p10"
    assert len(lines) == 8
    assert any(line.startswith("'=cmd(),") for line in lines)


def test_a_click_excludes_with_the_reason_and_an_entry(manager, check: Job):
    photo = Photo.objects.earliest("pk")
    response = manager.post(act(check, "exclude", photo), {"end": "lowest"})
    assert response.url == f"{address(check)}#lowest-{photo.pk}"
    photo.refresh_from_db()
    reason = f"NIMA score 2.31 by checkpoint =net, whose weights are random (job {check.pk})"
    assert (photo.excluded_reason, photo.excluded_by) == (reason, "mia")
    assert AuditEntry.objects.get(action="photo.exclude").detail["reason"] == reason
    page = manager.get(address(check)).content.decode()
    assert "1 of them excluded since" in page
    manager.post(act(check, "include", photo), {"end": "lowest"})
    photo.refresh_from_db()
    assert photo.excluded_at is None
    assert AuditEntry.objects.filter(action="photo.include").exists()


def test_who_may_do_what(client, analyst, outsider, check: Job):
    photo = Photo.objects.earliest("pk")
    assert client.get(address(check)).status_code == 302
    assert outsider.get(address(check)).status_code == 403
    assert analyst.get(address(check)).status_code == 200
    assert "/exclude/" not in analyst.get(address(check)).content.decode()
    for person in (client, analyst, outsider):
        assert person.post(act(check, "exclude", photo)).status_code in {302, 403}
    photo.refresh_from_db()
    assert photo.excluded_at is None


def test_what_is_not_there_is_404(manager, check: Job, real_photos):
    other = photos_make(real_photos[:1], "other").photos.get()
    assert manager.post(act(check, "exclude", other)).status_code == 404
    assert manager.get(address(check)).status_code == 200
    importing = Job.objects.get(kind="import_checkpoint")
    assert manager.get(address(importing)).status_code == 404
    assert manager.get(act(check, "exclude", other)).status_code == 405


def test_names_are_shown_and_not_run(analyst, check: Job):
    Photo.objects.filter(name="coffee.png").update(name="<script>alert(1)</script>")
    assert "<script>alert" not in analyst.get(address(check)).content.decode()


def test_the_list_and_its_queries(analyst, check: Job, django_assert_num_queries):
    second = job_create("nima_check", {"dataset": "d", "checkpoint": "=net"})
    Job.objects.filter(pk=second.pk).update(
        state="succeeded",
        result={"n": 7, "mean": 5.5, "share_above_5": 0.5, "share_above_5_low": 0.2,
                "share_above_5_high": 0.8},
    )  # fmt: skip
    # Session, person, role; jobs with dataset and checkpoint; whether there is a checkpoint.
    with django_assert_num_queries(5):
        page = analyst.get(reverse("models_dashboard:nima_checks")).content.decode()
    assert page.count('class="row"') == 2
    assert "50.0%" in page
    assert "20.0–80.0%" in page
    # The check beside it shows up for comparison: session, person, role, job, summary, histogram,
    # other checks, two ends.
    with django_assert_num_queries(9):
        assert "Other checks of this dataset" in analyst.get(address(check)).content.decode()


def test_an_empty_list_says_what_comes_first(manager, analyst):
    page = manager.get(reverse("models_dashboard:nima_checks")).content.decode()
    assert "Import a checkpoint" in page
    assert (
        "Import a checkpoint"
        not in analyst.get(reverse("models_dashboard:nima_checks")).content.decode()
    )
