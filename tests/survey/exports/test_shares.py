"""shares.csv: one row a condition, safe to open in a spreadsheet."""

import csv
import io

from survey import exports, results
from survey.models import Survey
from tests.people import Annotator


def rows(survey: Survey) -> list[dict[str, str]]:
    text = "".join(exports.curves_csv(results.survey_results(survey)))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_levels_are_numbers_and_conditions_without_votes_have_no_share(
    survey: Survey, annotator: Annotator
):
    annotator.vote(annotator.pair()["trials"][0]["token"])
    found = rows(survey)
    assert [float(row["level"]) for row in found] == [-0.4, 0.4, -0.4, 0.4, 80.0, 0.9]
    assert [row["share"] for row in found].count("") == 5
    (voted,) = [row for row in found if row["votes"] == "1"]
    assert (voted["share"], voted["interval"]) in {("0.0", "Wilson"), ("1.0", "Wilson")}


def test_a_level_that_a_spreadsheet_would_run_is_guarded(survey: Survey):
    level = '=HYPERLINK("http")'
    survey.conditions.filter(distortion="tint").update(level=level)
    survey.conditions.filter(distortion="shadows").update(level="strong")
    levels = [row["level"] for row in rows(survey)]
    assert levels[-2:] == ["strong", f"'{level}"]
