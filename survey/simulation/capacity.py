"""How many votes photos, quota and annotators allow, before anybody votes."""

from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _

from survey.kinds.base import RANGES, Settings
from survey.models import Survey
from survey.quota import pairs_certain
from survey.selectors.simulated import pairs_a_photo
from survey.selectors.surveys import pairs_ready
from survey.simulation.errors import SimulationRefused


@dataclass(frozen=True, slots=True)
class Capacity:
    annotators: int
    votes: int
    # Trials a session, by the survey's settings.
    quota: int
    # Pairs that one person gets for certain, by photos and how often one may return.
    pairs: int
    photos: int
    repeats: int
    ready: int
    expected: int

    @property
    def each(self) -> int:
        """Votes that one annotator can give."""
        return min(self.quota, self.pairs)

    @property
    def possible(self) -> int:
        return self.annotators * self.each

    @property
    def needed(self) -> int:
        """Votes of those who give the most."""
        return ceil(self.votes / self.annotators)

    def shares(self) -> list[int]:
        """Votes of each annotator: as even as whole numbers are."""
        low, more = divmod(self.votes, self.annotators)
        return [low + (n < more) for n in range(self.annotators)]


def capacity_get(survey: Survey, *, annotators: int, votes: int) -> Capacity:
    """Ask what the survey allows; two queries."""
    settings = Settings.from_json(survey.settings)
    counts = pairs_a_photo(survey)
    return Capacity(
        annotators=annotators,
        votes=votes,
        quota=settings.trials,
        pairs=pairs_certain(counts, repeats=settings.photo_repeats, gap=settings.photo_gap),
        photos=len(counts),
        repeats=settings.photo_repeats,
        ready=pairs_ready(survey),
        expected=survey.pairs_expected,
    )


def capacity_said(capacity: Capacity) -> str:
    """Say what is possible and what was asked for."""
    return _(
        "%(annotators)d annotators x %(each)d pairs = %(possible)d votes possible, "
        "%(votes)d asked; %(ready)d of %(expected)d pairs are ready"
    ) % {
        "annotators": capacity.annotators,
        "each": capacity.each,
        "possible": capacity.possible,
        "votes": capacity.votes,
        "ready": capacity.ready,
        "expected": capacity.expected,
    }


def capacity_check(survey: Survey, capacity: Capacity) -> None:
    """Raise SimulationRefused where fewer votes are possible than asked for."""
    if not capacity.ready:
        raise SimulationRefused(
            _(
                "0 of %(expected)d pairs of survey %(slug)s are ready; wait until a worker has "
                "rendered them."
            )
            % {"slug": survey.slug, "expected": capacity.expected}
        )
    if capacity.votes <= capacity.possible:
        return
    raise SimulationRefused(
        _sentence(capacity)
        % {
            "votes": capacity.votes,
            "annotators": capacity.annotators,
            "needed": capacity.needed,
            "quota": capacity.quota,
            "photos": capacity.photos,
            "repeats": capacity.repeats,
            "pairs": capacity.pairs,
            "more": ceil(capacity.votes / capacity.each),
            "possible": capacity.possible,
            "ready": capacity.ready,
            "expected": capacity.expected,
        }
    )


def _sentence(capacity: Capacity) -> str:
    """Choose what is said: what is too little, and all that would help."""
    if capacity.needed > RANGES["trials"][1]:
        return _(
            "%(votes)d votes by %(annotators)d annotators need %(needed)d pairs a person, and no "
            "session may be that long: take %(more)d annotators or more, or ask for %(possible)d "
            "votes at most."
        )
    if capacity.pairs >= capacity.needed:
        return _(
            "%(votes)d votes by %(annotators)d annotators need %(needed)d pairs a person, and the "
            "quota is %(quota)d: set trials to %(needed)d, take %(more)d annotators or more, or "
            "ask for %(possible)d votes at most."
        )
    if capacity.quota >= capacity.needed:
        return _(
            "%(votes)d votes by %(annotators)d annotators need %(needed)d pairs a person, and "
            "%(photos)d photos, each for a person %(repeats)d times at most, give %(pairs)d "
            "(%(ready)d of %(expected)d pairs are ready): add photos, raise photo_repeats, take "
            "%(more)d annotators or more, or ask for %(possible)d votes at most."
        )
    return _(
        "%(votes)d votes by %(annotators)d annotators need %(needed)d pairs a person, the quota is "
        "%(quota)d, and %(photos)d photos, each for a person %(repeats)d times at most, give "
        "%(pairs)d: set trials to %(needed)d and add photos or raise photo_repeats, take %(more)d "
        "annotators or more, or ask for %(possible)d votes at most."
    )
