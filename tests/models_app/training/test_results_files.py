"""The results of an evaluation as files."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models_app.training.folder import FolderPhotos
from models_app.training.measured import Kept, Measured
from models_app.training.pretext.chart import chart_build
from models_app.training.results import scalars
from models_app.training.writing import results_write
from tests.models_app.training.measures import PHOTOS, config_of, make, measured_of


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("split", "chosen", "said"), [("validation", "True", True), ("test", "False", False)]
)
def test_every_table_and_figure_says_whether_the_epoch_was_chosen_on_these_photos(
    tmp_path: Path, split: str, chosen: str, said: bool
):
    config = config_of("ranking_regression", distortions="brightness,contrast")
    measured = measured_of(config)
    results = make(config, measured, split=split)
    results_write(results, tmp_path, measured=measured, chart=chart_build(config))
    for table in tmp_path.glob("*.csv"):
        assert {row["epoch_chosen_on_these"] for row in read(table)} == {chosen}
    figures = list(tmp_path.glob("*.svg"))
    assert len(figures) == 3
    for figure in figures:
        # A note has as many lines as it needs.
        text = " ".join(re.sub("<[^>]*>", " ", figure.read_text()).split())
        assert ("The epoch was chosen on these photos." in text) == said


def test_a_photo_whose_name_is_no_text_gets_into_every_file(
    tmp_path: Path, real_photos: list[Path]
):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(real_photos[0], os.fsencode(folder) + b"/f\xfcr.png")
    photos = FolderPhotos(folder)
    assert photos.name(0) == "f\\xfcr.png"
    assert photos.open(0).size == (512, 512)
    config = config_of(distortions="brightness")
    measured = measured_of(config)
    kept = next(iter(measured.kept.values()))
    measured = replace(measured, kept={(photos.key(0), photos.name(0)): kept})
    results_write(make(config, measured), tmp_path, measured=measured, chart=chart_build(config))
    assert {row["photo"] for row in read(tmp_path / "scores.csv")} == {"f\\xfcr.png"}


def test_one_photo_has_counts_and_says_why_it_has_no_interval(tmp_path: Path):
    config = config_of("ranking_regression")
    measured = measured_of(config, photos=1)
    results = make(config, measured)
    whole = results["rank_accuracy"]["all"]
    assert whole["accuracy"]["value"] == whole["right"] / 499
    assert (whole["accuracy"]["low"], whole["accuracy"]["high"]) == (None, None)
    assert "at least two photos; there are 1" in whole["undefined"]
    assert whole["right"] + whole["tied"] + whole["wrong"] == 499
    names = results_write(results, tmp_path, measured=measured, chart=chart_build(config))
    assert "heat_map.svg" in names
    assert "rank_accuracy.svg" not in names
    row = read(tmp_path / "rank_accuracy.csv")[0]
    assert float(row["value"]) == whole["accuracy"]["value"]
    assert (row["low"], row["high"]) == ("", "")


def test_files_hold_the_results_exactly(tmp_path: Path):
    config = config_of("ranking_regression")
    measured = measured_of(config)
    results = make(config, measured)
    names = results_write(results, tmp_path, measured=measured, chart=chart_build(config))
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert set(names) == written
    assert names[-1] == "results.json"
    assert json.loads((tmp_path / "results.json").read_text()) == json.loads(json.dumps(results))
    rows = read(tmp_path / "rank_accuracy.csv")
    assert len(rows) == 1 + 3 + 21 + 36
    assert float(rows[0]["low"]) == results["rank_accuracy"]["all"]["accuracy"]["low"]
    levels = read(tmp_path / "levels.csv")
    assert [row["level"] for row in levels] == [
        row["level"] for row in results["rank_accuracy"]["levels"]
    ]
    errors = read(tmp_path / "regression.csv")
    assert (
        float(errors[3]["value"]) == results["regression_error"]["distortions"][2]["error"]["value"]
    )
    figure = read(tmp_path / "figure4.csv")
    assert len(figure) == 11 * PHOTOS
    assert float(figure[1]["contrast"]) == results["figure4"]["levels"][0]["contrast"][1]
    scores = read(tmp_path / "scores.csv")
    assert len(scores) == 174 * PHOTOS
    assert float(scores[5]["score"]) == results["samples"][0]["scores"][5]["score"]


def test_every_table_and_figure_says_what_the_weights_began_as(tmp_path: Path):
    config = config_of("ranking_regression", distortions="brightness,contrast")
    measured = measured_of(config)
    results_write(make(config, measured), tmp_path, measured=measured, chart=chart_build(config))
    tables, figures = list(tmp_path.glob("*.csv")), list(tmp_path.glob("*.svg"))
    assert (len(tables), len(figures)) == (6, 3)
    for table in tables:
        assert {row["initial_weights"] for row in read(table)} == {"random"}
    for figure in figures:
        assert "Initial weights: random. 6 validation photos." in figure.read_text()


def test_a_sheet_shows_its_tiles_row_by_row(tmp_path: Path):
    config = config_of(distortions="brightness,hcrop")
    measured = measured_of(config)
    first = next(iter(measured.kept))
    tiles = np.zeros((22, 8, 8, 3), dtype=np.uint8)
    tiles[7] = 255
    measured = replace(measured, kept={first: replace(measured.kept[first], tiles=tiles)})
    results = make(config, measured)
    results_write(results, tmp_path, measured=measured, chart=chart_build(config))
    (sample,) = results["samples"]
    assert sample["sheet"] == {"file": "samples/1.jpg", "tile": 8, "columns": 5, "rows": 5}
    with Image.open(tmp_path / "samples" / "1.jpg") as sheet:
        pixels = np.asarray(sheet.convert("L"))
    assert pixels.shape == (40, 40)
    assert pixels[8:16, 16:24].min() > 240
    assert (pixels > 128).sum() == 64


def test_names_that_look_like_formulas_are_disarmed(tmp_path: Path):
    config = config_of(distortions="brightness")
    measured = measured_of(config)
    (key, _name), kept = next(iter(measured.kept.items()))
    measured = replace(measured, kept={(key, "=cmd()"): kept})
    results_write(make(config, measured), tmp_path, measured=measured, chart=chart_build(config))
    assert {row["photo"] for row in read(tmp_path / "scores.csv")} == {"'=cmd()"}
    assert read(tmp_path / "scores.csv")[1]["level"] == "-1.0"


@pytest.mark.parametrize(("task", "width"), [("rotnet", 4), ("simclr", 0)])
def test_baselines_have_what_they_have(task: str, width: int, tmp_path: Path):
    config = config_of(task)
    photos = (("a", "a.jpg"), ("b", "b.jpg"))
    right = np.array([[True, False, True, True], [True, False, False, False]])
    tiles = np.zeros((max(width, 2), 4, 4, 3), dtype=np.uint8)
    measured = Measured(
        photos, {task: 1.5}, None, right if width else None, None, {photos[0]: Kept({}, tiles)}
    )
    results = make(config, measured)
    assert results["rank_accuracy"] is None
    assert results["figure4"] is None
    assert {row["score"] for row in results["samples"][0]["scores"]} == {None}
    names = results_write(results, tmp_path, measured=measured, chart=None)
    found = scalars(measured, config=config, chart=None)
    if width:
        (row,) = results["classification_accuracy"]["aspects"]
        assert (row["key"], row["accuracy"]["value"], row["guess"]) == ("rotation", 0.5, 0.25)
        assert found == {f"validation/{task}": 1.5, "classification_accuracy/rotation": 0.5}
        assert names == ["losses.csv", "classification.csv", "samples/1.jpg", "results.json"]
    else:
        assert found == {f"validation/{task}": 1.5}
        assert names == ["losses.csv", "samples/1.jpg", "results.json"]


def test_results_need_neither_torch_nor_django():
    code = (
        "import sys, models_app.training.writing, models_app.training.results;"
        "print({'torch', 'django', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
