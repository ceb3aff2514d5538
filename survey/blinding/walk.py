"""Walks a survey as participants do, and notes all that their browsers receive.

Every participant is of origin `test`, as a staff preview is: results, ledger, exports and the
balance of people leave them out. Their votes stay, so that counts and rows agree.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from survey.blinding.base import AuditRefused, Served, Shown, Trial, Truth
from survey.blinding.browser import Answer, Browser, Site
from survey.blinding.pictures import PictureBroken, picture_read
from survey.models import Assignment, Origin, Side, Survey
from survey.requests import cookie_name
from survey.selectors.surveys import pairs_ready
from survey.services.sessions import session_start

# Start, consent, instructions, and room for pages to come.
PAGES_MOST = 8
VIEWING = {
    "response_ms": 1500, "viewport_width": 1440, "viewport_height": 900, "device_pixel_ratio": 1,
    "rendered_width": 600, "rendered_height": 400, "layout": "side-by-side",
}  # fmt: skip


def pairs_fetch(
    survey: Survey,
    site: Site,
    *,
    pairs: int,
    rng: random.Random,
    told: Callable[[int], object] = lambda _n: None,
) -> list[Shown]:
    """Fetch pairs over HTTP with as many participants as that takes; `told` hears of each.

    Raises AuditRefused where the survey shows no pair or the site does not play along.
    """
    if not pairs_ready(survey):
        raise AuditRefused(
            _("The survey %(slug)s has no pictures yet; wait until they are rendered.")
            % {"slug": survey.slug}
        )
    trials: list[Trial] = []
    for participant in count():
        before = len(trials)
        for trial in _session_walk(survey, site, participant, rng):
            trials.append(trial)
            told(len(trials))
            if len(trials) == pairs:
                return truths_join(survey, trials)
        if len(trials) == before:
            raise AuditRefused(
                _("The survey %(slug)s shows a new participant no pair; look at its settings.")
                % {"slug": survey.slug}
            )
    raise AssertionError  # pragma: no cover - count() has no end


def truths_join(survey: Survey, trials: Sequence[Trial]) -> list[Shown]:
    """Add what the database knows; one query for 500 trials. Raises AuditRefused."""
    known: dict[str, Truth] = {}
    for first in range(0, len(trials), 500):
        rows = Assignment.objects.filter(
            survey=survey, token__in=[trial.token for trial in trials[first : first + 500]]
        ).values_list("token", "original_side", "stimulus__photo")
        known |= {token: Truth(side == Side.LEFT, photo) for token, side, photo in rows}
    if any(trial.token not in known for trial in trials):
        raise AuditRefused(_another_database())
    return [Shown(trial, known[trial.token]) for trial in trials]


def _another_database() -> str:
    return _(
        "The site does not use this installation's database; set DATABASE_URL to the database of "
        "the site."
    )


def _session_walk(
    survey: Survey, site: Site, participant: int, rng: random.Random
) -> Iterator[Trial]:
    """Be one participant from the start page to the last pair."""
    session = session_start(survey, origin=Origin.TEST)
    with Browser(site, {cookie_name(survey.slug): session.key}) as browser:
        page = _pair_page(browser, survey)
        state = _state(browser.api_post(reverse("survey_api:pair", args=[survey.slug]), {}))
        for place in count():
            if state[1]["state"] != "pair":
                return
            # Again, now that this pair is open: a page that knew of it would tell here.
            page = browser.get(page.path)
            trial = _trial(browser, participant, place, state, page, rng)
            yield trial
            answer = {"token": trial.token, "answer": rng.choice(["left", "right"]), **VIEWING}
            url = reverse("survey_api:votes", args=[survey.slug])
            state = _state(browser.api_post(url, answer))


def _pair_page(browser: Browser, survey: Survey) -> Answer:
    """Go from the start page to the pair page by each page's own button."""
    start = reverse("survey:start", args=[survey.slug])
    page = browser.get(reverse("survey:consent", args=[survey.slug]))
    if page.path == start:
        # The site does not know the session: the start button would make a participant that counts.
        raise AuditRefused(_another_database())
    # The start page of a survey that is not open ends there; staff previews look further.
    if survey.state == Survey.State.OPEN:
        page = browser.get(start)
    wanted = reverse("survey:pair", args=[survey.slug])
    for _page in range(PAGES_MOST):
        if page.path == wanted:
            return page
        page = browser.form_send(page)
    raise AuditRefused(
        _("The pages of %(slug)s do not lead to a pair; the last one was %(path)s.")
        % {"slug": survey.slug, "path": page.path}
    )


State = tuple[Answer, dict[str, Any]]


def _state(answer: Answer) -> State:
    """Read the API's answer; raises AuditRefused where more pictures are waited for."""
    state: dict[str, Any] = json.loads(answer.body)
    if state["state"] not in {"pair", "done"}:
        raise AuditRefused(
            _("The survey answers %(state)r instead of a pair; wait until its pictures are ready.")
            % {"state": state["state"]}
        )
    return answer, state


def _trial(
    browser: Browser, participant: int, place: int, state: State, page: Answer, rng: random.Random
) -> Trial:
    answer, said = state
    entry = said["trials"][0]
    sides = ["left", "right"]
    # Else the second answer would always be that of the same side, warm and a moment later.
    rng.shuffle(sides)
    served = {
        side: _served(browser.get(entry[side]), asked_first=side == sides[0]) for side in sides
    }
    return Trial(
        participant=participant,
        place=place,
        entry=entry,
        answer=answer.text,
        answer_headers=answer.headers,
        page=page.text,
        page_headers=page.headers,
        left=served["left"],
        right=served["right"],
    )


def _served(answer: Answer, *, asked_first: bool) -> Served:
    try:
        picture = picture_read(answer.body)
    except PictureBroken as error:
        raise AuditRefused(
            _("%(path)s is no picture that can be read: %(reason)s.")
            % {"path": answer.path, "reason": error}
        ) from error
    return Served(
        answer.path, answer.headers, len(answer.raw), answer.seconds, asked_first, picture
    )
