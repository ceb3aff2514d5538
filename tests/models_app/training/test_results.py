import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models_app.training.config import TrainConfig
from models_app.training.measured import SAMPLES, Kept, Measured
from models_app.training.pretext.chart import Chart, chart_build
from models_app.training.results import results_make, scalars, targets_of
from models_app.training.writing import results_write

ORIGIN = {"kind": "random", "file": "", "sha256": "", "random": True, "text": "random"}
PHOTOS = 6


def config_of(task: str = "ranking", **options: object) -> TrainConfig:
    return TrainConfig(task=task, side=32, weights="random", **options)


def measured_of(config: TrainConfig, photos: int = PHOTOS, seed: int = 1) -> Measured:
    """Made-up outputs of a network that is right more often than not."""
    draw = np.random.default_rng(seed)
    chart = chart_build(config)
    identities = tuple((f"{n:064x}", f"photo {n}.jpg") for n in range(photos))
    outputs = {}
    if config.entry.ranks:
        width = len(chart.aspects) if config.score_head == "three" else 1
        outputs["ranking"] = (len(chart.variants), width)
    if "regression" in config.terms:
        outputs["regression"] = (len(chart.variants), len(chart.regressed))
    kept = {
        photo: Kept(
            {key: draw.random(shape).astype(np.float32) for key, shape in outputs.items()},
            draw.integers(0, 255, (len(chart.variants), 4, 4, 3), dtype=np.uint8),
        )
        for photo in identities[:SAMPLES]
    }
    outcomes = draw.choice([1, 0, -1], (photos, len(chart.pairs)), p=[0.7, 0.1, 0.2])
    right = draw.random((photos, len(chart.distorted))) < 0.6
    squares = draw.random((photos, len(targets_of(config, chart).values)))
    return Measured(
        identities,
        {term: float(draw.random()) for term in config.terms},
        outcomes.astype(np.int8) if config.entry.ranks else None,
        right if "classification" in config.terms else None,
        squares.astype(np.float32) if "regression" in config.terms else None,
        kept,
    )


def make(config: TrainConfig, measured: Measured, chart: Chart | None = None):
    if chart is None and config.entry.views == "variants":
        chart = chart_build(config)
    rng = np.random.default_rng(7)
    return results_make(
        measured, config=config, chart=chart, origin=ORIGIN, split="validation", rng=rng
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_perfect_network_has_accuracy_1_on_499_pairs():
    config = config_of()
    measured = measured_of(config)
    measured = replace(measured, outcomes=np.ones_like(measured.outcomes))
    ranked = make(config, measured)["rank_accuracy"]
    whole = ranked["all"]
    assert (whole["pairs"], whole["identical"], whole["right"]) == (499, 1, 499 * PHOTOS)
    accuracy = whole["accuracy"]
    assert (accuracy["value"], accuracy["low"], accuracy["n"]) == (1, 1, PHOTOS)
    assert [len(ranked[part]) for part in ("aspects", "distortions", "chains", "levels")] == [
        3, 21, 36, 171,
    ]  # fmt: skip
    for part in ("aspects", "distortions", "chains", "levels"):
        assert sum(row["pairs"] for row in ranked[part]) == 499


def test_groups_hold_the_pairs_that_their_names_say():
    config = config_of(distortions="brightness,vibrance")
    chart = chart_build(config)
    measured = measured_of(config)
    results = make(config, measured)["rank_accuracy"]
    pairs = [
        (less, more, chain, n)
        for n, (chain, (less, more)) in enumerate(
            (chain, pair) for chain in chart.chains for pair in chain.pairs()
        )
        if {less[1], more[1]} != {"", "0"}
    ]
    for row in results["levels"]:
        own = [n for _l, more, _c, n in pairs if more == (row["key"], row["level"])]
        assert row["right"] == (measured.outcomes[:, own] == 1).sum()
        assert row["tied"] == (measured.outcomes[:, own] == 0).sum()
        assert row["pairs"] == len(own)
    for row in results["chains"]:
        own = [
            n for _l, _m, chain, n in pairs
            if (chain.distortion, chain.polarity) == (row["key"], row["polarity"])
        ]  # fmt: skip
        counts = [(measured.outcomes[:, own] == kind).sum() for kind in (1, 0, -1)]
        assert [row["right"], row["tied"], row["wrong"]] == counts
        assert row["accuracy"]["value"] == pytest.approx(counts[0] / sum(counts))
        assert row["ties"] == pytest.approx(counts[1] / sum(counts))
        assert row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"]
    (zero,) = [row for row in results["levels"] if (row["key"], row["level"]) == ("vibrance", "0")]
    assert (zero["pairs"], zero["identical"], zero["step"], zero["polarity"]) == (1, 1, -2, -1)


def test_classes_and_intensities_are_compared_with_those_who_see_nothing():
    config = config_of("ranking_classification")
    classified = make(config, measured_of(config))["classification_accuracy"]
    style = next(row for row in classified["aspects"] if row["key"] == "style")
    assert (style["classes"], style["pictures"], style["guess"]) == (9, 81, 10 / 81)
    config = config_of("regression", distortions="brightness")
    whole = make(config, measured_of(config))["regression_error"]["all"]
    # Five levels on either side, and the reference.
    expected = 2 * sum((k / 5) ** 2 for k in range(1, 6)) / 11
    assert (whole["pictures"], whole["zero"]) == (11, pytest.approx(expected))


@pytest.mark.parametrize("task", ["ranking_classification", "ranking_regression"])
def test_scalars_are_the_results_without_intervals(task: str):
    config = config_of(task)
    measured = measured_of(config)
    results = make(config, measured)
    found = scalars(measured, config=config, chart=chart_build(config))
    ranked = results["rank_accuracy"]
    expected = {f"validation/{term}": loss for term, loss in measured.losses.items()}
    for row in [ranked["all"], *ranked["aspects"], *ranked["distortions"]]:
        expected[f"rank_accuracy/{row['key']}"] = row["accuracy"]["value"]
    for row in (results["classification_accuracy"] or {"aspects": []})["aspects"]:
        expected[f"classification_accuracy/{row['key']}"] = row["accuracy"]["value"]
    if errors := results["regression_error"]:
        for row in [errors["all"], *errors["distortions"]]:
            expected[f"regression_error/{row['key']}"] = row["error"]["value"]
    assert found == pytest.approx(expected)


def test_figure_4_shows_the_outputs_of_each_level():
    config = config_of("regression", distortions="brightness,contrast,shadows")
    chart, measured = chart_build(config), measured_of(config)
    levels = make(config, measured)["figure4"]["levels"]
    assert [level["level"] for level in levels] == [
        "-1.0", "-0.8", "-0.6", "-0.4", "-0.2", "", "0.2", "0.4", "0.6", "0.8", "1.0",
    ]  # fmt: skip
    assert [level["target"] for level in levels] == pytest.approx([n / 5 for n in range(-5, 6)])
    columns = {entry.key: n for n, entry in enumerate(chart.regressed)}
    for level in levels:
        place = chart.places["brightness", level["level"]] if level["level"] else 0
        for shown in ("brightness", "contrast"):
            expected = [
                float(each.outputs["regression"][place, columns[shown]])
                for each in measured.kept.values()
            ]
            assert level[shown] == expected


def test_a_task_without_brightness_has_no_figure_4():
    config = config_of("regression", distortions="contrast")
    assert make(config, measured_of(config))["figure4"] is None


def test_with_three_scores_a_reference_comes_once_an_aspect():
    config = config_of(score_head="three", distortions="jpeg_compression,tint,hcrop")
    measured = measured_of(config)
    scores = make(config, measured)["samples"][0]["scores"]
    first = next(iter(measured.kept.values())).outputs["ranking"]
    references = [row for row in scores if not row["level"]]
    assert [(row["distortion"], row["aspect"], row["score"]) for row in references] == [
        ("original", "technical", first[0, 0]),
        ("original", "style", first[0, 1]),
        ("crop_original", "composition", first[1, 2]),
    ]
    assert len(scores) == 3 + 5 + 10 + 10


def test_one_photo_has_counts_and_says_why_it_has_no_interval(tmp_path: Path):
    config = config_of("ranking_regression")
    measured = measured_of(config, photos=1)
    results = make(config, measured)
    whole = results["rank_accuracy"]["all"]
    assert whole["accuracy"] is None
    assert "at least two photos; there are 1" in whole["undefined"]
    assert whole["right"] + whole["tied"] + whole["wrong"] == 499
    names = results_write(results, tmp_path, measured=measured, chart=chart_build(config))
    assert "heat_map.svg" in names
    assert "rank_accuracy.svg" not in names
    assert read(tmp_path / "rank_accuracy.csv")[0]["value"] == ""


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


def test_without_photos_there_are_no_scalars():
    empty = Measured((), {}, None, None, None, {})
    assert scalars(empty, config=config_of(), chart=chart_build(config_of())) == {}


def test_results_need_neither_torch_nor_django():
    code = (
        "import sys, models_app.training.writing, models_app.training.results;"
        "print({'torch', 'django', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
