"""Finished variants that are kept from epoch to epoch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models_app.training.pretext.base import Views


class VariantCache:
    """Views that render each photo once, as long as there is room; itself a `Views`.

    Nothing is thrown out: what does not fit is rendered every time, where replacing the oldest
    would render everything again in every epoch. For variants that are the same every epoch
    (`redraw_noise` false).

    Parameters
    ----------
    views
        What renders.
    megabytes
        Of 10^6 bytes, in main memory; 0 keeps nothing.
    seed
        The one seed with which variants are kept; with another one they are rendered.
    device
        Where `make` returns pictures.
    """

    def __init__(
        self, views: Views, megabytes: int, *, seed: int, device: torch.device | str
    ) -> None:
        self._views = views
        self._room = megabytes * 1_000_000
        self._seed = seed
        self._device = torch.device(device)
        self._kept: dict[str, Tensor] = {}
        self.count = views.count

    def __len__(self) -> int:
        """Return of how many photos the variants are kept."""
        return len(self._kept)

    def known(self, key: str) -> bool:
        """Whether a photo need not be decoded; once True, always True."""
        return key in self._kept

    def make(self, photos: Sequence[Tensor | None], *, keys: Sequence[str], seed: int) -> Tensor:
        """Return variants as `Views.make` does; a photo may be None where `known` is True.

        Raises
        ------
        ValueError
            If a photo is None and its variants are not kept, or not with this seed.
        """
        usable = seed == self._seed
        missing = [i for i, key in enumerate(keys) if not (usable and key in self._kept)]
        given = [(keys[i], photo) for i in missing if (photo := photos[i]) is not None]
        if len(given) < len(missing):
            raise ValueError("A photo was not decoded, and its variants are not kept.")
        if len(given) == len(keys):
            made = self._views.make([photo for _key, photo in given], keys=keys, seed=seed)
            self._keep(keys, made, usable)
            return made
        rows = {key: self._kept[key].to(self._device) for key in keys if key in self._kept}
        if given:
            rendered = [key for key, _photo in given]
            made = self._views.make([photo for _key, photo in given], keys=rendered, seed=seed)
            self._keep(rendered, made, usable)
            rows |= dict(zip(rendered, made.unbind(), strict=True))
        return torch.stack([rows[key] for key in keys])

    def _keep(self, keys: Sequence[str], made: Tensor, usable: bool) -> None:
        size = made[0].numel() if len(made) else 0
        for key, variants in zip(keys, made.unbind(), strict=True):
            if usable and key not in self._kept and size <= self._room:
                # A copy: a part of the batch would keep the whole batch alive.
                self._kept[key] = variants.to("cpu", copy=True)
                self._room -= size
