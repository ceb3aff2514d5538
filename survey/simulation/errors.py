"""What a simulation refuses."""


class SimulationRefused(Exception):
    """The simulation cannot be made; its text is one sentence: what is wrong, and what to do."""
