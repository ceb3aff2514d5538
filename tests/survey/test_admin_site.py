"""The Django admin site: analysts see nothing there, admins what is theirs, superusers all."""

import pytest
from django.contrib import admin as site
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from survey.models import AuditEntry, Participant, Survey, Vote
from survey.services.audit import audit_record
from tests.people import account_make

RIGHTS = ("view", "add", "change", "delete")


def may(user: User, model_admin) -> set[str]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return {right for right in RIGHTS if getattr(model_admin, f"has_{right}_permission")(request)}


def test_an_analyst_changes_nothing_anywhere(db: None):
    ana = account_make("ana", "analyst")
    found = {model.__name__: may(ana, entry) for model, entry in site.site._registry.items()}
    assert len(found) >= 8
    assert {name for name, rights in found.items() if rights} == set()


def test_an_analyst_sees_an_empty_site(analyst: Client, survey: Survey):
    page = analyst.get("/admin/").content.decode()
    assert "permission to view or edit anything" in page
    for model in ("survey", "vote", "participant", "auditentry"):
        assert analyst.get(f"/admin/survey/{model}/").status_code == 403
    assert analyst.get("/admin/auth/user/").status_code == 403


@pytest.mark.parametrize("who", ["admin", "superuser"])
def test_an_admin_changes_surveys_and_reads_the_rest(db: None, who: str):
    user = account_make("mia", "admin") if who == "admin" else User.objects.create_superuser("ada")
    rights = {model: may(user, site.site._registry[model]) for model in site.site._registry}
    assert rights[Survey] == {"view", "change"}
    for model in (Participant, Vote, AuditEntry):
        assert rights[model] == {"view"}
    assert ("change" in rights[User]) is (who == "superuser")


def test_a_survey_s_title_is_changed_here_and_its_state_is_not(manager: Client, survey: Survey):
    address = f"/admin/survey/survey/{survey.pk}/change/"
    assert manager.post(address, {"title": "New", "state": "closed"}).status_code == 302
    survey.refresh_from_db()
    assert (survey.title, survey.state) == ("New", "open")
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target_id) == ("mia", "survey.change", "study")
    assert entry.detail == {"title": "New"}


def test_audit_entries_are_read_only_for_superusers_too(admin: Client):
    entry = audit_record(actor=None, action="job.launch")
    listed = admin.get("/admin/survey/auditentry/").content.decode()
    assert "job.launch" in listed
    address = f"/admin/survey/auditentry/{entry.pk}"
    assert admin.get(f"{address}/change/").status_code == 200
    assert admin.post(f"{address}/change/", {"action": "x"}).status_code == 403
    assert admin.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    admin.post("/admin/survey/auditentry/", form)
    assert AuditEntry.objects.get().action == "job.launch"
