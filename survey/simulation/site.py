"""A simulated annotator in front of the real pages: cookie, consent, CSRF, votes over HTTP.

The session is made in this installation's database and marked there; its cookie is sent as a
browser would. So the site must have this database: one that has another does not know the cookie,
leads to its start page, and is refused there: nothing is pressed.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.db import close_old_connections
from django.urls import reverse
from django.utils.translation import gettext as _

from survey.blinding.browser import Answer as Page
from survey.blinding.browser import Browser, Site
from survey.models import Survey
from survey.requests import cookie_name
from survey.selectors.simulated import pair_of
from survey.simulation.errors import SimulationRefused
from survey.simulation.judging import Judge, Judged, Seat, session_make

# Consent, instructions, and room for pages to come.
PAGES_MOST = 6


def site_seat(survey: Survey, judge: Judge, site: Site, *, pictures: bool) -> Seat:
    """Vote through a running site; with `pictures` both of every pair are fetched, too.

    What it gives raises AuditRefused (survey/blinding/browser.py) where the site answers with an
    error, and SimulationRefused.
    """

    def seat(annotator: int, votes: int) -> Iterator[Judged]:
        session = session_make(survey)
        # A pool has four connections for all annotators: none is kept while the site is awaited.
        close_old_connections()
        with Browser(site, {cookie_name(survey.slug): session.key}) as browser:
            _pages_walk(browser, survey)
            state = _post(browser, survey, "pair", {})
            for _vote in range(votes):
                if state["state"] != "pair":
                    return
                trial = state["trials"][0]
                if pictures:
                    browser.get(trial["left"])
                    browser.get(trial["right"])
                pair = pair_of(trial["token"], session=session.pk)
                close_old_connections()
                if pair is None:
                    raise _elsewhere(site)
                given = judge.answer(annotator, pair)
                state = _post(
                    browser,
                    survey,
                    "votes",
                    {"token": trial["token"], "answer": given.side, **asdict(given.viewing)},
                )
                yield given.judged

    return seat


def _pages_walk(browser: Browser, survey: Survey) -> None:
    """Agree and read the instructions by the pages' own buttons.

    From the consent page, never the start page: its button makes a participant, who would be a
    person, where the site does not know the cookie.
    """
    wanted = reverse("survey:pair", args=[survey.slug])
    start = reverse("survey:start", args=[survey.slug])
    page: Page = browser.get(reverse("survey:consent", args=[survey.slug]))
    for _page in range(PAGES_MOST):
        if page.path == wanted:
            return
        if page.path == start:
            raise _elsewhere(browser.site)
        page = browser.form_send(page)
    raise SimulationRefused(
        _("The pages of %(slug)s do not lead to a pair; the last one was %(path)s.")
        % {"slug": survey.slug, "path": page.path}
    )


def _post(browser: Browser, survey: Survey, name: str, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        browser.api_post(reverse(f"survey_api:{name}", args=[survey.slug]), body).body
    )
    return found


def _elsewhere(site: Site) -> SimulationRefused:
    return SimulationRefused(
        _(
            "%(site)s does not know the sessions of this installation; set DATABASE_URL to the "
            "site's database."
        )
        % {"site": site.origin}
    )
