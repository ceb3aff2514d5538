"""Single-use links: made, sent, revoked, used.

A token has 256 random bits and is returned once; the database keeps its SHA-256, so that a copy of
the database opens nothing. A slow hash would add nothing: there is no guessing 256 bits.
"""

import logging
import smtplib
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.errors import SurveyError
from survey.models import Invitation
from survey.roles import Role, admins_active
from survey.services.audit import audit_record
from survey.services.link_tokens import token_draw, token_hash
from survey.services.ranks import AccountRefused, admins_lock, rank_check
from survey.services.tokens import tokens_revoke

VALID = timedelta(days=7)
MAIL_TIMEOUT_S = 10
# Backends that reach nobody.
SILENT = ("console", "dummy")
Purpose = Invitation.Purpose
log = logging.getLogger(__name__)


class LinkGone(SurveyError):
    status = 410
    code = "gone"


@dataclass(frozen=True, slots=True)
class Made:
    """A new link; the token exists here and in the address that is shown, nowhere else."""

    invitation: Invitation
    token: str


@transaction.atomic
def invitation_make(*, actor: User, role: Role, name: str, email: str = "") -> Made:
    admins_lock(actor)
    made = _make(actor, Invitation(purpose=Purpose.ACCOUNT, name=name, email=email, role=role))
    _record(made.invitation, actor, "invitation.make", role=role)
    return made


@transaction.atomic
def password_link_make(account: User, *, actor: User) -> Made:
    """Make a link to set a new password; the old one works until then, an older link no more."""
    admins_lock(actor)
    account.refresh_from_db()
    rank_check(account, actor=actor)
    if not account.is_active:
        raise AccountRefused(
            _("%(name)s is deactivated; reactivate the account first.")
            % {"name": account.get_username()}
        )
    links_revoke(account=account)
    link = Invitation(
        purpose=Purpose.PASSWORD,
        account=account,
        name=account.get_username(),
        email=account.email,
    )
    made = _make(actor, link)
    audit_record(
        actor=actor,
        action="person.password_link",
        target="person",
        target_id=account.pk,
        label=account.get_username(),
    )
    return made


def _make(actor: User, invitation: Invitation) -> Made:
    token = token_draw()
    invitation.token_hash = token_hash(token)
    invitation.invited_by = actor
    invitation.expires_at = timezone.now() + VALID
    invitation.save()
    return Made(invitation, token)


def link_get(token: str, *, purpose: str) -> Invitation:
    """Find an open link by its token; one query. Raises LinkGone, with one text for every reason.

    Why a link does not work is nobody's business who does not hold a working one. It is worth no
    more than who made it: an account that is no admin (any more) invites nobody.
    """
    found = (
        Invitation.objects.filter(
            token_hash=token_hash(token),
            purpose=purpose,
            used_at=None,
            revoked_at=None,
            expires_at__gt=timezone.now(),
            invited_by__in=admins_active(),
        )
        .select_related("invited_by", "account")
        .first()
    )
    if found is None or not _may_set(found.invited_by, found.account):
        raise LinkGone(
            _(
                "This link does not work any more: it was used, it was withdrawn, it is more than "
                "seven days old, or a part of it is missing. Ask whoever sent it for a new one."
            )
        )
    return found


def _may_set(maker: User, account: User | None) -> bool:
    """Whether this admin may still let somebody set the password of an account, if it is of one."""
    if account is None:
        return True
    return account.is_active and (maker.is_superuser or not account.is_superuser)


@transaction.atomic
def invitation_revoke(pk: int, *, actor: User) -> bool:
    """Withdraw an open link; False if it is not open any more."""
    found = Invitation.objects.filter(pk=pk).first()
    if found is None or not _close(found.pk, "revoked_at"):
        return False
    _record(found, actor, "invitation.revoke")
    return True


def links_revoke(*, made_by: User | None = None, account: User | None = None) -> None:
    """Withdraw the open links that somebody made, or those that set somebody's password."""
    links = Invitation.objects.filter(used_at=None, revoked_at=None)
    if made_by is not None:
        links.filter(invited_by=made_by).update(revoked_at=timezone.now())
    if account is not None:
        links.filter(account=account).update(revoked_at=timezone.now())


@transaction.atomic
def invitation_accept(token: str, *, username: str, password: str) -> User:
    """Make the account that a link promises; of two that use it at once, one gets it.

    Raises LinkGone, and IntegrityError if somebody took the name meanwhile: then the link is
    as unused as before.
    """
    invitation = link_get(token, purpose=Purpose.ACCOUNT)
    _use(invitation)
    user = User.objects.create_user(
        username, email=invitation.email, password=password, is_staff=True
    )
    user.groups.add(Group.objects.get(name=invitation.role))
    invitation.account = user
    invitation.save(update_fields=["account"])
    _record(invitation, user, "invitation.accept", role=invitation.role)
    return user


@transaction.atomic
def password_set(token: str, *, password: str) -> User:
    """Replace a password, which logs its owner out everywhere and ends the personal tokens.

    Who needs a new password may have lost the tokens to the same person. Raises LinkGone.
    """
    invitation = link_get(token, purpose=Purpose.PASSWORD)
    _use(invitation)
    if invitation.account is None:
        raise TypeError("A link for a password has an account (invitation_says_what_for).")
    user = invitation.account
    user.set_password(password)
    user.save(update_fields=["password"])
    tokens_revoke(owner=user)
    audit_record(
        actor=user,
        action="person.password_set",
        target="person",
        target_id=user.pk,
        label=user.get_username(),
    )
    return user


def _use(invitation: Invitation) -> None:
    if not _close(invitation.pk, "used_at"):
        raise LinkGone(_("This link has just been used; log in instead."))


def _close(pk: int, how: str) -> bool:
    """Compare and set: a link ends once."""
    links = Invitation.objects.filter(pk=pk, used_at=None, revoked_at=None)
    return links.update(**{how: timezone.now()}) == 1


def mail_is_set_up() -> bool:
    return not any(f".{name}." in settings.EMAIL_BACKEND for name in SILENT)


def link_send(invitation: Invitation, *, link: str) -> bool | None:
    """Send a link to its address; None where there is nothing to send it with or to.

    Called after the transaction: a mail server may take seconds. False if it did not take it.
    """
    if not invitation.email or not mail_is_set_up():
        return None
    words = {"who": invitation.invited_by.get_username(), "link": link}
    if invitation.purpose == Purpose.ACCOUNT:
        subject = _("Invitation to Proofsheet")
        text = _(
            "%(who)s invites you to Proofsheet. Choose a user name and a password here within "
            "seven days:\n\n%(link)s\n\nThe link works once, for whoever opens it first."
        )
    else:
        subject = _("Your new password for Proofsheet")
        text = _(
            "%(who)s made this link for you. Choose a new password here within seven days; until "
            "then the old one goes on working:\n\n%(link)s\n\nThe link works once."
        )
    try:
        connection = get_connection(timeout=MAIL_TIMEOUT_S)
        EmailMessage(subject, text % words, to=[invitation.email], connection=connection).send()
    except (OSError, smtplib.SMTPException) as error:
        # The admin is told and has the link to copy; why it failed is for whoever runs the server.
        log.error("An e-mail with a link could not be sent: %s", error)
        return False
    return True


def _record(invitation: Invitation, actor: User, action: str, **detail: str) -> None:
    audit_record(
        actor=actor,
        action=action,
        target="invitation",
        target_id=invitation.pk,
        label=invitation.name,
        detail=detail,
    )
