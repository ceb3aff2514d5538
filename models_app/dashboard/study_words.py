"""Studies in words: rows of the list, standing, parts, what a configuration asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from models_app.errors import JobInvalid
from models_app.jobs import words
from models_app.jobs.registry import kind_label as job_label
from models_app.models import Job, LabelSet, Study
from models_app.selectors import findings as finding_selectors
from models_app.selectors import labels as label_selectors
from models_app.selectors import studies as selectors
from models_app.studies.base import arm_read
from models_app.studies.config import StudyConfig
from models_app.studies.initialisations import INITIALISATIONS
from models_app.studies.marks import marks_of
from models_app.studies.planning import parts_plan
from models_app.studies.registry import REGISTRY, kind_label
from models_app.studies.shipped import Shipped

STATES = {
    "running": gettext_lazy("running"),
    "stopping": gettext_lazy("stopping"),
    "cancelled": gettext_lazy("cancelled"),
    "succeeded": gettext_lazy("finished"),
    "failed": gettext_lazy("finished with gaps"),
    "queued": gettext_lazy("queued"),
    "waiting": gettext_lazy("waits for others"),
    "blocked": gettext_lazy("cannot begin"),
    "refused": gettext_lazy("refused"),
}
PART_STATES = {
    **STATES,
    "succeeded": gettext_lazy("succeeded"),
    "failed": gettext_lazy("failed"),
}
MINUTE_S = 60
# Which dot a state has, where there is none of its own.
DOTS = {"stopping": "running", "waiting": "queued", "blocked": "cancelled", "refused": "failed"}


def study_row(study: Study, now: datetime) -> dict[str, Any]:
    """A study in the list; no query for one of the selectors'."""
    standing = selectors.standing(study, selectors.parts_shown(study), now)
    return {
        "study": study,
        "kind": kind_label(study.kind),
        "standing": standing,
        "state": STATES[standing.state],
        "dot": DOTS.get(standing.state, standing.state),
        "spent": words.duration(standing.spent_s, coarse=True),
        "is_random": study.config["baseline"] == "random",
    }


def status(study: Study, now: datetime) -> dict[str, Any]:
    """What changes while somebody watches a study."""
    rows = selectors.parts_shown(study)
    standing = selectors.standing(study, rows, now)
    return {
        "study": study,
        "standing": standing,
        "state": STATES[standing.state],
        "dot": DOTS.get(standing.state, standing.state),
        "spent": words.duration(standing.spent_s, coarse=True),
        "saved": words.duration(standing.reused_s, coarse=True) if standing.reused_s else "",
        "left": left_words(standing),
        "groups": _groups(rows, now),
        "running": [_part(row, now) for row in rows if row.state == "running"],
        "problems": [_part(row, now) for row in rows if row.state in {"failed", "refused"}],
    }


def left_words(standing: selectors.Standing) -> str:
    """Say what is to come; unknown work is said to be unknown."""
    if standing.is_over:
        return ""
    if standing.left_s is None:
        return ngettext(
            "unknown until one part of each kind has ended (the time of %(n)d part besides the "
            "report cannot be told yet)",
            "unknown until one part of each kind has ended (the time of %(n)d parts besides the "
            "report cannot be told yet)",
            standing.unmeasured,
        ) % {"n": standing.unmeasured}
    if standing.left_s < MINUTE_S:
        return _("less than a minute of work, if what ran so far tells")
    return _("about %(time)s of work, if what ran so far tells") % {
        "time": words.duration(standing.left_s, coarse=True)
    }


def shipped_shown(shipped: Shipped, names: set[str]) -> dict[str, Any]:
    """A configuration that one click starts, with what it lacks here."""
    raw = {**shipped.raw, "name": name_free(shipped.raw["name"], names)}
    try:
        config = StudyConfig.from_json(raw)
        parts = len(parts_plan(config))
    except JobInvalid as error:
        return {"shipped": shipped, "name": raw["name"], "error": str(error)}
    sets = [label_selectors.label_set_named(name) for name in (config.labels, config.zero_shot)]
    return {
        "shipped": shipped,
        "name": config.name,
        "kind": kind_label(config.kind),
        "purpose": REGISTRY[config.kind].purpose,
        "parts": parts,
        "texts": config_words(config.to_json()),
        "lacks": lacking(config, *sets),
        "marks": [
            _(mark)
            for mark in marks_of(
                config.to_json(), is_generated=any(each and each.is_generated for each in sets)
            )
        ],
    }


def lacking(config: StudyConfig, labels: LabelSet | None, zero_shot: LabelSet | None) -> list[str]:
    """Name what a configuration needs and is not here; two queries."""
    found = []
    if config.photos and finding_selectors.dataset_named(config.photos) is None:
        found.append(_("dataset %(name)s") % {"name": config.photos})
    if labels is None:
        found.append(_("label set %(name)s") % {"name": config.labels})
    elif not labels.splits.filter(name=config.split).exists():
        found.append(_("split %(name)s of %(of)s") % {"name": config.split, "of": config.labels})
    if config.zero_shot and zero_shot is None:
        found.append(_("label set %(name)s") % {"name": config.zero_shot})
    return found


def name_free(name: str, names: set[str]) -> str:
    """Return a name that no study has."""
    if name not in names:
        return name
    number = 2
    while f"{name} ({number})" in names:
        number += 1
    return f"{name} ({number})"


def config_words(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a study asks, in a few lines."""
    rows = [
        (_("Initialisations"), ", ".join(_label(key) for key in config["initialisations"])),
        (_("Baseline"), _label(config["baseline"])),
        (_("Photos without labels"), config["photos"] or _("none")),
        (_("Labels"), f"{config['labels']}, {config['split']}"),
        (_("Zero-shot"), config["zero_shot"] or _("none")),
        (_("Seeds"), ", ".join(map(str, config["seeds"]))),
    ]
    if len(config["shares"]) > 1:
        shares = ", ".join(f"{100 * share:.0f}%" for share in config["shares"])
        rows.append((_("Shares of the labels"), shares))
    if len(config["trainable"]) > 1:
        rows.append((_("Layers that learn"), _("all; the last block")))
    return rows


def part_words(key: str) -> str:
    """Name a part within its kind."""
    arm = arm_read(key)
    if arm is None:
        names = key.split("/")
        return _label(names[1]) if len(names) > 1 else key
    said = [_label(arm.initialisation)]
    if arm.trainable != "all":
        said.append(_("last block"))
    if arm.share < 1:
        said.append(f"{100 * arm.share:.0f}%")
    said.append(_("seed %(n)d") % {"n": arm.seed})
    if key.endswith("/zero-shot"):
        said.append(_("zero-shot"))
    return ", ".join(said)


def _label(key: str) -> str:
    return _(INITIALISATIONS[key].label) if key in INITIALISATIONS else key


def _groups(rows: list[selectors.PartRow], now: datetime) -> list[dict[str, Any]]:
    """Parts by kind of job, in the order in which they come."""
    kinds = dict.fromkeys(row.part.kind for row in rows)
    return [
        {
            "kind": job_label(kind),
            "done": sum(row.state == "succeeded" for row in rows if row.part.kind == kind),
            "parts": [_part(row, now) for row in rows if row.part.kind == kind],
        }
        for kind in kinds
    ]


def _part(row: selectors.PartRow, now: datetime) -> dict[str, Any]:
    job = row.job
    running = job is not None and row.state == "running"
    return {
        "row": row,
        "key": row.part.key,
        "label": part_words(row.part.key),
        "kind": job_label(row.part.kind),
        "state": PART_STATES[row.state],
        "dot": DOTS.get(row.state, row.state),
        "progress": words.progress(job) if job and running else "",
        "percent": words.percent(job) if job and running else None,
        "pace": _pace(job, now) if job and running else "",
        "worked": words.duration(words.worked_s(job, now)) if job and job.is_over else "",
        "error": row.part.error or (job.error if job else ""),
    }


def _pace(job: Job, now: datetime) -> str:
    """Rate and time left; what has nothing left to count only stores what it made."""
    left = words.seconds_left(job)
    return "" if left is not None and left < 1 else words.pace(job, now)
