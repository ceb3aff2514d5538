"""The pages of diversity checks: counts, effective numbers, the reference, downloads."""

from pathlib import Path

import pytest
from django.urls import reverse

from models_app.findings import results
from models_app.models import Job, Photo, PhotoContent
from models_app.services.jobs import job_create
from tests.findings import photos_make

pytestmark = pytest.mark.django_db
CLASSES = ("alp", "alp", "lakeside", "alp", "<b>fur", "lakeside", "alp")


@pytest.fixture
def check(real_photos, settings, tmp_path: Path) -> Job:
    settings.VAR = tmp_path / "var"
    photos_make(real_photos)
    job = job_create("diversity_check", {"dataset": "d", "weights": "random"})
    for photo, label in zip(Photo.objects.order_by("pk"), CLASSES, strict=True):
        PhotoContent.objects.create(job=job, photo=photo, kind="class", label=label, confidence=0.5)
    first = Photo.objects.earliest("pk")
    PhotoContent.objects.create(
        job=job, photo=first, kind="object", label="person", confidence=0.75, count=3
    )
    return job


def finish(job: Job) -> None:
    figures = {**results.diversity_figures(job), "random_weights": True, "weights": {}}
    Job.objects.filter(pk=job.pk).update(state="succeeded", result=figures)


def address(job: Job) -> str:
    return reverse("models_dashboard:job_results_diversity_check", args=[job.pk])


def test_the_page_while_it_runs(analyst, check: Job):
    page = analyst.get(address(check)).content.decode()
    assert "data-live" in page
    assert "57.1%" in page  # alp on 4 of 7
    assert "<b>fur" not in page
    assert "var/references" in page
    assert "Random weights" not in page


def test_the_page_of_a_finished_check(analyst, check: Job):
    finish(check)
    page = analyst.get(address(check)).content.decode()
    assert "Random weights: what they name means nothing." in page
    assert "Effective number of classes, order 2" in page
    # 42 ordered pairs of photos, 14 of them of one class.
    assert '<dd class="big">3.0</dd>' in page
    assert "Biased, its interval too narrow: it takes ten photos a class." in page
    assert "data-live" not in page


def test_the_reference_stands_beside(analyst, check: Job, settings):
    finish(check)
    folder = settings.VAR / "references"
    folder.mkdir(parents=True)
    (folder / "most_common_dataset_classes.tsv").write_text("300\talp\n700\tbath_towel\n")
    page = analyst.get(address(check)).content.decode()
    assert "bath towel" in page
    assert "1,000 photos, the sum of its classes" in page
    assert "30.0%" in page
    assert "order 2: 1.7" in page
    (folder / "most_common_dataset_classes.tsv").write_text("many\talp\n")
    page = analyst.get(address(check)).content.decode()
    assert "cannot be used: line 1 is" in page


def test_downloads(analyst, check: Job):
    def lines(name: str, *more: object) -> list[str]:
        response = analyst.get(reverse(f"models_dashboard:{name}", args=[check.pk, *more]))
        return b"".join(response.streaming_content).decode().splitlines()

    assert lines("diversity_counts", "classes") == ["4\talp", "2\tlakeside", "1\t<b>fur"]
    assert lines("diversity_counts", "objects") == ["1\tperson"]
    contents = lines("diversity_contents")
    assert contents[0] == "photo,kind,label,confidence,count"
    assert contents[1:3] == [
        f"{Photo.objects.earliest('pk').name},class,alp,0.500000,1",
        f"{Photo.objects.earliest('pk').name},object,person,0.750000,3",
    ]
    other = reverse("models_dashboard:diversity_counts", args=[check.pk, "other"])
    assert analyst.get(other).status_code == 404


def test_who_may_look(client, outsider, analyst, check: Job):
    for name, expected in ((client, 302), (outsider, 403), (analyst, 200)):
        assert name.get(address(check)).status_code == expected
        assert name.get(reverse("models_dashboard:diversity_checks")).status_code == expected
        files = reverse("models_dashboard:diversity_contents", args=[check.pk])
        assert name.get(files).status_code == expected


def test_the_list_and_its_queries(analyst, check: Job, django_assert_num_queries):
    finish(check)
    job_create("diversity_check", {"dataset": "d", "weights": "random"})
    # Session, person, role, jobs.
    with django_assert_num_queries(4):
        page = analyst.get(reverse("models_dashboard:diversity_checks")).content.decode()
    assert page.count('class="row"') == 2
    # Session, person, role, job; photos and labels of each of two kinds.
    with django_assert_num_queries(8):
        analyst.get(address(check))
