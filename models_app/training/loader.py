"""Photos in batches, decoded ahead in threads."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from torch import Tensor

from models_app.distortions.geometry import GeometryError, short_size
from models_app.distortions.pictures import photo_to_tensor
from models_app.imaging import PhotoRefused
from models_app.training.data import Photos, Unreadable
from models_app.training.seeds import derive


@dataclass(frozen=True, slots=True)
class Batch:
    """What one process gets of a batch; unreadable photos are missing from every list.

    Attributes
    ----------
    number
        Place in the epoch, from 0.
    photos
        uint8 sRGB on the CPU, shape [3, H, W] each; None where `known` said so.
    keys, names
        Of the photos.
    places
        Where each stands in the batch of all processes, from 0; what is drawn a photo depends on
        it.
    waited
        Seconds for which the training waited for these photos.
    """

    number: int
    photos: list[Tensor | None]
    keys: list[str]
    names: list[str]
    places: list[int]
    waited: float

    def __len__(self) -> int:
        """Return how many photos could be read."""
        return len(self.photos)


_Job = tuple[int, int, int]
"""Batch, place in it, index of the photo."""
_Decoded = Tensor | None | str
"""A photo, nothing since it is known, or why it cannot be read."""


class Loader:
    """The batches of some photos, epoch after epoch.

    Parameters
    ----------
    photos
        The source.
    indices
        Which of its photos.
    photos_per_batch
        Over all processes; the last batch of an epoch has what is left.
    seed
        Of the run; with the epoch it decides the order. None: the order of `indices`, always.
    decoders
        Threads.
    unreadable
        Where photos are counted that cannot be read.
    rank, processes
        This process and how many there are: it gets every `processes`-th photo of each batch.
    known
        Asked for a key; where it says True the photo is not decoded.
    pin
        Whether photos lie in pinned memory, from which they reach a GPU while it computes.
    """

    def __init__(
        self,
        photos: Photos,
        indices: Sequence[int],
        *,
        photos_per_batch: int,
        seed: int | None,
        decoders: int,
        unreadable: Unreadable,
        rank: int = 0,
        processes: int = 1,
        known: Callable[[str], bool] = lambda key: False,
        pin: bool = False,
    ) -> None:
        self._photos = photos
        self._indices = tuple(indices)
        self._size = photos_per_batch
        self._seed = seed
        self._decoders = decoders
        self._unreadable = unreadable
        self._rank, self._processes = rank, processes
        self._known = known
        self._pin = pin

    def __len__(self) -> int:
        """Return batches an epoch."""
        return -(-len(self._indices) // self._size)

    @property
    def photos(self) -> int:
        """Photos an epoch, over all processes."""
        return len(self._indices)

    def epoch(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from a given one on; close it to end its threads early.

        Two batches of this process, and a photo for each decoder, are decoded ahead at most.

        A batch of which no photo could be read is left out where this process is alone; with
        several it comes empty, since the others go through it.

        Raises
        ------
        PhotosUnusable
            If too many photos cannot be read.
        """
        jobs = self._jobs(epoch, first)
        ahead = 2 * -(-self._size // self._processes) + self._decoders
        pool = ThreadPoolExecutor(self._decoders, thread_name_prefix="decoder")
        pending: deque[tuple[_Job, Future[_Decoded]]] = deque()

        def refill() -> None:
            while len(pending) < ahead and (job := next(jobs, None)) is not None:
                pending.append((job, pool.submit(self._decode, job[2])))

        try:
            refill()
            for number in range(first, len(self)):
                batch = self._batch(number, pending, refill)
                if len(batch) or self._processes > 1:
                    yield batch
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _jobs(self, epoch: int, first: int) -> Iterator[_Job]:
        order = self._order(epoch)
        for number in range(first, len(self)):
            whole = order[number * self._size : (number + 1) * self._size]
            for place in range(self._rank, len(whole), self._processes):
                yield number, place, whole[place]

    def _order(self, epoch: int) -> Sequence[int]:
        if self._seed is None:
            return self._indices
        seed = derive(self._seed, "order", epoch)
        # By content, so that neither names nor torch's version decide; names part equal photos.
        return sorted(
            self._indices,
            key=lambda index: (derive(seed, self._photos.key(index)), self._photos.name(index)),
        )

    def _batch(
        self,
        number: int,
        pending: deque[tuple[_Job, Future[_Decoded]]],
        refill: Callable[[], None],
    ) -> Batch:
        batch = Batch(number, [], [], [], [], 0.0)
        waited = 0.0
        while pending and pending[0][0][0] == number:
            (_number, place, index), future = pending.popleft()
            refill()
            began = perf_counter()
            decoded = future.result()
            waited += perf_counter() - began
            name = self._photos.name(index)
            if isinstance(decoded, str):
                self._unreadable.add(name, decoded)
                continue
            batch.photos.append(decoded)
            batch.keys.append(self._photos.key(index))
            batch.names.append(name)
            batch.places.append(place)
        return Batch(number, batch.photos, batch.keys, batch.names, batch.places, waited)

    def _decode(self, index: int) -> _Decoded:
        if self._known(self._photos.key(index)):
            return None
        try:
            image = self._photos.open(index)
            # No shape that cannot be rendered later gets past here.
            short_size(image.height, image.width, 1)
        except (PhotoRefused, GeometryError) as error:
            return str(error)
        except OSError as error:
            return f"it cannot be read ({error.strerror or error})"
        photo = photo_to_tensor(image)
        return photo.pin_memory() if self._pin else photo
