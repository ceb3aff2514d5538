"""A draft survey made of a design, and what is missing here to show it."""

from dataclasses import asdict, dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from survey.designs.base import Design
from survey.designs.photos import names_short, photos_check
from survey.designs.pictures import dataset_check, dataset_show, formulas_sha256, photos_find
from survey.designs.reading import text_check
from survey.designs.wording import defaults_drop, has_own
from survey.errors import SurveyInvalid
from survey.kinds.base import Settings
from survey.models import Condition, Survey
from survey.services.audit import audit_record
from survey.services.surveys import survey_create, survey_get

# Missing photos that are named; the rest is counted.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Imported:
    survey: Survey
    # Sentences: which photos there are.
    told: tuple[str, ...]
    # Sentences: what makes the survey's answers not comparable with the original's.
    warnings: tuple[str, ...]


def design_import(
    design: Design,
    *,
    slug: str,
    title: str = "",
    dataset: str = "",
    actor: User | AnonymousUser | None = None,
) -> Imported:
    """Make a draft with the settings and conditions of a design; an entry in the audit trail.

    With a dataset the draft shows its photos, which must be those of the design, and its pictures
    are planned. Texts that are the defaults here stay the defaults, so that they are translated.
    Never touches a survey that exists. Raises SurveyInvalid, and then nothing was made.
    """
    for name, text in (("slug", slug), ("title", title), ("dataset", dataset)):
        text_check(text, name, 200, blank=True)
    warnings = _formulas_words(design)
    if dataset:
        levels = {(condition.distortion, condition.level) for condition in design.conditions}
        dataset_check(dataset, preset=design.settings.preset, levels=levels)
        warnings += photos_check(design, dataset)
    with transaction.atomic():
        survey = _draft(design, slug, title or design.title)
        audit_record(
            actor=actor,
            action="survey.import_design",
            target="survey",
            target_id=slug,
            label=survey.title,
            detail={"sha256": design.sha256, "exported_from": design.slug},
        )
    if dataset:
        # Photo by photo, each its own short transaction: people vote in other surveys meanwhile.
        dataset_show(slug, dataset)
    survey.refresh_from_db()
    told = [*_photos_words(design, dataset), *_texts_words(survey)]
    return Imported(survey, tuple(told), tuple(warnings))


def _draft(design: Design, slug: str, title: str) -> Survey:
    if survey_get(slug) is not None:
        raise SurveyInvalid(
            _("There is a survey %(slug)r already; choose another short name.") % {"slug": slug}
        )
    try:
        survey = survey_create(
            slug,
            title=title,
            kind=design.kind,
            settings=defaults_drop(design.settings).to_json(),
        )
    except ValidationError as error:
        raise SurveyInvalid(
            _("The survey cannot be made: %(reason)s") % {"reason": " ".join(error.messages)}
        ) from error
    Condition.objects.bulk_create(
        Condition(survey=survey, **asdict(condition)) for condition in design.conditions
    )
    return survey


def _formulas_words(design: Design) -> list[str]:
    """Compare the formulas; raises SurveyInvalid for a preset that is not known here."""
    here = formulas_sha256(design.settings.preset)
    if not design.formulas or here == design.formulas:
        return []
    return [
        _(
            "Warning: this installation has other formulas for the preset %(preset)s than the "
            "design was exported with; pictures made here may differ, so do not put the answers "
            "of both surveys together unchecked."
        )
        % {"preset": design.settings.preset}
    ]


def _texts_words(survey: Survey) -> list[str]:
    if not has_own(Settings.from_json(survey.settings)):
        return []
    return [_("Its own texts are shown in every language as the design has them.")]


def _photos_words(design: Design, dataset: str) -> list[str]:
    if not design.photos:
        return [_("The design names no photos.")]
    total = len(design.photos)
    if dataset:
        shown = ngettext(
            "The draft shows the %(total)d photo of the design and no other.",
            "The draft shows the %(total)d photos of the design and no others.",
            total,
        )
        return [shown % {"total": total}]
    return _found_words(design, total)


def _found_words(design: Design, total: int) -> list[str]:
    found = photos_find([(photo.name, photo.pixel_sha256) for photo in design.photos])
    here, named = len(found.same), len(found.named)
    words = [
        ngettext(
            "%(here)d of %(total)d photo of the design is in this installation.",
            "%(here)d of %(total)d photos of the design are in this installation.",
            total,
        )
        % {"here": here, "total": total}
    ]
    for dataset, n in found.datasets[:1]:
        words.append(
            _("The dataset %(dataset)s holds the most of them, %(n)d.")
            % {"dataset": dataset, "n": n}
        )
    if named:
        words.append(
            ngettext(
                "For %(n)d more there is a photo of that name, with other or unknown pixels.",
                "For %(n)d more there are photos of those names, with other or unknown pixels.",
                named,
            )
            % {"n": named}
        )
    missing = [p.name for p in design.photos if p.name not in found.same | found.named]
    if missing:
        names = names_short(missing, NAMED)
        words.append(_("Missing: %(n)d (%(names)s).") % {"n": len(missing), "names": names})
    return words
