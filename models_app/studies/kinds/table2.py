"""Table 2 of Pfister et al. 2021: initialisations, fine-tuned alike, on labels and zero-shot."""

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.planning import arms_all


class Table2:
    sections = ("table2", "comparisons", "epochs", "seeds")

    def check(self, config: StudyConfig) -> None:
        if len(config.initialisations) < 2:
            raise JobInvalid(
                _("Table 2 holds initialisations against each other; name two or more."),
                "initialisations",
            )
        for name in ("shares", "trainable"):
            if len(getattr(config, name)) > 1:
                raise JobInvalid(
                    _("%(name)s has %(n)d values; Table 2 has one: ask another kind of study.")
                    % {"name": name, "n": len(getattr(config, name))},
                    name,
                )

    def arms(self, config: StudyConfig) -> list[Arm]:
        return arms_all(config)
