"""Personal tokens: one's own, made and revoked; an admin revokes other people's."""

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from survey import people as reads
from survey.models import PersonalToken
from survey.roles import admin_required, analyst_required
from survey.services.ranks import AccountRefused
from survey.services.tokens import DAYS, Made, TokenRefused, token_make, token_revoke

_LONGEST = PersonalToken._meta.get_field("name").max_length


def _choices() -> list[tuple[int, str]]:
    # Asked anew for each form: in the language of who reads it.
    return [(days, ngettext("%d day", "%d days", days) % days) for days in DAYS]


class TokenForm(forms.Form):
    # No colon after labels, as everywhere on these pages.
    label_suffix = ""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=_LONGEST,
        help_text=gettext_lazy("What it is for, so that you know later which one to revoke."),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Works for"),
        choices=_choices,
        coerce=int,
        initial=90,
    )


def _me(request: HttpRequest) -> User:
    # The decorator lets nobody in who has no account.
    return cast(User, request.user)


@require_http_methods(["GET", "POST"])
@analyst_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """One's own tokens; the answer to the POST is the only page that ever shows the new one."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = token_make(_me(request), **form.cleaned_data)
        except TokenRefused as error:
            form.add_error(None, str(error))
        else:
            return _made_page(request, made)
    context = {"form": form, "tokens": reads.tokens_of(_me(request)), "now": timezone.now()}
    return render(request, "dashboard/tokens.html", context, status=400 if form.is_bound else 200)


def _made_page(request: HttpRequest, made: Made) -> HttpResponse:
    address = request.build_absolute_uri("/api/survey/")
    context = {"token": made.token, "text": made.text, "address": address}
    return render(request, "dashboard/token_made.html", context)


@require_POST
@analyst_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    _revoke(request, pk, owner=_me(request))
    return redirect("dashboard:tokens")


@require_POST
@admin_required
def revoke_of_person(request: HttpRequest, pk: int, token: int) -> HttpResponse:
    found = reads.person_get(pk)
    if found is None:
        raise Http404
    try:
        _revoke(request, token, owner=found[0])
    except AccountRefused as error:
        messages.error(request, str(error))
    return redirect("dashboard:person", pk)


def _revoke(request: HttpRequest, pk: int, *, owner: User) -> None:
    if token_revoke(pk, owner=owner, actor=_me(request)):
        messages.success(request, _("The token is revoked; it opens nothing any more."))
    else:
        messages.error(request, _("That token was revoked already; nothing was changed."))
