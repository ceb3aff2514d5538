"""Single-use invites to take part in a survey that is not open to everybody.

As for accounts (services/invitations.py): a token has 256 random bits, is returned once, and only
its SHA-256 is stored. Which participant an invite became is not stored, nor the time of its use,
which would tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.errors import SurveyError, SurveyInvalid
from survey.kinds.base import Settings
from survey.models import Origin, Session, Survey, SurveyInvite
from survey.services.audit import audit_record
from survey.services.link_tokens import token_draw, token_hash
from survey.services.sessions import session_start

MOST = 1000
LABEL_MOST = SurveyInvite._meta.get_field("label").max_length or 0


class InviteGone(SurveyError):
    status = 410
    code = "invite-gone"


class InviteNeeded(SurveyError):
    status = 403
    code = "invite-needed"


@dataclass(frozen=True, slots=True)
class Made:
    """A new invite; the token exists here and in the address that is shown, nowhere else."""

    label: str
    token: str


def is_needed(survey: Survey) -> bool:
    return Settings.from_json(survey.settings).access == "invite"


@transaction.atomic
def invites_make(survey: Survey, *, count: int, label: str, actor: User) -> list[Made]:
    """Make up to 1000 invites at once, their labels numbered. Raises SurveyInvalid."""
    label = " ".join(label.split())
    if not 1 <= count <= MOST:
        raise SurveyInvalid(
            _("%(count)d invites at once cannot be made; allowed are 1 to %(most)d.")
            % {"count": count, "most": MOST}
        )
    made = [Made(_label(label, n, count), token_draw()) for n in range(1, count + 1)]
    if any(len(invite.label) > LABEL_MOST or not invite.label.isprintable() for invite in made):
        raise SurveyInvalid(
            _("The label is too long or cannot be shown; write at most %(most)d plain letters.")
            % {"most": LABEL_MOST - len(str(count)) - 1}
        )
    SurveyInvite.objects.bulk_create(
        SurveyInvite(
            survey=survey, label=invite.label, token_hash=token_hash(invite.token), created_by=actor
        )
        for invite in made
    )
    _record(survey, actor, "survey.invites_make", invites=count, label=label)
    return made


def _label(label: str, n: int, count: int) -> str:
    return f"{label} {n:0{len(str(count))}d}".strip() if count > 1 or not label else label


@transaction.atomic
def invites_withdraw(survey: Survey, keys: Sequence[int], *, actor: User) -> int:
    """Withdraw invites that nobody used yet; returns how many those were."""
    mine = SurveyInvite.objects.filter(survey=survey, pk__in=keys, is_used=False, revoked_at=None)
    n = mine.update(revoked_at=timezone.now())
    if n:
        _record(survey, actor, "survey.invites_withdraw", invites=n)
    return n


def _record(survey: Survey, actor: User, action: str, **detail: object) -> None:
    audit_record(
        actor=actor,
        action=action,
        target="survey",
        target_id=survey.slug,
        label=survey.title,
        detail=detail,
    )


def invite_is_open(survey: Survey, token: str) -> bool:
    """One query, and none without a token."""
    return bool(token) and _open(survey, token).exists()


def _open(survey: Survey, token: str) -> QuerySet[SurveyInvite]:
    return SurveyInvite.objects.filter(
        survey=survey, token_hash=token_hash(token), is_used=False, revoked_at=None
    )


def invite_check(survey: Survey, token: str) -> None:
    """Raise InviteNeeded without a token, and InviteGone where it opens nothing (any more)."""
    if not token:
        raise InviteNeeded(
            _(
                "This survey is by invitation: open the link that you were sent, on the device "
                "with which you want to take part."
            )
        )
    if not invite_is_open(survey, token):
        raise InviteGone(_gone())


@transaction.atomic
def session_start_invited(survey: Survey, token: str) -> Session:
    """Use up the invite and begin; all or nothing.

    Raises InviteNeeded, InviteGone, SurveyClosed.
    """
    invite_check(survey, token)
    # Compare and set: of two browsers with one link, one takes part.
    if _open(survey, token).update(is_used=True) != 1:
        raise InviteGone(_gone())
    return session_start(survey, origin=Origin.PERSON)


def _gone() -> str:
    return _(
        "This invitation does not work any more: it was used, it was withdrawn, or a part of the "
        "link is missing. If you began in this browser before, open the survey's page without the "
        "invitation; otherwise ask whoever sent the link for a new one."
    )
