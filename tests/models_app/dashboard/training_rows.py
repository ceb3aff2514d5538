"""Pretraining runs for tests of pages: rows, curves and results, without training anything."""

import io
import json
import math
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from models_app.distortions.catalogue import Entry
from models_app.distortions.registry import PRESETS
from models_app.models import Dataset, Job
from models_app.services.job_records import artifact_store
from models_app.training.config import TrainConfig
from tests.jobs_rows import curve_make, job_make

PRESET = PRESETS["pfister2021"]
ASPECTS = ("technical", "style", "composition")
TILE, COLUMNS = 96, 14


def estimate(value: float, half: float = 0.02) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "n": 65,
            "method": "bootstrap over photos, percentile", "confidence": 0.95}  # fmt: skip


def rank(key: str, aspect: str, value: float, pairs: int, **values: Any) -> dict[str, Any]:
    counted = 65 * pairs
    right = round(value * counted)
    row = {"key": key, "aspect": aspect, "polarity": 0, "level": "", "step": 0,
           "accuracy": estimate(value), "undefined": "", "pairs": pairs, "identical": 0,
           "right": right, "tied": 3, "wrong": counted - right - 3,
           "ties": 3 / counted}  # fmt: skip
    return row | values


def skill(entry: Entry) -> float:
    """Crops are hard; the rest is not."""
    return 0.51 if entry.aspect == "composition" else 0.62 + 0.03 * (len(entry.key) % 9)


def ranks_make() -> dict[str, Any]:
    entries = PRESET.distortions.values()
    chains = [(entry, chain) for entry in entries for chain in entry.chains]
    return {
        "all": rank("all", "", 0.702, 499, identical=1),
        "aspects": [rank(a, a, v, 90) for a, v in zip(ASPECTS, (0.81, 0.74, 0.51), strict=True)],
        "distortions": [rank(e.key, e.aspect, skill(e), 15 * len(e.chains)) for e in entries],
        "chains": [
            rank(e.key, e.aspect, skill(e) + 0.02 * c.polarity, 15, polarity=c.polarity)
            for e, c in chains
        ],
        "levels": [
            rank(e.key, e.aspect, min(0.99, skill(e) - 0.1 + 0.05 * abs(level.step)),
                 abs(level.step), polarity=-1 if level.step < 0 else 1, level=level.key,
                 step=level.step)
            for e in entries for level in e.levels
        ],
    }  # fmt: skip


def score_of(distortion: str, level: str, photo: int) -> float:
    entry = PRESET.distortions.get(distortion)
    if entry is None:
        return 0.72
    step = next(each.step for each in entry.levels if each.key == level)
    return 0.72 - (skill(entry) - 0.5) * abs(step) * 0.22 + 0.01 * math.sin(7 * photo + step)


def samples_make(photos: list[tuple[str, str]]) -> list[dict[str, Any]]:
    aspects = {entry.key: entry.aspect for entry in PRESET.distortions.values()}
    rows = math.ceil(len(PRESET.variants) / COLUMNS)
    return [
        {
            "photo": name,
            "key": key,
            "sheet": {"file": f"samples/{n}.jpg", "tile": TILE, "columns": COLUMNS, "rows": rows},
            "scores": [
                {"place": place, "distortion": distortion, "level": level,
                 "aspect": aspects.get(distortion, ""), "score": score_of(distortion, level, n)}
                for place, (distortion, level) in enumerate(PRESET.variants)
            ],
        }
        for n, (name, key) in enumerate(photos, start=1)
    ]  # fmt: skip


def figure4_make() -> dict[str, Any]:
    dice = Random(4)
    entry = PRESET.distortions["brightness"]
    levels = [("", 0.0, 0), *((level.key, level.value, level.step) for level in entry.levels)]
    return {
        "references_regressed": True,
        "levels": [
            {"level": key, "value": value, "step": step,
             "brightness": [0.8 * value + dice.gauss(0, 0.15) for _photo in range(65)],
             "contrast": [dice.gauss(0, 0.1) for _photo in range(65)]}
            for key, value, step in sorted(levels, key=lambda level: level[1])
        ],
    }  # fmt: skip


def results_make(photos: list[tuple[str, str]]) -> dict[str, Any]:
    entries = list(PRESET.distortions.values())
    row = {"undefined": "", "pictures": 10}
    classes = [{**row, "key": e.key, "aspect": e.aspect, "accuracy": estimate(skill(e)),
                "classes": 9, "guess": 1 / 9} for e in entries]  # fmt: skip
    errors = [{**row, "key": e.key, "aspect": e.aspect, "error": estimate(0.2), "zero": 0.44}
              for e in entries]  # fmt: skip
    return {
        "format": 1, "split": "validation", "photos": 65, "task": "ranking_regression",
        "preset": "pfister2021", "score_head": "one", "side": 64,
        "initial_weights": {"origin": "random", "random": True},
        "losses": {"ranking": 61.2, "regression": 12.3},
        "rank_accuracy": ranks_make(),
        "classification_accuracy": {"aspects": [{**classes[0], "key": "technical"}],
                                    "distortions": classes},
        "regression_error": {"all": {**errors[0], "key": "all", "aspect": ""},
                             "distortions": errors},
        "figure4": figure4_make(), "samples": samples_make(photos),
    }  # fmt: skip


def sheet_make(path: str | None) -> bytes:
    """A tile a variant, numbered, over a real photo."""
    rows = math.ceil(len(PRESET.variants) / COLUMNS)
    sheet = Image.new("RGB", (TILE * COLUMNS, TILE * rows), "#555")
    tile = Image.open(path).convert("RGB").resize((TILE, TILE)) if path else None
    draw = ImageDraw.Draw(sheet)
    for place in range(len(PRESET.variants)):
        at = (TILE * (place % COLUMNS), TILE * (place // COLUMNS))
        if tile:
            sheet.paste(tile, at)
        draw.text(at, str(place), fill="white")
    out = io.BytesIO()
    sheet.save(out, "JPEG")
    return out.getvalue()


FLAT = {
    "split": "validation", "photos": 65, "initial_weights": "random", "random_weights": True,
    "rank_accuracy_all": 0.702, "rank_accuracy_all_low": 0.69, "rank_accuracy_all_high": 0.72,
    "rank_accuracy_technical": 0.81, "rank_accuracy_technical_low": 0.79,
    "rank_accuracy_technical_high": 0.83, "rank_accuracy_style": 0.74,
    "rank_accuracy_style_low": 0.72, "rank_accuracy_style_high": 0.76,
    "rank_accuracy_composition": 0.51, "rank_accuracy_composition_low": 0.49,
    "rank_accuracy_composition_high": 0.53, "validation_loss": 61.2, "best_epoch": 17,
    "photos_train": 240, "epochs": 20, "steps": 600, "images_per_s": 412.5, "skipped_steps": 0,
    "unreadable": 0,
}  # fmt: skip


def run_make(dataset: Dataset | None = None, *, state: str = "succeeded", **values: Any) -> Job:
    """A run; `config` and `result` are laid over what runs usually have."""
    known = TrainConfig(photos="d", weights="random", width=0.35, side=64).to_json()
    config = {name: value for name, value in known.items()
              if name not in {"photos", "split_lists", "weights_file"}}  # fmt: skip
    config |= {"dataset": "d", "checkpoint": ""} | values.pop("config", {})
    result = FLAT if state == "succeeded" else {}
    return job_make(
        state, kind="pretrain", label="Pretraining, Ranking, mobilenet_v2 on d", config=config,
        dataset=dataset, result=result | values.pop("result", {}), **values,
    )  # fmt: skip


def results_store(job: Job, photos: list[Any], *, paths: list[str] | None = None) -> None:
    """Give a run the files that a finished one has."""
    keys = [(photo.name, photo.pixel_sha256) for photo in photos]
    # Files are written under a lease.
    Job.objects.filter(pk=job.pk).update(state="running", lease="held")
    job.lease = "held"
    content = json.dumps(results_make(keys)).encode()
    artifact_store(job, "results.json", content, content_type="application/json")
    artifact_store(job, "rank_accuracy.csv", b"key\r\n", content_type="text/csv")
    artifact_store(job, "figure4.svg", b"<svg/>", content_type="image/svg+xml")
    for n in range(1, len(keys) + 1):
        path = paths[n - 1] if paths else None
        artifact_store(job, f"samples/{n}.jpg", sheet_make(path), content_type="image/jpeg")
    Job.objects.filter(pk=job.pk).update(state="succeeded", lease="")


def curves_draw(job: Job, phase: float = 0.0) -> None:
    steps = range(0, 600, 30)
    curve_make(job, "loss/total", steps, lambda n: 8 * math.exp(-n / 300) + phase)
    curve_make(job, "validation/total", steps, lambda n: 90 * math.exp(-n / 500) + phase)
    curve_make(job, "rank_accuracy/all", steps, lambda n: 0.75 - 0.2 * math.exp(-n / 200) - phase)
    for aspect in ASPECTS:
        curve_make(job, f"rank_accuracy/{aspect}", steps, lambda n: 0.7 - 0.2 * math.exp(-n / 200))
    curve_make(job, "rank_accuracy/brightness", steps, lambda n: 0.5 + n / 2000)
    curve_make(job, "speed/images_per_s", steps, lambda n: 400.0 + n % 7)
