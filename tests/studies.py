"""Studies for tests: label sets of real tables' shape, and jobs that take no time.

The quick kinds stand in for the real ones where only the graph is asked about: they leave rows as
the real ones do (a checkpoint, an evaluation with its predictions) without training anything.
"""

import zlib
from dataclasses import dataclass

import numpy as np

from models_app.errors import JobError
from models_app.jobs import registry, runner
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Checkpoint, Dataset, Job, Label, LabelSet, LabelSplit, Study
from models_app.selectors import studies as selectors
from models_app.services import evaluations, jobs, leases, studies, study_checks
from tests.jobs import work_all

RAW = {
    "kind": "table2",
    "name": "small",
    "photos": "photos",
    "labels": "ava",
    "split": "seeded",
    "zero_shot": "tid",
    "initialisations": ["random", "ranking", "rotnet"],
    "baseline": "random",
    "initial_weights": "random",
    "resamples": 200,
}
# How much of the truth a network of an initialisation has learnt.
SKILL = {"random": 0.2, "rotnet": 0.3, "ranking": 0.8, "ranking_regression": 0.9}


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainConfig:
    dataset: str = option("d", "d")
    task: str = option("t", "t")
    weights: str = option("w", "w")
    checkpoint: str = option("c", "c", default="")
    trainable: str = option("t", "t", default="all")
    seed: int = option("s", "s", default=1)
    epochs: int = option("e", "e", default=20, low=1)
    backbone: str = option("b", "b", default="mobilenet_v2")
    width: float = option("w", "w", default=1.0)
    side: int = option("s", "s", default=224)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    label_set: str = option("l", "l")
    split: str = option("s", "s")
    weights: str = option("w", "w")
    checkpoint: str = option("c", "c", default="")
    trainable: str = option("t", "t", default="all")
    seed: int = option("s", "s", default=1)
    subset_seed: int = option("s", "s", default=1)
    share: float = option("s", "s", default=1.0)
    max_epochs: int = option("m", "m", default=9, low=1)
    backbone: str = option("b", "b", default="mobilenet_v2")
    width: float = option("w", "w", default=1.0)
    side: int = option("s", "s", default=224)
    fails: str = option("f", "f", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateConfig:
    checkpoint: str = option("c", "c")
    label_set: str = option("l", "l")
    split: str = option("s", "s", default="")
    part: str = option("p", "p", default="test")
    resamples: int = option("r", "r", default=1000)


class _Quick:
    queues = ("cpu",)
    preemptible = True

    def plan(self, config: object) -> Plan:
        return Plan(label=type(self).__name__, total=10)

    def made(self, context: Context, name: str) -> None:
        Checkpoint.objects.create(
            name=f"{name} #{context.job.pk}", architecture="nima:mobilenet_v2", file="x", bytes=1,
            sha256="0", preprocessing={}, made_by=context.job,
        )  # fmt: skip


class QuickPretrain(_Quick):
    config_type = PretrainConfig

    def plan(self, config: PretrainConfig) -> Plan:
        found = Dataset.objects.filter(name=config.dataset).first()
        if found is None:
            raise JobError(f"There is no dataset {config.dataset}.")
        return Plan(label="Pretrain", total=10, dataset=found)

    def run(self, config: PretrainConfig, context: Context) -> None:
        self.made(context, config.task)


class QuickFinetune(_Quick):
    config_type = FinetuneConfig

    def run(self, config: FinetuneConfig, context: Context) -> None:
        began = config.checkpoint.split(" #")[0] or config.weights
        if config.fails and config.fails in began and context.job.attempt == 1:
            raise JobError("It was told to fail.")
        context.progress(10, 10)
        context.result(epochs=30 if began == "random" else 20, best_epoch=9)
        self.made(context, f"{began} {round(100 * config.share)} {config.seed}")


class QuickEvaluate(_Quick):
    config_type = EvaluateConfig

    def run(self, config: EvaluateConfig, context: Context) -> None:
        checkpoint = Checkpoint.objects.get(name=config.checkpoint)
        label_set = LabelSet.objects.get(name=config.label_set)
        split = label_set.splits.filter(name=config.split).first()
        names = split.members[config.part] if split else None
        labels = [
            each
            for each in label_set.labels.order_by("name")
            if names is None or each.name in names
        ]
        predictions = predictions_make(checkpoint.name, labels, label_set)
        lines = "".join(evaluations.predictions_csv(predictions)).encode()
        context.artifact(evaluations.PREDICTIONS, lines, "text/csv")
        evaluations.evaluation_record(
            context.job, checkpoint=checkpoint, label_set=label_set, split=split,
            part=config.part, metrics={"threshold": 5.0, "rule": "greater"}, n=len(labels),
        )  # fmt: skip


QUICK = {"pretrain": QuickPretrain(), "finetune": QuickFinetune(), "evaluate": QuickEvaluate()}


def predictions_make(
    name: str, labels: list[Label], label_set: LabelSet
) -> evaluations.Predictions:
    """What a network says that knows part of the truth: the more, the more labels it learnt from.

    The name is that of a quick checkpoint: what it began with, share and seed.
    """
    began, share, seed, _pk = name.rsplit(" ", 3)
    rng = np.random.default_rng(zlib.crc32(f"{began} {seed}".encode()))
    truth = np.array([each.mean for each in labels])
    skill = SKILL[began] * (0.4 + 0.6 * int(share) / 100)
    shift = 1 - label_set.first_bin
    said = 5.2 + skill * (truth + shift - 5.2) + (1 - skill) * rng.normal(0, 0.8, len(labels))
    references = tuple(each.reference for each in labels)
    return evaluations.Predictions(
        names=tuple(each.name for each in labels),
        truth=truth,
        prediction=np.clip(said, 1, 10),
        scale=evaluations.Scale.of(label_set),
        distribution=np.full((len(labels), 10), 0.1),
        references=references if all(references) else None,
    )


def quick_install(monkeypatch) -> None:
    """Let the three kinds of a study be the quick ones; the report stays the real one."""

    def kind_of(key: str, real=registry.kind_get):
        return QUICK.get(key) or real(key)

    for module in (registry, runner, jobs, studies, study_checks):
        monkeypatch.setattr(module, "kind_get", kind_of)


def labels_make(*, is_generated: bool = True) -> None:
    """A set of 60 labels from 1 to 10 with a split, one of 40 labels from 0 to 9 of 8 references.

    No photos: what needs them is not asked here.
    """
    Dataset.objects.create(name="photos")
    rng = np.random.default_rng(1)
    ava = LabelSet.objects.create(
        name="ava", kind="ava", scale_low=1, scale_high=10, bins=10, is_generated=is_generated
    )
    names = [f"{place:03}.jpg" for place in range(60)]
    rows = [Label(label_set=ava, name=name, mean=rng.normal(5.4, 0.8)) for name in names]
    Label.objects.bulk_create(rows)
    members = {"train": names[:20], "validation": names[20:25], "test": names[25:]}
    LabelSplit.objects.create(
        label_set=ava, name="seeded", rule="random", members=members, sha256="5" * 64,
        counts={part: len(each) for part, each in members.items()},
    )  # fmt: skip
    tid = LabelSet.objects.create(
        name="tid", kind="tid2013", scale_low=0, scale_high=9, first_bin=0,
        is_generated=is_generated,
    )  # fmt: skip
    Label.objects.bulk_create(
        Label(label_set=tid, name=f"i{ref:02}_{n}.bmp", reference=f"i{ref:02}",
              mean=float(np.clip(rng.normal(4.5, 1.3), 0, 9)))
        for ref in range(8) for n in range(5)
    )  # fmt: skip


def work_through(queue: str = "cpu") -> None:
    """Work as workers do until nothing is left; a look stands in for the hook at a job's end.

    (A test's transaction never ends, and the hook waits for that.)
    """
    while True:
        studies.studies_reconcile()
        if not work_all(queue):
            return


def done(study) -> list[str]:
    return sorted(
        part.key
        for part in study.parts.select_related("job")
        if part.job is not None and part.job.state == Job.State.SUCCEEDED
    )


# Parts of the study of RAW that wait for no other.
FIRST = {"pretrain/ranking/all/seed-1", "pretrain/rotnet/all/seed-1",
         "finetune/random/all/seed-1/share-100"}  # fmt: skip


def start(**changes: object) -> Study:
    return studies.study_start({**RAW, **changes})


def launched(study: Study) -> set[str]:
    return set(study.parts.exclude(job=None).values_list("key", flat=True))


def state(study: Study) -> str:
    found = selectors.study_get(study.pk)
    return selectors.standing(found, selectors.parts_shown(found), leases.db_now()).state


def job_of(study: Study, key: str) -> Job:
    return study.parts.get(key=key).job
