"""Whether a study's jobs can run, found out before the first of them costs anything."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.jobs.config import config_load
from models_app.jobs.registry import kind_get
from models_app.models import Checkpoint
from models_app.studies.base import FINETUNE, MADE_BY, PRETRAIN, REPORT, Part

# Arms that differ in these alone take the same images and the same network.
_ALIKE = ("seed", "subset_seed", "share")


def parts_check(parts: Sequence[Part]) -> None:
    """Check every part as its launch will, also what waits for others. Raises JobInvalid.

    Weights that no job has made yet are stood in for by rows that are taken back.
    """
    with transaction.atomic():
        rows = {kind: _stand_in(kind) for kind in (PRETRAIN, FINETUNE)}
        names = {part.key: rows[part.kind].name for part in parts if part.kind in rows}
        planned: set[str] = set()
        found = {
            part.key: _part_check(part, _told(part, names), planned)
            for part in parts
            if part.kind != REPORT
        }
        transaction.set_rollback(True)
    for part in parts:
        for need in part.needs if part.kind == FINETUNE else ():
            _network_check(need, found[need], found[part.key])


def _stand_in(kind: str) -> Checkpoint:
    purposes = {PRETRAIN: Checkpoint.Purpose.PRETRAINED, FINETUNE: Checkpoint.Purpose.JUDGE}
    return Checkpoint.objects.create(
        name=f"to come {uuid4().hex}",
        architecture="",
        file="",
        bytes=0,
        sha256="",
        preprocessing={},
        purpose=purposes[kind],
    )


def _told(part: Part, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a part's configuration with the name of a row for weights that are to come."""
    told = part.config
    made_by = told.get("checkpoint")
    return {**told, "checkpoint": names[made_by[MADE_BY]]} if isinstance(made_by, dict) else told


def _part_check(part: Part, told: Mapping[str, Any], planned: set[str]) -> Any:
    kind = kind_get(part.kind)
    try:
        config = config_load(kind.config_type, told)
        alike = json.dumps([part.kind, {k: v for k, v in told.items() if k not in _ALIKE}])
        if alike not in planned:
            # It reads every label of a set, and a study has hundreds of parts.
            kind.plan(config)
            planned.add(alike)
    except JobInvalid as error:
        raise JobInvalid(f"{part.key}: {error}", part.kind) from error
    return config


def _network_check(need: str, pretrained: Any, tuned: Any) -> None:
    """Refuse pretrained weights that do not fit the network that is fine-tuned."""
    names = ["backbone", "width"]
    if tuned.backbone.startswith("vit_"):
        # Its table of places has a row a patch of the picture.
        names.append("side")
    for name in names:
        ours, theirs = getattr(pretrained, name), getattr(tuned, name)
        if ours != theirs:
            raise JobInvalid(
                _(
                    "%(key)s has %(name)s %(ours)s and its fine-tuning %(theirs)s, so the weights "
                    "would not fit; set both to the same in pretrain and finetune."
                )
                % {"key": need, "name": name, "ours": ours, "theirs": theirs},
                "pretrain",
            )
