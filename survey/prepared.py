"""Statements that are compiled once: the ORM writes the SQL, a cursor runs it from then on.

Building a query costs the ORM about ten times what SQLite needs to answer it. That is nothing on a
page, and most of the time of a vote, which asks some ten small questions under the survey's lock.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from django.db import connection
from django.db.models import AutoField, DateTimeField, Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

# Stand for arguments while a query is compiled; no query has them as constants of its own.
_NUMBER, _MOMENT = 8_270_000_000_000_000, datetime(2882, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
Kind = type[int] | type[str] | type[datetime]


def _stand_in(kind: Kind, n: int) -> Any:
    if kind is int:
        return _NUMBER + n
    return f"argument {n} of a prepared query" if kind is str else _MOMENT.replace(minute=n)


class _Compiled(NamedTuple):
    sql: str
    # Constants, and slots of arguments.
    params: list[Any]
    # Of a row: place in it, and what makes Python's value of the database's.
    converters: list[tuple[int, Callable[[Any], Any]]]


class _Slot(NamedTuple):
    """The place of an argument among the parameters."""

    n: int


class _Once:
    """Compiled at the first call; by database, for SQL and converters differ."""

    def __init__(self) -> None:
        self.compiled: dict[str, _Compiled] = {}
        self.lock = threading.Lock()

    def _compile(self) -> _Compiled:
        raise NotImplementedError

    def _compiled(self) -> _Compiled:
        found = self.compiled.get(connection.vendor)
        if found is None:
            with self.lock:
                found = self.compiled[connection.vendor] = self._compile()
        return found


class Prepared(_Once):
    """A query of `values_list` rows whose arguments are compared with columns as they are.

    `build` makes the queryset from its arguments, which are of the `kinds` int, str and datetime;
    it must not look at them. Calling it returns the rows, converted as the ORM would.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *kinds: Kind) -> None:
        super().__init__()
        self.build, self.kinds = build, kinds

    def __call__(self, *values: Any) -> list[Sequence[Any]]:
        compiled = self._compiled()
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, _filled(compiled.params, values))
            rows: list[Sequence[Any]] = cursor.fetchall()
        converters = compiled.converters
        return [_converted(row, converters) for row in rows] if converters else rows

    def _compile(self) -> _Compiled:
        values = _stand_ins(self.kinds)
        compiler = self.build(*values).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        return _Compiled(sql, _slots(params, values), _converters(compiler))


class PreparedUpdate(_Once):
    """A change of the rows of a queryset; `build` returns it and the new values by field.

    Calling it returns how many rows were changed.
    """

    def __init__(
        self, build: Callable[..., tuple[QuerySet[Any, Any], Mapping[str, Any]]], *kinds: Kind
    ) -> None:
        super().__init__()
        self.build, self.kinds = build, kinds

    def __call__(self, *values: Any) -> int:
        compiled = self._compiled()
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, _filled(compiled.params, values))
            return int(cursor.rowcount)

    def _compile(self) -> _Compiled:
        values = _stand_ins(self.kinds)
        rows, changes = self.build(*values)
        query = cast("UpdateQuery", rows.query.chain(UpdateQuery))
        query.add_update_values(dict(changes))
        sql, params = query.get_compiler(connection=connection).as_sql()
        return _Compiled(sql, _slots(params, values), [])


class PreparedInsert(_Once):
    """What `save` does for a new row and no more: it gets its primary key, no signal is sent."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__()
        self.model = model
        self.fields = [f for f in model._meta.concrete_fields if not isinstance(f, AutoField)]

    def __call__(self, row: Model) -> None:
        values = [f.get_db_prep_save(getattr(row, f.attname), connection) for f in self.fields]
        with connection.cursor() as cursor:
            cursor.execute(self._compiled().sql, values)
            row.pk = cursor.fetchone()[0]
        row._state.adding = False
        row._state.db = connection.alias

    def _compile(self) -> _Compiled:
        query = InsertQuery(self.model)
        query.insert_values(self.fields, [self.model()])
        compiler = query.get_compiler(connection=connection)
        compiler.returning_fields = [self.model._meta.pk]
        ((sql, _params),) = compiler.as_sql()
        return _Compiled(sql, [], [])


def _stand_ins(kinds: Sequence[Kind]) -> list[Any]:
    return [_stand_in(kind, n) for n, kind in enumerate(kinds)]


def _slots(params: Sequence[Any], stand_ins: Sequence[Any]) -> list[Any]:
    """Parameters with a slot for each argument; raises ValueError where one is missing."""
    places = {_adapted(value): n for n, value in enumerate(stand_ins)}
    slots = [_Slot(places[_adapted(p)]) if _adapted(p) in places else p for p in params]
    if {slot.n for slot in slots if isinstance(slot, _Slot)} != set(places.values()):
        raise ValueError("a prepared query does not use one of its arguments as it is")
    return slots


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _filled(params: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    return [_adapted(values[p.n]) if isinstance(p, _Slot) else p for p in params]


def _converters(compiler: SQLCompiler) -> list[tuple[int, Callable[[Any], Any]]]:
    fields = [expression for expression, _sql, _alias in compiler.select]
    return [
        (at, _converter(functions, expression))
        for at, (functions, expression) in compiler.get_converters(fields).items()
    ]


def _converter(functions: Sequence[Callable[..., Any]], expression: Any) -> Callable[[Any], Any]:
    moments = [getattr(connection.ops, "convert_datetimefield_value", None)]
    field = expression.output_field
    if type(field) is DateTimeField and functions == moments and connection.timezone is UTC:
        return _moment

    def convert(value: Any) -> Any:
        for function in functions:
            value = function(value, expression, connection)
        return value

    return convert


def _moment(value: datetime) -> datetime:
    """What SQLite's driver makes of a stored moment has no zone; the ORM asks slowly which."""
    return value.replace(tzinfo=UTC)


def _converted(
    row: Sequence[Any], converters: Sequence[tuple[int, Callable[[Any], Any]]]
) -> list[Any]:
    values = list(row)
    for at, convert in converters:
        # Every converter leaves NULL as it is; most moments of a trial are none.
        if values[at] is not None:
            values[at] = convert(values[at])
    return values
