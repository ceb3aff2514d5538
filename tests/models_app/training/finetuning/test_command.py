"""The command line: killed with -9 and resumed, told what is wrong, and several processes."""

import csv
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from models_app.training.checkpoint import state_load
from models_app.training.finetune import main
from models_app.training.finetuning.errors import LabelsUnusable
from models_app.training.finetuning.networks import network_build
from models_app.training.finetuning.tables import FolderLabelled, members_read
from tests.models_app.training.finetuning.labels import BrightParts, judged, members, parts, tiny
from tests.models_app.training.runs import weights_of

FEW = 22


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> Path:
    """A folder of photos, a table of labels and a file of parts."""
    folder = tmp_path_factory.mktemp("given")
    labelled = BrightParts(few=FEW)
    (folder / "photos").mkdir()
    names = [labelled.name(index) for index in range(FEW)]
    for name in names:
        parts()[name].save(folder / "photos" / f"{name}.png")
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(f"b{place}" for place in range(1, 11))])
        for name in names:
            counts = np.rint(200 * judged(parts()[name])).astype(int)
            writer.writerow([f"{name}.png", *counts])
    named = {part: [f"{name}.png" for name in x] for part, x in members(labelled).items()}
    named["test"] = [named["train"].pop(), named["train"].pop()]
    (folder / "parts.json").write_text(json.dumps(named))
    return folder


def arguments(given: Path, config: Path, output: Path, *more: str) -> list[str]:
    return [
        *(str(config), "--labels", str(given / "labels.csv"), "--images", str(given / "photos")),
        *("--parts", str(given / "parts.json"), "--output", str(output), *more),
    ]


def config_write(folder: Path, **options) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps(tiny(**options).to_json()))
    return path


def begin(arguments: list[str], processes: int = 1) -> subprocess.Popen[bytes]:
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return subprocess.Popen(
        [
            *(sys.executable, *(start if processes > 1 else ())),
            *("-m", "models_app.training.finetune", *arguments),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def steps_told(output: Path) -> int:
    file = output / "metrics.jsonl"
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def test_killed_anywhere_and_resumed_is_the_same_to_the_last_bit(given, tmp_path):
    config = config_write(tmp_path / "config", batch=2, max_epochs=3, save_steps=2)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    running = begin(arguments(given, config, whole))
    chosen = sorted(random.Random(1).sample(range(1, 23), 2))
    for step in chosen:
        process = begin(arguments(given, config, killed, "--resume"))
        while process.poll() is None and steps_told(killed) < step:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    _out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err.decode()
    last = begin(arguments(given, config, killed, "--resume"))
    _out, err = last.communicate(timeout=120)
    assert last.returncode == 0, err.decode()
    assert weights_of(killed / "last") == weights_of(whole / "last"), chosen
    for name in ("validation.csv", "curves.csv"):
        one, other = ((folder / "results" / name).read_bytes() for folder in (whole, killed))
        assert one == other, chosen


def test_terminated_it_saves_and_says_how_to_go_on(given, tmp_path):
    config = config_write(tmp_path / "config", batch=2, max_epochs=50)
    process = begin(arguments(given, config, tmp_path / "run"))
    while steps_told(tmp_path / "run") < 3:
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    out, _err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert b"go on with --resume" in out
    state = state_load(tmp_path / "run")
    assert state is not None
    assert f"Stopped at step {state.step} " in out.decode()


def test_it_ends_with_what_came_out_and_judges_another_part(given, tmp_path, capsys):
    config = config_write(tmp_path / "config", max_epochs=2)
    assert main(arguments(given, config, tmp_path / "run", "--max-steps", "1")) == 0
    assert "Stopped at step 1 of epoch 1" in capsys.readouterr().out
    told = arguments(given, config, tmp_path / "run", "--resume", "--predict", "test")
    assert main(told) == 0
    assert "Finished after 2 epochs (max_epochs); the best epoch is" in capsys.readouterr().out
    text = (tmp_path / "run" / "results" / "predictions_test.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    wanted = json.loads((given / "parts.json").read_text())["test"]
    assert {row["name"] for row in rows} == set(wanted)
    assert sum(float(rows[0][f"p{place}"]) for place in range(1, 11)) == pytest.approx(1)
    labelled = FolderLabelled(given / "labels.csv", given / "photos")
    known = {labelled.name(index): labelled.distribution(index) for index in range(FEW)}
    assert float(rows[0]["truth"]) == pytest.approx(known[rows[0]["name"]] @ np.arange(1, 11))


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    [
        ('{"bach": 3}', (), "'bach' is no option here"),
        ('{"share": 2}', (), "share is 2.0; allowed are numbers from"),
        ("{", (), "is no JSON"),
        ('{"weights": "file"}', (), "weights is file, and weights_file is empty"),
        ('{"weights": "file", "weights_file": "no"}', (), "There is no file 'no' of weights"),
        ('{"weights": "random"}', ("--predict", "tests"), "There is no part 'tests'"),
        ('{"weights": "random"}', ("--parts", "nowhere.json"), "nowhere.json cannot be read (No"),
        ('{"weights": "random"}', ("--labels", "no.csv"), "The labels no.csv cannot be read"),
        ('{"weights": "random", "width": 0.5, "backbone": "resnet18"}', (), "width is 0.5, which"),
    ],
)
def test_what_is_wrong_is_one_sentence(given, tmp_path, capsys, content, more, sentence):
    (tmp_path / "config.json").write_text(content)
    assert main(arguments(given, tmp_path / "config.json", tmp_path / "run", *more)) == 2
    said = capsys.readouterr().err
    assert sentence in said
    # Some things are wrong only once it is told what computes.
    assert said.removeprefix("cpu\n").count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_it_lists_its_options(capsys):
    with pytest.raises(SystemExit):
        main(["--options"])
    said = capsys.readouterr().out
    assert 'emd_root = "sample"  (sample, batch)' in said
    assert "batch = 450  (numbers from 1 to 65536)" in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("image,b1\na,1\n", "needs a column image and 10 columns b1 to b10"),
        ("", "its first line has: nothing"),
        ("image,1,2,3,4,5,6,7,8,9,10\na,1,2,3,4,5,6,7,8,9,x\n", "line 2: a cell of the scores is"),
        ("image,1,2,3,4,5,6,7,8,9,10\na,0,0,0,0,0,0,0,0,0,0\n", "line 2: counts must be finite"),
        ("image,1,2,3,4,5,6,7,8,9,10\na,1,1,1,1,1,1,1,1,1\n", "line 2: a cell of the scores is"),
        (
            "image,1,2,3,4,5,6,7,8,9,10\n" + "a,1,1,1,1,1,1,1,1,1,1\n" * 2,
            "line 3: 'a' has a label already",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_its_line(tmp_path, text, sentence):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(LabelsUnusable, match=sentence):
        FolderLabelled(tmp_path / "labels.csv", tmp_path)


def test_parts_are_lists_of_names(tmp_path):
    (tmp_path / "parts.json").write_text('{"train": "a.jpg"}')
    with pytest.raises(LabelsUnusable, match="is no object of lists of names"):
        members_read(tmp_path / "parts.json")


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        # The new layer alone, with features that are kept, and then all of it.
        ({"batch_norm": "never"}, 4),
        pytest.param(
            {"batch_norm": "never", "emd_root": "batch", "keep_features": False},
            4,
            marks=pytest.mark.slow,
        ),
        # One process has no photo of some batches.
        pytest.param(
            {"batch": 1, "batch_norm": "never", "freeze": "none"}, 3, marks=pytest.mark.slow
        ),
    ],
    ids=str,
)
def test_two_processes_are_one(given, tmp_path, options, steps):
    options = {"optimiser": "sgd", "learning_rate": 1e-4, "flips": True, **options}
    config = config_write(tmp_path / "config", **options)
    found = {}
    for processes in (1, 2):
        output = tmp_path / str(processes)
        process = begin(
            arguments(given, config, output, "--max-steps", str(steps)), processes=processes
        )
        _out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err.decode()[-3000:]
        state = state_load(output)
        assert state.step == steps
        found[processes] = state.network
    before = network_build(tiny(**options))[0].state_dict()
    for part in ("backbone.", "head."):
        own = [n for n, each in before.items() if n.startswith(part) and each.is_floating_point()]
        moved = math.hypot(*(float((found[1][n] - before[n]).norm()) for n in own))
        apart = math.hypot(*(float((found[1][n] - found[2][n]).norm()) for n in own))
        assert moved > 1e-6, part
        assert apart < 1e-3 * moved, part


ALONE = """
import sys
absent = {"django", "rest_framework", "celery", "matplotlib", "timm", "tensorboard", "scipy"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in absent else real(name, *more)
import torch
torch.set_num_threads(1)
from models_app.training.finetune import main
assert main(sys.argv[1:]) == 0
print(sorted(name for name in sys.modules if name.split(".")[0] in absent))
"""


def test_it_runs_with_torch_and_little_else(given, tmp_path):
    config = config_write(tmp_path / "config", max_epochs=1)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *arguments(given, config, tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"
    assert "matplotlib is not installed here" in done.stderr
    assert (tmp_path / "run" / "results" / "curves.csv").is_file()
