"""Work that a worker does: the rows own it, a broker's message is only a hint."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.checkpoint import Checkpoint
from models_app.models.dataset import Dataset


class Job(models.Model):
    """queued -> running -> succeeded | failed | cancelled; a guarded update a step (services/jobs).

    Times are the database's, so that machines whose clocks differ agree on what is late.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Queue(models.TextChoices):
        CPU = "cpu", _("CPU")
        GPU = "gpu", _("GPU")

    kind = models.CharField(max_length=40)
    # What people call it: written once, from the kind and its configuration.
    label = models.CharField(max_length=200)
    config = models.JSONField(default=dict)
    queue = models.CharField(max_length=10, choices=Queue)
    # Higher goes first: somebody waits in front of a page.
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)

    # Raised when work starts over after a dead worker, or because somebody resumed it.
    attempt = models.PositiveSmallIntegerField(default=1)
    # Workers that died over it since a person last started it.
    crashes = models.PositiveSmallIntegerField(default=0)
    # Fences off a worker that was taken for dead: whoever does not hold it writes nothing.
    lease = models.CharField(max_length=32, blank=True)
    worker = models.CharField(max_length=120, blank=True)

    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    # Of the last hint sent to the broker.
    sent_at = models.DateTimeField()
    # Of the first attempt's first claim.
    started_at = models.DateTimeField(null=True, blank=True)
    # Of the present claim; with worked_s, the time that workers have spent on it.
    claimed_at = models.DateTimeField(null=True, blank=True)
    worked_s = models.FloatField(default=0)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    # Items a second, lately.
    rate = models.FloatField(default=0)
    # What it is doing now, where it has several stages.
    stage = models.CharField(max_length=120, blank=True)

    device = models.CharField(max_length=120, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    versions = models.JSONField(default=dict, blank=True)
    # The last lines only.
    log = models.TextField(blank=True)
    # Why it failed, as one sentence.
    error = models.CharField(max_length=500, blank=True)
    # What came out, as figures for pages; files are artifacts.
    result = models.JSONField(default=dict, blank=True)
    # Where to go on from, in the words of its kind; empty: from the start.
    resume = models.JSONField(default=dict, blank=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    cloned_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="clones"
    )
    # What it works on, for lineage; the configuration names the same.
    dataset = models.ForeignKey(
        Dataset, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )

    class Meta:
        indexes = [
            # The next job of a queue, and a job's place in it.
            models.Index(fields=["state", "queue", "-priority", "queued_at"], name="job_next"),
            # The board's counts, without and with a kind.
            models.Index(fields=["state", "kind"], name="job_state_kind"),
            # The board, narrowed to one kind.
            models.Index(fields=["kind", "-id"], name="job_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.label}"

    @property
    def is_over(self) -> bool:
        return self.state not in {self.State.QUEUED, self.State.RUNNING}


class JobArtifact(models.Model):
    """A file that a job made; stored before its row, so no row is without its file."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=120)
    file = models.CharField(max_length=255)
    content_type = models.CharField(max_length=80)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A resumed job replaces its file and never shows two of one name.
            models.UniqueConstraint("job", "name", name="job_artifact_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class JobSeries(models.Model):
    """One curve of a job: its name, and where it stands."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="series")
    name = models.CharField(max_length=80)
    last_step = models.BigIntegerField(default=0)
    last_value = models.FloatField(null=True)

    class Meta:
        verbose_name_plural = "job series"
        constraints = [models.UniqueConstraint("job", "name", name="job_series_name_once")]

    def __str__(self) -> str:
        return self.name


class JobMetric(models.Model):
    """A point of a curve; None where the value was not finite."""

    series = models.ForeignKey(JobSeries, on_delete=models.CASCADE, related_name="points")
    step = models.BigIntegerField()
    value = models.FloatField(null=True)

    class Meta:
        constraints = [
            # A step that is done again after a crash overwrites its point; a curve is thinned out
            # by looking up single steps in it.
            models.UniqueConstraint("series", "step", name="job_metric_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.value}"


class Worker(models.Model):
    """A worker process that says that it is alive."""

    # host:process, unique among the living.
    name = models.CharField(max_length=120, unique=True)
    host = models.CharField(max_length=100)
    queues = models.CharField(max_length=40)
    slots = models.PositiveSmallIntegerField(default=1)
    device = models.CharField(max_length=120, blank=True)
    # Bytes: of this process and its children, of the machine, and of the GPU.
    memory_used = models.BigIntegerField(default=0)
    memory_total = models.BigIntegerField(default=0)
    gpu_memory_used = models.BigIntegerField(default=0)
    gpu_memory_total = models.BigIntegerField(default=0)
    versions = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
