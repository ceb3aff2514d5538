"""Make splits: divided by a rule, refused while they leak, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from models_app.models import LabelSet, LabelSplit
from models_app.selectors import splits as selectors
from models_app.splits.base import (
    PARTS,
    TRAIN,
    Divided,
    Item,
    LeakingSplit,
    Lists,
    SplitRefused,
    members_hash,
    members_sorted,
)
from models_app.splits.config import SplitConfig, config_dump, config_read
from models_app.splits.leakage import (
    Leak,
    checks_made,
    leaks_counted,
    leaks_dropped,
    leaks_find,
)
from models_app.splits.registry import entry_get, rule_get
from survey.services.audit import audit_record

NAME_MOST = 100
# So many of a kind are named; their number is always said.
NAMED = 5


@dataclass(frozen=True, slots=True)
class _Images:
    """The images that may be members, and those that may not."""

    items: Sequence[Item]
    unseen: int = 0
    excluded: int = 0
    by_name: Mapping[str, Item] = field(default_factory=dict)


def split_create(
    label_set: LabelSet,
    name: str,
    rule: str,
    settings: Mapping[str, Any] | None = None,
    *,
    lists: Lists | None = None,
    by: User | None = None,
) -> LabelSplit:
    """Divide a set's images and store who is where, if nothing leaks.

    Members are images with a photo that nobody excluded, with `labels_only` those without a photo
    too. `settings` are options of `models_app.splits.config.SplitConfig`, `lists` files of names
    by part. Takes seconds for 250,000 images.

    Raises SplitRefused for a name that is taken and for whatever the rule cannot do; LeakingSplit,
    with every leak, unless `without_leaks` lets those of train and validation go.
    """
    name = name.strip()
    _name_check(label_set, name)
    config = config_read(rule, settings or {})
    lists = {part: found for part, found in (lists or {}).items() if found}
    _lists_check(rule, lists)
    images = _images(label_set, labels_only=config.labels_only)
    divided = rule_get(rule).divide(images.items, lists, config)
    members, dropped = _leakless(divided, images, config)
    return _store(
        label_set,
        name,
        rule,
        members,
        settings=config_dump(rule, config) | _lists_kept(lists),
        checks=_checks(divided, members, images, config.near) | {"dropped": dropped},
        by=by,
    )


def leaks_said(leaks: Sequence[Leak], counts: Mapping[str, int]) -> str:
    """Say how many leaks of which kind there are, and name the first."""
    words = {
        "same_id": _("the same id"),
        "same_content": _("the same pixels"),
        "same_reference": _("copies of one reference"),
        "near_duplicate": _("near-duplicates"),
    }
    kinds = ", ".join(f"{words[kind]} {n}" for kind, n in counts.items())
    named = "; ".join(
        _("%(a)s in %(part_a)s and %(b)s in %(part_b)s") % asdict(leak) for leak in leaks[:NAMED]
    )
    more = len(leaks) - NAMED
    return (
        ngettext(
            "The parts are not apart: %(n)d image leaks (%(kinds)s): %(named)s",
            "The parts are not apart: %(n)d images leak (%(kinds)s): %(named)s",
            len(leaks),
        )
        % {"n": len(leaks), "kinds": kinds, "named": named}
        + (_("; and %(n)d more") % {"n": more} if more > 0 else "")
        + _(". Divide them otherwise, or leave leaking images out of train and validation.")
    )


def _name_check(label_set: LabelSet, name: str) -> None:
    if not name or len(name) > NAME_MOST or not name.isprintable():
        raise SplitRefused(
            _("A split needs a name of 1 to %(most)d letters; %(name)r is none.")
            % {"most": NAME_MOST, "name": name[:80]},
            "name",
        )
    if label_set.splits.filter(name=name).exists():
        raise SplitRefused(_taken(label_set, name), "name")


def _taken(label_set: LabelSet, name: str) -> str:
    return _(
        "%(set)s has a split %(name)s already, and splits never change; take another name."
    ) % {
        "set": label_set.name,
        "name": name,
    }


def _lists_check(rule: str, lists: Lists) -> None:
    if lists and not entry_get(rule).takes_lists:
        raise SplitRefused(
            _("The rule %(rule)s takes no lists of names; take the rule lists.") % {"rule": rule}
        )
    for part in lists:
        if part not in PARTS:
            raise SplitRefused(
                _("There is no part %(part)r; allowed are: %(parts)s.")
                % {"part": part[:80], "parts": ", ".join(PARTS)}
            )


def _lists_kept(lists: Lists) -> dict[str, Any]:
    if not lists:
        return {}
    return {
        "lists": {
            part: [
                {"file": each.file, "sha256": each.sha256, "names": len(each.names)}
                for each in found
            ]
            for part, found in lists.items()
        }
    }


def _images(label_set: LabelSet, *, labels_only: bool) -> _Images:
    """Raises SplitRefused where no image is left."""
    found, unseen, excluded = selectors.items(label_set)
    out = excluded if labels_only else excluded | unseen
    items = [item for item in found if item.name not in out]
    if not items:
        raise SplitRefused(
            _(
                "None of the %(n)d images of %(set)s has a photo that may be used; import the "
                "photos, or split the labels without photos too (labels_only)."
            )
            % {"n": len(found), "set": label_set.name}
        )
    left_unseen = 0 if labels_only else len(unseen)
    return _Images(items, left_unseen, len(excluded), {item.name: item for item in items})


def _leakless(
    divided: Divided, images: _Images, config: SplitConfig
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Return members that do not leak, and how many were left out for that. Raises LeakingSplit."""
    members = members_sorted(divided.members)
    leaks = leaks_find(members, images.by_name, config.near)
    if not leaks:
        return members, dict.fromkeys(PARTS, 0)
    if not config.without_leaks:
        raise LeakingSplit(leaks_said(leaks, leaks_counted(leaks)), leaks)
    left, dropped = leaks_dropped(members, images.by_name, config.near)
    if members[TRAIN] and not left[TRAIN]:
        raise LeakingSplit(
            _("All images that train (%(n)d) would leak; divide them otherwise.")
            % {"n": len(members[TRAIN])},
            leaks,
        )
    return members_sorted(left), dropped


def _checks(
    divided: Divided, members: Mapping[str, Sequence[str]], images: _Images, near: int
) -> dict[str, Any]:
    return {
        **checks_made(members, images.by_name, near),
        "no_photo": images.unseen,
        "excluded": images.excluded,
        "left_out": len(divided.left_out),
        "unlabelled": {part: len(names) for part, names in divided.unlabelled.items()},
        "source": divided.source,
    }


def _store(
    label_set: LabelSet,
    name: str,
    rule: str,
    members: Mapping[str, Sequence[str]],
    *,
    settings: Mapping[str, Any],
    checks: Mapping[str, Any],
    by: User | None,
) -> LabelSplit:
    try:
        with transaction.atomic():
            split = LabelSplit.objects.create(
                label_set=label_set,
                name=name,
                rule=rule,
                settings=dict(settings),
                members=dict(members),
                counts={part: len(names) for part, names in members.items()},
                checks=dict(checks),
                sha256=members_hash(members),
                created_by=by.get_username() if by else "",
            )
            audit_record(
                actor=by,
                action="split.create",
                target="split",
                target_id=split.pk,
                label=f"{label_set.name}: {name}",
                detail={"rule": rule, "counts": split.counts, "sha256": split.sha256},
            )
    except IntegrityError:
        # Somebody else was faster.
        raise SplitRefused(_taken(label_set, name), "name") from None
    return split
