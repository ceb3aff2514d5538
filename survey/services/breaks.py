"""Breaks: offered after every so many trials, taken at any time."""

from django.utils import timezone

from survey.kinds.base import Settings
from survey.models import Break, Session
from survey.selectors.sessions import votes_count


def break_begin(session: Session) -> Break:
    """Note that somebody rests now; repeating it changes nothing.

    A second break at the same place goes on with the first: nothing was judged between them.
    """
    found, _made = Break.objects.update_or_create(
        session=session,
        after_trials=votes_count(session),
        defaults={"ended_at": None},
        create_defaults={"began_at": timezone.now()},
    )
    return found


def break_end(session: Session) -> None:
    """Note that somebody goes on; two queries.

    A break that is never ended is that of somebody who left: once more pairs are judged, the end
    of a later break is not its end.
    """
    Break.objects.filter(session=session, after_trials=votes_count(session), ended_at=None).update(
        ended_at=timezone.now()
    )


def break_due(session: Session, settings: Settings, done: int) -> bool:
    """Tell whether to offer a break now; a query only where one may be due."""
    if not settings.break_every or not done or done % settings.break_every:
        return False
    # The last pair is no time for one.
    if done >= settings.trials:
        return False
    return not Break.objects.filter(
        session=session, after_trials=done, ended_at__isnull=False
    ).exists()
