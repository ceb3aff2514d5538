"""JSON lines: one object a vote, one a line, UTF-8."""

import json
from collections.abc import Iterator

from survey.exports.base import Column, Table, Type, Values, each
from survey.exports.cells import stamp
from survey.exports.numbers import number


class JsonLinesFile:
    content_type = "application/x-ndjson; charset=utf-8"

    def chunks(self, table: Table) -> Iterator[bytes]:
        names = [column.name for column in table.columns]
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        for batch in table.batches:
            values = [_values(c, found) for c, found in zip(table.columns, batch, strict=True)]
            rows = zip(*values, strict=True)
            lines = [encode(dict(zip(names, row, strict=True))) for row in rows]
            yield ("\n".join(lines) + "\n").encode()


def _values(column: Column, values: Values) -> Values:
    if column.type is Type.TIME:
        return [value and stamp(value) for value in values]
    if column.type is Type.NUMBER:
        return each(number, values)
    return values
