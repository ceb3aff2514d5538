"""Named people: who may do what is a one-line test."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from survey.models import Origin, Session, Survey
from survey.requests import cookie_name
from tests.factories import session_make


@pytest.fixture
def admin(db: None) -> Client:
    """Ada, who launches studies; a superuser, as the first account is."""
    client = Client()
    client.force_login(
        User.objects.create_superuser("ada", password="pw"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def account_make(name: str, role: str, **fields: object) -> User:
    """An account with a role, as an accepted invitation makes it; the password is pw."""
    user = User.objects.create_user(name, password="pw", is_staff=True, **fields)
    user.groups.add(Group.objects.get(name=role))
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def analyst(db: None) -> Client:
    """Ana, who reads and downloads."""
    return client_of(account_make("ana", "analyst"))


@pytest.fixture
def manager(db: None) -> Client:
    """Mia, who has the role admin and is no superuser."""
    return client_of(account_make("mia", "admin"))


@pytest.fixture
def outsider(db: None) -> Client:
    """Otto, who has an account without a role."""
    client = Client()
    client.force_login(
        User.objects.create_user("otto", password="pw"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


class Annotator:
    """A browser that has agreed and read the instructions."""

    def __init__(self, survey: Survey, *, origin: str = Origin.PERSON) -> None:
        self.survey = survey
        self.session: Session = session_make(survey, origin=origin)
        self.client = Client()
        self.client.cookies[cookie_name(survey.slug)] = self.session.key

    def post(self, operation: str, **body: object):
        url = f"/api/survey/{self.survey.slug}/{operation}/"
        return self.client.post(url, body, content_type="application/json")

    def pair(self) -> dict:
        return self.post("pair").json()

    def vote(self, token: str, answer: str = "left", **changes: object):
        return self.post("votes", **{**VIEWING, "token": token, "answer": answer, **changes})


VIEWING = {
    "response_ms": 1234,
    "viewport_width": 1440,
    "viewport_height": 900,
    "device_pixel_ratio": 2,
    "rendered_width": 512.5,
    "rendered_height": 384,
    "layout": "side-by-side",
}


@pytest.fixture
def annotator(survey: Survey) -> Annotator:
    return Annotator(survey)


@pytest.fixture
def survey(db: None) -> Survey:
    """Open, with four real photos and six conditions."""
    from tests.factories import survey_make

    return survey_make()
