"""Where a single-use link leads: a new account, or a new password. For whoever holds the link."""

from typing import cast

from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import password_validators_help_texts
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from survey.models import Invitation
from survey.roles import MEANINGS, Role
from survey.services import invitations
from survey.services.invitations import LinkGone

BACKEND = "django.contrib.auth.backends.ModelBackend"
Purpose = Invitation.Purpose


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites and as what; the POST makes the account and logs in.

    Mail and chat programs fetch links to preview them: a GET uses nothing up.
    """
    try:
        link = invitations.link_get(token, purpose=Purpose.ACCOUNT)
        form: UserCreationForm[User] = UserCreationForm(
            request.POST if request.method == "POST" else None, label_suffix=""
        )
        if form.is_valid():
            user = _accept(token, form)
            if user is not None:
                login(request, user, backend=BACKEND)
                return redirect("dashboard:overview")
    except LinkGone as error:
        return _gone(request, error)
    role = Role(link.role)
    context = {
        "link": link,
        "form": form,
        "role": role.label,
        "meaning": MEANINGS[role],
        "rules": password_validators_help_texts(),
    }
    status = 400 if form.is_bound else 200
    return render(request, "registration/invitation.html", context, status=status)


def _accept(token: str, form: UserCreationForm[User]) -> User | None:
    """Make the account; None, with a word in the form, if the name was taken meanwhile."""
    given = form.cleaned_data
    try:
        return invitations.invitation_accept(
            token, username=given["username"], password=given["password1"]
        )
    except IntegrityError:
        form.add_error("username", _("A user with that username already exists."))
        return None


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password and log in; a GET uses nothing up."""
    try:
        link = invitations.link_get(token, purpose=Purpose.PASSWORD)
        data = request.POST if request.method == "POST" else None
        # The database holds no link for a password without an account.
        form = SetPasswordForm(cast(User, link.account), data, label_suffix="")
        if form.is_valid():
            user = invitations.password_set(token, password=form.cleaned_data["new_password1"])
            login(request, user, backend=BACKEND)
            return redirect("dashboard:overview")
    except LinkGone as error:
        return _gone(request, error)
    context = {"link": link, "form": form, "rules": password_validators_help_texts()}
    status = 400 if form.is_bound else 200
    return render(request, "registration/new_password.html", context, status=status)


def _gone(request: HttpRequest, error: LinkGone) -> HttpResponse:
    return render(request, "registration/link_gone.html", {"said": error}, status=error.status)
