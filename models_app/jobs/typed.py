"""Options as people type them, in a form or after --set, and as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.jobs.config import Described

TRUE = {"true", "on", "yes", "1"}
FALSE = {"false", "off", "no", "0", ""}


def option_read(each: Described, text: str) -> object:
    """Turn a text into the option's type where it can be; else it stays, for the check to name."""
    if each.kind is bool:
        low = text.strip().lower()
        return True if low in TRUE else False if low in FALSE else text
    if each.kind in (int, float):
        try:
            return each.kind(text.strip())
        except (ValueError, OverflowError):
            return text
    return text


def option_write(value: object) -> str:
    """Show a value as `option_read` reads it; half a letter, which JSON can spell, as ?."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return "" if value is None else json.dumps(value)


def object_read(text: str) -> dict[str, Any]:
    """Read a configuration in JSON. Raises JobInvalid."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise JobInvalid(
            _('This is no JSON (%(error)s); write an object, as in {"dataset": "demo"}.')
            % {"error": error}
        ) from error
    except RecursionError as error:
        raise JobInvalid(_("This JSON is nested too deeply; write one object.")) from error
    if not isinstance(found, Mapping):
        raise JobInvalid(_('A configuration is a JSON object, as in {"dataset": "demo"}.'))
    return dict(found)


def _refuse(constant: str) -> None:
    raise ValueError(_("%(constant)s is no number in JSON") % {"constant": constant})
