"""Requests made up from the schema by schemathesis: no 5xx, and every answer is as described.

Each operation is called as a participant, as an analyst with a token, and as nobody, with bodies
and parameters that fit the schema and ones that do not.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection

from survey.api.urls import urlpatterns
from survey.models import Assignment, Survey
from survey.services.tokens import token_make
from tests.people import Annotator, account_make

CSRF = "a" * 32
# These two take what the caller puts in (cookies, a slug that exists) for what was made up. Who may
# call what, and which parameters are refused, is in test_staff.py, test_errors.py, test_reach.py.
MISLED = [ignored_auth, negative_data_rejection]
# Who calls, and what they meet at least: a run that is only ever refused would show little.
CALLERS = [
    ("participant", {200, 400, 401, 404, 409}),
    ("analyst", {200, 400, 403, 404}),
    ("nobody", {401, 403, 404}),
]


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    raw = OpenApiJsonRenderer().render(SchemaGenerator().get_schema(request=None, public=True))
    found = schemathesis.openapi.from_dict(json.loads(raw), config=SchemathesisConfig())
    found.app = get_wsgi_application()
    return found


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests stay in the test's transaction, which is undone; Django's own client does it so."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations(schema: BaseSchema) -> Iterator[APIOperation]:
    for result in schema.get_all_operations():
        yield result.ok()


class Caller:
    """Sends a made-up case as somebody; half of them about a survey and a pair that exist."""

    def __init__(self, who: str, survey: Survey) -> None:
        self.survey = survey
        self.statuses: Counter[int] = Counter()
        self.headers: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        if who == "participant":
            key = Annotator(survey).session.key
            self.cookies = {f"participant-{survey.slug}": key, "csrftoken": CSRF}
            self.headers = {"X-CSRFToken": CSRF}
        if who == "analyst":
            text = token_make(account_make("ana", "analyst"), name="n", days=7).text
            self.headers = {"Authorization": f"Bearer {text}"}

    def call(self, case: schemathesis.Case, *, known: bool) -> None:
        if known and "slug" in case.path_parameters:
            case.path_parameters["slug"] = self.survey.slug
        if known and isinstance(case.body, dict) and "token" in case.body:
            trial = Assignment.objects.filter(state="open").first()
            case.body["token"] = trial.token if trial else "gone"
        response = case.call(headers=self.headers, cookies=self.cookies)
        self.statuses[response.status_code] += 1
        case.validate_response(response, headers=self.headers, excluded_checks=MISLED)


def attack(operation: APIOperation, caller: Caller, mode: GenerationMode, examples: int) -> None:
    @hypothesis_settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def run(case: schemathesis.Case, known: bool) -> None:
        # What is tried here is not how much one may try.
        cache.clear()
        caller.call(case, known=known)

    run()


def attack_all(survey: Survey, schema: BaseSchema, who: str, examples: int) -> Counter[int]:
    caller = Caller(who, survey)
    found = list(operations(schema))
    assert len(found) == len(urlpatterns)
    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            attack(operation, caller, mode, examples)
    return caller.statuses


@pytest.mark.parametrize(("who", "met"), CALLERS)
def test_every_answer_is_as_described(survey: Survey, schema: BaseSchema, who: str, met: set[int]):
    statuses = attack_all(survey, schema, who, 5)
    assert met <= set(statuses)


@pytest.mark.slow
@pytest.mark.parametrize(("who", "met"), CALLERS)
def test_many_answers_are_as_described(survey: Survey, schema: BaseSchema, who: str, met: set[int]):
    statuses = attack_all(survey, schema, who, 50)
    print(f"{who}: {statuses.total()} requests, {dict(sorted(statuses.items()))}")
    assert met <= set(statuses)
