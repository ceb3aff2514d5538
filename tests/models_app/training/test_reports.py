"""Where the numbers go."""

import io
import json
import sys
from math import inf, nan
from pathlib import Path

import pytest

from models_app.training.errors import ConfigInvalid
from models_app.training.reports import (
    Closes,
    Console,
    JsonLines,
    Reports,
    Several,
    Silent,
    TensorBoardReports,
)


def tell(reports: Reports) -> None:
    reports.device("CPU")
    reports.stage("Training")
    reports.progress(8, 100)
    reports.scalars(1, {"loss/ranking": 100.5, "loss/total": 7.4})
    reports.log("2 photos are in no list.")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_numbers_are_lines_that_are_in_the_file_at_once(tmp_path: Path):
    path = tmp_path / "run" / "metrics.jsonl"
    reports = JsonLines(path)
    tell(reports)
    [line] = lines(path)
    assert line["step"] == 1
    assert line["values"] == {"loss/ranking": 100.5, "loss/total": 7.4}
    assert str(line["time"]).endswith("+00:00")
    reports.close()


def test_numbers_that_are_not_finite_are_null(tmp_path: Path):
    reports = JsonLines(tmp_path / "metrics.jsonl")
    reports.scalars(1, {"a": nan, "b": -inf, "c": 1e-300})
    reports.close()
    text = (tmp_path / "metrics.jsonl").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["values"] == {
        "a": None,
        "b": None,
        "c": 1e-300,
    }


def test_a_resumed_run_tells_no_step_twice(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    reports = JsonLines(path)
    for step in range(1, 8):
        reports.scalars(step, {"loss/total": float(step)})
    reports.close()
    with path.open("a") as file:
        file.write('{"step": 8, "val')
    resumed = JsonLines(path, resumed=5)
    resumed.scalars(6, {"loss/total": 6.5})
    resumed.close()
    assert [line["step"] for line in lines(path)] == [1, 2, 3, 4, 5, 6]
    assert lines(path)[-1]["values"] == {"loss/total": 6.5}


@pytest.mark.parametrize("validated", [True, False])
def test_a_validation_after_the_state_is_not_told_twice(tmp_path: Path, validated: bool):
    path = tmp_path / "metrics.jsonl"
    values = {"validation/total": 2.0, "rank_accuracy/all": 0.5}
    reports = JsonLines(path)
    for step in (2, 4):
        reports.scalars(step, {"loss/total": float(step)})
        reports.scalars(step, values)
    reports.close()
    resumed = JsonLines(path, resumed=4, validated=validated)
    if not validated:
        resumed.scalars(4, values)
    resumed.close()
    assert [(line["step"], "loss/total" in line["values"]) for line in lines(path)] == [
        (2, True),
        (2, False),
        (4, True),
        (4, False),
    ]


def test_a_line_without_its_end_is_cut(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "values": {}}\n3\n{"step": 2, "values": {}}')
    JsonLines(path, resumed=5).close()
    assert path.read_text() == '{"step": 1, "values": {}}\n'


def test_a_new_run_starts_a_new_file(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    for _run in range(2):
        reports = JsonLines(path)
        reports.scalars(1, {})
        reports.close()
    assert len(lines(path)) == 1
    JsonLines(tmp_path / "none.jsonl", resumed=3).close()
    assert (tmp_path / "none.jsonl").read_text() == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_gets_the_curves_without_what_is_told_again(tmp_path: Path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = TensorBoardReports(tmp_path)
    for step in range(1, 5):
        first.scalars(step, {"loss/total": float(step)})
    first.log("A sentence.")
    first.close()
    second = TensorBoardReports(tmp_path, resumed=2)
    second.scalars(3, {"loss/total": 30.0})
    second.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    found = [(event.step, event.value) for event in events.Scalars("loss/total")]
    assert found == [(1, 1.0), (2, 2.0), (3, 30.0)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("validated", [True, False])
def test_tensorboard_shows_a_validation_once(tmp_path: Path, validated: bool):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = TensorBoardReports(tmp_path)
    for step in (2, 4):
        first.scalars(step, {"loss/total": float(step)})
        first.scalars(step, {"validation/total": float(step)})
    first.close()
    second = TensorBoardReports(tmp_path, resumed=4, validated=validated)
    if not validated:
        second.scalars(4, {"validation/total": 4.0})
    second.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [event.step for event in events.Scalars("validation/total")] == [2, 4]
    # It hides whole steps only.
    kept = [2, 4] if validated else [2]
    assert [event.step for event in events.Scalars("loss/total")] == kept


def test_a_missing_tensorboard_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigInvalid, match="install the package tensorboard, or set") as caught:
        TensorBoardReports(tmp_path)
    assert caught.value.name == "tensorboard"


def test_a_terminal_shows_short_lines():
    stream = io.StringIO()
    tell(Console(stream))
    assert stream.getvalue().splitlines() == [
        "CPU",
        "Training",
        "step 1 (8 of 100 photos): loss/total 7.4",
        "2 photos are in no list.",
    ]


def test_a_terminal_is_not_flooded():
    stream = io.StringIO()
    console = Console(stream, seconds=1000)
    for step in range(10):
        console.scalars(step, {"loss/total": 1.0})
    console.scalars(10, {"validation/total": 2.0, "validation/ranking": 2.0})
    console.scalars(11, {"speed": 3.0})
    console.scalars(12, {})
    assert stream.getvalue().splitlines() == [
        "step 0: loss/total 1",
        "step 10: validation/total 2",
        "step 11: speed 3",
    ]


def test_a_terminal_is_stderr_unless_told(capsys: pytest.CaptureFixture[str]):
    Console().log("A sentence.")
    assert capsys.readouterr() == ("", "A sentence.\n")


def test_several_are_told_alike_and_closed(tmp_path: Path):
    streams = [io.StringIO(), io.StringIO()]
    written = JsonLines(tmp_path / "metrics.jsonl")
    several = Several([Console(streams[0]), Console(streams[1]), written, Silent()])
    tell(several)
    several.close()
    assert streams[0].getvalue() == streams[1].getvalue() != ""
    assert len(lines(tmp_path / "metrics.jsonl")) == 1
    with pytest.raises(ValueError, match="closed"):
        written.scalars(2, {})
    assert isinstance(several, Closes)
    tell(Several([]))
