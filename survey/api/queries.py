"""Parameters of lists: named ones only, each with its values; anything else is refused."""

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.pagination import PageNumberPagination

from survey import origins
from survey.errors import SurveyInvalid
from survey.models import Survey
from survey.selectors.results import PERSONS


class Query(serializers.Serializer[Any]):
    """A parameter that is misspelt must not quietly give another answer than was asked for."""

    def to_internal_value(self, data: QueryDict) -> Any:
        unknown = [name for name in data if name not in self.fields]
        if unknown:
            known = ", ".join(self.fields) or _("none")
            raise serializers.ValidationError(
                {name: [_("There is no such parameter; known: %s.") % known] for name in unknown}
            )
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": origins.PATTERN})
class IncludeField(serializers.CharField):
    def to_internal_value(self, data: Any) -> Any:
        """Return the origins that the text asks for."""
        try:
            return origins.origins_parse(super().to_internal_value(data))
        except SurveyInvalid as error:
            raise serializers.ValidationError(str(error)) from error


class OriginsQuery(Query):
    """Whose votes are counted: participants', and what is asked for beside them."""

    include = IncludeField(
        required=False,
        help_text="also count staff previews (`test`), simulated annotators (`simulated`), or both "
        "(`test,simulated`)",
    )

    def origins(self) -> frozenset[str]:
        found: frozenset[str] = self.validated_data.get("include", PERSONS)
        return found


class PageQuery(Query):
    page = serializers.IntegerField(required=False, min_value=1, help_text="counted from 1")
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=200)


class SurveysQuery(PageQuery):
    ORDERINGS = ("-created", "created", "title", "-title", "votes", "-votes")

    state = serializers.ChoiceField(choices=Survey.State.choices, required=False)
    ordering = serializers.ChoiceField(
        choices=ORDERINGS, default="-created", help_text="- is descending"
    )


class Pages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
