"""Texts of a design: in the file as people read them, in a survey only where they are its own."""

from dataclasses import replace

from django.utils import translation

from survey import texts
from survey.kinds.base import Settings


def defaults_write(settings: Settings) -> Settings:
    """Write default texts out, in the language of the source: every site writes the same ones."""
    with translation.override(None):
        return replace(
            settings,
            question=texts.question(settings),
            purpose=texts.purpose(settings),
            consent_text=texts.consent_text(settings),
        )


def defaults_drop(settings: Settings) -> Settings:
    """Leave texts out that are the defaults here: those are translated, a survey's own are not."""
    default = defaults_write(replace(settings, question="", purpose="", consent_text=""))
    return replace(
        settings,
        question=_own(settings.question, default.question),
        purpose=_own(settings.purpose, default.purpose),
        consent_text=_own(settings.consent_text, default.consent_text),
    )


def _own(text: str, default: str) -> str:
    return "" if text == default else text


def has_own(settings: Settings) -> bool:
    return any([settings.question, settings.purpose, settings.consent_text])
