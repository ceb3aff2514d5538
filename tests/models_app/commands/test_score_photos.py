"""Scoring a folder from the command line."""

import csv
import io
import resource
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from models_app.findings.score_files import ScoreFile
from models_app.models import Checkpoint, PhotoScore
from tests.findings import checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all

pytest.importorskip("torch")
pytestmark = pytest.mark.django_db


@pytest.fixture
def checkpoint() -> Checkpoint:
    return checkpoint_make()


@pytest.fixture
def folder(real_photos: list[Path], tmp_path: Path) -> Path:
    """Three photos, one of them below, a damaged one, and what is no photo."""
    found = tmp_path / "photos"
    (found / "below").mkdir(parents=True)
    for path, name in zip(real_photos, ("=b.jpg", "a.png", "below/c.jpg"), strict=False):
        (found / name).write_bytes(path.read_bytes())
    (found / "cut.jpg").write_bytes(real_photos[0].read_bytes()[:1500])
    (found / "read me.txt").write_text("x")
    (found / ".hidden.jpg").write_bytes(real_photos[0].read_bytes())
    return found


def run(folder: Path, checkpoint: object, path: Path, *more: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    options = ("--checkpoint", str(checkpoint), "--csv", str(path), "--device", "cpu", *more)
    call_command("score_photos", str(folder), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_every_photo_below_a_folder_is_scored(checkpoint, folder, tmp_path):
    out, err = run(folder, checkpoint.name, tmp_path / "s.csv")
    rows = rows_of(tmp_path / "s.csv")
    assert [row["name"] for row in rows] == ["'=b.jpg", "a.png", "below/c.jpg"]
    for row in rows:
        shares = [float(row[f"p{score}"]) for score in range(1, 11)]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        mean = sum(score * share for score, share in enumerate(shares, 1))
        assert float(row["mean"]) == pytest.approx(mean, abs=1e-4)
    assert "cut.jpg: it is damaged" in err
    assert "Random weights: scores mean nothing." in err
    assert "4 photos in " in out
    assert "1 unreadable" in out
    assert f"{tmp_path / 's.csv'}: 3 photos" in out
    assert not list(tmp_path.glob(".*"))


def test_scores_are_those_of_a_check(checkpoint, real_photos, tmp_path):
    photos_make(real_photos)
    nima_launch(checkpoint)
    work_all()
    folder = tmp_path / "same"
    folder.mkdir()
    for path in real_photos:
        (folder / path.name).write_bytes(path.read_bytes())
    # By its number this time.
    run(folder, checkpoint.pk, tmp_path / "s.csv", "--batch-size", "3")
    theirs = dict(PhotoScore.objects.values_list("photo__name", "mean"))
    ours = {row["name"]: float(row["mean"]) for row in rows_of(tmp_path / "s.csv")}
    assert ours.keys() == theirs.keys()
    for name, mean in ours.items():
        assert mean == pytest.approx(theirs[name], abs=1e-4)
    assert len(set(ours.values())) == len(real_photos)


def test_an_interrupted_run_goes_on_where_it_was(checkpoint, folder, tmp_path, monkeypatch):
    from models_app.networks import folder_scoring

    real = folder_scoring.files_score
    left: list[str] = []

    def interrupted(files, *args, **more):
        for batch in real(files, *args, **{**more, "batch_size": 1}):
            yield batch
            if any(each.key == "a.png" for each in batch):
                raise KeyboardInterrupt

    def counted(files, *args, **more):
        left.extend(name for name, _path in files)
        yield from real(files, *args, **more)

    monkeypatch.setattr(folder_scoring, "files_score", interrupted)
    with pytest.raises(CommandError, match="Interrupted after 2 photos") as refused:
        run(folder, checkpoint.name, tmp_path / "s.csv")
    assert refused.value.returncode == 130
    assert not (tmp_path / "s.csv").exists()
    (part,) = tmp_path.glob(".s.csv.*.part")
    whole = part.read_bytes()
    # As if the machine had stopped in the middle of a row.
    part.write_bytes(whole + b"below/c.jp")

    monkeypatch.setattr(folder_scoring, "files_score", counted)
    out, _err = run(folder, checkpoint.name, tmp_path / "s.csv", "--resume")
    assert left == ["below/c.jpg", "cut.jpg"]
    assert "2 photos were scored before" in out
    assert (tmp_path / "s.csv").read_bytes().startswith(whole)
    assert len(rows_of(tmp_path / "s.csv")) == 3
    assert not list(tmp_path.glob(".*"))


@pytest.fixture
def stopped(checkpoint, folder, tmp_path, monkeypatch) -> Path:
    """What an interrupted run left: two rows."""
    from models_app.networks import folder_scoring

    real = folder_scoring.files_score

    def interrupted(files, *args, **more):
        yield from real(files[:2], *args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folder_scoring, "files_score", interrupted)
        with pytest.raises(CommandError, match="Interrupted after 2 photos"):
            run(folder, checkpoint.name, tmp_path / "s.csv")
    (part,) = tmp_path.glob(".s.csv.*.part")
    return part


def test_what_an_interrupted_run_left_is_not_overwritten(checkpoint, folder, tmp_path, stopped):
    before = stopped.read_bytes()
    with pytest.raises(CommandError, match=r"interrupted after 2 photos: say --resume .* delete "):
        run(folder, checkpoint.name, tmp_path / "s.csv")
    assert stopped.read_bytes() == before
    # Deleted, as the sentence says, the run begins anew.
    stopped.unlink()
    out, _err = run(folder, checkpoint.name, tmp_path / "s.csv")
    assert "before" not in out
    assert len(rows_of(tmp_path / "s.csv")) == 3


def test_whoever_is_killed_while_going_on_loses_no_row(checkpoint, stopped, tmp_path):
    before = stopped.read_bytes()
    stopped.write_bytes(before + b"below/c.jpg,5.1,1.2,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.")
    # A disk that takes no byte more stands for the moment at which somebody is killed.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        table = ScoreFile(tmp_path / "s.csv", checkpoint, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert stopped.read_bytes() == before
    assert (table.rows, "a.png" in table, "below/c.jpg" in table) == (2, True, False)
    with table:
        pass


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        # Cut in the header, in a name of two lines, and by a disk that lost power.
        (lambda whole: whole[:20], 0),
        (lambda whole: whole + b'"odd\r\nname', 2),
        (lambda whole: whole + b"\0" * 200_000 + b"\r\n", 2),
    ],
)
def test_only_whole_rows_count(checkpoint, folder, tmp_path, stopped, left, kept):
    whole = stopped.read_bytes()
    stopped.write_bytes(left(whole))
    out, _err = run(folder, checkpoint.name, tmp_path / "s.csv", "--resume")
    assert ("2 photos were scored before" in out) == bool(kept)
    assert (tmp_path / "s.csv").read_bytes().startswith(whole)
    assert [row["name"] for row in rows_of(tmp_path / "s.csv")] == [
        "'=b.jpg", "a.png", "below/c.jpg"
    ]  # fmt: skip


def test_an_older_table_stays_until_the_new_one_is_whole(checkpoint, folder, tmp_path, monkeypatch):
    from models_app.networks import folder_scoring

    (tmp_path / "s.csv").write_text("old")

    def broken(*_args, **_more):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(folder_scoring, "files_score", broken)
    with pytest.raises(CommandError, match="Interrupted after 0 photos"):
        run(folder, checkpoint.name, tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == "old"
    assert not list(tmp_path.glob(".*"))


def test_what_is_wrong_is_one_sentence(checkpoint, folder, tmp_path):
    wanted = tmp_path / "s.csv"
    with pytest.raises(CommandError, match="There is no checkpoint 'x'; there are: random net"):
        run(folder, "x", wanted)
    with pytest.raises(CommandError, match="is no folder"):
        run(tmp_path / "none", checkpoint.name, wanted)
    with pytest.raises(CommandError, match="cannot be written"):
        run(folder, checkpoint.name, tmp_path / "none" / "s.csv")
    with pytest.raises(CommandError, match="whole numbers from 1 to 4096"):
        run(folder, checkpoint.name, wanted, "--batch-size", "0")
    Checkpoint.objects.update(purpose=Checkpoint.Purpose.PRETRAINED)
    with pytest.raises(CommandError, match="fine-tune it first"):
        run(folder, checkpoint.name, wanted)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("x")
    Checkpoint.objects.update(purpose=Checkpoint.Purpose.JUDGE)
    with pytest.raises(CommandError, match="holds no photo"):
        run(tmp_path / "empty", checkpoint.name, wanted)
    (tmp_path / "empty" / "a.jpg").write_text("x")
    with pytest.raises(CommandError, match="Not one photo could be read"):
        run(tmp_path / "empty", checkpoint.name, wanted)
    assert not wanted.exists()
    assert not list(tmp_path.glob(".*"))
