"""Checkpoints of a registry for tests of pages: rows, lineage, evaluations; no file is opened."""

import hashlib
import re

from django.urls import reverse
from django.utils import timezone

from analysis.metrics.evaluation import evaluate
from analysis.paired_bootstrap import Bootstrap
from models_app.models import Checkpoint, Dataset, Evaluation, Job, LabelSet, LabelSplit

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


def family_make() -> tuple[Checkpoint, Checkpoint, Checkpoint]:
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
