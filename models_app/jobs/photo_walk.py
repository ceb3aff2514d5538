"""One pass over the photos of a dataset for a job: in batches, decoded ahead, resumable."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image

from models_app.errors import JobError, JobInvalid
from models_app.imaging import PhotoRefused
from models_app.jobs.context import Context
from models_app.models import Dataset, Photo
from models_app.rendering import photo_open
from models_app.selectors import findings as selectors

DECODERS = 2
# So many names of unreadable photos are kept on the job; all of them stand in the log.
NAMES = 100

Pictures = list[tuple[Photo, Image.Image]]


class DatasetSource:
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def next(self, after: int, n: int) -> list[Photo]:
        return list(selectors.photos_included(self._dataset, after=after)[:n])

    def left(self, after: int) -> int:
        return selectors.photos_included(self._dataset, after=after).count()


class KeySource:
    def __init__(self, keys: Sequence[int]) -> None:
        self._keys = sorted(keys)

    def next(self, after: int, n: int) -> list[Photo]:
        start = bisect_right(self._keys, after)
        return selectors.photos_by_key(self._keys[start : start + n])

    def left(self, after: int) -> int:
        return len(self._keys) - bisect_right(self._keys, after)


class PhotoWalk:
    """Batches of a job's photos in the order of import; where it is, is kept on the job.

    Whatever a batch gives is stored together with the place of its last photo, so a batch that
    was interrupted is done again and none is left out. Batches hold the same photos in every
    attempt: sums in another order would give other last digits.
    """

    def __init__(self, photos: Dataset | Sequence[int], context: Context, *, size: int) -> None:
        """`photos`: a dataset, whose photos are taken but for those that are excluded, or keys."""
        self._source = DatasetSource(photos) if isinstance(photos, Dataset) else KeySource(photos)
        self.context = context
        self.size = size
        self.after: int = context.resume.get("after", 0)
        self.done: int = context.resume.get("done", 0)
        self.unreadable: int = context.resume.get("unreadable", 0)
        self.names: list[str] = list(context.resume.get("names", []))
        self.total = self.done + self._source.left(self.after)
        context.progress(self.done, self.total)

    def __iter__(self) -> Iterator[Pictures]:
        """Yield each batch with the pictures that can be shown to a network."""
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
            waiting = self._begin(pool, self.after)
            while waiting:
                photos = [photo for photo, _future in waiting]
                opened = [(photo, future.result()) for photo, future in waiting]
                # The next one decodes while a network looks at this one.
                waiting = self._begin(pool, photos[-1].pk)
                for photo, found in opened:
                    if isinstance(found, str):
                        self.refuse(photo, found)
                self._last = photos
                yield [(photo, found) for photo, found in opened if not isinstance(found, str)]
                self.context.check()

    def refuse(self, photo: Photo, reason: str) -> None:
        """Note a photo that no network can be shown."""
        self.context.log(f"{photo.name}: {reason}")
        self.unreadable += 1
        self.names = [*self.names, photo.name][:NAMES]

    @contextmanager
    def saving(self) -> Iterator[list[int]]:
        """Store what the batch gave and the place after it, both or neither; yields its keys."""
        self.after = self._last[-1].pk
        self.done += len(self._last)
        with self.context.saving():
            yield [photo.pk for photo in self._last]
            self.context.save(
                after=self.after, done=self.done, unreadable=self.unreadable, names=self.names
            )
        self.context.progress(self.done, self.total)

    def _begin(
        self, pool: ThreadPoolExecutor, after: int
    ) -> list[tuple[Photo, Future[Image.Image | str]]]:
        # A query a batch: a cursor kept open would hold SQLite's other writers up.
        photos = self._source.next(after, self.size)
        return [(photo, pool.submit(_decoded, photo)) for photo in photos]

    _last: Sequence[Photo] = ()


def _decoded(photo: Photo) -> Image.Image | str:
    try:
        return photo_open(photo)
    except PhotoRefused as error:
        return str(error)
    except FileNotFoundError:
        return _("its file is gone")


def device_choices() -> list[tuple[str, str]]:
    return [
        ("auto", _("a GPU where the worker has one, else the CPU")),
        ("cpu", _("CPU")),
        ("cuda", _("NVIDIA GPU; the job goes to the queue gpu")),
    ]


def device_get(wanted: str, context: Context) -> str:
    """Choose what computes and report it. Raises JobError where there is no GPU."""
    import torch

    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise JobError(
            _(
                "This worker has no NVIDIA GPU that torch can use; launch the job with the device "
                "auto or cpu, or start a worker on a machine with a GPU."
            )
        )
    device = "cuda" if found and wanted != "cpu" else "cpu"
    context.device(torch.cuda.get_device_name() if device == "cuda" else "cpu")
    return device


def dataset_get(name: str) -> Dataset:
    """Raises JobInvalid for a dataset that is not there or has nothing to look at."""
    dataset = selectors.dataset_named(name)
    if dataset is None:
        raise JobInvalid(
            _("There is no dataset %(name)s; import its photos first.") % {"name": name}, "dataset"
        )
    if not selectors.photos_included(dataset).exists():
        raise JobInvalid(
            _("Dataset %(name)s has no photo that is not excluded; include or import some.")
            % {"name": name},
            "dataset",
        )
    return dataset


def figures_flat(name: str, estimate: dict[str, Any]) -> dict[str, Any]:
    """Return an estimate as figures of a job: NAME, NAME_low, NAME_high."""
    return {
        name: estimate["value"],
        f"{name}_low": estimate["low"],
        f"{name}_high": estimate["high"],
    }
