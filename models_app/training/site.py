"""Where a pretraining happens."""

from dataclasses import dataclass

from models_app.training.data import Photos
from models_app.training.frame import Workplace
from models_app.training.split import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Workplace):
    """Where a pretraining happens.

    Attributes
    ----------
    photos, split
        What it learns from, and which of it.
    """

    photos: Photos
    split: Split
