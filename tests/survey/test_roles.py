"""Roles: who has one, what it lets do, what it costs to ask."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.decorators.http import require_POST
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from survey.roles import (
    AdminPermission,
    AnalystPermission,
    Role,
    admin_required,
    admins_active,
    analyst_required,
    has_role,
    role_forget,
    role_of,
)
from tests.people import account_make

pytestmark = pytest.mark.django_db


def person(name: str):
    """None for somebody who is not logged in."""
    if name == "anonymous":
        return AnonymousUser()
    if name == "superuser":
        return User.objects.create_superuser("ada")
    if name == "outsider":
        return User.objects.create_user("otto")
    if name == "staff without a group":
        return User.objects.create_user("stan", is_staff=True)
    if name == "deactivated":
        return account_make("dora", "admin", is_active=False)
    if name == "not staff any more":
        user = account_make("nora", "admin")
        user.is_staff = False
        user.save()
        return user
    return account_make("somebody", name)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("anonymous", None),
        ("outsider", None),
        ("staff without a group", None),
        ("deactivated", None),
        ("not staff any more", None),
        ("analyst", Role.ANALYST),
        ("admin", Role.ADMIN),
        ("superuser", Role.ADMIN),
    ],
)
def test_each_person_has_one_role_or_none(name: str, role: Role | None):
    user = person(name)
    assert role_of(user) is role
    assert has_role(user, "analyst") is (role is not None)
    assert has_role(user, "admin") is (role is Role.ADMIN)
    assert admins_active().filter(pk=user.pk).exists() is (role is Role.ADMIN)


def test_whoever_is_in_both_groups_is_an_admin():
    user = account_make("both", "analyst")
    user.groups.add(Group.objects.get(name="admin"))
    assert role_of(user) is Role.ADMIN


def test_an_unknown_role_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="boss"):
        has_role(account_make("ana", "analyst"), "boss")


def test_asking_again_costs_nothing(django_assert_num_queries):
    user = User.objects.get(pk=account_make("ana", "analyst").pk)
    # 1 groups of the person
    with django_assert_num_queries(1):
        for _link in range(5):
            assert has_role(user, "analyst")
            assert not has_role(user, "admin")
    with django_assert_num_queries(0):
        assert not has_role(AnonymousUser(), "analyst")
        assert has_role(User(username="ada", is_superuser=True), "admin")
    user.groups.clear()
    role_forget(user)
    assert role_of(user) is None


@require_POST
@admin_required
def launch(request, key: str, *, twice: bool = False) -> HttpResponse:
    """Launch something."""
    return HttpResponse(f"{key} {twice}")


@analyst_required
def read(request) -> HttpResponse:
    return HttpResponse("read")


def asked(user, method: str = "get", address: str = "/x/?a=1"):
    request = getattr(RequestFactory(), method)(address)
    request.user = user
    return request


def test_a_view_keeps_its_name_and_its_arguments():
    assert launch.__doc__ == "Launch something."
    request = asked(person("admin"), "post")
    assert launch(request, "nima", twice=True).content == b"nima True"


def test_nobody_in_particular_is_sent_to_the_log_in_and_back():
    answer = read(asked(AnonymousUser()))
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/x/%3Fa%3D1")
    # Back to an address that takes POST only, a browser would come with GET.
    answer = launch(asked(AnonymousUser(), "post"), "nima")
    assert (answer.status_code, answer["Location"]) == (302, "/login/")


def test_the_refusal_names_the_right_and_who_can_give_it():
    account_make("mia", "admin")
    account_make("gone", "admin", is_active=False)
    with pytest.raises(PermissionDenied) as refused:
        launch(asked(account_make("ana", "analyst"), "post"), "nima")
    assert str(refused.value) == (
        "This is for people with the role admin. You are logged in as ana, with the role analyst. "
        "Ask an admin to do it or to change your role: mia."
    )


def test_the_refusal_says_so_if_there_is_no_admin():
    with pytest.raises(PermissionDenied, match="there is none at present"):
        launch(asked(account_make("ana", "analyst"), "post"), "nima")


@pytest.mark.parametrize(
    ("name", "reads", "changes"),
    [
        ("anonymous", False, False),
        ("outsider", False, False),
        ("staff without a group", False, False),
        ("analyst", True, False),
        ("admin", True, True),
        ("superuser", True, True),
    ],
)
def test_views_of_the_api_ask_the_same(name: str, reads: bool, changes: bool):
    user = person(name)

    def status(permission) -> int:
        view = type(
            "V",
            (APIView,),
            {"permission_classes": [permission], "get": lambda *_: HttpResponse("ok")},
        ).as_view()
        request = APIRequestFactory().get("/")
        force_authenticate(request, user)
        return view(request).status_code

    assert (status(AnalystPermission) == 200) is reads
    assert (status(AdminPermission) == 200) is changes


def test_the_groups_come_back_after_a_migration():
    Group.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == {"analyst", "admin"}


@pytest.mark.django_db(transaction=True)
def test_staff_of_an_older_version_become_analysts():
    executor = MigrationExecutor(connection)
    executor.migrate([("survey", "0001_initial")])
    try:
        User.objects.create_user("stan", is_staff=True)
        User.objects.create_user("otto")
        User.objects.create_superuser("ada")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    roles = {user.username: role_of(user) for user in User.objects.all()}
    assert roles == {"stan": Role.ANALYST, "otto": None, "ada": Role.ADMIN}
    assert not User.objects.get(username="ada").groups.exists()
