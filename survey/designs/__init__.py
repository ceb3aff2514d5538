"""A survey's design as a file: exported here, compared, imported elsewhere as a draft."""

from survey.designs.base import Design
from survey.designs.exporting import design_of
from survey.designs.importing import Imported, design_import
from survey.designs.reading import LARGEST, design_read

__all__ = ["LARGEST", "Design", "Imported", "design_import", "design_of", "design_read"]
