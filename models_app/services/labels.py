"""Import label sets: a file's labels, the images that they name, and what was found."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from models_app.errors import DatasetError, JobConflict
from models_app.labels.base import LabelsRefused, Read
from models_app.labels.merging import files_hash, files_read
from models_app.labels.report import KEPT, Report, report_of
from models_app.models import Dataset, Label, LabelSet
from models_app.selectors import labels as selectors
from models_app.services.label_images import (
    Images,
    Progress,
    images_look,
    images_of_dataset,
    images_of_folder,
)
from survey.services.audit import audit_record

NAME_MOST = 100
SOURCE_MOST = 255
Saving = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made; no label set where only a report was asked for."""

    report: Report
    label_set: LabelSet | None


def labels_import(
    kind: str,
    path: Path | Sequence[Path],
    *,
    name: str,
    images: Path | None = None,
    dataset: Dataset | None = None,
    options: Mapping[str, str] | None = None,
    is_generated: bool = False,
    report_only: bool = False,
    by: User | None = None,
    progress: Progress = iter,
    saving: Saving = transaction.atomic,
) -> Imported:
    """Import label files as one label set, with their images if any are given.

    The images of the folder `images` that labels name are imported into a dataset of the set's
    name, each committed by itself; with `dataset` the labels are those of its photos. The labels
    appear all at once at the end: stopped and run again, an import goes on. A photo that shows the
    pixels of another stays one photo, and both labels point to it. `saving` opens the transaction
    of the labels.

    Raises
    ------
    DatasetError
        With one sentence, for whatever a person must put right.
    """
    if images is not None and dataset is not None:
        raise DatasetError(_("Give a folder of images or a dataset; one of the two."))
    if not report_only:
        name_check(name)
    paths = [path] if isinstance(path, Path) else list(path)
    source = ", ".join(each.name for each in paths)
    try:
        read = files_read(kind, paths, options or {})
    except LabelsRefused as refused:
        raise DatasetError(str(refused)) from refused
    report = report_of(read, kind=kind, name=name, source=source)
    if report_only:
        if images is not None and read.rows:
            images_look(read.rows, images, report, progress)
        return Imported(report, None)
    _rows_check(read, source)
    found = Images()
    if images is not None:
        found = images_of_folder(read.rows, images, name, report, progress)
    elif dataset is not None:
        found = images_of_dataset(read.rows, dataset, report, progress)
    sha256, rows = files_hash(paths), _rows(read, found)
    try:
        with saving():
            label_set = _store(
                report, found.dataset, sha256, rows, is_generated=is_generated, by=by
            )
    except IntegrityError:
        # Somebody else was faster.
        raise DatasetError(_taken(name)) from None
    return Imported(report, label_set)


def label_set_delete(label_set: LabelSet, *, by: User | None) -> None:
    """Delete a set with its splits, but not its photos. Raises JobConflict where work refers to it.

    For an import that went wrong: whatever was measured on labels keeps them.
    """
    with transaction.atomic():
        locked = LabelSet.objects.select_for_update().filter(pk=label_set.pk).first()
        if locked is None:
            return
        users = selectors.label_set_users(locked)
        if users:
            raise JobConflict(
                _("Label set %(name)s cannot be deleted: %(users)s refer to it.")
                % {"name": locked.name, "users": ", ".join(users[:5])}
            )
        audit_record(
            actor=by,
            action="labels.delete",
            target="label_set",
            target_id=locked.pk,
            label=locked.name,
            detail={"kind": locked.kind, "sha256": locked.source_sha256},
        )
        locked.delete()


def name_check(name: str) -> None:
    """Raise DatasetError for a name that no label set can have."""
    if not name or name != name.strip() or len(name) > NAME_MOST or not name.isprintable():
        raise DatasetError(
            _("The name has %(n)d letters; allowed are 1 to 100, with none blank at its ends.")
            % {"n": len(name)}
        )
    if selectors.label_set_named(name) is not None:
        raise DatasetError(_taken(name))


def _taken(name: str) -> str:
    return _(
        "There is a label set %(name)s already, and labels never change; take another name."
    ) % {"name": name}


def _rows_check(read: Read, source: str) -> None:
    if read.rows:
        return
    raise DatasetError(
        _(
            "%(source)s names %(n)d images and no scores; give the file with the scores too "
            "(scores_file=FILE), make a split of the list, or ask for the report only."
        )
        % {"source": source, "n": len(read.unscored)}
    )


def _store(
    report: Report,
    dataset: Dataset | None,
    sha256: str,
    rows: Sequence[tuple[Any, ...]],
    *,
    is_generated: bool,
    by: User | None,
) -> LabelSet:
    scale = report.scale
    label_set = LabelSet.objects.create(
        name=report.name,
        kind=report.kind,
        scale_low=scale.low,
        scale_high=scale.high,
        bins=scale.bins,
        first_bin=scale.first_bin,
        higher_is_better=scale.higher_is_better,
        is_generated=is_generated,
        dataset=dataset,
        source=report.source[:SOURCE_MOST],
        source_sha256=sha256,
        report=report.as_json(most=KEPT),
        created_by=by.get_username() if by else "",
    )
    _insert(label_set, rows)
    audit_record(
        actor=by,
        action="labels.import",
        target="label_set",
        target_id=label_set.pk,
        label=label_set.name,
        detail={"kind": report.kind, "source": report.source, **report.counts()},
    )
    return label_set


# Of a label, without its number and its set, which the database gives.
_FIELDS = [field for field in Label._meta.concrete_fields if field.name not in {"id", "label_set"}]
_SET = next(field for field in Label._meta.concrete_fields if field.name == "label_set")


def _rows(read: Read, images: Images) -> list[tuple[Any, ...]]:
    """Return the labels as the database takes them.

    Nobody else writes to SQLite while labels are stored, which bulk_create would do for a minute
    for all of AVA: everything that can be is done before, and the rest is one statement.
    """
    rows = []
    for row in read.rows:
        linked = images.linked.get(row.name)
        label = Label(
            name=row.name,
            photo=linked.photo if linked else None,
            mean=row.mean,
            sd=row.sd,
            distribution=list(row.distribution) if row.distribution is not None else None,
            votes=row.votes,
            reference=row.reference,
            part=row.part,
            attributes=dict(row.attributes),
            perceptual_hash=linked.perceptual_hash if linked else "",
        )
        values = (
            field.get_db_prep_save(getattr(label, field.attname), connection) for field in _FIELDS
        )
        rows.append(tuple(values))
    return rows


def _insert(label_set: LabelSet, rows: Sequence[tuple[Any, ...]]) -> None:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in (_SET, *_FIELDS))
    places = ", ".join(["%s"] * (len(_FIELDS) + 1))
    table = quote(Label._meta.db_table)
    # Nothing of anybody's: the model's own names.
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(label_set.pk, *row) for row in rows])
