"""What can go wrong with a network; the text of each is one sentence for the person."""


class NetworkError(ValueError):
    """The common base: what was wrong, what is allowed, what to do."""


class UnknownArchitectureError(NetworkError):
    """A key that names no architecture."""


class PreprocessingError(NetworkError):
    """A preprocessing that contradicts itself or that no photo could go through."""


class PhotoUnusable(NetworkError):
    """A photo that cannot become a network's input; the others still can."""


class CheckpointRefused(NetworkError):
    """A file of weights that is damaged, is no such file, or does not fit the architecture."""


class WeightsMissing(NetworkError):
    """Published weights that are not on this machine; the text holds the command that helps."""
