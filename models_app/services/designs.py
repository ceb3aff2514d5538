"""What survey asks about the photos and presets of a design (setting SURVEY_PICTURES)."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from models_app.distortions.registry import UnknownDistortionError, preset_get
from models_app.errors import DatasetError
from models_app.models import Dataset, Photo, SurveySource
from models_app.services.publish import survey_make
from models_app.services.renditions import conditions
from survey.errors import SurveyInvalid
from survey.services.surveys import survey_get

# Names or hashes a query.
CHUNK = 500


def formulas_sha256(preset: str) -> str:
    """SHA-256 of a preset's levels and of the source code of its distortions.

    Another comment in that code gives another hash: equal hashes prove equal formulas, different
    ones only raise the question. Raises SurveyInvalid for a preset that is not known.
    """
    try:
        entries = preset_get(preset).distortions.values()
    except UnknownDistortionError as error:
        raise SurveyInvalid(str(error)) from None
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: entry.key):
        levels = " ".join(level.key for level in entry.levels)
        digest.update(f"{entry.key}:{levels}\n".encode())
        digest.update(_source(entry.path.rpartition(".")[0]))
    return digest.hexdigest()


def _source(module: str) -> bytes:
    """Source code, found without importing it: torch stays out of the web process."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"The module {module} of a distortion has no file.")
    return Path(spec.origin).read_bytes()


def photo_hashes(survey_id: int) -> dict[str, str]:
    """pixel_sha256 by name of the photos that a survey shows; two queries."""
    source = SurveySource.objects.filter(survey=survey_id).first()
    if source is None:
        return {}
    return dict(source.dataset.photos.values_list("name", "pixel_sha256"))


def photo_credits(survey_id: int) -> dict[str, tuple[str, str]]:
    """(credit, licence) by name of the photos that a survey shows, as they are now; one query."""
    photos = Photo.objects.filter(dataset__surveys__survey=survey_id)
    rows = photos.values_list("name", "credit", "licence")
    return {name: (credit, licence) for name, credit, licence in rows}


def photos_find(
    photos: Sequence[tuple[str, str]],
) -> tuple[set[str], set[str], list[tuple[str, int]]]:
    """Find photos, each a name and a hash or "": with the same pixels, by name only, where.

    Returns names, names, and (dataset, how many it holds) with the most first. Two queries every
    500 photos.
    """
    names = {sha256: name for name, sha256 in photos if sha256}
    same: set[str] = set()
    held: Counter[str] = Counter()
    for some in _chunks(names):
        rows = Photo.objects.filter(pixel_sha256__in=some)
        for sha256, dataset in rows.values_list("pixel_sha256", "dataset__name"):
            same.add(names[sha256])
            held[dataset] += 1
    left = [name for name, _sha256 in photos if name not in same]
    named: set[str] = set()
    for some in _chunks(left):
        named.update(Photo.objects.filter(name__in=some).values_list("name", flat=True))
    return same, named, sorted(held.items(), key=lambda item: (-item[1], item[0]))


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(texts)
    while some := list(islice(waiting, CHUNK)):
        yield some


def dataset_check(dataset: str, preset: str, levels: Collection[tuple[str, str]]) -> None:
    """Check that a design with these (distortion, level) can be shown with a dataset's photos.

    Raises SurveyInvalid for a dataset without photos, a preset that distorts patches, or levels
    that are not those that are rendered of the preset here.
    """
    if not Photo.objects.filter(dataset__name=dataset).exists():
        raise SurveyInvalid(
            _("There are no photos in the dataset %(name)s; import some first.") % {"name": dataset}
        )
    if preset_get(preset).geometry == "patch":
        raise SurveyInvalid(
            _("The preset %(preset)s distorts patches for training; a survey shows whole photos.")
            % {"preset": preset}
        )
    _levels_check(preset, set(levels))


def _levels_check(preset: str, wanted: set[tuple[str, str]]) -> None:
    here = set(conditions(preset))
    if wanted == here:
        return
    raise SurveyInvalid(
        _(
            "With a dataset all %(here)d conditions of the preset %(preset)s are rendered; the "
            "design has %(wanted)d, of which %(unknown)d are none of those, so it would be "
            "another survey: leave the dataset out."
        )
        % {
            "here": len(here),
            "preset": preset,
            "wanted": len(wanted),
            "unknown": len(wanted - here),
        }
    )


def datasets_known() -> list[str]:
    """Datasets with photos, by name; one query."""
    names = Dataset.objects.filter(photos__isnull=False).values_list("name", flat=True)
    return sorted(names.distinct())


def dataset_shown(survey_id: int) -> str:
    """One query."""
    source = SurveySource.objects.filter(survey=survey_id).select_related("dataset").first()
    return source.dataset.name if source else ""


def dataset_show(slug: str, dataset: str) -> None:
    """Let a draft show a dataset, and plan its pictures.

    Raises SurveyInvalid where it shows another one by now, or the dataset is gone.
    """
    survey = survey_get(slug)
    if survey is None:
        return
    try:
        survey_make(
            slug, title=survey.title, dataset=dataset, settings=survey.settings, opened=False
        )
    except DatasetError as error:
        raise SurveyInvalid(str(error)) from error
