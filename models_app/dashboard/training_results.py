"""The stored results of a run as its page shows them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.translation import gettext as _

from models_app.dashboard.training_words import percents
from models_app.distortions.catalogue import Entry
from models_app.distortions.registry import PRESETS
from models_app.models import Job, JobArtifact
from models_app.selectors import training as selectors

FORMAT = 1
# Cells of the heat map are coloured in so many steps from 0 to 1.
SHADES = 20
FIGURES = ("figure4", "heat_map", "rank_accuracy")
# Links beside the sections, by the name of the file.
TABLES = ("rank_accuracy.csv", "levels.csv", "classification.csv", "regression.csv", "scores.csv",
          "figure4.csv", "losses.csv")  # fmt: skip
Row = dict[str, Any]


def results_read(artifact: JobArtifact | None) -> dict[str, Any] | None:
    """Read results.json; None where there is none that this version can read."""
    if artifact is None:
        return None
    try:
        with default_storage.open(artifact.file, "rb") as file:
            found = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    return found if found.get("format") == FORMAT else None


def results_shown(
    found: dict[str, Any], job: Job, files: Mapping[str, JobArtifact]
) -> dict[str, Any]:
    """What the page shows of results; one query where there are sample photos."""
    preset = PRESETS.get(found["preset"])
    known = dict(preset.distortions) if preset else {}
    ranks = found["rank_accuracy"]
    links = {
        name.replace(".", "_"): reverse("models_dashboard:job_artifact", args=[job.pk, each.pk])
        for name, each in files.items()
        if name.partition(".")[0] in FIGURES or name in TABLES
    }
    shown: dict[str, Any] = {
        "found": found,
        "links": links,
        "losses": list(found["losses"].items()),
        # Results that do not say are older, and then it always was.
        "chosen_on_these": found.get("epoch_chosen_on_these", found["split"] == "validation"),
        "no_intervals": _without_intervals(found),
        "classes": _errors(found["classification_accuracy"], known, "accuracy"),
        "errors": _errors(found["regression_error"], known, "error"),
        "chart": _chart(found, known, job, files),
    }
    if ranks:
        shown |= {
            "rank_all": _ranked(ranks["all"], known),
            "rank_numbers": [_ranked(row, known) for row in (*ranks["aspects"], ranks["all"])],
            "rank_rows": _with_chains(ranks, known),
            "unsure": _unsure(ranks["distortions"], known),
            **_heat(ranks["levels"], known),
        }
    return shown


def _without_intervals(found: dict[str, Any]) -> bool:
    """Whether something was measured whose interval nobody can tell, as of one photo."""
    parts = (found["rank_accuracy"], found["classification_accuracy"], found["regression_error"])
    rows = [row for part in parts if part for row in (part.get("all"), *part["distortions"]) if row]
    rows += (found["classification_accuracy"] or {}).get("aspects", [])
    estimates = [row.get("accuracy") or row.get("error") for row in rows]
    return any(estimate and estimate["low"] is None for estimate in estimates)


def label_of(key: str, known: Mapping[str, Entry]) -> str:
    words = {
        "all": _("all"),
        "technical": _("technical"),
        "style": _("style"),
        "composition": _("composition"),
        "rotation": _("rotation"),
    }
    return words.get(key) or (_(known[key].label) if key in known else key)


def _ranked(row: Row, known: Mapping[str, Entry]) -> Row:
    return {
        **row,
        "label": label_of(row["key"], known),
        "share": percents(row["accuracy"], ties=row["ties"]),
        "ties_percent": 100 * row["ties"],
    }


def _with_chains(ranks: dict[str, Any], known: Mapping[str, Entry]) -> list[Row]:
    """Aspects, then distortions with two chains: of the levels below, of those above."""
    chains = {(chain["key"], chain["polarity"]): chain for chain in ranks["chains"]}
    rows = [{**_ranked(row, known), "is_sum": True, "chains": ["", ""]} for row in ranks["aspects"]]
    for row in ranks["distortions"]:
        sides = (chains.get((row["key"], polarity)) for polarity in (-1, 1))
        shown = [_ranked(side, known) if side else "" for side in sides]
        rows.append({**_ranked(row, known), "is_sum": False, "chains": shown})
    return rows


def _unsure(rows: Sequence[Row], known: Mapping[str, Entry]) -> list[str]:
    """Distortions whose interval reaches down to guessing."""
    return [
        label_of(row["key"], known)
        for row in rows
        if row["accuracy"] is None
        or (row["accuracy"]["low"] is not None and row["accuracy"]["low"] <= 0.5)
    ]


def _heat(levels: Sequence[Row], known: Mapping[str, Entry]) -> dict[str, Any]:
    """A row a distortion, a cell a step, counted away from the reference on either side."""
    far = max((abs(row["step"]) for row in levels), default=0)
    steps = [step for step in range(-far, far + 1) if step]
    rows: dict[str, Row] = {}
    for row in levels:
        entry = rows.setdefault(
            row["key"],
            {"key": row["key"], "label": label_of(row["key"], known), "aspect": row["aspect"],
             "by_step": {}},
        )  # fmt: skip
        entry["by_step"][row["step"]] = _cell(row)
    return {
        "heat_steps": [(step, abs(step)) for step in steps],
        "heat_far": far,
        "heat_rows": [
            {**row, "cells": [row["by_step"].get(step) for step in steps]} for row in rows.values()
        ],
    }


def _cell(row: Row) -> Row:
    share = percents(row["accuracy"])
    value = row["accuracy"]["value"] if row["accuracy"] else None
    shade = None if value is None else round(SHADES * value)
    return {"level": row["level"], "share": share, "shade": shade, "undefined": row["undefined"]}


def _errors(found: dict[str, Any] | None, known: Mapping[str, Entry], name: str) -> list[Row]:
    """Rows of a table of accuracies or errors, those over several distortions first."""
    if not found:
        return []
    over = found["aspects"] if "aspects" in found else [found["all"]]
    rows = [(row, True) for row in over] + [(row, False) for row in found["distortions"]]
    return [
        {
            **row,
            "label": label_of(row["key"], known),
            "share": percents(row[name]),
            "only_one": row.get("classes") == 1,
            "guess_percent": 100 * row.get("guess", 0),
            "is_sum": is_sum,
        }
        for row, is_sum in rows
    ]


def _chart(
    found: dict[str, Any], known: Mapping[str, Entry], job: Job, files: Mapping[str, JobArtifact]
) -> dict[str, Any]:
    """What scripts draw: the forest, Fig. 4, the scores of sample photos."""
    ranks = found["rank_accuracy"]
    return {
        "forest": [
            {"label": label_of(row["key"], known), "aspect": row["aspect"],
             "share": row["accuracy"], "ties": row["ties"]}
            for row in (ranks["distortions"] if ranks else [])
        ],
        "figure4": found["figure4"],
        "distortions": [
            {
                "key": entry.key,
                "label": _(entry.label),
                "aspect": entry.aspect,
                "reference": entry.reference,
                "levels": [[level.key, level.step] for level in entry.levels],
            }
            for entry in known.values()
        ],
        "samples": _samples(found, job, files),
    }  # fmt: skip


def _samples(
    found: dict[str, Any], job: Job, files: Mapping[str, JobArtifact]
) -> list[dict[str, Any]]:
    """Sample photos with the address of their sheet and, where the photo is still there, of it."""
    keys = [sample["key"] for sample in found["samples"]]
    photos = selectors.photos_by_pixels(job.dataset, keys) if keys and job.dataset else {}
    shown = []
    for sample in found["samples"]:
        sheet = files.get(sample["sheet"]["file"])
        if sheet is None:
            continue
        photo = photos.get(sample["key"])
        shown.append(
            {
                "photo": sample["photo"],
                "thumb": reverse("models_dashboard:dataset_thumb", args=[photo, 320])
                if photo
                else "",
                "sheet": {
                    **sample["sheet"],
                    "url": reverse("models_dashboard:training_picture", args=[job.pk, sheet.pk]),
                },
                "scores": [
                    [row["place"], row["distortion"], row["level"], row["aspect"], row["score"]]
                    for row in sample["scores"]
                ],
            }
        )
    return shown
