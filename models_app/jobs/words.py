"""A job in words and figures, the same on pages and on the command line."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from math import inf, log10
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from models_app.jobs.config import described
from models_app.jobs.registry import REGISTRY, kind_get, kind_label
from models_app.models import Job

State = Job.State
# From here on the time left is told: seconds of the present attempt, or a share of the work.
STEADY_S = 5
STEADY_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """What changes of a job while somebody watches it; texts, so that scripts only show them."""

    state: str
    state_label: str
    # For a bar; None where there is no telling.
    percent: float | None
    progress: str
    pace: str
    where: str
    when: str
    # The exact time of `when`.
    at: str


def row(job: Job, *, now: datetime, position: int | None = None) -> Row:
    return Row(
        state=job.state,
        state_label=state_label(job),
        percent=percent(job),
        progress=progress(job),
        pace=pace(job, now),
        where=where(job, position),
        when=when(job, now),
        at=exact(_moment(job)),
    )


def row_dict(job: Job, *, now: datetime, position: int | None = None) -> dict[str, Any]:
    return asdict(row(job, now=now, position=position))


def state_label(job: Job) -> str:
    if job.state == State.RUNNING and job.cancel_requested_at:
        return _("stopping")
    return str(job.get_state_display())


def percent(job: Job) -> float | None:
    if job.state == State.SUCCEEDED:
        return 100.0
    if not job.total:
        return None
    return round(min(100.0, 100 * job.done / job.total), 1)


def progress(job: Job) -> str:
    if job.total:
        said = _("%(done)s of %(total)s") % {"done": count(job.done), "total": count(job.total)}
    else:
        said = count(job.done) if job.done else ""
    if job.state == State.RUNNING and job.stage:
        return f"{said}, {job.stage}" if said else job.stage
    return said


def pace(job: Job, now: datetime) -> str:
    """Rate and time left of a running job; at its very beginning nobody can tell the latter."""
    if job.state != State.RUNNING or job.rate <= 0:
        return ""
    said = _("%(rate)s/s") % {"rate": rate(job.rate)}
    left = seconds_left(job)
    begun = (now - _moment(job)).total_seconds() >= STEADY_S
    if left is not None and (begun or job.done >= STEADY_SHARE * (job.total or 0)):
        said = _("%(rate)s, %(left)s left") % {"rate": said, "left": duration(left)}
    return said


def seconds_left(job: Job) -> float | None:
    if job.state != State.RUNNING or not job.total or job.rate <= 0:
        return None
    return max(0, job.total - job.done) / job.rate


def where(job: Job, position: int | None) -> str:
    queue = str(job.get_queue_display())
    if job.state == State.QUEUED and position is not None:
        return _("%(queue)s, number %(n)s in line") % {"queue": queue, "n": count(position)}
    if job.state == State.RUNNING and job.device and job.device.lower() != queue.lower():
        return f"{queue}, {job.device}"
    return queue


def when(job: Job, now: datetime) -> str:
    said = {
        State.QUEUED: _("waits for %(time)s"),
        State.RUNNING: _("runs for %(time)s"),
        State.SUCCEEDED: _("%(time)s ago"),
        State.FAILED: _("%(time)s ago"),
        State.CANCELLED: _("%(time)s ago"),
    }[State(job.state)]
    gone = (now - _moment(job)).total_seconds()
    return said % {"time": duration(gone, coarse=True)}


def worked_s(job: Job, now: datetime) -> float:
    """Seconds that workers have spent on it so far."""
    present = 0.0
    if job.state == State.RUNNING and job.claimed_at:
        present = max(0.0, (now - job.claimed_at).total_seconds())
    return job.worked_s + present


def worked(job: Job, now: datetime) -> str:
    """The time that workers have spent on it: below 10 minutes in seconds, once it stands still.

    While it runs they would be news for a page that asks again and again.
    """
    seconds = worked_s(job, now)
    if job.state == State.RUNNING or seconds >= 600:
        return duration(seconds, coarse=True)
    if seconds < 60:
        return duration(seconds)
    minutes, rest = divmod(round(seconds), 60)
    return _("%(m)d min %(s)d s") % {"m": minutes, "s": rest}


def deserted(queue: str, n: int) -> str:
    """Say that jobs wait in vain."""
    said = ngettext(
        "No worker is running for the queue %(queue)s: %(n_said)s job waits.",
        "No worker is running for the queue %(queue)s: %(n_said)s jobs wait.",
        n,
    )
    return said % {"queue": Job.Queue(queue).label, "n_said": count(n)}


def ago(moment: datetime, now: datetime) -> str:
    return _("%(time)s ago") % {"time": duration((now - moment).total_seconds(), coarse=True)}


def exact(moment: datetime) -> str:
    return _("%(time)s UTC") % {"time": moment.strftime("%Y-%m-%d %H:%M:%S")}


def duration(seconds: float, *, coarse: bool = False) -> str:
    """In one or two units; coarse: below a minute it does not tell seconds."""
    seconds = max(0.0, seconds)
    if seconds == inf or seconds > 400 * 86400:
        return _("over a year")
    if coarse and seconds < 60:
        return _("under 1 min")
    if seconds < 10:
        return _("%(n)s s") % {"n": formats.number_format(round(seconds, 1), 1)}
    if seconds < 90 and not coarse:
        return _("%(n)d s") % {"n": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 100:
        return _("%(n)d min") % {"n": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 48 and minutes == 0:
        return _("%(h)d h") % {"h": hours}
    if hours < 48:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}


def count(n: int) -> str:
    """A whole number with its thousands apart."""
    return formats.number_format(n, 0, use_l10n=True, force_grouping=True)


def figure(value: float | None) -> str:
    """A figure in about four digits."""
    if value is None:
        return "—"
    if value == int(value) and abs(value) < 1e15:
        return count(int(value))
    return f"{value:.4g}"


def rate(value: float) -> str:
    """In two significant digits: a rate is no steadier than that."""
    if value < 10:
        return f"{value:.2g}"
    return count(int(round(value, 1 - int(log10(value)))))


def size(n: int) -> str:
    return filesizeformat(n).replace("\xa0", " ")


def options(job: Job) -> list[dict[str, Any]]:
    """The configuration, option by option, with what each means and which are defaults."""
    known = {}
    if job.kind in REGISTRY:
        known = {each.name: each for each in described(kind_get(job.kind).config_type)}
    found = []
    for name, value in job.config.items():
        each = known.get(name)
        found.append(
            {
                "name": name,
                "label": each.option.label if each else name,
                "help": each.option.help if each else _("This version does not know it."),
                "value": value if isinstance(value, str) else json.dumps(value),
                "is_default": bool(each and not each.required and each.default == value),
                "is_common": bool(each and not each.option.group),
            }
        )
    return found


def purpose(job: Job) -> str:
    return str(REGISTRY[job.kind].purpose) if job.kind in REGISTRY else kind_label(job.kind)


def advice(job: Job, *, upload_lost: bool = False) -> str:
    """What to do about a job that failed."""
    if job.state != State.FAILED:
        return ""
    if upload_lost:
        return _("The file was not kept: import it again.")
    return _(
        "What it saved is kept: put right what the sentence names, then resume it, or launch it "
        "again with other options. The end of its log is below."
    )


def _moment(job: Job) -> datetime:
    """When its present state began."""
    if job.state == State.RUNNING:
        return job.claimed_at or job.started_at or job.created_at
    if job.state == State.QUEUED:
        return job.queued_at
    return job.finished_at or job.created_at
