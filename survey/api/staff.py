"""What analysts read, by log-in or token. The same figures as on the dashboard."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from survey import exports, results
from survey.api.base import StaffView
from survey.api.queries import OriginsQuery, PageQuery, Pages, Query, SurveysQuery
from survey.api.shapes import ConditionRow, Ledger, Results, SurveyRow
from survey.requests import survey_or_404
from survey.selectors.results import ledger
from survey.selectors.surveys import conditions_of

# A whole list costs as much as a page of it here: overview() takes four queries for any number.
SORTED_BY = {"title": lambda row: row["title"].casefold(), "votes": lambda row: row["votes"]}


class ListView(StaffView):
    pagination_class: ClassVar[type[Pages]] = Pages
    query_class: ClassVar[type[Query]] = PageQuery
    refusals = (400, 401, 403, 404, 429)

    def given(self, request: Request) -> dict[str, Any]:
        query = self.query_class(data=request.query_params)
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)

    def page(self, request: Request, rows: list[Any], shape: type[Any]) -> Response:
        pages = self.pagination_class()
        shown = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(shape(shown, many=True).data)


class SurveysView(ListView):
    query_class = SurveysQuery

    @extend_schema(
        parameters=[SurveysQuery], responses=SurveyRow(many=True), operation_id="surveys_list"
    )
    def get(self, request: Request) -> Response:
        """List the surveys, each with its votes so far; staff previews left out."""
        given = self.given(request)
        rows = [row for row in results.overview() if given.get("state") in {None, row["state"]}]
        field = given["ordering"].removeprefix("-")
        if field in SORTED_BY:
            rows.sort(key=SORTED_BY[field], reverse=given["ordering"].startswith("-"))
        elif given["ordering"] == "created":
            rows.reverse()
        return self.page(request, rows, SurveyRow)


class ConditionsView(ListView):
    @extend_schema(
        parameters=[PageQuery], responses=ConditionRow(many=True), operation_id="conditions_list"
    )
    def get(self, request: Request, slug: str) -> Response:
        """List what the survey compares with the original, by distortion and step."""
        survey = survey_or_404(slug)
        self.given(request)
        return self.page(request, conditions_of(survey), ConditionRow)


class CountsView(StaffView):
    """Figures of one survey: participants' votes, and others if they are asked for."""

    refusals = (400, 401, 403, 404, 429)

    def origins(self, request: Request) -> frozenset[str]:
        query = OriginsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return query.origins()


class ResultsView(CountsView):
    @extend_schema(parameters=[OriginsQuery], responses=Results, operation_id="results_read")
    def get(self, request: Request, slug: str) -> Response:
        """Read counts, shares with intervals, and the ledger so far."""
        survey = survey_or_404(slug)
        return Response(results.survey_results(survey, origins=self.origins(request)))


class LedgerView(CountsView):
    @extend_schema(parameters=[OriginsQuery], responses=Ledger, operation_id="ledger_read")
    def get(self, request: Request, slug: str) -> Response:
        """Read what became of every trial, counted in more than one way."""
        survey = survey_or_404(slug)
        return Response(ledger(survey, now=timezone.now(), origins=self.origins(request)))


def _votes(form: str, media_type: str) -> Any:
    what = OpenApiResponse(OpenApiTypes.BINARY, description="one row a vote, streamed")
    return extend_schema_view(
        get=extend_schema(
            parameters=[OriginsQuery],
            responses={(200, media_type): what},
            operation_id=f"votes_download_{form}",
        )
    )


class VotesFileView(CountsView):
    """A format of survey/exports/formats; a new one there is one class more here."""

    form: ClassVar[str]

    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Download every vote, one a row."""
        survey = survey_or_404(slug)
        file = exports.votes_export(survey, form=self.form, origins=self.origins(request))
        return _download(file.chunks, file.content_type, f"{slug}-votes.{self.form}")


@_votes("csv", "text/csv")
class VotesCsvView(VotesFileView):
    form = "csv"


@_votes("jsonl", "application/x-ndjson")
class VotesJsonLinesView(VotesFileView):
    form = "jsonl"


@_votes("parquet", "application/vnd.apache.parquet")
class VotesParquetView(VotesFileView):
    form = "parquet"


class CodebookView(StaffView):
    refusals = (401, 403, 404, 429)

    @extend_schema(
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        operation_id="codebook_download",
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Download what each column of the votes means."""
        lines = exports.codebook_csv(survey_or_404(slug))
        return _download(lines, "text/csv; charset=utf-8", f"{slug}-codebook.csv")


def _download(chunks: Iterator[Any], kind: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(chunks, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
