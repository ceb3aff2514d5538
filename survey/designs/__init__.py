"""A survey's design as a file: exported here, compared, imported elsewhere as a draft."""

from survey.designs.base import Design
from survey.designs.datasets import Choice, dataset_choice, dataset_choose
from survey.designs.exporting import design_of
from survey.designs.importing import Imported, design_import
from survey.designs.pictures import dataset_names
from survey.designs.reading import LARGEST, design_read, design_too_large

__all__ = [
    "LARGEST",
    "Choice",
    "Design",
    "Imported",
    "dataset_choice",
    "dataset_choose",
    "dataset_names",
    "design_import",
    "design_of",
    "design_read",
    "design_too_large",
]
