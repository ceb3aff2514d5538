"""Which photos train, which choose the best epoch, and which nobody looks at until the end."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path

from models_app.datasets.lists import SPLITS, Listed, list_read
from models_app.errors import DatasetError
from models_app.training.config import TrainConfig
from models_app.training.data import MergedPhotos, Photos, SplitPhotos, names_list, path_shown
from models_app.training.errors import ConfigInvalid, PhotosUnusable

_TRAIN, _VALIDATION, _TEST = SPLITS
_LISTS = "by lists"
_NAMES = "check that the lists name files of this source."


@dataclass(frozen=True, slots=True)
class Split:
    """The sides of a source of photos.

    Attributes
    ----------
    train, validation, test
        Places in the source, in an order that depends on content alone.
    method
        How they were told apart, for people.
    digest
        SHA-256 of which content is on which side: the same for the same split of the same photos,
        whatever they are called.
    notes
        What a person should know: photos in no list, names without a photo, duplicates.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    method: str
    digest: str
    notes: tuple[str, ...] = ()


def split_make(photos: Photos, config: TrainConfig, *, base: Path | None = None) -> Split:
    """Split photos by the lists of a configuration, as their source says, or by content.

    The same content is never on two sides.

    Parameters
    ----------
    photos
        The source; one that knows a split is a `data.SplitPhotos`.
    config
        With `split_lists`, `validation_share`, `test_share` and `split_seed`.
    base
        Folder that relative lists are in; None: the working directory.

    Raises
    ------
    ConfigInvalid
        If a list cannot be used.
    PhotosUnusable
        If nothing is left to train on or to validate with.
    """
    if len(photos) < 2:
        raise PhotosUnusable(
            f"There {'is 1 photo' if len(photos) else 'are no photos'}; a training needs at least "
            "2, one to learn from and one to validate with: add photos."
        )
    notes: list[str] = []
    if isinstance(photos, MergedPhotos) and photos.duplicates:
        notes.append(
            "Files with the content of another one, left out: "
            f"{len(photos.duplicates)} ({names_list(photos.duplicates)})."
        )
    if config.split_lists:
        method = _LISTS
        sides = _by_lists(photos, config.split_lists, base or Path(), notes)
    elif isinstance(photos, SplitPhotos) and any(map(photos.split, range(len(photos)))):
        method = "the dataset's split"
        sides = [photos.split(index) for index in range(len(photos))]
        _unlisted_note(photos, sides, "without a split in the dataset", notes)
    else:
        method = (
            f"by content: {config.validation_share:.4g} validate, {config.test_share:.4g} test, "
            f"seed {config.split_seed}"
        )
        sides = _by_content(photos, config)
    return _split(photos, sides, config.split_seed, method, notes)


def _by_lists(photos: Photos, lists: str, base: Path, notes: list[str]) -> list[str]:
    listed = _lists_read([base / part.strip() for part in lists.split(",") if part.strip()])
    own: dict[str, list[str]] = {photos.name(i): [photos.name(i)] for i in range(len(photos))}
    if isinstance(photos, MergedPhotos):
        for name, kept in photos.duplicates.items():
            own[kept].append(name)
    used: set[str] = set()
    sides, torn = [], []
    for index in range(len(photos)):
        found = set()
        for name in own[photos.name(index)]:
            # Published lists name files, whatever folder they are in.
            match = next((n for n in (name, name.rsplit("/", 1)[-1]) if n in listed), None)
            if match is not None:
                used.add(match)
                found.add(listed[match].split)
        sides.append(_held_out(found))
        if len(found) > 1:
            torn.append(photos.name(index))
    _torn_note(torn, notes)
    missing = [name for name in listed if name not in used]
    if missing:
        notes.append(f"Names of the lists without a photo: {len(missing)} ({names_list(missing)}).")
    _unlisted_note(photos, sides, "in no list", notes)
    return sides


def _lists_read(paths: Sequence[Path]) -> dict[str, Listed]:
    listed: dict[str, Listed] = {}
    for path in paths:
        for file, entry in _list_read(path).items():
            if listed.setdefault(file, entry).split != entry.split:
                raise ConfigInvalid(
                    f"The lists put {file!r} into {listed[file].split} and into "
                    f"{entry.split}; leave it in one of them.",
                    "split_lists",
                )
    return listed


def _list_read(path: Path) -> dict[str, Listed]:
    try:
        return list_read(path)
    except DatasetError as error:
        # Whoever reads a log need not know where the lists lie.
        text = str(error).replace(str(path), path_shown(Path(path.name or path)))
        raise ConfigInvalid(f"split_lists: {text}", "split_lists") from error


def _unlisted_note(photos: Photos, sides: Sequence[str], what: str, notes: list[str]) -> None:
    unlisted = [photos.name(index) for index, side in enumerate(sides) if not side]
    if unlisted:
        notes.append(f"Photos {what}, left out: {len(unlisted)} ({names_list(unlisted)}).")


def _torn_note(names: Sequence[str], notes: list[str]) -> None:
    if names:
        notes.append(
            "Photos whose content is on several sides, kept away from training: "
            f"{len(names)} ({names_list(list(names))})."
        )


def _by_content(photos: Photos, config: TrainConfig) -> list[str]:
    keys = sorted(
        {photos.key(index) for index in range(len(photos))},
        key=lambda key: _order(config.split_seed, key),
    )
    validation = floor(config.validation_share * len(keys) + 0.5)
    test = floor(config.test_share * len(keys) + 0.5)
    side = dict.fromkeys(keys, _TRAIN)
    side |= dict.fromkeys(keys[:validation], _VALIDATION)
    side |= dict.fromkeys(keys[validation : validation + test], _TEST)
    return [side[photos.key(index)] for index in range(len(photos))]


def _order(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()


def _held_out(sides: set[str]) -> str:
    """Return the side that is farthest from training; empty where there is none."""
    return next((side for side in (_TEST, _VALIDATION, _TRAIN) if side in sides), "")


def _split(photos: Photos, sides: Sequence[str], seed: int, method: str, notes: list[str]) -> Split:
    by_key: dict[str, set[str]] = {}
    for index, side in enumerate(sides):
        if side:
            by_key.setdefault(photos.key(index), set()).add(side)
    torn = {key for key, found in by_key.items() if len(found) > 1}
    if torn:
        _torn_note(
            [photos.name(index) for index in range(len(photos)) if photos.key(index) in torn], notes
        )
    decided = {key: _held_out(found) for key, found in by_key.items()}
    indices: dict[str, list[int]] = {side: [] for side in SPLITS}
    for index, side in enumerate(sides):
        if side:
            indices[decided[photos.key(index)]].append(index)
    for found in indices.values():
        found.sort(key=lambda index: _order(seed, photos.key(index)))
    _check_sides({side: len(found) for side, found in indices.items()}, method)
    digest = hashlib.sha256()
    for key in sorted(decided):
        digest.update(f"{key} {decided[key]}\n".encode())
    train, validation, test = (tuple(indices[side]) for side in SPLITS)
    return Split(train, validation, test, method, digest.hexdigest(), tuple(notes))


def _check_sides(counts: Mapping[str, int], method: str) -> None:
    lists = method == _LISTS
    if not counts[_TRAIN]:
        raise PhotosUnusable(
            f"No photo is left to train on (split {method}); "
            + (_NAMES if lists else "add photos, or lower validation_share and test_share.")
        )
    if not counts[_VALIDATION]:
        raise PhotosUnusable(
            f"{sum(counts.values())} photos leave none to validate with (split {method}); "
            + (_NAMES if lists else "add photos, or raise validation_share.")
        )
