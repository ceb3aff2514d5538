"""Invites of participants: make links, see which were used, withdraw them. For admins."""

import re
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from survey.dashboard.forms import SurveyInvitesForm
from survey.errors import SurveyInvalid
from survey.requests import survey_or_404
from survey.roles import admin_required
from survey.selectors import invites as reads
from survey.services import invites

A_PAGE = 200
# A key of the database; more digits are no number that it knows.
NUMBER = re.compile(r"[0-9]{1,18}")


@require_GET
@admin_required
@never_cache
def page(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, slug, SurveyInvitesForm(), status=200)


def _page(request: HttpRequest, slug: str, form: SurveyInvitesForm, *, status: int) -> HttpResponse:
    survey = survey_or_404(slug)
    shown = Paginator(reads.invites_of(survey), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "survey": survey,
        "form": form,
        "invites": shown,
        "counts": reads.invite_counts(survey),
        "needed": invites.is_needed(survey),
    }
    return render(request, "dashboard/survey_invites.html", context, status=status)


@require_POST
@admin_required
@never_cache
def make(request: HttpRequest, slug: str) -> HttpResponse:
    """Make links; the answer is the only page that ever shows them."""
    survey = survey_or_404(slug)
    form = SurveyInvitesForm(request.POST)
    if not form.is_valid():
        return _page(request, slug, form, status=400)
    try:
        made = invites.invites_make(
            survey,
            count=form.cleaned_data["count"],
            label=form.cleaned_data["label"],
            actor=cast(User, request.user),
        )
    except SurveyInvalid as error:
        form.add_error(None, str(error))
        return _page(request, slug, form, status=400)
    links = [
        (
            invite.label,
            request.build_absolute_uri(reverse("survey:invited", args=[slug, invite.token])),
        )
        for invite in made
    ]
    # For a spreadsheet or a mail merge: a tab between, as a paste into cells wants it.
    text = "\n".join(f"{label}\t{link}" for label, link in links)
    context = {"survey": survey, "links": links, "text": text}
    return render(request, "dashboard/survey_invites_made.html", context)


@require_POST
@admin_required
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    survey = survey_or_404(slug)
    keys = [int(key) for key in request.POST.getlist("invite") if NUMBER.fullmatch(key)]
    n = invites.invites_withdraw(survey, keys, actor=cast(User, request.user))
    if n:
        said = ngettext("%(n)d invite was withdrawn.", "%(n)d invites were withdrawn.", n)
        messages.success(request, said % {"n": n})
    else:
        messages.error(request, _("Nothing was withdrawn: choose invites that nobody used yet."))
    return redirect("dashboard:survey_invites", slug)
