"""Parquet: a fixed schema, the codebook in its metadata, row groups written as they fill."""

import io
import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from survey.errors import SurveyInvalid
from survey.exports.base import Column, Table, Type, Values, each
from survey.exports.numbers import number

# Rows a group: enough for its dictionaries to pay; memory grows by a few tens of MB while it fills.
GROUP = 20_000
PACKAGE = "pyarrow"


class ParquetFile:
    content_type = "application/vnd.apache.parquet"

    def __init__(self) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise SurveyInvalid(
                _(
                    "Parquet files need the package %(package)s, which is not installed here; run "
                    "“pip install -r requirements/parquet.txt”, or choose csv or jsonl."
                )
                % {"package": PACKAGE}
            ) from None
        self.arrow = pyarrow

    def chunks(self, table: Table) -> Iterator[bytes]:
        """Yield the magic bytes, a piece a row group, and the footer.

        What ends early, because the database failed for instance, has no footer, so that no reader
        takes it for whole.
        """
        schema = self._schema(table)
        sink = _Sink()
        with self.arrow.parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
            waiting: list[Any] = []
            rows = 0
            for batch in table.batches:
                waiting.append(self._record_batch(table, batch, schema))
                rows += waiting[-1].num_rows
                if rows >= GROUP:
                    writer.write_table(self.arrow.Table.from_batches(waiting, schema))
                    waiting, rows = [], 0
                    yield sink.drain()
            if waiting:
                writer.write_table(self.arrow.Table.from_batches(waiting, schema))
        yield sink.drain()

    def _schema(self, table: Table) -> Any:
        arrow = self.arrow
        types = {
            Type.TEXT: arrow.dictionary(arrow.int32(), arrow.string()),
            Type.INTEGER: arrow.int64(),
            Type.NUMBER: arrow.float64(),
            Type.BOOLEAN: arrow.bool_(),
            Type.TIME: arrow.timestamp("ms", tz="UTC"),
        }
        fields = [
            arrow.field(
                column.name,
                types[column.type],
                nullable=bool(column.empty),
                metadata={
                    "meaning": column.meaning,
                    "unit": column.unit,
                    "values": column.values,
                    "empty": column.empty,
                },
            )
            for column in table.columns
        ]
        codebook = json.dumps(table.codebook, ensure_ascii=False)
        return arrow.schema(fields, metadata={"codebook": codebook})

    def _record_batch(self, table: Table, batch: Any, schema: Any) -> Any:
        arrays = [
            self.arrow.array(_values(column, values), type=field.type)
            for column, values, field in zip(table.columns, batch, schema, strict=True)
        ]
        return self.arrow.RecordBatch.from_arrays(arrays, schema=schema)


def _values(column: Column, values: Values) -> Values:
    if column.type is Type.NUMBER:
        return each(number, values)
    if column.type is Type.TIME:
        # Cut, not rounded, as in the other formats.
        return [
            value and value.replace(microsecond=value.microsecond // 1000 * 1000)
            for value in values
        ]
    return values


class _Sink(io.RawIOBase):
    """A file that is only written, and handed on piece by piece."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def drain(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found
