"""What people judged images to be worth, and which of these images train, validate and test."""

from django.db import models

from models_app.models.dataset import Dataset, Photo


class LabelSet(models.Model):
    """The labels of one imported file; they do not change once they are there."""

    name = models.CharField(max_length=100, unique=True)
    # Key of models_app.labels.registry.
    kind = models.CharField(max_length=40)
    # The least and the greatest score that the file's scale knows.
    scale_low = models.FloatField()
    scale_high = models.FloatField()
    # Of distributions; 0 where there are only means. Bin i stands for the score first_bin + i.
    bins = models.PositiveSmallIntegerField(default=0)
    first_bin = models.SmallIntegerField(default=1)
    # False for DMOS: the greater, the worse.
    higher_is_better = models.BooleanField(default=True)
    # Its images were drawn by a program: whatever comes of them proves the plumbing, nothing else.
    is_generated = models.BooleanField(default=False)
    # Of the images; none where only labels were imported.
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, null=True, blank=True, related_name="label_sets"
    )
    # The label file's name, and the SHA-256 of its bytes.
    source = models.CharField(max_length=255, blank=True)
    source_sha256 = models.CharField(max_length=64, blank=True)
    # What the import found: counts, and names of what was left out.
    report = models.JSONField(default=dict)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Label(models.Model):
    """What people judged one image to be worth."""

    label_set = models.ForeignKey(LabelSet, on_delete=models.CASCADE, related_name="labels")
    # What the label file calls the image, without folders.
    name = models.CharField(max_length=255)
    # None where the image was not found; such labels serve splits and comparisons of tables.
    photo = models.ForeignKey(
        Photo, on_delete=models.SET_NULL, null=True, blank=True, related_name="labels"
    )
    mean = models.FloatField()
    sd = models.FloatField(null=True, blank=True)
    # Shares of the set's bins, which sum to 1.
    distribution = models.JSONField(null=True, blank=True)
    # People behind it, where the file says so.
    votes = models.PositiveIntegerField(null=True, blank=True)
    # The image that this one is a distorted copy of.
    reference = models.CharField(max_length=255, blank=True)
    # train, validation or test, where the file itself says so.
    part = models.CharField(max_length=20, blank=True)
    # What else the file says: attributes, tags, distortion and level.
    attributes = models.JSONField(default=dict, blank=True)
    # 64 bits of how the image looks, 16 hexadecimal digits; empty where it was not found.
    perceptual_hash = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("label_set", "name", name="label_name_once_a_set"),
        ]
        indexes = [
            # The lowest and the highest of a set.
            models.Index(fields=["label_set", "mean"], name="label_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.mean:.3f}"


class LabelSplit(models.Model):
    """Which images of a label set train, validate and test; never changed, and free of leaks."""

    label_set = models.ForeignKey(LabelSet, on_delete=models.CASCADE, related_name="splits")
    name = models.CharField(max_length=100)
    # Key of models_app.splits.registry, and what it was told (seed, shares, lists).
    rule = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    # {"train": [names], "validation": [names], "test": [names]}, each sorted.
    members = models.JSONField()
    # {"train": n, ...}, so that a page need not read the members.
    counts = models.JSONField()
    # Which leaks were looked for, and how near is too near.
    checks = models.JSONField(default=dict)
    # Of the members as canonical JSON: the same split has the same hash everywhere.
    sha256 = models.CharField(max_length=64)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("label_set", "name", name="split_name_once_a_set"),
        ]

    def __str__(self) -> str:
        return f"{self.label_set_id}: {self.name}"
