"""What can go wrong with a training; the text of each is one sentence for the person."""


class TrainingError(ValueError):
    """The common base: what was wrong, what is allowed, what to do."""


class ConfigInvalid(TrainingError):
    """A configuration that holds an unknown option or an impossible value.

    Attributes
    ----------
    name
        Of the option; empty where it is none in particular.
    """

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


class PhotosUnusable(TrainingError):
    """Too few photos to train on, or too many that cannot be read."""


class MemoryShort(TrainingError):
    """The step does not fit into memory, and nothing that leaves its result alone makes it fit."""


class Diverged(TrainingError):
    """Too many steps in a row were not finite."""


class StateDamaged(TrainingError):
    """A saved training that is not what was written."""
