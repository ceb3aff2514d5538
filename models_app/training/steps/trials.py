"""Short trials on the first batch that leave weights, random numbers and statistics alone."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from subprocess import SubprocessError

import torch
from torch import Tensor

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.networks import Groups, PretextNetwork
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.choosing import NOT_COMPILED, SHARE, Choice, way_fits
from models_app.training.steps.memory import Kept, kept_measure, memory_available, out_of_memory

# Pictures of the trial that estimates memory; BatchNorm needs more than one.
_FEW = 2

CANDIDATES = {"cpu": (64, 32, 16), "cuda": (512, 256, 128)}
"""Chunks that are tried; the largest is also how many pictures each trial has."""

# What torch's compiler raises: its own errors are RuntimeErrors; the others are of compilers that
# it starts.
_FAULTS = (RuntimeError, OSError, ImportError, SubprocessError)

# A smaller chunk, or a compiled network, must be faster by this to be preferred.
_GAIN = 1.05


def choice_make(
    config: TrainConfig,
    network: PretextNetwork,
    statistics: BatchStatistics,
    pictures: Tensor,
    groups: Groups,
) -> Choice:
    """Find out how steps are computed; what the configuration says is taken as it is.

    Parameters
    ----------
    pictures
        Of the first batch, uint8 [N, 3, side, side].
    groups
        Into which they fall.

    Raises
    ------
    MemoryShort
        If no way fits into a CPU's memory; on a GPU the step itself finds that out.
    ConfigInvalid
        If the backbone is to be compiled and cannot be.
    """
    device = pictures.device
    kept, available = kept_try(network, statistics, pictures), memory_available(device)
    free = config.bn_group == "frozen" and not config.chunk_images
    chosen = pictures[groups[0]]
    group = CANDIDATES[device.type][-1] if free else len(chosen)
    memory, why = way_fits(
        config,
        kept,
        pictures=len(pictures),
        group=min(group, len(pictures)),
        available=available,
        strict=device.type == "cpu",
    )
    chunk = 0
    if free:
        at_most = int(SHARE * available / (kept.plain + kept.working))
        chunk, told = chunk_try(network, statistics, pictures, at_most=at_most)
        chosen, why = pictures[:chunk], f"{why}; {told}"
    compiled, told = _compiling(config, network, statistics, chosen, memory)
    why = f"{why}; {told}" if told else why
    return Choice(memory=memory, chunk=chunk, compiled=compiled, why=why)


def _compiling(
    config: TrainConfig,
    network: PretextNetwork,
    statistics: BatchStatistics,
    pictures: Tensor,
    memory: str,
) -> tuple[bool, str]:
    """Return whether to compile, and what the log says about it."""
    wanted = config.compile == "on" or (config.compile == "auto" and pictures.is_cuda)
    if not wanted:
        return False, ""
    if memory.endswith("checkpoint"):
        return False, NOT_COMPILED
    if config.compile == "auto":
        return compiling_pays(network, statistics, pictures)
    fault = compile_fault(network, statistics, pictures)
    if fault:
        raise cannot_compile(fault)
    return True, ""


def cannot_compile(fault: str) -> ConfigInvalid:
    """Return the error where the backbone is to be compiled and cannot be."""
    return ConfigInvalid(
        f"compile is on, and torch.compile fails here ({fault}); install a C++ compiler such as "
        "g++, for a GPU also Triton, or set compile to off.",
        "compile",
    )


@contextmanager
def trial(network: PretextNetwork, statistics: BatchStatistics) -> Iterator[None]:
    """While this lasts, all layers of the configuration learn; nothing of it is left behind."""
    learning = [weight.requires_grad for weight in network.parameters()]
    device = next(network.parameters()).device
    devices = [device] if device.type == "cuda" else []
    network.train_layers(heads_only=False)
    statistics.begin()
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        statistics.drop()
        network.zero_grad(set_to_none=True)
        for weight, before in zip(network.parameters(), learning, strict=True):
            weight.requires_grad_(before)


def kept_try(network: PretextNetwork, statistics: BatchStatistics, pictures: Tensor) -> Kept:
    """Estimate what a step keeps, from a few pictures, uint8 [N, 3, side, side]."""
    with trial(network, statistics):
        # One picture is no batch to BatchNorm, and any will do.
        few = pictures[:_FEW] if len(pictures) >= _FEW else pictures.repeat(_FEW, 1, 1, 1)
        return kept_measure(network, network.backbone, network.features, few)


def chunk_try(
    network: PretextNetwork, statistics: BatchStatistics, pictures: Tensor, *, at_most: int
) -> tuple[int, str]:
    """Return the chunk that is fastest, and a line that says by how much.

    Parameters
    ----------
    pictures
        uint8 [N, 3, side, side].
    at_most
        Pictures whose forward fits into memory.
    """
    largest, *_rest = known = CANDIDATES[pictures.device.type]
    most = max(1, min(largest, len(pictures), at_most))
    tried = [chunk for chunk in known if chunk < most]
    rates: dict[int, float] = {}
    with trial(network, statistics):
        for chunk in (most, *tried):
            try:
                rates[chunk] = _rate(network, pictures[:most], chunk)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
    if not rates:
        return max(1, most // 4), "the smallest chunk that was tried did not fit"
    best = _best(list(rates.items()))
    told = ", ".join(f"{chunk}: {rate:.0f}" for chunk, rate in rates.items())
    return best, f"pictures/s by chunk {told}"


def compiling_pays(
    network: PretextNetwork, statistics: BatchStatistics, pictures: Tensor
) -> tuple[bool, str]:
    """Return whether a compiled backbone is faster on one group, and a line that says so."""
    with trial(network, statistics):
        try:
            plain = _rate(network, pictures, len(pictures))
            network.backbone_compile()
            compiled = _rate(network, pictures, len(pictures))
        except _FAULTS as error:
            if out_of_memory(error):
                return False, "not compiled, since memory ran out in the trial"
            return False, f"cannot compile here ({_reason(error)})"
        finally:
            network.backbone_uncompile()
    return compiled > _GAIN * plain, f"pictures/s {plain:.0f}, compiled {compiled:.0f}"


def compile_fault(network: PretextNetwork, statistics: BatchStatistics, pictures: Tensor) -> str:
    """Return why the backbone cannot be compiled for a group of pictures; empty where it can.

    Where memory runs out that says nothing about compiling: the step itself goes on to what
    needs less.
    """
    with trial(network, statistics):
        network.backbone_compile()
        try:
            _round(network, pictures, len(pictures))
        except _FAULTS as error:
            return "" if out_of_memory(error) else _reason(error)
        finally:
            network.backbone_uncompile()
    return ""


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160].rstrip(". ")


def _best(rates: Sequence[tuple[int, float]]) -> int:
    best, fastest = rates[0]
    for chunk, rate in rates[1:]:
        if rate > _GAIN * fastest:
            best, fastest = chunk, rate
    return best


def _rate(network: PretextNetwork, pictures: Tensor, chunk: int) -> float:
    """Return pictures a second, forward and backward, in the better of two rounds."""
    _round(network, pictures[:chunk], chunk)
    return len(pictures) / min(_round(network, pictures, chunk) for _n in range(2))


def _round(network: PretextNetwork, pictures: Tensor, chunk: int) -> float:
    cuda = pictures.device.type == "cuda"
    if cuda:
        torch.cuda.synchronize(pictures.device)
    start = time.perf_counter()
    for piece in pictures.split(chunk):
        features = network.features(piece)
        if features.requires_grad:
            features.sum().backward()
    if cuda:
        torch.cuda.synchronize(pictures.device)
    return time.perf_counter() - start
