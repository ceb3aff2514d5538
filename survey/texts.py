"""Default texts of a survey, for settings left empty."""

import hashlib

from django.utils.translation import gettext as _

from survey.kinds.base import Settings


def question(settings: Settings) -> str:
    return settings.question or _("Which photo do you find more pleasing?")


def consent_text(settings: Settings) -> str:
    return settings.consent_text or _(
        "You will see pairs of photos and choose, each time, the one that you find more pleasing. "
        "There are no right or wrong answers.\n\n"
        "For every choice we store which photo you chose, on which side it was, when you chose and "
        "how long it took, how large your browser window and the photos on it were, whether they "
        "stood side by side, the pixel density of your screen, and how often you left the page "
        "meanwhile. If you take a choice back, skip a pair, rest, or come back later, we store "
        "that too: with your first choice, your reason, or when it was. We store neither your "
        "name nor your e-mail address nor your IP address; a random code stands for you. The "
        "choices may be published for research under that code.\n\n"
        "Taking part is voluntary. You may stop at any time by closing the page; choices made "
        "until then are kept. Cookies remember where you are and protect the forms; choices that "
        "could not be sent yet wait in your browser."
    )


def consent_digest(settings: Settings) -> str:
    """Tell one text and version from another."""
    text = f"{settings.consent_version}\n{consent_text(settings)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def purpose(settings: Settings) -> str:
    return settings.purpose or _(
        "In every pair, one photo was as the photographer left it and the other had one filter "
        "applied, such as more contrast or a warmer tone. We study which edits people like, and "
        "how strong an edit may be before they prefer the unedited photo. Such choices help to "
        "train programs that judge how pleasing a photo is."
    )
