"""Whether photos can fill what a person is asked to judge."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from survey.kinds.base import Settings


def pairs_certain(counts: Sequence[int], *, repeats: int, gap: int) -> int:
    """Return how many pairs one person gets for certain; `counts` are ready pairs by photo.

    A session is stuck when every photo that could return was among the last `gap` ones; each of
    those was shown once or more, so at most their other turns are lost.
    """
    turns = sorted((min(count, repeats) for count in counts), reverse=True)
    return sum(turns) - sum(turn - 1 for turn in turns[:gap])


def quota_problem(settings: Settings, *, photos: int, conditions: int) -> str:
    """Say why so many photos, each with so many pairs, do not fill the quota; "" where they do."""
    pairs = pairs_certain(
        [conditions] * photos, repeats=settings.photo_repeats, gap=settings.photo_gap
    )
    if pairs >= settings.trials:
        return ""
    return ngettext(
        "%(trials)d pairs a person are too many for %(photos)d photo: with photo_repeats "
        "%(repeats)d and photo_gap %(gap)d it gives a person %(pairs)d for certain. Ask for fewer "
        "pairs, raise photo_repeats, or add photos.",
        "%(trials)d pairs a person are too many for %(photos)d photos: with photo_repeats "
        "%(repeats)d and photo_gap %(gap)d they give a person %(pairs)d for certain. Ask for fewer "
        "pairs, raise photo_repeats, or add photos.",
        photos,
    ) % {
        "trials": settings.trials,
        "photos": photos,
        "repeats": settings.photo_repeats,
        "gap": settings.photo_gap,
        "pairs": pairs,
    }
