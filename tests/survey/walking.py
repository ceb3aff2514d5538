"""Every address of the project, from the resolver, with something in each of its gaps."""

import re
from collections.abc import Iterator

from django.urls import URLResolver, get_resolver

from survey.models import Survey

GAP = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
# The few addresses that are written as regular expressions.
WRITTEN_OUT = {
    r"^compare/curve\.(?P<kind>svg|png)$": ["compare/curve.svg", "compare/curve.png"],
    r"^(?P<app_label>auth|axes|survey|models_app)/$": ["auth/", "survey/", "models_app/"],
    r"(?P<url>.*)$": ["", "nowhere"],
}


def addresses(survey: Survey) -> list[str]:
    """Every address, absolute; `survey` is the one that they are about."""
    found = sorted({"/" + GAP.sub(lambda gap: _fill(gap, survey), r) for r in _routes("", None)})
    odd = [address for address in found if re.search(r"[<>^$\\(]", address)]
    if odd:
        raise ValueError(f"Write these addresses out in WRITTEN_OUT: {odd}")
    return found


def _routes(before: str, resolver: URLResolver | None) -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        parts = WRITTEN_OUT.get(str(entry.pattern), [str(entry.pattern)])
        for part in parts:
            if isinstance(entry, URLResolver):
                yield from _routes(before + part, entry)
            else:
                yield before + part


def _fill(gap: re.Match[str], survey: Survey) -> str:
    if gap["name"] == "slug":
        return survey.slug
    return "1" if gap["kind"] in {"int", "path", None} else "x"
