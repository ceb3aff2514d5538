"""Formats of an export. A new one: one file here and one line below."""

from typing import cast

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.errors import SurveyInvalid
from survey.exports.base import Format
from survey.registry import Entry, registry

# The key is the ending of a file's name too.
REGISTRY = registry(
    Entry("csv", gettext_lazy("CSV, safe to open in a spreadsheet"), "csv_file.CsvFile"),
    Entry("jsonl", gettext_lazy("JSON lines, one object a vote"), "jsonl_file.JsonLinesFile"),
    Entry("parquet", gettext_lazy("Parquet, typed, with its codebook"), "parquet_file.ParquetFile"),
)


def format_get(key: str) -> Format:
    """Raises SurveyInvalid for a format that is not known, or that this installation lacks."""
    if key not in REGISTRY:
        raise SurveyInvalid(
            _("%(key)r is no format; allowed are: %(allowed)s.")
            % {"key": key, "allowed": ", ".join(REGISTRY)}
        )
    return cast("Format", import_string(f"{__package__}.{REGISTRY[key].path}")())
