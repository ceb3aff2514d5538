"""Which judged images a network has learnt from already: its score on those is no test."""

from collections.abc import Sequence

from models_app.jobs.finetune_labelled import PARTS
from models_app.models import Checkpoint, Job, Label, LabelSplit
from models_app.selectors import evaluations as selectors
from models_app.selectors import labels as label_selectors
from models_app.selectors import splits as split_selectors
from models_app.selectors.model_registry import ancestry

FINETUNE = "finetune"


def lineage_of(checkpoint: Checkpoint) -> list[Checkpoint]:
    """Return a checkpoint and all that it came of, the nearest first; a query an ancestor."""
    return [checkpoint, *ancestry(checkpoint)]


def seen_in_training(lineage: Sequence[Checkpoint], labels: Sequence[Label]) -> int | None:
    """Count judged images in the parts that trained or validated a network, of any split.

    Those of a checkpoint's ancestors count, and so do the same pixels under another name or in
    another label set. Of a share of the labels the whole part counts: which images it was does
    not matter to a score that is no test. Queries: three a fine-tuning.

    Returns
    -------
    int or None
        At least so many; None where none is known and of one of the networks nobody knows here
        what it learnt, because it was imported, or because its job or split is gone.
    """
    seen: set[str] = set()
    is_known = True
    for each in lineage:
        if each.is_random or each.purpose == Checkpoint.Purpose.PRETRAINED:
            # No label had a part in these.
            continue
        split = _split_of(each.made_by)
        if split is None:
            is_known = False
        else:
            seen |= _seen(split, labels)
    return len(seen) if seen or is_known else None


def _split_of(job: Job | None) -> LabelSplit | None:
    """Return the split that a job trained on; None where that is no longer there as it was."""
    if job is None or job.kind != FINETUNE:
        return None
    label_set = label_selectors.label_set_named(str(job.config.get("label_set", "")))
    if label_set is None:
        return None
    split = split_selectors.split_get(label_set, str(job.config.get("split", "")))
    if split is None or job.result.get("split_sha256", split.sha256) != split.sha256:
        return None
    return split


def _seen(split: LabelSplit, labels: Sequence[Label]) -> set[str]:
    """Return the names of labels whose image is in a part that trains or validates."""
    members = {name for part in PARTS for name in split.members.get(part, [])}
    pictures = {picture for name, picture in selectors.pictures(split.label_set) if name in members}
    return {
        label.name
        for label in labels
        if (label.label_set_id == split.label_set_id and label.name in members)
        or (label.photo is not None and label.photo.pixel_sha256 in pictures)
    }
