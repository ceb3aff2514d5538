"""Read-mostly: votes are evidence and are not edited by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from survey.models import AuditEntry, Participant, Survey, Vote
from survey.roles import Role, has_role
from survey.services.audit import audit_record


class ForAdmins(admin.ModelAdmin[Any]):
    """Seen by people with the role admin, whatever permissions an account has beside it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, Role.ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, Role.ADMIN)


@admin.register(Survey)
class SurveyAdmin(ForAdmins):
    list_display = ("title", "slug", "kind", "state", "created_at")
    list_select_related = True
    # Opened and closed on its page of the dashboard: that takes more than another state.
    readonly_fields = ("slug", "kind", "settings", "state", "pairs_expected")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A survey needs its pictures planned; `manage.py create_survey` does both.
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, Role.ADMIN)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # One click must not take the votes along.
        return False

    def save_model(
        self, request: HttpRequest, obj: Survey, form: ModelForm[Survey], change: bool
    ) -> None:
        """Write down what was changed, in the transaction that the admin site has opened."""
        super().save_model(request, obj, form, change)
        audit_record(
            actor=request.user,
            action="survey.change",
            target="survey",
            target_id=obj.slug,
            label=obj.title,
            detail={name: str(form.cleaned_data[name]) for name in form.changed_data},
        )


class ReadOnlyAdmin(ForAdmins):
    list_select_related: ClassVar[Any] = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    list_display = ("code", "survey", "origin", "consent_version", "consented_at")
    list_filter = ("survey", "origin")


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("assignment", "chosen_side", "original_preferred", "response_ms", "created_at")
    list_select_related = ("assignment",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "target_kind", "target_label")
    list_filter = ("action",)
    ordering = ("-pk",)
