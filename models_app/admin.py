"""Read-mostly: photos come in through import_photos, renditions from workers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from models_app.models import (
    Checkpoint,
    ContactSheet,
    Dataset,
    Evaluation,
    Job,
    LabelSet,
    LabelSplit,
    Photo,
    Rendition,
    Study,
)
from survey.roles import Role, has_role


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    list_select_related = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, Role.ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, Role.ADMIN)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("name", "created_at")


@admin.register(Photo)
class PhotoAdmin(ReadOnlyAdmin):
    list_display = ("name", "dataset", "width", "height", "split", "credit")
    list_filter = ("dataset", "split")
    search_fields = ("name", "list_name")


@admin.register(Rendition)
class RenditionAdmin(ReadOnlyAdmin):
    list_display = ("photo", "distortion", "level", "long_side", "encoding", "state", "error")
    list_filter = ("state", "distortion")


@admin.register(ContactSheet)
class ContactSheetAdmin(ReadOnlyAdmin):
    list_display = ("photo", "preset", "state", "made_at", "job")
    list_filter = ("state", "preset")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "label", "kind", "queue", "state", "attempt", "worker", "created_at")
    list_filter = ("state", "kind", "queue")


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ("name", "architecture", "is_random", "source", "created_by", "created_at")
    list_filter = ("architecture",)


@admin.register(LabelSet)
class LabelSetAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "dataset", "is_generated", "created_by", "created_at")
    list_filter = ("kind",)


@admin.register(LabelSplit)
class LabelSplitAdmin(ReadOnlyAdmin):
    list_display = ("name", "label_set", "rule", "counts", "sha256", "created_at")
    exclude = ("members",)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("checkpoint", "label_set", "split", "part", "n", "created_at")


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "is_generated", "created_by", "created_at")
