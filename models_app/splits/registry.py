"""Rules that divide images into parts. A new one: one file in splits/rules and one line below."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import cast

from models_app.splits.base import Rule, SplitRefused
from models_app.training.settings import gettext_noop as _

RULES = f"{__package__}.rules"


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule.

    Attributes
    ----------
    key
        Stored with every split.
    label, purpose
        What people read, in English; translate them when showing them.
    path
        The rule, below `splits.rules`.
    options
        Which options of `splits.config.SplitConfig` it knows, beside those of every rule.
    takes_lists
        Whether files of names may be given.
    """

    key: str
    label: str
    purpose: str
    path: str
    options: tuple[str, ...]
    takes_lists: bool = False


def registry(*entries: Entry) -> Mapping[str, Entry]:
    """Return the entries by key."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"The rule {entry.key!r} is registered twice; keys must differ.")
        found[entry.key] = entry
    return MappingProxyType(found)


REGISTRY = registry(
    Entry(
        "official",
        _("Official"),
        _("As the label file itself says; for AVA, by its published lists."),
        "official.Official",
        ("seed", "validation_share", "rest"),
        takes_lists=True,
    ),
    Entry(
        "lists",
        _("By lists"),
        _("By files that name the images of each part."),
        "lists.ByLists",
        ("seed", "validation_share", "rest"),
        takes_lists=True,
    ),
    Entry(
        "random",
        _("Random"),
        _("A seeded draw of images, as the authors of the paper made theirs."),
        "random.Random",
        ("seed", "validation_share", "test_share"),
    ),
    Entry(
        "by_reference",
        _("By reference"),
        _("A seeded draw of references with all their distorted copies, as TID2013 needs."),
        "by_reference.ByReference",
        ("seed", "validation_share", "test_share"),
    ),
)


def entry_get(key: str) -> Entry:
    """Return the rule of this key. Raises SplitRefused, naming those there are."""
    if key not in REGISTRY:
        raise SplitRefused(f"There is no rule {key[:80]!r}; allowed are: {', '.join(REGISTRY)}.")
    return REGISTRY[key]


def rule_get(key: str) -> Rule:
    """Return the rule itself. Raises SplitRefused."""
    module, _dot, name = entry_get(key).path.rpartition(".")
    return cast(Rule, getattr(import_module(f"{RULES}.{module}"), name)())
