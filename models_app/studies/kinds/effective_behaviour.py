"""All layers learning, against the last block alone as the released program has it."""

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.studies.base import Arm
from models_app.studies.config import StudyConfig
from models_app.studies.planning import arms_all


class EffectiveBehaviour:
    sections = ("behaviours", "comparisons", "epochs", "seeds")

    def check(self, config: StudyConfig) -> None:
        if set(config.trainable) != {"all", "last_block"}:
            raise JobInvalid(
                _("This study compares layers that learn; set trainable to all and last_block."),
                "trainable",
            )
        if len(config.shares) > 1:
            raise JobInvalid(
                _("shares has several values; this study has one."),
                "shares",
            )

    def arms(self, config: StudyConfig) -> list[Arm]:
        return arms_all(config)
