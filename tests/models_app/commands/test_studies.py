"""The commands seed_study and run_study."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from models_app.models import Dataset, Job, LabelSet, Study
from tests.studies import RAW, labels_make, quick_install, work_through

pytestmark = pytest.mark.django_db


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Tables in the layouts of AVA.txt and of TID2013, with a few rows."""
    rows = [
        f"{n} {9000 + n} {' '.join(str((n * k) % 23 + 1) for k in range(1, 11))} 0 22 1396"
        for n in range(1, 31)
    ]
    (tmp_path / "AVA.txt").write_text("\n".join(rows) + "\n")
    names = [f"i{ref:02}_{kind:02}_{level}.bmp" for ref in (1, 2, 3) for kind in (1, 2)
             for level in (1, 2)]  # fmt: skip
    scores = [f"{2 + (n * 7) % 50 / 10:.5f}" for n in range(len(names))]
    pairs = [f"{score} {name}" for score, name in zip(scores, names, strict=True)]
    (tmp_path / "mos_with_names.txt").write_text("\n".join(pairs) + "\n")
    (tmp_path / "mos_std.txt").write_text("\n".join("0.14" for _name in names) + "\n")
    return tmp_path


def seed(tables: Path, **options: object) -> None:
    ava, tid = tables / "AVA.txt", tables / "mos_with_names.txt"
    call_command("seed_study", ava=ava, tid=tid, **{"images": 20, "references": 2, **options})


def test_it_draws_images_for_real_rows_and_marks_them(tables, capsys):
    seed(tables)
    said = capsys.readouterr().out
    assert "study-photos: 7 photos" in said
    assert "check of the plumbing" in said
    ava, tid = LabelSet.objects.get(name="drawn-ava"), LabelSet.objects.get(name="drawn-tid2013")
    assert ava.is_generated
    assert tid.is_generated
    assert (ava.labels.exclude(photo=None).count(), tid.labels.count()) == (20, 8)
    assert set(tid.labels.values_list("reference", flat=True)) == {"i01", "i02"}
    assert set(tid.labels.values_list("sd", flat=True)) == {0.14}
    split = ava.splits.get(name="seeded")
    assert min(split.counts.values()) >= 3


def test_it_can_be_run_again(tables):
    seed(tables)
    seed(tables)
    assert (LabelSet.objects.count(), Dataset.objects.count()) == (2, 3)


def test_it_refuses_what_is_no_table_or_too_little(tables):
    with pytest.raises(CommandError, match="--images is 1"):
        seed(tables, images=1)
    (tables / "AVA.txt").write_text("no table\n")
    with pytest.raises(CommandError):
        seed(tables)


def run(tmp_path: Path, *options: str, **changes: object) -> None:
    path = tmp_path / "study.json"
    path.write_text(json.dumps({**RAW, **changes}))
    call_command("run_study", str(path), *options)


def test_a_study_is_started_gone_on_with_and_asked_again(tmp_path, monkeypatch, capsys):
    quick_install(monkeypatch)
    labels_make()
    run(tmp_path)
    said = capsys.readouterr()
    study = Study.objects.get()
    assert said.out.strip() == str(study.pk)
    assert "check of the plumbing" in said.err
    work_through()
    run(tmp_path, "--wait")
    said = capsys.readouterr().err
    assert "nothing to resume" in said
    assert "succeeded: 12 of 12 parts" in said
    count = Job.objects.count()
    run(tmp_path, "--name", "small again", "--fresh")
    work_through()
    assert Job.objects.count() == 2 * count


def test_a_name_means_one_configuration(tmp_path, monkeypatch):
    quick_install(monkeypatch)
    labels_make()
    run(tmp_path)
    with pytest.raises(CommandError, match="another configuration"):
        run(tmp_path, alpha=0.05)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("run_study", str(tmp_path / "none.json"))


def test_waiting_for_a_study_with_gaps_ends_with_an_error(tmp_path, monkeypatch):
    quick_install(monkeypatch)
    labels_make()
    run(tmp_path, finetune={"fails": "ranking"})
    work_through()
    # The job that was told to fail once succeeds when it is resumed: let nothing do that.
    monkeypatch.setattr("models_app.services.studies.study_resume", lambda study: 0)
    with pytest.raises(CommandError, match="failed"):
        run(tmp_path, "--wait", finetune={"fails": "ranking"})
