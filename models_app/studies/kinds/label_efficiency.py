"""Fig. 3 and Fig. 5 of Pfister et al. 2021: agreement and epochs over the share of labels."""

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.planning import arms_all


class LabelEfficiency:
    sections = ("label_saving", "curves", "table2", "comparisons", "epochs", "seeds")

    def check(self, config: StudyConfig) -> None:
        if 1.0 not in config.shares or len(config.shares) < 2:
            raise JobInvalid(
                _(
                    "Label efficiency compares shares of labels with all of them; name 1.0 and one "
                    "or more below it in shares."
                ),
                "shares",
            )
        if len(config.trainable) > 1:
            raise JobInvalid(
                _("trainable has several values; that is a study of its own kind."), "trainable"
            )
        if len(config.initialisations) < 2:
            raise JobInvalid(
                _("Label efficiency compares with a baseline; name two or more initialisations."),
                "initialisations",
            )

    def arms(self, config: StudyConfig) -> list[Arm]:
        return arms_all(config)
