"""The board of jobs, and what it asks for while it is open."""

import json
from dataclasses import fields, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from models_app.clock import db_now
from models_app.dashboard.job_live import answer
from models_app.jobs import words
from models_app.jobs.registry import REGISTRY, kind_label
from models_app.models import Job
from models_app.selectors import jobs as selectors
from survey.roles import Role, analyst_required, has_role

ROWS = (50, 200)


def wanted_read(query: QueryDict) -> selectors.Wanted:
    """Read a filter; what names nothing there is filters nothing."""
    return selectors.Wanted(
        state=_among(query.get("state"), Job.State.values),
        kind=_among(query.get("kind"), list(REGISTRY)),
        queue=_among(query.get("queue"), Job.Queue.values),
        dataset=number(query.get("dataset")),
        by=number(query.get("by")),
        text=query.get("text", "").replace("\0", "").strip()[:100],
        small=query.get("small") == "1",
        sort=_among(query.get("sort"), list(selectors.SORTS)) or "newest",
    )


@require_GET
@analyst_required
@never_cache
def board(request: HttpRequest) -> HttpResponse:
    """Jobs page by page, the workers above them."""
    wanted = wanted_read(request.GET)
    rows = _rows(request.GET)
    try:
        page = selectors.jobs_page(wanted, after=_after(request.GET), rows=rows)
    except ValueError:
        # A place that was cut off or made up: the first page.
        page = selectors.jobs_page(wanted, rows=rows)
    counts = selectors.states_counted(small=wanted.small)
    context = {
        "rows": _shown(page.jobs),
        "wanted": wanted,
        "page_rows": rows,
        "is_first": "after" not in request.GET,
        "next": _query(wanted, rows, after=json.dumps(page.after)) if page.after else "",
        "first": _query(wanted, rows),
        "newest": page.jobs[0].pk if page.jobs else 0,
        "counts": [
            (state, label, counts[state], _query(replace(wanted, state=state), rows))
            for state, label in Job.State.choices
        ],
        "total": sum(counts.values()),
        "is_narrowed": _query(wanted, rows) != _query(selectors.Wanted(sort=wanted.sort), rows),
        "choices": _choices(wanted),
        "may_launch": has_role(request.user, Role.ADMIN),
        **strip_context(),
    }
    return render(request, "dashboard/jobs.html", context)


@require_GET
@analyst_required
def live(request: HttpRequest) -> HttpResponse:
    """What changes of the rows `ids`, as JSON.

    {rows: {id: {...}}, counts: {state: n}, newer, workers (HTML)}
    """
    jobs = selectors.jobs_shown(_ids(request.GET.get("ids", "")))
    newest = number(request.GET.get("newest"))
    wanted = wanted_read(request.GET)
    newer = selectors.jobs_newer(wanted, than=newest) if newest is not None else 0
    return answer(
        request,
        {
            "rows": {
                row["job"].pk: {name: value for name, value in row.items() if name != "job"}
                for row in _shown(jobs)
            },
            "counts": selectors.states_counted(small=wanted.small),
            "newer": newer,
            "workers": render_to_string("dashboard/_job_workers.html", strip_context()),
        },
    )


def strip_context() -> dict[str, Any]:
    """Workers above the board; four queries."""
    alive, _silent = selectors.workers_known()
    return {
        "alive": [worker_shown(each) for each in alive],
        "deserted": [
            {"queue": Job.Queue(queue).label, "n": n}
            for queue, n in selectors.queues_deserted(alive)
        ],
    }


def worker_shown(each: selectors.Alive) -> dict[str, Any]:
    worker = each.worker
    return {
        "worker": worker,
        "queues": worker.queues.split(","),
        "jobs": each.jobs,
        "free": max(0, worker.slots - len(each.jobs)),
        "memory": _memory(worker.memory_used, worker.memory_total),
        "gpu_memory": _memory(worker.gpu_memory_used, worker.gpu_memory_total),
    }


def number(text: str | None) -> int | None:
    """Read a database key; None for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _memory(used: int, total: int) -> str:
    if not total:
        return ""
    return _("%(used)s of %(total)s") % {"used": words.size(used), "total": words.size(total)}


def _shown(jobs: list[Job]) -> list[dict[str, Any]]:
    """Rows in words; two queries, one where nobody waits."""
    now, places = db_now(), selectors.positions(jobs)
    return [
        {
            "job": job,
            "kind": kind_label(job.kind),
            **words.row_dict(job, now=now, position=places.get(job.pk)),
        }
        for job in jobs
    ]


def _choices(wanted: selectors.Wanted) -> dict[str, Any]:
    kinds = [
        (key, entry.label) for key, entry in REGISTRY.items() if not entry.small or wanted.small
    ]
    return {
        "states": Job.State.choices,
        "kinds": kinds,
        "queues": Job.Queue.choices,
        "datasets": selectors.datasets(),
        "people": selectors.people(),
        "sorts": [
            ("newest", _("Newest first")),
            ("longest", _("Longest running first")),
            ("progress", _("Nearest its end first")),
        ],
        "rows": ROWS,
    }


def _query(wanted: selectors.Wanted, rows: int, **more: str) -> str:
    """The address of a filter, without what is the default."""
    query = QueryDict(mutable=True)
    for each in fields(wanted):
        value = getattr(wanted, each.name)
        if value != each.default:
            query[each.name] = "1" if value is True else str(value)
    if rows != ROWS[0]:
        query["rows"] = str(rows)
    query.update(more)
    return query.urlencode()


def _rows(query: QueryDict) -> int:
    asked = number(query.get("rows"))
    return asked if asked in ROWS else ROWS[0]


def _after(query: QueryDict) -> list[Any] | None:
    if "after" not in query:
        return None
    found = json.loads(query.get("after", ""))
    if not isinstance(found, list):
        raise ValueError(found)
    return found


def _ids(text: str) -> list[int]:
    found = [number(part) for part in text.split(",")[: ROWS[-1]]]
    return [pk for pk in found if pk]


def _among(text: str | None, allowed: list[str]) -> str:
    return text if text in allowed else ""
