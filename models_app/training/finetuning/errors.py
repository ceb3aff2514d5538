"""What can be wrong with labels; the text of each is one sentence for the person."""

from models_app.training.errors import TrainingError


class LabelsUnusable(TrainingError):
    """Labels that a network of ten scores cannot learn from, or parts that do not fit them."""
