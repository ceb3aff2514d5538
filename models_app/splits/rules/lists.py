"""By files that name the images of each part."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from models_app.splits.base import (
    PARTS,
    TRAIN,
    VALIDATION,
    Divided,
    Item,
    Lists,
    SplitRefused,
    image_id,
    path_id,
)
from models_app.splits.config import SplitConfig
from models_app.splits.drawing import drawn


class ByLists:
    """Puts images where lists put them; a name in two lists is left to the check of leaks."""

    def divide(self, items: Sequence[Item], lists: Lists, config: SplitConfig) -> Divided:
        """Refuse lists that name nothing that has a label."""
        if not any(lists.values()):
            raise SplitRefused(
                "The rule lists needs files that name images; give one for train, validation or "
                "test."
            )
        return divide_by_lists(items, lists, config, source="by lists")


def divide_by_lists(
    items: Sequence[Item], lists: Lists, config: SplitConfig, *, source: str
) -> Divided:
    """Match the names of lists with labels: the very name, else the same id.

    Where both a list and a label name folders, the folders must agree.
    """
    exact = {item.name for item in items}
    by_id = _by_id(items)
    members: dict[str, list[str]] = {}
    unlabelled: dict[str, list[str]] = {}
    for part in PARTS:
        found: dict[str, None] = {}
        missing: dict[str, None] = {}
        for name in (name for each in lists.get(part, ()) for name in each.names):
            known = name if name in exact else _known(name, by_id)
            if known is None:
                missing[name] = None
            else:
                found[known] = None
        members[part], unlabelled[part] = list(found), list(missing)
    if not any(members.values()):
        first = next(iter(next(filter(None, unlabelled.values()), ["nothing"])))
        raise SplitRefused(
            f"None of the names in the lists, such as {first!r}, has a label here; give lists "
            "of these images."
        )
    named = {name for names in members.values() for name in names}
    rest = [item.name for item in items if item.name not in named]
    if config.rest == TRAIN:
        members[TRAIN] += rest
        rest = []
    drew = validation_draw(members, config)
    return Divided(members, unlabelled, rest, source + drew)


def validation_draw(members: dict[str, list[str]], config: SplitConfig) -> str:
    """Draw images that validate from those that train where none are named; say so, or nothing."""
    if members[VALIDATION] or not members[TRAIN] or not config.validation_share:
        return ""
    parts = drawn(members[TRAIN], config.seed, validation=config.validation_share)
    members[TRAIN], members[VALIDATION] = parts[TRAIN], parts[VALIDATION]
    return f"; validation drawn from train with seed {config.seed}"


def _by_id(items: Sequence[Item]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for item in items:
        found[image_id(item.name)].append(item.name)
    return found


def _known(name: str, by_id: Mapping[str, Sequence[str]]) -> str | None:
    """Return the label that a list means; None too where several fit: which one, nobody knows."""
    path = path_id(name)
    near = [(path_id(label), label) for label in by_id.get(image_id(name), ())]
    same = [label for other, label in near if other == path]
    fitting = same or [label for other, label in near if _ends(other, path) or _ends(path, other)]
    return fitting[0] if len(fitting) == 1 else None


def _ends(path: str, end: str) -> bool:
    return f"/{path}".endswith(f"/{end}")
