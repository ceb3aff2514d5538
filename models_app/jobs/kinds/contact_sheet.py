"""Render one photo at every level of a preset, for its page on the dashboard."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.distortions.registry import PRESET, PRESETS
from models_app.errors import JobError, JobInvalid, SheetError
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Job, Photo
from models_app.selectors import pictures as selectors
from models_app.services import contact_sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    photo: int = option(
        gettext_lazy("Photo"), gettext_lazy("Number of the photo, as its page shows it."), low=1
    )
    preset: str = option(
        gettext_lazy("Levels"),
        gettext_lazy("Which levels of the distortions."),
        default=PRESET,
        choices=lambda: [(preset.key, preset.label) for preset in PRESETS.values()],
    )


class ContactSheetKind:
    config_type = Config
    queues = (Job.Queue.CPU,)
    preemptible = False

    def plan(self, config: Config) -> Plan:
        photo = _photo(config)
        return Plan(
            label=_("Contact sheet of %(photo)s") % {"photo": photo.name},
            # Somebody looks at the page that waits for it.
            priority=10,
            dataset=photo.dataset,
        )

    def run(self, config: Config, context: Context) -> None:
        from models_app.sheets.making import strips_make

        photo = _photo(config)
        context.device("cpu")
        partner = selectors.partner_get(photo, config.preset)
        try:
            strips = strips_make(photo, preset=config.preset, partner=partner)
        except SheetError as error:
            raise JobError(str(error)) from error
        contact_sheets.sheet_record(context, photo, preset=config.preset, strips=strips)


def _photo(config: Config) -> Photo:
    photo = selectors.photo_get(config.photo)
    if photo is None:
        raise JobInvalid(_("There is no photo %(pk)d.") % {"pk": config.photo}, "photo")
    return photo
