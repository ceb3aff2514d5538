"""Reads of checkpoints beyond their own row: where they come from, and their scores by split."""

from collections.abc import Iterable
from dataclasses import dataclass

from models_app.models import Checkpoint, Evaluation
from models_app.selectors.evaluations import evaluations_shown

# Deeper than anybody trains; a circle cannot come about, but nothing here relies on that.
DEEPEST = 20
# As many columns as a comparison has room for.
MOST_COMPARED = 8


@dataclass(frozen=True, slots=True)
class Tested:
    """What was judged: comparable are scores of which all three are the same."""

    label_set: int
    # Hash of the split's members; empty where all images of the set were judged.
    split_sha256: str
    part: str

    @classmethod
    def of(cls, evaluation: Evaluation) -> "Tested":
        return cls(evaluation.label_set_id, evaluation.split_sha256, evaluation.part)


def ancestry(checkpoint: Checkpoint) -> list[Checkpoint]:
    """The checkpoint that these weights began with, what that one began with, and so on.

    With the jobs that made them; a query each.
    """
    found: list[Checkpoint] = []
    seen = {checkpoint.pk}
    following = checkpoint.parent_id
    while following is not None and following not in seen and len(found) < DEEPEST:
        linked = Checkpoint.objects.select_related("made_by", "made_by__dataset")
        parent = linked.filter(pk=following).first()
        if parent is None:
            break
        found.append(parent)
        seen.add(parent.pk)
        following = parent.parent_id
    return found


def checkpoint_whole(pk: int) -> Checkpoint | None:
    """A checkpoint with the job that made it and that job's photos; one query."""
    linked = ("parent", "made_by", "made_by__dataset")
    return Checkpoint.objects.select_related(*linked).filter(pk=pk).first()


def checkpoints_chosen(pks: Iterable[int]) -> list[Checkpoint]:
    """Some of them, in the order asked for; one query."""
    wanted = list(dict.fromkeys(pks))
    linked = Checkpoint.objects.select_related("parent", "made_by", "made_by__dataset")
    found = {each.pk: each for each in linked.filter(pk__in=wanted)}
    return [found[pk] for pk in wanted if pk in found]


def scores_by_split(checkpoint: Checkpoint) -> dict[Tested, Evaluation]:
    """The newest evaluation of each split and part, in the order of names; one query."""
    newest: dict[Tested, Evaluation] = {}
    for each in evaluations_shown(checkpoint=checkpoint.pk):
        newest.setdefault(Tested.of(each), each)
    return dict(sorted(newest.items(), key=lambda pair: order(pair[1])))


def order(evaluation: Evaluation) -> tuple[str, str, str, str]:
    """By names; splits of one name by their hash."""
    split = evaluation.split.name if evaluation.split else ""
    return evaluation.label_set.name, split, evaluation.part, evaluation.split_sha256
