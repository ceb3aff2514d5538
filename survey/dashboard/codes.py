"""Checking a completion code that somebody handed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from survey.limits import count, seconds_left
from survey.requests import survey_or_404
from survey.roles import analyst_required
from survey.selectors.codes import code_find

# Of one person; far more than anybody types, far too few to guess a code.
A_MINUTE = 60
LONGEST = 40


@require_POST
@analyst_required
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Say on the survey's page whether it gave this code, and on which day; nothing is stored.

    By POST, so that no code gets into a log of addresses.
    """
    survey = survey_or_404(slug)
    code = request.POST.get("code", "").strip()[:LONGEST].upper()
    if count("code", f"user {request.user.pk}") > A_MINUTE:
        said = _("Too many codes in one minute; try again in %(n)d seconds.")
        messages.error(request, said % {"n": seconds_left()})
    elif not code:
        messages.error(request, _("There is no code; type one."))
    elif (found := code_find(survey, code)) is None:
        said = _("No: this survey gave nobody the code %(code)s.")
        messages.error(request, said % {"code": code})
    elif found.finished is None:
        said = _("Yes: this survey gave the code %(code)s; whoever has it goes on at present.")
        messages.success(request, said % {"code": code})
    else:
        said = _("Yes: this survey gave the code %(code)s to somebody who finished on %(day)s.")
        messages.success(request, said % {"code": code, "day": date_format(found.finished)})
    return redirect("dashboard:survey", slug)
