"""Queries that are compiled once: the ORM writes the SQL, a cursor runs it from then on.

Building a query costs the ORM about ten times what SQLite needs to answer it. That is nothing on a
page, and most of the time of a vote, which asks some ten small questions under the survey's lock.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# Stand for arguments while a query is compiled; no query has them as constants of its own.
_NUMBER, _MOMENT = 8_270_000_000_000_000, datetime(2882, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
Kind = type[int] | type[str] | type[datetime]


def _stand_in(kind: Kind, n: int) -> Any:
    if kind is int:
        return _NUMBER + n
    return f"argument {n} of a prepared query" if kind is str else _MOMENT.replace(minute=n)


class Prepared:
    """A query of `values_list` rows whose arguments are compared with columns as they are.

    `build` makes the queryset from its arguments, which are of the `kinds` int, str and datetime;
    it must not look at them. Calling it returns the rows, converted as the ORM would.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *kinds: Kind) -> None:
        self.build, self.kinds = build, kinds
        # By database: SQL and converters differ.
        self.compiled: dict[str, tuple[str, list[Any], list[Any]]] = {}
        self.lock = threading.Lock()

    def __call__(self, *values: Any) -> list[Sequence[Any]]:
        sql, params, converters = self._compiled()
        filled = [values[param.n] if isinstance(param, _Slot) else param for param in params]
        filled = [
            connection.ops.adapt_datetimefield_value(v) if isinstance(v, datetime) else v
            for v in filled
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            rows: list[Sequence[Any]] = cursor.fetchall()
        return [_converted(row, converters) for row in rows] if converters else rows

    def _compiled(self) -> tuple[str, list[Any], list[Any]]:
        found = self.compiled.get(connection.vendor)
        if found is None:
            with self.lock:
                found = self.compiled[connection.vendor] = self._compile()
        return found

    def _compile(self) -> tuple[str, list[Any], list[Any]]:
        stand_ins = [_stand_in(kind, n) for n, kind in enumerate(self.kinds)]
        compiler = self.build(*stand_ins).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        moments = {
            connection.ops.adapt_datetimefield_value(value): n
            for n, value in enumerate(stand_ins)
            if isinstance(value, datetime)
        }
        places = {**{value: n for n, value in enumerate(stand_ins)}, **moments}
        slots = [_Slot(places[param]) if param in places else param for param in params]
        if {slot.n for slot in slots if isinstance(slot, _Slot)} != set(range(len(stand_ins))):
            raise ValueError("a prepared query does not use one of its arguments as it is")
        fields = [expression for expression, _sql, _alias in compiler.select]
        converters = compiler.get_converters(fields)
        return sql, slots, [(at, *found) for at, found in converters.items()]


class _Slot:
    """The place of an argument among the parameters."""

    __slots__ = ("n",)

    def __init__(self, n: int) -> None:
        self.n = n


def _converted(row: Sequence[Any], converters: list[Any]) -> list[Any]:
    values = list(row)
    for at, functions, expression in converters:
        # Every converter leaves NULL as it is; most moments of a trial are none.
        for function in functions if values[at] is not None else ():
            values[at] = function(values[at], expression, connection)
    return values
