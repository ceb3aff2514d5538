"""Photos as they were imported."""

from django.db import models


class Dataset(models.Model):
    name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    """An imported photo; the stored file is the original's bytes, never served as they are."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="photos")
    # The path below the imported folder: what lists, exports and people call this photo.
    name = models.CharField(max_length=255)
    file = models.CharField(max_length=255)
    # Of the file's bytes: a second run knows it without decoding.
    file_sha256 = models.CharField(max_length=64)
    # Of the upright sRGB pixels: the same photo saved again, or without its metadata.
    pixel_sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    split = models.CharField(max_length=20, blank=True)
    # What a published list calls it, where that differs from its name here.
    list_name = models.CharField(max_length=255, blank=True)
    # Whose photo it is, and on what terms it may be shown and passed on.
    credit = models.CharField(max_length=255, blank=True)
    licence = models.CharField(max_length=255, blank=True)
    # Where it was published; http or https.
    source_url = models.CharField(max_length=500, blank=True)
    # Of the stored file; 0 for photos of releases that did not note it.
    bytes = models.BigIntegerField(default=0)
    # Excluded photos stay, with their results; new surveys and trainings leave them out.
    excluded_at = models.DateTimeField(null=True, blank=True)
    excluded_reason = models.CharField(max_length=255, blank=True)
    excluded_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("dataset", "name", name="photo_name_once_a_dataset"),
            # Two importers at once, or a second run: no photo twice.
            models.UniqueConstraint("dataset", "pixel_sha256", name="photo_pixels_once_a_dataset"),
        ]

    def __str__(self) -> str:
        return self.name
