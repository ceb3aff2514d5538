"""Figures in templates: every page writes a minus, a sign and an interval alike."""

from django import template
from django.template.defaultfilters import floatformat

register = template.Library()
# U+2212: a hyphen is narrower than a plus, and a line may break behind it.
MINUS = "−"


@register.filter
def minus(text: str) -> str:
    """Write what is a number already, such as a level's name, with a real minus."""
    return text.replace("-", MINUS) if text.lstrip("-")[:1].isdigit() else text


@register.filter
def figure(value: float | None, digits: str | int = 3) -> str:
    """Write a number with so many digits, as `floatformat`, and a real minus; no minus nought."""
    text = floatformat(value, digits)
    return text.replace("-", MINUS if any(c in "123456789" for c in text) else "")


@register.filter
def signed(value: float | None, digits: str | int = 3) -> str:
    """Write a difference with its sign; what rounds to nothing has none."""
    text = figure(value, digits)
    if not text or text.startswith(MINUS) or not any(c in "123456789" for c in text):
        return text
    return f"+{text}"
