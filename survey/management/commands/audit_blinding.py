import json
import random
from argparse import ArgumentParser
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from analysis.telltale import LEAST_PAIRS
from survey.blinding import report
from survey.blinding.audit import ALPHA, pairs_audit
from survey.blinding.base import AuditRefused, Shown
from survey.blinding.browser import Site
from survey.blinding.server import site_serve
from survey.blinding.walk import pairs_fetch
from survey.kinds.base import Settings
from survey.models import Survey
from survey.services.surveys import survey_get

PAIRS_MOST = 20_000


class Command(BaseCommand):
    help = (
        "Fetch pairs as participants do, and test whether anything but the pixels tells which "
        "picture is the original; exit 1 if so, 2 if the audit cannot be made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--survey", required=True, metavar="SLUG")
        parser.add_argument(
            "--pairs", type=int, default=200, help="how many to fetch; default: %(default)s"
        )
        parser.add_argument(
            "--http",
            metavar="URL",
            help="audit the running site at this address, which has this database, with its proxy "
            "and server; default: a server of this command's own",
        )
        parser.add_argument(
            "--seed", type=int, default=0, help="of the halves; default: %(default)s"
        )
        parser.add_argument(
            "--alpha",
            type=float,
            default=ALPHA,
            help="probability of one or more false alarms; default: %(default)s",
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")

    def handle(self, *args: Any, **options: Any) -> None:
        _ranges_check(options)
        survey = survey_get(options["survey"])
        if survey is None:
            raise CommandError(
                _("There is no survey %(slug)r.") % {"slug": options["survey"]}, returncode=2
            )
        try:
            shown = self.fetch(survey, options)
        except AuditRefused as error:
            raise CommandError(str(error), returncode=2) from error
        audit = pairs_audit(shown, seed=options["seed"], alpha=options["alpha"])
        repeats = Settings.from_json(survey.settings).photo_repeats
        for line in report.table(audit, repeats=repeats):
            self.stdout.write(line)
        if options["json"]:
            _write(options["json"], report.facts(audit, survey=survey.slug, repeats=repeats))
        if audit.leaks:
            names = ", ".join(finding.name for finding in audit.leaks)
            raise CommandError(_("Not blind: %(names)s.") % {"names": names})

    def fetch(self, survey: Survey, options: dict[str, Any]) -> list[Shown]:
        url = options["http"]
        site: AbstractContextManager[Site] = (
            nullcontext(Site.from_url(url)) if url else site_serve()
        )
        with site as where, tqdm(total=options["pairs"], unit=_("pairs"), disable=None) as bar:
            return pairs_fetch(
                survey,
                where,
                pairs=options["pairs"],
                rng=random.Random(options["seed"]),
                told=lambda n: bar.update(n - bar.n),
            )


def _ranges_check(options: dict[str, Any]) -> None:
    if not LEAST_PAIRS <= options["pairs"] <= PAIRS_MOST:
        raise CommandError(
            _("--pairs is %(n)d; allowed are whole numbers from %(low)d to %(high)d.")
            % {"n": options["pairs"], "low": LEAST_PAIRS, "high": PAIRS_MOST},
            returncode=2,
        )
    if options["seed"] < 0:
        raise CommandError(
            _("--seed is %(n)d; allowed are whole numbers from 0.") % {"n": options["seed"]},
            returncode=2,
        )
    if not 0 < options["alpha"] < 1:
        raise CommandError(
            _("--alpha is %(alpha)g; allowed is a number between 0 and 1.")
            % {"alpha": options["alpha"]},
            returncode=2,
        )


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(
            _("%(path)s cannot be written (%(reason)s); name another file.")
            % {"path": path, "reason": error.strerror},
            returncode=2,
        ) from error
