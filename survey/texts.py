"""Default texts of a survey, for settings left empty."""

from django.utils.translation import gettext as _

from survey.kinds.base import Settings


def question(settings: Settings) -> str:
    return settings.question or _("Which photo do you find more pleasing?")


def consent_text(settings: Settings) -> str:
    return settings.consent_text or _(
        "You will see pairs of photos and choose, each time, the one that you find more pleasing. "
        "There are no right or wrong answers.\n\n"
        "For every choice we store which photo you chose, on which side it was, how long the "
        "choice took, and the size of your browser window. We store neither your name nor your "
        "e-mail address nor your IP address; a random code stands for you. The choices may be "
        "published for research under that code.\n\n"
        "Taking part is voluntary. You may stop at any time by closing the page; choices made "
        "until then are kept. One cookie remembers where you are."
    )


def purpose(settings: Settings) -> str:
    return settings.purpose or _(
        "In every pair, one photo was as the photographer left it and the other had one filter "
        "applied, such as more contrast or a warmer tone. We study which edits people like, and "
        "how strong an edit may be before they prefer the unedited photo. Such choices help to "
        "train programs that judge how pleasing a photo is."
    )
