"""Studies: a question that several jobs answer together."""

from django.db import models

from models_app.models.job import Job


class Study(models.Model):
    """One configuration, and the graph of jobs that it comes to."""

    name = models.CharField(max_length=100, unique=True)
    # Key of models_app.studies.registry.
    kind = models.CharField(max_length=40)
    config = models.JSONField()
    # Some of its images were drawn by a program: a check of the plumbing, no finding.
    is_generated = models.BooleanField(default=False)
    # Nothing more is launched once it is set.
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class StudyPart(models.Model):
    """One job of a study: what it waits for, what it is told, and which job does it."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="parts")
    # Names it within the study, such as finetune/ranking/seed-0/share-100.
    key = models.CharField(max_length=150)
    # Of the job; in its configuration {"$made_by": KEY} stands for another part's checkpoint.
    kind = models.CharField(max_length=40)
    config = models.JSONField()
    # Keys of the parts that must have succeeded before.
    needs = models.JSONField(default=list)
    order = models.PositiveIntegerField()
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="study_parts"
    )
    # The job was there already, made for something else with the same configuration.
    is_reused = models.BooleanField(default=False)
    # What no job could be launched for.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint("study", "key", name="study_part_once"),
        ]

    def __str__(self) -> str:
        return self.key
