"""A small study by real jobs, and two workers that let one study go on at the same moment."""

import json
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from models_app.datasets.demo import demo_photos
from models_app.errors import JobInvalid
from models_app.models import Job, LabelSet, LabelSplit, Photo, Study
from models_app.selectors import studies as selectors
from models_app.services import studies, study_seeds
from tests.factories import file_read
from tests.jobs import work_all
from tests.studies import RAW, done, labels_make, quick_install, work_through

SMALL = {
    "kind": "table2",
    "name": "real",
    "photos": study_seeds.PHOTOS,
    "labels": study_seeds.AVA,
    "split": study_seeds.SPLIT,
    "zero_shot": study_seeds.TID,
    "initialisations": ["random", "ranking"],
    "baseline": "random",
    "initial_weights": "random",
    "resamples": 100,
    "pretrain": {
        "width": 0.1, "side": 32, "epochs": 1, "photos_per_batch": 2, "warmup_steps": 0,
        "distortions": "brightness,defocus_blur", "validation_share": 0.3, "test_share": 0,
        "decoders": 1, "device": "cpu",
    },
    "finetune": {
        "width": 0.1, "side": 32, "batch": 16, "max_epochs": 2, "workers": 1, "device": "cpu",
    },
    "evaluate": {"device": "cpu"},
}  # fmt: skip


@pytest.fixture
def seeded(tmp_path: Path) -> None:
    """Seven real photos; drawn images for 30 rows of AVA and four of TID2013."""
    ava, tid = tmp_path / "AVA.txt", tmp_path / "mos_with_names.txt"
    rows = [
        f"{n} {9000 + n} {' '.join(str((n * k) % 23 + 1) for k in range(1, 11))} 0 22 1396"
        for n in range(30)
    ]
    ava.write_text("\n".join(rows) + "\n")
    names = [f"i{ref:02}_01_{level}.bmp" for ref in (1, 2) for level in (1, 2)]
    tid.write_text("".join(f"{2.5 + n}00 {name}\n" for n, name in enumerate(names)))
    wanted = study_seeds.Wanted(images=30, references=2)
    study_seeds.photos_seed({path: path.name for path in demo_photos()}, None, wanted)
    study_seeds.ava_seed(ava, wanted)
    study_seeds.tid_seed(tid, wanted)


@pytest.mark.django_db
def test_real_jobs_lead_from_a_configuration_to_a_report(seeded):
    study = studies.study_start(SMALL)
    work_through()
    failed = Job.objects.exclude(state="succeeded").values_list("kind", "state", "error")
    assert list(failed) == []
    assert len(done(study)) == 1 + 2 + 4 + 1
    report = study.parts.get(kind="study_report").job
    numbers = json.loads(file_read(report.artifacts.get(name="numbers.json").file))
    rows = {row["cell"]["initialisation"]: row for row in numbers["test"]["rows"]}
    assert set(rows) == {"random", "ranking"}
    for key, row in rows.items():
        evaluations = selectors.evaluations_of(selectors.study_get(study.pk))
        found = evaluations[f"evaluate/{key}/all/seed-1/share-100/test"].metrics["metrics"]
        for metric in ("mae", "srcc", "accuracy"):
            assert row["metrics"][metric]["value"] == pytest.approx(found[metric]["value"])
    assert {row["mean"] for row in numbers["epochs"]} <= {1, 2}
    assert "plumbing" in numbers["marks"][0]


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["test part", "zero-shot images", "threshold", "split"])
def test_what_only_an_evaluation_would_refuse_is_refused_at_the_start(seeded, wrong: str):
    """Else it came after hours of training."""
    changes: dict = {}
    said = {
        "test part": "evaluate/random/all/seed-1/share-100/test: 0 labelled images",
        "zero-shot images": "share-100/zero-shot: 0 labelled images",
        "threshold": "threshold is '99'",
        "split": "has no split elsewhere",
    }[wrong]
    if wrong == "test part":
        split = LabelSplit.objects.get(label_set__name=study_seeds.AVA)
        split.members = {**split.members, "test": []}
        split.save()
    if wrong == "zero-shot images":
        Photo.objects.filter(dataset__name=study_seeds.TID).update(excluded_at=timezone.now())
    if wrong == "threshold":
        changes = {"evaluate": {"device": "cpu", "threshold": "99"}}
    if wrong == "split":
        split = LabelSplit.objects.get(label_set__name=study_seeds.AVA)
        tid = LabelSet.objects.get(name=study_seeds.TID)
        LabelSplit.objects.create(label_set=tid, name="elsewhere", rule="random",
                                  members=split.members, counts={}, sha256="1" * 64)  # fmt: skip
        changes = {"split": "elsewhere"}
    with pytest.raises(JobInvalid, match=said):
        studies.study_start({**SMALL, **changes})
    assert not Study.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_workers_that_go_on_with_one_study_at_once_launch_each_part_once(monkeypatch):
    quick_install(monkeypatch)
    labels_make()
    study = studies.study_start({**RAW, "seeds": [1, 2, 3]})
    work_all()
    # The hook at the end of each job has launched the next; take that back, and let many do it.
    Job.objects.exclude(kind="pretrain").delete()
    before = set(Job.objects.values_list("pk", flat=True))
    begin = threading.Barrier(4)
    errors: list[Exception] = []

    def advance() -> None:
        try:
            begin.wait()
            studies.study_advance(study.pk)
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=advance) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    launched = Job.objects.exclude(pk__in=before)
    parts = Study.objects.get().parts.filter(job__in=launched)
    assert launched.count() == parts.count() > 0
