"""Leave photos out of new surveys, checks and trainings, and take them in again."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.models import Dataset, Photo
from survey.services.audit import audit_record

REASON_LEAST, REASON_MOST = 3, 255
Person = User | AnonymousUser | None


def reason_check(text: str) -> str:
    """Return a reason as one line; DatasetError says what is wrong with it."""
    reason = " ".join(text.split())
    if not reason.isprintable():
        raise DatasetError(_("The reason has letters that cannot be shown; write it again."))
    if not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise DatasetError(
            _("The reason has %(n)d letters; write %(least)d to %(most)d, so that others know why.")
            % {"n": len(reason), "least": REASON_LEAST, "most": REASON_MOST}
        )
    return reason


def photo_exclude(photo: Photo, *, reason: str, by: Person) -> bool:
    """Exclude one photo; False where it is excluded already. Raises DatasetError."""
    mine = Photo.objects.filter(pk=photo.pk)
    return bool(_mark(mine, exclude=True, reason=reason, by=by, photo=photo))


def photo_include(photo: Photo, *, reason: str, by: Person) -> bool:
    """Include one photo again; False where it is not excluded. Raises DatasetError."""
    mine = Photo.objects.filter(pk=photo.pk)
    return bool(_mark(mine, exclude=False, reason=reason, by=by, photo=photo))


@transaction.atomic
def photos_mark(
    dataset: Dataset,
    photos: QuerySet[Photo],
    *,
    exclude: bool,
    reason: str,
    by: Person,
    expected: int,
    chosen: Mapping[str, str],
) -> int:
    """Exclude or include all photos of a query; `chosen` says in the audit how it was narrowed.

    Raises DatasetError where the number is no longer the one that somebody agreed to.
    """
    # Everybody who marks this dataset's photos takes turns, so the count holds.
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    mine = photos.filter(dataset=dataset, excluded_at__isnull=exclude)
    found = mine.count()
    if found != expected:
        raise DatasetError(
            _("It would be %(found)d photos by now, and you agreed to %(n)d; look again.")
            % {"found": found, "n": expected}
        )
    return _mark(mine, exclude=exclude, reason=reason, by=by, dataset=dataset, chosen=chosen)


@transaction.atomic
def _mark(
    photos: QuerySet[Photo],
    *,
    exclude: bool,
    reason: str,
    by: Person,
    photo: Photo | None = None,
    dataset: Dataset | None = None,
    chosen: Mapping[str, str] | None = None,
) -> int:
    reason = reason_check(reason)
    name = by.get_username() if isinstance(by, User) else ""
    values: dict[str, Any] = (
        {"excluded_at": timezone.now(), "excluded_reason": reason, "excluded_by": name[:150]}
        if exclude
        else {"excluded_at": None, "excluded_reason": "", "excluded_by": ""}
    )
    # By key: the query may join, and it may ask for what this update changes.
    keys = photos.filter(excluded_at__isnull=exclude).values("pk")
    n = Photo.objects.filter(pk__in=keys, excluded_at__isnull=exclude).update(**values)
    if not n:
        return 0
    verb = "exclude" if exclude else "include"
    if photo is not None:
        audit_record(
            actor=by,
            action=f"photo.{verb}",
            target="photo",
            target_id=photo.pk,
            label=photo.name,
            detail={"reason": reason, "was": photo.excluded_reason},
        )
    elif dataset is not None:
        audit_record(
            actor=by,
            action=f"photos.{verb}",
            target="dataset",
            target_id=dataset.pk,
            label=dataset.name,
            detail={"reason": reason, "photos": n, "chosen": dict(chosen or {})},
        )
    return n
