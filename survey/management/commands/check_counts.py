from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from survey.services.counts import counts_rebuild
from survey.services.counts_check import Check, counts_check
from survey.services.surveys import survey_get


class Command(BaseCommand):
    help = "Count all votes and trials of a survey anew and compare them with the kept counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument(
            "--repair", action="store_true", help="write the counts anew where they are wrong"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        survey = survey_get(options["survey"])
        if survey is None:
            raise CommandError(_("There is no survey %(slug)r.") % {"slug": options["survey"]})
        found = counts_check(survey)
        self.stdout.write(
            _("%(votes)d votes and %(trials)d trials counted anew.")
            % {"votes": found.votes, "trials": found.trials}
        )
        if options["repair"] and found.repairable:
            self._told(found)
            counts_rebuild(survey)
            found = counts_check(survey)
            self.stdout.write(_("The kept counts were written anew."))
        self._told(found)
        if not found.balanced:
            raise CommandError(_advice(found))
        self.stdout.write(_("Every count agrees."))

    def _told(self, found: Check) -> None:
        for n, words in (
            (found.tallies_wrong, _("tallies of votes that are wrong: %(n)d")),
            (found.exposures_wrong, _("pairs whose count of showings is wrong: %(n)d")),
            (found.states_wrong, _("trials that disagree with their vote: %(n)d")),
        ):
            if n:
                self.stdout.write(words % {"n": n})


def _advice(found: Check) -> str:
    if found.states_wrong:
        return _(
            "Rows are missing that no count can bring back; restore a backup, or go on without "
            "them and say so where you publish the votes."
        )
    return _("The votes are there, the counts are wrong; run this again with --repair.")
