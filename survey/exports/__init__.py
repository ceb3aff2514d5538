"""Votes as files, the codebook that explains them, and cells that no spreadsheet runs."""

from survey.exports.cells import FORMULA_STARTS, cell
from survey.exports.codebook import codebook_csv, codebook_json
from survey.exports.columns import COLUMNS, SCHEMA_VERSION
from survey.exports.files import file_write
from survey.exports.formats import REGISTRY
from survey.exports.shares import curves_csv
from survey.exports.votes import VotesFile, votes_export

__all__ = [
    "COLUMNS",
    "FORMULA_STARTS",
    "REGISTRY",
    "SCHEMA_VERSION",
    "VotesFile",
    "cell",
    "codebook_csv",
    "codebook_json",
    "curves_csv",
    "file_write",
    "votes_export",
]
