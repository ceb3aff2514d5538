"""Rows that the tests of datasets share: photos, and checks that have ended."""

from collections.abc import Mapping, Sequence

from django.utils import timezone

from models_app.models import Checkpoint, Dataset, Job, Photo, PhotoContent, PhotoScore

# Of a real photo's size; no two alike.
SCORES = (2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5)


def job_make(dataset: Dataset, kind: str = "nima_check", **values: object) -> Job:
    now = timezone.now()
    times = dict.fromkeys(("created_at", "queued_at", "sent_at", "finished_at"), now)
    return Job.objects.create(
        kind=kind,
        label=f"{kind} of {dataset}",
        queue="cpu",
        dataset=dataset,
        **{"state": "succeeded", **times, **values},
    )


def checkpoint_make(**values: object) -> Checkpoint:
    fields = {
        "name": "kentsyx", "architecture": "nima_vgg16", "file": "checkpoints/a.safetensors",
        "bytes": 10, "sha256": "ab" * 32, "preprocessing": {"crop": 224}, "source": "a paper",
    }  # fmt: skip
    return Checkpoint.objects.create(**{**fields, **values})


def nima_make(dataset: Dataset, scores: Sequence[float] = SCORES, **values: object) -> Job:
    """A NIMA check that gave the photos, by name, these scores."""
    job = job_make(dataset, "nima_check", **values)
    photos = dataset.photos.order_by("name")
    shares = [0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.15, 0.08, 0.05, 0.02]
    PhotoScore.objects.bulk_create(
        [
            PhotoScore(job=job, photo=photo, mean=mean, sd=1.25, distribution=shares)
            for photo, mean in zip(photos, scores, strict=False)
        ]
    )
    return job


def diversity_make(
    dataset: Dataset, labels: Mapping[str, tuple[str, Mapping[str, int]]], **values: object
) -> Job:
    """A diversity check: photo's name -> (class, object -> how many)."""
    job = job_make(dataset, "diversity_check", **values)
    for name, (label, objects) in labels.items():
        photo = Photo.objects.get(dataset=dataset, name=name)
        rows = [("class", label, 1), *(("object", o, n) for o, n in objects.items())]
        PhotoContent.objects.bulk_create(
            [
                PhotoContent(job=job, photo=photo, kind=kind, label=of, confidence=0.75, count=n)
                for kind, of, n in rows
            ]
        )
    return job
