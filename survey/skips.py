"""Why a pair was passed by."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SkipReason(TextChoices):
    # The page's own: a picture did not load.
    PICTURE_FAILED = "picture-failed", _("a photo could not be loaded")
    SEEN = "seen-before", _("I have seen this photo before")
    UNSUITABLE = "unsuitable", _("It is disturbing or unsuitable")
    SHOWN_WRONGLY = "shown-wrongly", _("It is not shown properly")
    OTHER = "other", _("Another reason")


# What people choose from. No "they look alike": a choice between two has no tie.
CHOSEN = tuple(reason for reason in SkipReason if reason is not SkipReason.PICTURE_FAILED)
