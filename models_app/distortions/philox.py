"""Random numbers that depend on what they are for, never on when or where they are drawn.

Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3): a
block cipher turns a key and a counter into four random words. One photo, distortion, level and
seed make the key, a pixel's place makes the counter; so neither batches, nor threads, nor the
device can change a draw.
"""

import hashlib
import math
from dataclasses import dataclass

import torch
from torch import Tensor

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_WORD = 0xFFFFFFFF
_UNIT = 2.0**-24


@dataclass(frozen=True, slots=True)
class Stream:
    """The random numbers of one variant of one photo: a 64-bit key, and half of the counter."""

    words: tuple[int, int, int, int]

    @classmethod
    def keyed(cls, photo: str, distortion: str, level: float, seed: int) -> "Stream":
        """Return the stream of (photo, distortion, level, seed)."""
        text = "\x1f".join((photo, distortion, repr(float(level)), str(seed)))
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        a, b, c, d = (int.from_bytes(digest[n : n + 4], "little") for n in (0, 4, 8, 12))
        return cls((a, b, c, d))

    def uniform(self, first: int, count: int, device: torch.device) -> Tensor:
        """Draw four numbers for each of `count` counters from `first` on.

        Returns
        -------
        Tensor
            float32 in (0, 1], shape [4, count]; multiples of 2^-24 and a half of it.
        """
        place = torch.arange(first, first + count, device=device)
        words = place.new_empty((4, count))
        torch.bitwise_and(place, _WORD, out=words[0])
        torch.bitwise_right_shift(place, 32, out=words[1])
        k0, k1, words[2], words[3] = self.words
        return (
            philox(words, (k0, k1)).bitwise_right_shift_(8).to(torch.float32).add_(0.5).mul_(_UNIT)
        )

    def normal(self, first: int, count: int, device: torch.device) -> Tensor:
        """Draw three standard normal numbers a counter (Box & Muller 1958).

        Returns
        -------
        Tensor
            float32, shape [3, count].
        """
        u = self.uniform(first, count, device)
        radius = u[0::2].log().mul_(-2).sqrt_()
        angle = u[1::2] * (2 * math.pi)
        return torch.stack(
            [radius[0] * angle[0].cos(), radius[0] * angle[0].sin(), radius[1] * angle[1].cos()]
        )

    def one(self) -> float:
        """Return a single number in (0, 1]."""
        return float(self.uniform(0, 1, torch.device("cpu"))[0, 0])


def philox(counter: Tensor, key: tuple[int, int]) -> Tensor:
    """Philox4x32-10.

    Parameters
    ----------
    counter
        int64, shape [4, n], values 0..2^32 - 1. Used up: its memory is overwritten.
    key
        Two 32-bit words.

    Returns
    -------
    Tensor
        Four random 32-bit words a column: int64, shape [4, n], values 0..2^32 - 1.
    """
    c0, c1, c2, c3 = counter
    p0, p1 = torch.empty_like(c0), torch.empty_like(c0)
    k0, k1 = key
    for _round in range(_ROUNDS):
        # A product may leave the signed range; its 64 bits are right all the same.
        torch.mul(c0, _MULTIPLIERS[0], out=p0)
        torch.mul(c2, _MULTIPLIERS[1], out=p1)
        _high(p1, into=c0).bitwise_xor_(c1).bitwise_xor_(k0)
        _high(p0, into=c2).bitwise_xor_(c3).bitwise_xor_(k1)
        # The low halves are the other two words, and those words' memory is free again.
        c1, p1 = p1.bitwise_and_(_WORD), c1
        c3, p0 = p0.bitwise_and_(_WORD), c3
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return torch.stack([c0, c1, c2, c3])


def _high(product: Tensor, *, into: Tensor) -> Tensor:
    return torch.bitwise_right_shift(product, 32, out=into).bitwise_and_(_WORD)
