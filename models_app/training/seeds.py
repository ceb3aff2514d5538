"""Random numbers that depend on what they are for, never on what was drawn before."""

from hashlib import blake2b

import torch


def derive(seed: int, *words: str | int) -> int:
    """Return a seed for one purpose: 0..2^63 - 1, the same on every machine.

    Parameters
    ----------
    seed
        Of the run.
    words
        What it is for, such as "order", 3; other words or another order give another seed.
    """
    # The length of each word tells ("ab", "c") from ("a", "bc"), its type 1 from "1".
    parts = [f"{type(word).__name__}:{len(str(word))}:{word}" for word in (seed, *words)]
    return int.from_bytes(blake2b("|".join(parts).encode(), digest_size=8).digest()) >> 1


def generator(seed: int, *words: str | int) -> torch.Generator:
    """Return a generator on the CPU, seeded by `derive`."""
    return torch.Generator().manual_seed(derive(seed, *words))
