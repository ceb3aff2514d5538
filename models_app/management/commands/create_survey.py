from argparse import ArgumentParser, RawDescriptionHelpFormatter
from textwrap import fill
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.models import SurveySource
from models_app.selectors import pictures as selectors
from models_app.services.publish import survey_make
from models_app.services.survey_making import quota_shortfall
from survey.errors import SurveyError
from survey.kinds.base import Settings, settings_declared
from survey.kinds.declared import Declared
from survey.services.surveys import survey_get


class Formatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Keeps the lines of the list of settings."""


class Command(BaseCommand):
    help = "Make a survey of a dataset's photos, open it, and ask a worker to render its pairs."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs["formatter_class"] = Formatter
        kwargs["epilog"] = "\n".join(["settings:", *map(setting_said, settings_declared())])
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name, as in the address /s/SLUG/")
        parser.add_argument("--dataset", required=True, help="name given to import_photos")
        parser.add_argument("--title", required=True, help="what annotators read")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting of the list below",
        )

        parser.add_argument(
            "--draft",
            action="store_true",
            help="do not open it; its page on the dashboard can later",
        )

        parser.add_argument(
            "--again",
            action="store_true",
            help="go on with a survey of this name: plan photos that were added since, or what was "
            "left when this was cut off; its title and settings stay as they are",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug: str = options["slug"]
        try:
            source = survey_make(
                slug,
                title=options["title"],
                dataset=options["dataset"],
                settings=dict(setting(text) for text in options["set"]),
                new=not options["again"],
                opened=not options["draft"],
            )
        except (DatasetError, SurveyError) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(
                _("%(slug)r is no short name: %(reason)s")
                % {"slug": slug, "reason": " ".join(error.messages)}
            ) from error
        self._quota_told(source)
        self.stdout.write(
            _(
                "survey %(slug)s: %(photos)d photos, %(pictures)d pictures to render; "
                "a worker makes them and /s/%(slug)s/ hands out pairs as they come"
            )
            % {
                "slug": slug,
                "photos": source.dataset.photos.count(),
                "pictures": selectors.rendition_counts(slug)["pending"],
            }
        )

    def _quota_told(self, source: SurveySource) -> None:
        survey = survey_get(selectors.source_slug(source))
        problem = survey and quota_shortfall(source.dataset, Settings.from_json(survey.settings))
        if problem:
            self.stderr.write(_("Warning: %(problem)s") % {"problem": problem})


def setting_said(known: Declared) -> str:
    """Name, meaning, default and what is allowed, for the help."""
    allowed = f"; allowed: {known.allowed_said}" if known.allowed_said else ""
    said = f"{known.about.meaning} Default: {known.default_said}{allowed}."
    return fill(f"  {known.name:<16} {said}", 96, subsequent_indent=" " * 19)


def setting(text: str) -> tuple[str, object]:
    """Read NAME=VALUE; whole numbers, true and false become what the setting is."""
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(
            _("--set %(text)r has no =; write NAME=VALUE, as in trials=60.") % {"text": text}
        )
    default = {known.name: known.default for known in settings_declared()}.get(name)
    # bool first: to Python it is an int.
    if isinstance(default, bool):
        return name, {"true": True, "false": False}.get(value.strip().lower(), value)
    if isinstance(default, int) and value.strip().lstrip("-").isdigit():
        return name, int(value)
    return name, value
