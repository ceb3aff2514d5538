"""Authorization: Bearer proof_..."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from survey.api.base import StaffView
from survey.models import PersonalToken
from survey.roles import Role
from survey.services.accounts import account_deactivate, account_reactivate, role_set
from survey.services.tokens import token_make, token_revoke
from tests.people import account_make
from tests.survey.walking import addresses

PUBLIC = ("/login/", "/admin/login/", "/s/study/")
RESULTS = "/api/survey/study/results/"


@pytest.fixture
def ana(db: None) -> User:
    return account_make("ana", "analyst")


@pytest.fixture
def mia(db: None) -> User:
    return account_make("mia", "admin")


def bearer(user: User) -> Client:
    text = token_make(user, name="script", days=7).text
    return Client(headers={"Authorization": f"Bearer {text}"}, enforce_csrf_checks=True)


def test_it_reads_what_its_owner_may_read(survey, ana: User, django_assert_num_queries):
    script = bearer(ana)
    assert script.get(RESULTS).json()["survey"] == "study"
    assert PersonalToken.objects.get().last_used_at is not None
    # 1 token with its owner, 2 role, 3 survey, then what survey_results() costs
    with django_assert_num_queries(9):
        script.get(RESULTS)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer a b", "Bearer proof_0", "Bearer \xff\xfe", "Bearer \x00", "Basic YTpi",
     "Token x", "Bearer " + "é" * 5000],
)  # fmt: skip
def test_other_headers_are_refused(survey, ana: User, header: str):
    response = Client(headers={"Authorization": header}).get(RESULTS)
    assert response.status_code == 401
    assert response.json()["code"] in {"not-authenticated", "authentication-failed"}
    assert response["WWW-Authenticate"] == "Bearer"


def test_it_stops_when_revoked(survey, ana: User):
    script = bearer(ana)
    token_revoke(PersonalToken.objects.get().pk, owner=ana, actor=ana)
    assert script.get(RESULTS).status_code == 401


def test_it_stops_while_its_owner_is_deactivated(survey, ana: User, mia: User):
    script = bearer(ana)
    account_deactivate(ana, actor=mia)
    assert script.get(RESULTS).status_code == 401
    account_reactivate(ana, actor=mia)
    assert script.get(RESULTS).status_code == 200


def test_a_role_that_is_taken_away_takes_the_rights_along(survey, ana: User):
    script = bearer(ana)
    ana.groups.clear()
    response = script.get(RESULTS)
    assert response.status_code == 403
    assert response.json()["code"] == "permission-denied"


def test_it_changes_nothing_whatever_its_owner_may(survey, mia: User):
    role_set(account_make("ben", "analyst"), role=Role.ADMIN, actor=mia)
    script = bearer(mia)
    for path in addresses(survey):
        for method in ("post", "put", "patch", "delete"):
            response = getattr(script, method)(path)
            assert response.status_code in {302, 400, 401, 403, 404, 405, 415}, (method, path)
            if response.status_code == 302:
                # Pages do not know who it is.
                assert response["Location"].startswith(PUBLIC), (path, response["Location"])


def test_only_views_that_read_take_tokens():
    for view in StaffView.__subclasses__():
        known = {name for name in view.http_method_names if hasattr(view, name)}
        assert known <= {"get", "head", "options"}, view


def test_pages_do_not_take_tokens(ana: User):
    script = bearer(ana)
    assert script.get("/dashboard/").status_code == 302
    assert script.get("/api/docs/").status_code == 302
    assert script.get("/api/schema/").status_code == 200
