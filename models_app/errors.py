"""Errors of photos and jobs; their text is one sentence for the person."""


class DatasetError(Exception):
    """The request cannot be carried out: what was wrong, what is allowed, what to do."""


class SheetError(Exception):
    """A contact sheet cannot be made of this photo: what is wrong, what to do."""
