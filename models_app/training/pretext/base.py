"""What a term and what the views of a photo are."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from torch import Tensor, nn


class Views(Protocol):
    """The pictures of each photo that a network sees."""

    count: int
    """Pictures a photo: V."""

    def make(self, photos: Sequence[Tensor], *, keys: Sequence[str], seed: int) -> Tensor:
        """Make the pictures of some photos.

        Parameters
        ----------
        photos
            B photos, uint8 sRGB, RGB, shape [3, H, W], of any sizes, on the device that computes.
        keys
            Names of the photos (hashes of their files): what is drawn at random depends on key
            and seed alone, never on batch, order, device or process.
        seed
            0..2^63 - 1; another one each epoch, where random distortions are drawn anew.

        Returns
        -------
        Tensor
            uint8, shape [B, V, 3, side, side], on the photos' device.
        """
        ...


class Term(Protocol):
    """One loss, and the head whose outputs it judges."""

    key: ClassVar[str]
    width: int
    """Outputs a picture: K."""

    def head(self, features: int) -> nn.Module:
        """Return the head: float32 [N, features] to [N, K], without dropout.

        Weights are drawn from torch's global generator.
        """
        ...

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        outputs
            float32, shape [B, V, K], of the term's head, views in the order of `Views`.

        Returns
        -------
        Tensor
            Scalar: summed over the views or pairs of a photo, averaged over the B photos.
        """
        ...
