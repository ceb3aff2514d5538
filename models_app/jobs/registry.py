"""Kinds of jobs. A new one: one file in models_app/jobs/kinds and one line below."""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobInvalid

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from models_app.jobs.base import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    label: "str | _StrPromise"
    # What it is for, on the page that launches it.
    purpose: "str | _StrPromise"
    # Below models_app.jobs.kinds.
    path: str
    # Whether a person launches it from the list; others come from pages of their own.
    listed: bool = True
    # Work that pages ask for by themselves; boards show it on request.
    small: bool = False


def registry(*entries: Entry) -> MappingProxyType[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"the key {entry.key!r} is registered twice; keys must differ")
        found[entry.key] = entry
    return MappingProxyType(found)


REGISTRY = registry(
    Entry(
        "render_survey",
        gettext_lazy("Render a survey"),
        gettext_lazy("Makes the pictures that a survey still lacks; pairs appear as they come."),
        "render_survey.RenderSurvey",
    ),
    Entry(
        "contact_sheet",
        gettext_lazy("Contact sheet"),
        gettext_lazy("Renders one photo at every level of every distortion."),
        "contact_sheet.ContactSheetKind",
        listed=False,
        small=True,
    ),
    Entry(
        "nima_check",
        gettext_lazy("NIMA check"),
        gettext_lazy("Scores every photo of a dataset with a checkpoint, from 1 to 10."),
        "nima_check.NimaCheck",
    ),
    Entry(
        "diversity_check",
        gettext_lazy("Diversity check"),
        gettext_lazy("Names and counts what is on the photos of a dataset."),
        "diversity_check.DiversityCheck",
    ),
    Entry(
        "pretrain",
        gettext_lazy("Pretraining"),
        gettext_lazy("Trains a network on the photos of a dataset without labels."),
        "pretrain.Pretrain",
    ),
    Entry(
        "score_photo",
        gettext_lazy("Score a photo"),
        gettext_lazy("Scores one photo, and every level of every distortion of it."),
        "score_photo.ScorePhoto",
        listed=False,
        small=True,
    ),
    Entry(
        "finetune",
        gettext_lazy("Fine-tuning"),
        gettext_lazy("Teaches a network to judge photos as the people behind labels did."),
        "finetune.Finetune",
    ),
    Entry(
        "evaluate",
        gettext_lazy("Evaluation"),
        gettext_lazy("Measures how far a network agrees with people on labelled images."),
        "evaluate.Evaluate",
    ),
    Entry(
        "compare_evaluations",
        gettext_lazy("Comparison"),
        gettext_lazy("Tells by how much networks differ on the images of one split."),
        "compare_evaluations.CompareEvaluations",
        listed=False,
    ),
    Entry(
        "study_report",
        gettext_lazy("Report of a study"),
        gettext_lazy("Tables, figures and tests of what a study's evaluations found."),
        "study_report.StudyReport",
        listed=False,
    ),
    Entry(
        "import_photos",
        gettext_lazy("Import photos"),
        gettext_lazy("Takes the photos of an uploaded archive into a dataset."),
        "import_photos.ImportPhotos",
        listed=False,
    ),
    Entry(
        "import_labels",
        gettext_lazy("Import labels"),
        gettext_lazy("Reads label files and looks at the photos that they name."),
        "import_labels.ImportLabels",
        listed=False,
    ),
    Entry(
        "import_checkpoint",
        gettext_lazy("Import checkpoint"),
        gettext_lazy("Checks the weights of a network and stores them."),
        "import_checkpoint.ImportCheckpoint",
        listed=False,
    ),
)


@cache
def kind_get(key: str) -> "Kind":
    """Import a kind; JobInvalid names what there is."""
    if key not in REGISTRY:
        raise JobInvalid(
            _("%(key)r is no kind of job; allowed are: %(allowed)s.")
            % {"key": key, "allowed": ", ".join(REGISTRY)}
        )
    return cast("Kind", import_string(f"models_app.jobs.kinds.{REGISTRY[key].path}")())


def kind_label(key: str) -> str:
    """Return a label for a stored key, also for a kind that is no more."""
    return str(REGISTRY[key].label) if key in REGISTRY else key
