"""How a step is computed where the configuration leaves it open: found once, kept for a resume."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from models_app.training.config import TrainConfig
from models_app.training.errors import MemoryShort
from models_app.training.steps.memory import Kept

SHARE = 0.85
"""Of the memory that is available, how much a step is planned with."""

FIRST_CHUNK = 64
"""Pictures a chunk when memory has run out and nothing was measured."""

NOT_COMPILED = "not compiled, since blocks are computed twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How steps are computed.

    Attributes
    ----------
    memory
        plain, checkpoint, cache, or cache+checkpoint, which does both.
    chunk
        Pictures in one forward where statistics are frozen; 0: all. Other groups are given by the
        configuration.
    compiled
        Whether the backbone goes through torch.compile.
    why
        One line for the log.
    """

    memory: str
    chunk: int = 0
    compiled: bool = False
    why: str = ""

    @property
    def cached(self) -> bool:
        """Whether features are kept alone."""
        return self.memory.startswith("cache")

    @property
    def checkpointed(self) -> bool:
        """Whether blocks are computed twice."""
        return self.memory.endswith("checkpoint")

    @property
    def text(self) -> str:
        """One line for the log."""
        chunk = f" of {self.chunk} pictures" if self.chunk else ""
        compiled = ", compiled" if self.compiled else ""
        return f"Steps: {self.memory}{chunk}{compiled}{f' ({self.why})' if self.why else ''}"

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Build it from what `to_json` gave."""
        return cls(**raw)


def ways(config: TrainConfig) -> tuple[str, ...]:
    """Return the ways that a configuration allows, the fastest first.

    Raises
    ------
    ValueError
        If it asks for gradient caching of the whole batch, which is not exact.
    """
    if config.bn_group == "batch" and config.memory == "cache":
        raise ValueError(
            "memory is cache, and bn_group is batch, which needs all pictures at once; choose "
            "checkpoint, or another bn_group."
        )
    if config.memory != "auto":
        return (config.memory,)
    if config.bn_group == "batch":
        return ("plain", "checkpoint")
    return ("plain", "cache", "cache+checkpoint")


def way_fits(
    config: TrainConfig, kept: Kept, *, pictures: int, group: int, available: int, strict: bool
) -> tuple[str, str]:
    """Return the fastest way whose estimate fits into memory, and a line that says why.

    Parameters
    ----------
    pictures, group
        Of a batch, and of its largest group.
    available
        Bytes.
    strict
        Whether a way that does not fit must not even be tried: where memory that runs out is the
        end of the process, as on a CPU.

    Raises
    ------
    MemoryShort
        If nothing fits, and strict.
    """
    allowed = ways(config)
    for way in allowed:
        needed = _needed(way, kept, pictures=pictures, group=group)
        if needed <= SHARE * available:
            return way, f"about {_gb(needed)} of {_gb(available)}"
    needed = _needed(allowed[-1], kept, pictures=pictures, group=group)
    if strict and needed > available:
        raise memory_short(
            config, f"about {_gb(needed)} for {pictures} pictures of side {config.side}", available
        )
    return allowed[-1], f"about {_gb(needed)} of {_gb(available)}, which is tight"


def _needed(way: str, kept: Kept, *, pictures: int, group: int) -> float:
    count = group if way.startswith("cache") else pictures
    # One group at a time is on its way back.
    working = kept.working * group
    return working + count * (kept.checkpoint if way.endswith("checkpoint") else kept.plain)


def smaller(choice: Choice, config: TrainConfig, *, pictures: int) -> Choice | None:
    """Return what needs less memory and gives the same gradients; None where nothing does."""
    free_chunk = config.bn_group == "frozen" and not config.chunk_images
    why = "smaller, since memory ran out"
    if choice.cached and free_chunk:
        if choice.chunk > 1:
            return replace(choice, chunk=choice.chunk // 2, why=why)
        return None
    allowed = ways(config)
    later = allowed[allowed.index(choice.memory) + 1 :]
    if not later:
        return None
    chunk = choice.chunk
    if free_chunk:
        chunk = max(1, min(FIRST_CHUNK, pictures // 2, chunk or FIRST_CHUNK))
    compiled = choice.compiled and not later[0].endswith("checkpoint")
    if choice.compiled and not compiled:
        why = f"{why}; {NOT_COMPILED}"
    return Choice(memory=later[0], chunk=chunk, compiled=compiled, why=why)


def memory_short(
    config: TrainConfig, needs: str, available: int, *, learns: bool = True
) -> MemoryShort:
    """Return the error of what does not fit, naming what to change.

    Parameters
    ----------
    learns
        Whether it is a step; else photos are measured, and nothing is kept for a way back.
    """
    remedies = ["lower photos_per_batch, side or width"]
    if learns:
        remedies += _remedies(config)
    what = "A step" if learns else "Measuring photos"
    return MemoryShort(
        f"{what} needs {needs}, and {_gb(available)} of memory are free: {', or '.join(remedies)}."
    )


def _remedies(config: TrainConfig) -> list[str]:
    remedies = []
    if config.memory not in ("auto", "checkpoint") and config.bn_group == "batch":
        remedies.append("set memory to checkpoint")
    if config.memory == "plain" and config.bn_group != "batch":
        remedies.append("set memory to cache")
    if config.bn_group == "batch":
        remedies.append("set bn_group to photo and memory to cache, which is another training")
    elif config.chunk_images > 1:
        remedies.append("lower chunk_images")
    return remedies


def _gb(size: float) -> str:
    return f"{size / 1e9:.2f} GB"
