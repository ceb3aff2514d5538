"""Read-mostly: votes are evidence and are not edited by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from survey.models import Participant, Survey, Vote


@admin.register(Survey)
class SurveyAdmin(admin.ModelAdmin[Survey]):
    list_display = ("title", "slug", "kind", "state", "created_at")
    list_select_related = True
    readonly_fields = ("slug", "kind", "settings", "pairs_expected")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A survey needs its pictures planned; `manage.py create_survey` does both.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # One click must not take the votes along.
        return False


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    list_select_related: ClassVar[Any] = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    list_display = ("code", "survey", "is_preview", "consent_version", "consented_at")
    list_filter = ("survey", "is_preview")


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("assignment", "chosen_side", "original_preferred", "response_ms", "created_at")
    list_select_related = ("assignment",)
