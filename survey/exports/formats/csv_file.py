"""CSV: one row a vote, nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterator

from survey.exports.base import Column, Table, Type, Values, each
from survey.exports.cells import guarded, number_guarded, stamp


class CsvFile:
    content_type = "text/csv; charset=utf-8"

    def chunks(self, table: Table) -> Iterator[bytes]:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(column.name for column in table.columns)
        for batch in table.batches:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
            cells = [_cells(c, values) for c, values in zip(table.columns, batch, strict=True)]
            writer.writerows(zip(*cells, strict=True))
        yield out.getvalue().encode()


def _cells(column: Column, values: Values) -> Values:
    """Turn values into what csv.writer writes as it should: None is an empty cell."""
    if column.type is Type.TIME:
        return [value and stamp(value) for value in values]
    if column.type is Type.BOOLEAN:
        return each(int, values)
    if column.type is Type.TEXT:
        return each(lambda text: text and guarded(text), values)
    if column.type is Type.NUMBER:
        return each(lambda n: number_guarded(n) if isinstance(n, str) else n, values)
    return values
