"""Errors of photos and jobs; their text is one sentence for the person."""


class DatasetError(Exception):
    """The request cannot be carried out: what was wrong, what is allowed, what to do."""


class SheetError(Exception):
    """A contact sheet cannot be made of this photo: what is wrong, what to do."""


class JobError(Exception):
    """Something asked of a job cannot be done, or a job cannot do what it was asked."""


class JobInvalid(JobError):
    """A configuration cannot be used; `field` names the option, empty for the whole."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


class JobConflict(JobError):
    """The job is not in a state that allows it; somebody else may have been faster."""


class Interrupted(Exception):
    """Work ends before it is done; whatever was saved is kept."""


class JobStopped(Interrupted):
    """Somebody asked to cancel."""


class JobHandedBack(Interrupted):
    """The worker goes down, or something more urgent waits: the job queues again.

    `values` are written with it: fields of the job.
    """

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.values = values


class LeaseLost(Interrupted):
    """This worker was taken for dead and another one has the job: write nothing more."""
