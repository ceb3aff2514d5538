"""What tells checkpoints of one name's family apart: the part of a study, the share of labels."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from models_app.dashboard.study_words import part_words
from models_app.models import Checkpoint
from models_app.selectors.studies import parts_by_job


def origins(checkpoints: Iterable[Checkpoint]) -> dict[int, str]:
    """Say by key where each comes from, empty where there is nothing to add to its name; one query.

    Checkpoints bring the jobs that made them.
    """
    found = list(checkpoints)
    parts = parts_by_job({each.made_by_id for each in found if each.made_by_id is not None})
    said = {}
    for each in found:
        part = parts.get(each.made_by_id or 0)
        if part is not None:
            said[each.pk] = _("%(part)s, study %(study)s") % {
                "part": part_words(part.key),
                "study": part.study.name,
            }
        else:
            said[each.pk] = _share_words(each)
    return said


def _share_words(checkpoint: Checkpoint) -> str:
    share = checkpoint.made_by.config.get("share", 1) if checkpoint.made_by else 1
    return "" if share == 1 else _("%(share)s%% of the labels") % {"share": f"{100 * share:g}"}
