"""What label sets, their kinds and the findings of their import are called on pages."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.jobs.typed import option_write
from models_app.labels.registry import kind_label
from models_app.models import Job, LabelSet
from models_app.services import label_uploads

# The kind of the jobs that import.
LABELS = "import_labels"
# What the form of an import is filled in with again.
AGAIN = ("name", "dataset", "options", "generated")


def label_set_shown(label_set: LabelSet) -> dict[str, Any]:
    """Return a label set with its kind and scale in words."""
    return {
        "label_set": label_set,
        "kind": _(kind_label(label_set.kind)),
        "scale": scale_words(label_set),
    }


def scale_words(label_set: LabelSet) -> str:
    text = f"{label_set.scale_low:g}–{label_set.scale_high:g}"
    if not label_set.higher_is_better:
        return _("%(scale)s, the smaller the better") % {"scale": text}
    return text


def scores_words(label_set: LabelSet) -> str:
    """Say what the file gives of an image."""
    if not label_set.bins:
        return _("means")
    last = label_set.first_bin + label_set.bins - 1
    return _("how many gave each score from %(first)d to %(last)d") % {
        "first": label_set.first_bin,
        "last": last,
    }


def finding_words() -> dict[str, tuple[str, str]]:
    """Return what each kind of finding is called, and what was done."""
    return {
        "missing": (_("Images missing"), _("No image has the label’s name; its label is kept.")),
        "unreadable": (
            _("Images unreadable"),
            _("The image is there and cannot be decoded; its label is kept."),
        ),
        "ambiguous": (
            _("Names of several images"),
            _("More than one image has the name: none was taken."),
        ),
        "same_picture": (
            _("Same picture"),
            _("The very pixels of another label’s image; both labels point to one photo."),
        ),
        "duplicates": (
            _("Duplicate names"),
            _("The file has the name twice; the first line counts."),
        ),
        "out_of_range": (_("Out of range"), _("The scale does not know the score; left out.")),
        "malformed": (_("Malformed lines"), _("The line is no label; left out.")),
        "unscored": (_("Names without a score"), _("The list names them, the scores do not.")),
        "unlabelled": (_("Images without a label"), _("No label names the image; left out.")),
    }


def files_lost(job: Job) -> bool:
    """Whether the label files of an import are gone, and nothing was made of them."""
    if job.resume.get("label_set"):
        return False
    try:
        label_uploads.uploads_name(str(job.config.get("files", "")))
    except JobInvalid:
        return True
    return False


def again_url(job: Job) -> str:
    """Return the form of an import, filled in as this job's was."""
    filled = {
        f"option-{name}": option_write(job.config[name]) for name in AGAIN if job.config.get(name)
    }
    query = urlencode({"kind": job.config.get("kind", ""), **filled})
    return f"{reverse('models_dashboard:label_import')}?{query}"
