from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from survey.blinding.base import AuditRefused
from survey.blinding.browser import Site
from survey.errors import SurveyError
from survey.management.output import json_write, output_check
from survey.models import Survey
from survey.selectors.simulated import simulated_participants
from survey.selectors.surveys import conditions_of
from survey.services.audit import audit_record
from survey.services.surveys import survey_get
from survey.simulation import recovery
from survey.simulation.capacity import Capacity, capacity_check, capacity_get, capacity_said
from survey.simulation.clearing import simulated_clear
from survey.simulation.errors import SimulationRefused
from survey.simulation.judging import Judge, Judged, Seat, services_seat
from survey.simulation.running import annotators_run, survey_check
from survey.simulation.site import site_seat
from survey.simulation.truth import Truth
from survey.simulation.utilities import name_of, utilities_make, utilities_read

# As a shell counts an end by Ctrl-C.
STOPPED = 130
# option -> (lowest, highest)
RANGES: dict[str, tuple[float, float]] = {
    "annotators": (1, 100_000),
    "votes": (1, 10_000_000),
    "seed": (0, 2**53),
    "parallel": (1, 500),
    "lapse": (0, 1),
    "side_bias": (-10, 10),
    "annotator_sd": (0, 3),
    "photo_sd": (0, 3),
}


class Command(BaseCommand):
    help = (
        "Let simulated annotators with planted preferences vote, and compare what the results "
        "recover with what was planted. Their votes are marked, and left out everywhere unless "
        "asked for; a survey with a real vote is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        _number(parser, "--annotators", 73, "how many people to simulate")
        _number(parser, "--votes", 6182, "of all of them together, split evenly")
        _number(parser, "--seed", 1, "of the answers; which pairs are shown is drawn by the leases")
        parser.add_argument(
            "--http",
            metavar="URL",
            help="through the site that runs at this address with this database, with cookies, "
            "consent and CSRF as browsers do; default: through the services",
        )
        _number(parser, "--parallel", 1, "annotators at once; needs --http")
        parser.add_argument(
            "--pictures", action="store_true", help="fetch both pictures of each pair; needs --http"
        )
        parser.add_argument(
            "--utilities",
            type=Path,
            metavar="FILE",
            help="JSON object of planted logits for the original, by condition (distortion/level) "
            "or distortion; what it does not name keeps the default, which grows with the step",
        )
        _real(parser, "--lapse", 0.02, "share of answers given without looking")
        _real(parser, "--side-bias", 0.1, "logits in favour of the left photo")
        _real(parser, "--annotator-sd", 0.3, "how far annotators differ, logits")
        _real(parser, "--photo-sd", 0.3, "how far photos differ, logits")
        parser.add_argument(
            "--truth", type=Path, metavar="FILE", help="write what was planted and recovered, JSON"
        )
        parser.add_argument(
            "--clear",
            action="store_true",
            help="only delete the survey's simulated annotators and their votes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        survey = survey_get(options["survey"])
        if survey is None:
            raise CommandError(_("There is no survey %(slug)r.") % {"slug": options["survey"]})
        if options["clear"]:
            with _stoppable(_("Stopped; run this again to delete the others.")):
                self.clear(survey)
            return
        _options_check(options)
        try:
            with _stoppable(_("Stopped; the votes so far are kept: delete them with --clear.")):
                self.simulate(survey, options)
        except (SimulationRefused, AuditRefused, SurveyError) as error:
            raise CommandError(str(error)) from error

    def clear(self, survey: Survey) -> None:
        with tqdm(total=simulated_participants(survey), unit=_("annotators"), disable=None) as bar:
            cleared = simulated_clear(survey, told=bar.update)
        self.stdout.write(
            _("deleted %(annotators)d simulated annotators and %(votes)d votes of theirs")
            % {"annotators": cleared.annotators, "votes": cleared.votes}
        )

    def simulate(self, survey: Survey, options: dict[str, Any]) -> None:
        survey_check(survey)
        capacity = capacity_get(survey, annotators=options["annotators"], votes=options["votes"])
        capacity_check(survey, capacity)
        self.stdout.write(capacity_said(capacity))
        conditions = conditions_of(survey)
        given = utilities_read(options["utilities"]) if options["utilities"] else {}
        truth = Truth(
            utilities=utilities_make(conditions, given),
            **{name: options[name] for name in
               ("seed", "lapse", "side_bias", "annotator_sd", "photo_sd")},
        )  # fmt: skip
        judge = Judge(truth, {condition.pk: name_of(condition) for condition in conditions})
        judged = self.run(survey, _seat(survey, judge, options), capacity, options)
        found = recovery.recovery_make(survey, truth, judged)
        for line in recovery.table(found):
            self.stdout.write(line)
        if options["truth"]:
            told = recovery.facts(
                survey, truth, found, annotators=capacity.annotators, votes=capacity.votes
            )
            json_write(options["truth"], told)
        if len(judged) < capacity.votes:
            raise CommandError(
                _("Only %(n)d of %(votes)d votes came about: some annotators ran out of pairs.")
                % {"n": len(judged), "votes": capacity.votes}
            )

    def run(
        self, survey: Survey, seat: Seat, capacity: Capacity, options: dict[str, Any]
    ) -> list[Judged]:
        audit_record(
            actor=None,
            action="survey.simulate",
            target="survey",
            target_id=survey.slug,
            label=survey.title,
            detail={name: options[name] for name in ("annotators", "votes", "seed")},
        )
        with tqdm(total=capacity.votes, unit=_("votes"), disable=None) as bar:
            return annotators_run(
                seat, capacity.shares(), parallel=options["parallel"], told=lambda: bar.update()
            )


@contextmanager
def _stoppable(said: str) -> Iterator[None]:
    """End by Ctrl-C with this sentence."""
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(said, returncode=STOPPED) from None


def _number(parser: ArgumentParser, name: str, default: int, meaning: str) -> None:
    parser.add_argument(name, type=int, default=default, help=f"{meaning}; default: %(default)s")


def _real(parser: ArgumentParser, name: str, default: float, meaning: str) -> None:
    parser.add_argument(name, type=float, default=default, help=f"{meaning}; default: %(default)s")


def _seat(survey: Survey, judge: Judge, options: dict[str, Any]) -> Seat:
    if options["http"]:
        site = Site.from_url(options["http"])
        return site_seat(survey, judge, site, pictures=options["pictures"])
    return services_seat(survey, judge)


def _options_check(options: dict[str, Any]) -> None:
    for name, (low, high) in RANGES.items():
        value = options[name]
        if not isfinite(value) or not low <= value <= high:
            raise CommandError(
                _("--%(name)s is %(value)s; allowed are numbers from %(low)s to %(high)s.")
                % {"name": name.replace("_", "-"), "value": value, "low": low, "high": high}
            )
    if not options["http"] and (options["pictures"] or options["parallel"] > 1):
        raise CommandError(
            _("--pictures and --parallel are for --http; give the address of the running site.")
        )
    if options["truth"]:
        output_check(options["truth"], example="truth.json")
