"""A dataset as a zip for publishing: photos, hashes, credits, splits, votes and what they mean."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from models_app.errors import DatasetError
from models_app.models import Dataset, Photo
from models_app.selectors import datasets as selectors
from models_app.selectors.photos import Card, Checks, cards_get, checks_get
from models_app.services.release_readme import Released, readme_lines
from survey import exports
from survey.services.surveys import survey_get

# Of every file in the zip: the same data give the same bytes whenever they are released.
EPOCH = (1980, 1, 1, 0, 0, 0)
CHUNK = 1 << 20
ROWS = 500


@dataclass(frozen=True, slots=True)
class _Row:
    card: Card
    checks: Checks
    # Path in the zip, empty where the file is not part of it.
    file: str


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kind: str
    meaning: str
    value: Callable[[_Row], object]


def _photo(name: str) -> Callable[[_Row], object]:
    return lambda row: getattr(row.card.photo, name)


def _score(name: str) -> Callable[[_Row], object]:
    return lambda row: row.card.score and f"{getattr(row.card.score, name):.6f}"


def _objects(row: _Row) -> str:
    return "; ".join(f"{o.label} {o.count}" for o in sorted(row.card.objects, key=_label))


def _label(content: Any) -> str:
    return str(content.label)


def _checkpoint(row: _Row) -> object:
    job = row.checks.nima
    return job and row.card.score and job.checkpoint and job.checkpoint.name


def _random(row: _Row) -> object:
    job = row.checks.nima
    return job and row.card.score and job.checkpoint and job.checkpoint.is_random


N = gettext_noop
COLUMNS = (
    _Column("photo", "text", N("name of the photo, as in the votes"), _photo("name")),
    _Column("file", "text", N("path in this release; empty: the file is not part of it"),
            lambda r: r.file),
    _Column("width", "number", N("pixels"), _photo("width")),
    _Column("height", "number", N("pixels"), _photo("height")),
    _Column("bytes", "number", N("size of the file; 0: not noted"), _photo("bytes")),
    _Column("file_sha256", "text", N("SHA-256 of the file"), _photo("file_sha256")),
    _Column("pixel_sha256", "text",
            N("SHA-256 of `WIDTHxHEIGHT:` and the upright sRGB pixels, 3 bytes each, row by row"),
            _photo("pixel_sha256")),
    _Column("split", "text", N("train, val or test; empty: none"), _photo("split")),
    _Column("list_name", "text", N("what a published list calls it, where that differs"),
            _photo("list_name")),
    _Column("credit", "text", N("whose photo it is; empty: not known"), _photo("credit")),
    _Column("licence", "text", N("on what terms it may be shown and passed on; empty: not noted"),
            _photo("licence")),
    _Column("source", "text", N("where it was published; empty: not noted"), _photo("source_url")),
    _Column("excluded", "number", N("1 = left out of new surveys, checks and trainings"),
            lambda r: r.card.photo.excluded_at is not None),
    _Column("excluded_reason", "text", N("why"), _photo("excluded_reason")),
    _Column("score_mean", "number", N("mean of the predicted scores 1 to 10; empty: not scored"),
            _score("mean")),
    _Column("score_sd", "number", N("standard deviation of that prediction"), _score("sd")),
    _Column("score_checkpoint", "text", N("weights that predicted it"), _checkpoint),
    _Column("score_is_random", "number", N("1 = nobody trained these weights: no real score"),
            _random),
    _Column("class", "text", N("what a classifier takes the photo for"),
            lambda r: r.card.label and r.card.label.label),
    _Column("class_confidence", "number", N("of that class, 0 to 1"),
            lambda r: r.card.label and f"{r.card.label.confidence:.6f}"),
    _Column("objects", "text", N("objects that a detector found, each with its count"), _objects),
)  # fmt: skip


def release_write(dataset: Dataset, out: IO[bytes], *, photos: bool = False) -> Released:
    """Write a release; with `photos` also the original files of photos that are not excluded.

    Deterministic for the same data. Constant memory but for the names. Raises DatasetError for a
    dataset without photos, and where an original is gone or is no longer what was imported.
    """
    totals = selectors.totals_get(dataset)
    if not totals.photos:
        raise DatasetError(
            _("There are no photos in the dataset %(name)s; import some first.")
            % {"name": dataset.name}
        )
    checks = checks_get(dataset)
    done = Released()
    files = _paths(dataset) if photos else {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        into = _Writer(archive, done)
        into.text("manifest.csv", _manifest(dataset, checks, files, done))
        into.text("manifest-codebook.csv", _codebook())
        if credits := list(_credits(dataset)):
            into.text("credits.csv", credits)
        for slug, _title, _state in selectors.dataset_surveys(dataset):
            _survey_write(slug, into, done)
        for pk in files:
            into.photo(Photo.objects.get(pk=pk), files[pk])
        into.text("README.txt", readme_lines(dataset, totals, checks, done))
        sums = "".join(f"{done.sums[name]}  {name}\n" for name in sorted(done.sums))
        into.text("sha256sums.txt", [sums])
    return done


class _Writer:
    """Adds files to a zip and notes their hashes."""

    def __init__(self, archive: zipfile.ZipFile, done: Released) -> None:
        self.archive = archive
        self.done = done

    def text(self, name: str, lines: Iterable[str]) -> None:
        self.chunks(name, (line.encode() for line in lines))

    def chunks(self, name: str, chunks: Iterable[bytes]) -> None:
        self._add(name, chunks, zipfile.ZIP_DEFLATED)

    def photo(self, photo: Photo, name: str) -> None:
        """Add an original, which hardly any compression makes smaller."""
        try:
            with default_storage.open(photo.file, "rb") as file:
                self._add(name, file.chunks(CHUNK), zipfile.ZIP_STORED)
        except FileNotFoundError as error:
            raise DatasetError(
                _("The file of the photo %(name)s is gone; restore it from a backup.")
                % {"name": photo.name}
            ) from error
        if self.done.sums[name] != photo.file_sha256:
            raise DatasetError(
                _("The file of the photo %(name)s was changed after the import; restore it.")
                % {"name": photo.name}
            )
        self.done.files += 1

    def _add(self, name: str, chunks: Iterable[bytes], compression: int) -> None:
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.compress_type = compression
        entry.external_attr = 0o644 << 16
        # Of the system that writes it, otherwise.
        entry.create_system = 3
        digest = hashlib.sha256()
        with self.archive.open(entry, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        self.done.sums[name] = digest.hexdigest()


def _names(dataset: Dataset) -> list[tuple[str, int]]:
    # Sorted here: databases disagree on the order of texts.
    return sorted(Photo.objects.filter(dataset=dataset).values_list("name", "pk"))


def _paths(dataset: Dataset) -> dict[int, str]:
    """Where each included photo lies in the zip: its own name, unless that could lead astray."""
    included = Photo.objects.filter(dataset=dataset, excluded_at=None)
    photos = sorted(included.values_list("name", "pk", "pixel_sha256"))
    paths: dict[int, str] = {}
    taken: set[str] = set()
    for name, pk, pixels in photos:
        parts = PurePosixPath(name).parts
        plain = not any(p in {"..", "/"} or set(p) & set('\\:*?"<>|') for p in parts)
        path = f"photos/{PurePosixPath(name)}"
        # Some systems take names for equal that differ in case only.
        if not plain or path.lower() in taken:
            path = f"photos/{pixels}{PurePosixPath(name).suffix.lower()}"
        taken.add(path.lower())
        paths[pk] = path
    return paths


def _line(cells: Iterable[tuple[object, str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(exports.cell(*each) for each in cells)
    return out.getvalue()


def _manifest(
    dataset: Dataset, checks: Checks, files: dict[int, str], done: Released
) -> Iterator[str]:
    yield _line((column.name, "text") for column in COLUMNS)
    keys = [pk for _name, pk in _names(dataset)]
    for first in range(0, len(keys), ROWS):
        for card in cards_get(keys[first : first + ROWS], checks):
            row = _Row(card, checks, files.get(card.photo.pk, ""))
            done.photos += 1
            done.excluded += card.photo.excluded_at is not None
            yield _line((column.value(row), column.kind) for column in COLUMNS)


def _credits(dataset: Dataset) -> Iterator[str]:
    """Yield what an import of this release reads again; nothing where nothing is known."""
    columns = ("name", "credit", "licence", "source_url")
    rows = Photo.objects.filter(dataset=dataset, excluded_at=None).exclude(
        credit="", licence="", source_url=""
    )
    if rows.exists():
        yield _line((name, "text") for name in ("photo", "credit", "licence", "source"))
    for row in sorted(rows.values_list(*columns)):
        yield _line((text, "text") for text in row)


def _codebook() -> Iterator[str]:
    yield _line((name, "text") for name in ("column", "type", "meaning"))
    for column in COLUMNS:
        yield _line((text, "text") for text in (column.name, column.kind, _(column.meaning)))


def _survey_write(slug: str, into: _Writer, done: Released) -> None:
    """Add a survey's votes and their codebook, if it has any; previews are left out."""
    survey = survey_get(slug)
    if survey is None:
        return
    file = exports.votes_export(survey)
    # By the time the head line comes, the first votes have been read, if there are any.
    head = next(file.chunks)
    if not file.votes:
        return
    into.chunks(f"surveys/{slug}/votes.csv", chain([head], file.chunks))
    done.votes[slug] = file.votes
    into.text(f"surveys/{slug}/codebook.csv", exports.codebook_csv(survey))
