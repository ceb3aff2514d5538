"""People: every page x every person; what works, what is refused, what it costs."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from survey.models import AuditEntry, Invitation
from survey.roles import Role, role_of
from survey.services.invitations import invitation_make, password_link_make
from tests.people import Annotator, account_make, client_of
from tests.survey.dashboard.test_pages import text_of

PEOPLE = "/dashboard/people/"
GETS = ("", "invite/", "{ana}/", "{ana}/deactivate/", "audit/", "audit.csv")
POSTS = ("invite/", "{ana}/role/", "{ana}/password/", "{ana}/deactivate/", "{ana}/reactivate/",
         "links/{link}/revoke/")  # fmt: skip
GIVEN = {"role": "admin", "name": "New"}


@pytest.fixture
def ana(db: None) -> User:
    return account_make("ana", "analyst")


@pytest.fixture
def link(db: None) -> Invitation:
    made = invitation_make(actor=account_make("ivy", "admin"), role=Role.ANALYST, name="Ben")
    return made.invitation


def address(path: str, ana: User, link: Invitation) -> str:
    return PEOPLE + path.format(ana=ana.pk, link=link.pk)


def said(response) -> str:
    return text_of(response.content.decode())


@pytest.mark.parametrize("path", GETS)
def test_anonymous_people_are_sent_to_the_log_in(client: Client, ana, link, path: str):
    url = address(path, ana, link)
    assert client.get(url)["Location"] == f"/login/?next={url}"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("who", ["anonymous", "annotator", "outsider", "analyst"])
def test_only_admins_change_anything(who: str, survey, ana, link, path: str, outsider):
    somebody = {
        "anonymous": Client(),
        "annotator": Annotator(survey).client,
        "outsider": outsider,
        "analyst": client_of(ana),
    }[who]
    before = AuditEntry.objects.count()
    response = somebody.post(address(path, ana, link), GIVEN)
    assert response.status_code == (302 if who in {"anonymous", "annotator"} else 403)
    if response.status_code == 302:
        assert response["Location"] == "/login/"
    ana.refresh_from_db()
    assert (role_of(ana), ana.is_active) == (Role.ANALYST, True)
    assert AuditEntry.objects.count() == before
    assert list(Invitation.objects.values_list("revoked_at", flat=True)) == [None]


@pytest.mark.parametrize("path", GETS)
def test_analysts_and_outsiders_are_told_whom_to_ask(ana, link, outsider: Client, path: str):
    response = client_of(ana).get(address(path, ana, link))
    assert response.status_code == 403
    assert "with the role analyst. Ask an admin" in said(response)
    assert "ivy." in said(response)
    response = outsider.get(address(path, ana, link))
    assert response.status_code == 403
    # An account without a role learns no names.
    assert "ivy" not in said(response)


@pytest.mark.parametrize("path", GETS)
def test_admins_and_superusers_see_every_page(manager, admin, ana, link, path: str):
    for somebody in (manager, admin):
        response = somebody.get(address(path, ana, link))
        assert response.status_code == 200
        if not path.endswith(".csv"):
            assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", POSTS)
def test_every_change_needs_the_token(manager, ana, link, path: str):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post(address(path, ana, link), GIVEN).status_code == 403
    assert role_of(ana) is Role.ANALYST


@pytest.mark.parametrize("path", sorted(set(POSTS) - set(GETS)))
def test_what_changes_something_is_a_post(manager, ana, link, path: str):
    assert manager.get(address(path, ana, link)).status_code == 405


@pytest.mark.parametrize("path", ["999999/", f"{2**70}/", "999999/deactivate/"])
def test_an_unknown_person_is_not_found(manager: Client, path: str):
    assert manager.get(PEOPLE + path).status_code == 404


def test_an_account_without_a_role_is_nobody_here(manager: Client, outsider: Client):
    otto = User.objects.get(username="otto")
    assert manager.get(f"{PEOPLE}{otto.pk}/").status_code == 404
    response = manager.post(f"{PEOPLE}{otto.pk}/role/", {"role": "admin"})
    assert response.status_code == 404
    assert "otto" not in said(manager.get(PEOPLE))


def test_the_list_names_everybody_active_ones_first(manager: Client, admin: Client, ana: User):
    account_make("abe", "admin", is_active=False)
    page = said(manager.get(PEOPLE))
    assert "ada admin superuser just now active" in page
    assert "ana analyst never active" in page
    assert "mia (you) admin just now active abe admin never deactivated" in page


def test_whoever_is_alone_reads_what_to_do(manager: Client):
    assert "You are the only one here." in said(manager.get(PEOPLE))


def test_the_list_costs_the_same_for_any_number_of_people(
    manager: Client, ana: User, link, django_assert_num_queries
):
    for number in range(20):
        account_make(f"p{number}", "analyst")
        invitation_make(actor=User.objects.get(username="mia"), role=Role.ADMIN, name=str(number))
    # 1 session, 2 person, 3 role, 4 people, 5 their groups, 6 open links
    with django_assert_num_queries(6):
        assert manager.get(PEOPLE).status_code == 200
    # 1 session, 2 person, 3 role, 4 account, 5 its groups, 6 its links, 7 its tokens,
    # 8 entries about it
    with django_assert_num_queries(8):
        assert manager.get(f"{PEOPLE}{ana.pk}/").status_code == 200


def test_an_invitation_is_shown_once(manager: Client):
    response = manager.post(f"{PEOPLE}invite/", {"name": "Ana <b>Bo</b>", "role": "analyst"})
    page = response.content.decode()
    found = re.findall(r'value="(http://testserver/invite/([\w-]{43})/)"', page)
    assert len(found) == 1
    assert "<b>Bo" not in page
    assert "Makes one account as analyst" in said(response)
    listed = manager.get(PEOPLE).content.decode()
    assert found[0][1] not in listed
    assert "Ana &lt;b&gt;Bo&lt;/b&gt;" in listed
    assert Client().get(found[0][0]).status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail) == ("invitation.make", {"role": "analyst"})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": "", "role": "analyst"}, "This field is required."),
        ({"name": "x" * 101, "role": "analyst"}, "at most 100 characters"),
        ({"name": "Ana", "role": "boss"}, "boss is not one of the available choices"),
        ({"name": "Ana"}, "This field is required."),
        ({"name": "Ana", "role": "analyst", "email": "nowhere"}, "Enter a valid email address."),
        ({"name": "A\0", "role": "analyst"}, "Null characters are not allowed."),
    ],
)
def test_a_wrong_invitation_is_refused_in_words(manager: Client, given: dict, problem: str):
    response = manager.post(f"{PEOPLE}invite/", given)
    assert response.status_code == 400
    assert problem in said(response)
    assert not Invitation.objects.exists()


def test_an_invitation_is_mailed_too(manager: Client, settings):
    given = {"name": "Ana", "role": "analyst", "email": "ana@example.org"}
    response = manager.post(f"{PEOPLE}invite/", given)
    assert "It was e-mailed to ana@example.org." in said(response)
    assert len(mail.outbox) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "this installation sends no e-mail" in said(manager.get(f"{PEOPLE}invite/"))
    response = manager.post(f"{PEOPLE}invite/", given)
    assert "It was not e-mailed to ana@example.org" in said(response)


def test_a_role_is_changed(manager: Client, ana: User):
    response = manager.post(f"{PEOPLE}{ana.pk}/role/", {"role": "admin"}, follow=True)
    assert "ana has the role admin." in said(response)
    assert role_of(ana) is Role.ADMIN
    assert "person.role analyst → admin mia" in said(response)


@pytest.mark.parametrize("given", [{}, {"role": "boss"}, {"role": ""}])
def test_an_unknown_role_is_refused(manager: Client, ana: User, given: dict):
    response = manager.post(f"{PEOPLE}{ana.pk}/role/", given)
    assert response.status_code == 409
    assert "Choose one of the roles that are listed." in said(response)
    assert role_of(ana) is Role.ANALYST


def test_nobody_takes_their_own_role(manager: Client):
    mia = User.objects.get(username="mia")
    page = manager.get(f"{PEOPLE}{mia.pk}/").content.decode()
    assert f"{PEOPLE}{mia.pk}/role/" not in page
    assert f"{PEOPLE}{mia.pk}/deactivate/" not in page
    response = manager.post(f"{PEOPLE}{mia.pk}/role/", {"role": "analyst"})
    assert response.status_code == 409
    assert "You cannot take the admin role from yourself" in said(response)
    response = manager.post(f"{PEOPLE}{mia.pk}/deactivate/")
    assert "You cannot deactivate your own account" in said(response)


def test_an_admin_cannot_reach_a_superuser(manager: Client, admin: Client):
    ada = User.objects.get(username="ada")
    page = manager.get(f"{PEOPLE}{ada.pk}/")
    assert "only another superuser can change that account" in said(page)
    assert re.findall(r'action="([^"]*)"', page.content.decode()) == ["/logout/", "/language/"]
    for path, given in (("role", {"role": "analyst"}), ("password", {}), ("deactivate", {})):
        response = manager.post(f"{PEOPLE}{ada.pk}/{path}/", given)
        assert response.status_code == 409
        assert "only another superuser" in said(response)
    assert not Invitation.objects.exists()


def test_deactivation_asks_first_and_logs_out_at_once(manager: Client, ana: User):
    hers = client_of(ana)
    assert hers.get("/dashboard/").status_code == 200
    assert "Deactivate ana?" in said(manager.get(f"{PEOPLE}{ana.pk}/deactivate/"))
    assert hers.get("/dashboard/").status_code == 200
    response = manager.post(f"{PEOPLE}{ana.pk}/deactivate/", follow=True)
    assert "ana is deactivated and logged out." in said(response)
    assert hers.get("/dashboard/")["Location"] == "/login/?next=/dashboard/"
    hers.post("/login/", {"username": "ana", "password": "pw"})
    assert hers.get("/dashboard/").status_code == 302
    response = manager.post(f"{PEOPLE}{ana.pk}/reactivate/", follow=True)
    assert "ana can log in again." in said(response)
    ana.refresh_from_db()
    assert ana.is_active


def test_a_password_link_is_shown_once(manager: Client, ana: User):
    response = manager.post(f"{PEOPLE}{ana.pk}/password/")
    page = response.content.decode()
    (link,) = re.findall(r'value="(http://testserver/password/[\w-]{43}/)"', page)
    assert "The old password works until the new one is set" in said(response)
    assert "A link made by mia works until" in said(manager.get(f"{PEOPLE}{ana.pk}/"))
    assert link not in manager.get(f"{PEOPLE}{ana.pk}/").content.decode()
    assert Client().get(link).status_code == 200


def test_an_open_link_is_withdrawn(manager: Client, link: Invitation):
    assert "Ben to make an account as analyst by ivy" in said(manager.get(PEOPLE))
    response = manager.post(f"{PEOPLE}links/{link.pk}/revoke/", follow=True)
    assert "The link is withdrawn" in said(response)
    assert "Ben" not in said(response)
    response = manager.post(f"{PEOPLE}links/{link.pk}/revoke/", follow=True)
    assert "was used or withdrawn already" in said(response)
    assert AuditEntry.objects.filter(action="invitation.revoke").count() == 1


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("ada", ["Surveys", "Distortions", "People", "Admin", "API"]),
        ("mia", ["Surveys", "Distortions", "People", "Admin", "API"]),
        ("ana", ["Surveys", "Distortions", "API"]),
        ("otto", []),
    ],
)
def test_the_navigation_shows_what_a_role_may_see(
    admin, manager, outsider, ana, who: str, shown: list[str]
):
    somebody = client_of(User.objects.get(username=who))
    page = somebody.get("/dashboard/").content.decode()
    links = re.findall(r'<li><a href="([^"]*)"[^>]*>([^<]*)</a></li>', page.split("<main")[0])
    names = [name for _href, name in links]
    # Other parts of the project add theirs.
    assert set(shown) <= set(names)
    assert ({"People", "Admin"} <= set(names)) is ("People" in shown)
    assert bool(names) is bool(shown)
    for href, name in links:
        assert somebody.get(href).status_code == 200, name


def test_pages_need_no_more_than_the_strict_policy(manager: Client, ana: User, link: Invitation):
    password_link_make(ana, actor=User.objects.get(username="ivy"))
    for path in ("", "invite/", f"{ana.pk}/", f"{ana.pk}/deactivate/", "audit/"):
        html = manager.get(PEOPLE + path).content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", html)
