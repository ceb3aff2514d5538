"""People: who has an account, invitations, roles, passwords, deactivation. For admins."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from survey import audit
from survey import people as reads
from survey.dashboard.forms import InviteForm, RoleForm
from survey.models import Invitation
from survey.roles import MEANINGS, Role, admin_required
from survey.services import accounts, invitations
from survey.services.invitations import Made
from survey.services.ranks import AccountRefused, rank_check

ENTRIES = 10


def _actor(request: HttpRequest) -> User:
    # The decorator lets nobody in who has no account.
    return cast(User, request.user)


def _roles() -> list[tuple[str, str, str]]:
    return [(role.value, str(role.label), str(MEANINGS[role])) for role in Role]


@require_GET
@admin_required
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    context = {"people": reads.people(), "links": reads.links_open()}
    return render(request, "dashboard/people.html", context)


@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """Ask for whom; the answer to the POST is the only page that ever shows the link."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = invitations.invitation_make(
                actor=_actor(request),
                role=Role(given["role"]),
                name=given["name"],
                email=given["email"],
            )
        except AccountRefused as error:
            form.add_error(None, str(error))
        else:
            return _link_page(request, made)
    context = {"form": form, "roles": _roles(), "mailed": invitations.mail_is_set_up()}
    status = 400 if form.is_bound else 200
    return render(request, "dashboard/people_invite.html", context, status=status)


def _link_page(request: HttpRequest, made: Made) -> HttpResponse:
    """Show a link, once, and say whether it was sent as well."""
    is_account = made.invitation.purpose == Invitation.Purpose.ACCOUNT
    name = "invite" if is_account else "set-password"
    link = request.build_absolute_uri(reverse(name, args=[made.token]))
    context = {
        "invitation": made.invitation,
        "is_account": is_account,
        "link": link,
        "sent": invitations.link_send(made.invitation, link=link),
    }
    return render(request, "dashboard/people_link.html", context)


def _account_or_404(pk: int) -> tuple[User, reads.Person]:
    found = reads.person_get(pk)
    if found is None:
        raise Http404
    return found


def _person_page(request: HttpRequest, pk: int, problem: str = "") -> HttpResponse:
    account, person = _account_or_404(pk)
    try:
        rank_check(account, actor=_actor(request))
        beyond = ""
    except AccountRefused as error:
        beyond = str(error)
    context = {
        "account": account,
        "person": person,
        "is_me": account.pk == request.user.pk,
        "beyond": beyond,
        "problem": problem,
        "roles": _roles(),
        "links": reads.links_open(account=account),
        "tokens": reads.tokens_of(account),
        "now": timezone.now(),
        "entries": audit.entries_about("person", pk, limit=ENTRIES),
    }
    return render(request, "dashboard/person.html", context, status=409 if problem else 200)


@require_GET
@admin_required
@never_cache
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _person_page(request, pk)


@require_POST
@admin_required
def role(request: HttpRequest, pk: int) -> HttpResponse:
    account, _shown = _account_or_404(pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _person_page(request, pk, _("Choose one of the roles that are listed."))
    try:
        accounts.role_set(account, role=Role(form.cleaned_data["role"]), actor=_actor(request))
    except AccountRefused as error:
        return _person_page(request, pk, str(error))
    label = Role(form.cleaned_data["role"]).label
    said = _("%(name)s has the role %(role)s.") % {"name": account.get_username(), "role": label}
    messages.success(request, said)
    return redirect("dashboard:person", pk)


@require_http_methods(["GET", "POST"])
@admin_required
@never_cache
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first: it logs somebody out at once."""
    account, shown = _account_or_404(pk)
    if request.method == "GET":
        context = {"person": shown, "is_me": account.pk == request.user.pk}
        return render(request, "dashboard/person_deactivate.html", context)
    try:
        accounts.account_deactivate(account, actor=_actor(request))
    except AccountRefused as error:
        return _person_page(request, pk, str(error))
    said = _("%(name)s is deactivated and logged out.") % {"name": account.get_username()}
    messages.success(request, said)
    return redirect("dashboard:person", pk)


@require_POST
@admin_required
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    account, _shown = _account_or_404(pk)
    try:
        accounts.account_reactivate(account, actor=_actor(request))
    except AccountRefused as error:
        return _person_page(request, pk, str(error))
    said = _("%(name)s can log in again.") % {"name": account.get_username()}
    messages.success(request, said)
    return redirect("dashboard:person", pk)


@require_POST
@admin_required
@never_cache
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link for a new password; the answer is the only page that ever shows it."""
    account, _shown = _account_or_404(pk)
    try:
        made = invitations.password_link_make(account, actor=_actor(request))
    except AccountRefused as error:
        return _person_page(request, pk, str(error))
    return _link_page(request, made)


@require_POST
@admin_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an open link; whoever comes second is told that it was over already."""
    if invitations.invitation_revoke(pk, actor=_actor(request)):
        messages.success(request, _("The link is withdrawn; it opens nothing any more."))
    else:
        messages.error(request, _("That link was used or withdrawn already; nothing was changed."))
    return redirect("dashboard:people")
