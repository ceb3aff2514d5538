"""What became of each file of an import that a worker did."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.dataset import Photo
from models_app.models.job import Job


class ImportedFile(models.Model):
    """One file of an archive; written together with its photo, so that no attempt repeats it."""

    class Outcome(models.TextChoices):
        IMPORTED = "imported", _("imported")
        KNOWN = "known", _("there already")
        REFUSED = "refused", _("refused")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="imported_files")
    # In the archive's own list.
    place = models.PositiveIntegerField()
    # In the archive; a longer one loses its end.
    name = models.CharField(max_length=500)
    outcome = models.CharField(max_length=10, choices=Outcome)
    # One sentence: why it was refused, or what it is called where it was there already.
    reason = models.CharField(max_length=500, blank=True)
    # Photos may go; the report stays.
    photo = models.ForeignKey(
        Photo, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            # A resumed job knows each file once.
            models.UniqueConstraint("job", "place", name="imported_file_once"),
        ]
        indexes = [
            # The report, narrowed to one outcome, in the archive's order.
            models.Index(fields=["job", "outcome", "place"], name="imported_file_report"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"
