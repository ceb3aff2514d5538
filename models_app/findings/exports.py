"""What checks found, as files: CSV of scores and contents, and the authors' count lists."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from models_app.models import Job, Photo, PhotoContent
from models_app.selectors import findings as selectors
from survey.exports import cell

# Single precision carries about seven digits; six places keep a file the same where sums differ
# in the last bit.
PLACES = 6


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def number(value: float) -> str:
    return f"{value:.{PLACES}f}"


def scores_csv(job: Job) -> Iterator[str]:
    """Yield a NIMA check's lines, one row a photo in the order of import: mean, sd, p1..p10."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    scores = [f"p{score}" for score in range(1, 11)]
    yield writer.writerow(["photo", "split", "mean", "sd", *scores])
    for row in selectors.score_rows(job):
        shares = [number(share) for share in row.distribution]
        yield writer.writerow(
            [
                cell(row.photo.name, "text"),
                row.photo.split,
                number(row.mean),
                number(row.sd),
                *shares,
            ]
        )


def photos_csv(photos: Iterable[Photo]) -> Iterator[str]:
    """Yield a manifest: which photos, by the hashes of their files and of their pixels."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(["photo", "split", "width", "height", "file_sha256", "pixel_sha256"])
    for photo in photos:
        yield writer.writerow(
            [cell(photo.name, "text"), photo.split, photo.width, photo.height, photo.file_sha256,
             photo.pixel_sha256]
        )  # fmt: skip


def contents_csv(job: Job) -> Iterator[str]:
    """Yield a diversity check's lines: one row a photo and label."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(["photo", "kind", "label", "confidence", "count"])
    for row in selectors.content_rows(job):
        yield writer.writerow(
            [
                cell(row.photo.name, "text"),
                row.kind,
                cell(row.label, "text"),
                number(row.confidence),
                row.count,
            ]
        )


def counts_tsv(job: Job, kind: PhotoContent.Kind) -> Iterator[str]:
    """Yield photos a label in the layout of the paper authors' lists: count, tab, label."""
    for row in selectors.content_counts(job, kind):
        yield f"{row['photos']}\t{row['label']}\n"


@contextmanager
def file_of(lines: Iterable[str]) -> Iterator[Path]:
    """Write lines to a temporary file, which is gone afterwards."""
    with TemporaryDirectory(prefix="proofsheet-") as folder:
        path = Path(folder) / "lines"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        yield path
