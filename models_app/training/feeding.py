"""From photos to what the network sees, and what it makes of photos that it did not learn."""

from collections.abc import Generator

from torch import Tensor

from models_app.training.ahead import Fed, Mark, fed_ahead, fed_in_turn
from models_app.training.config import TrainConfig
from models_app.training.data import Unreadable
from models_app.training.errors import PhotosUnusable
from models_app.training.evaluate import evaluate
from models_app.training.loader import Batch, Loader
from models_app.training.measured import Measured, measured_join
from models_app.training.networks import PretextNetwork
from models_app.training.position import Position
from models_app.training.pretext.building import Pretext
from models_app.training.results import scalars
from models_app.training.seeds import derive
from models_app.training.site import Site
from models_app.training.variant_cache import VariantCache


class Feeding:
    """Photos and their views, for training and for validation."""

    def __init__(self, config: TrainConfig, at: Site, pretext: Pretext, position: Position) -> None:
        self._config = config
        self._at = at
        self.unreadable = Unreadable(
            len(at.photos),
            config.max_unreadable,
            position.unreadable,
            lambda name, reason: at.reports.log(f"{name}: {reason}"),
        )
        still = derive(config.seed, "noise", 0)
        self._views = VariantCache(
            pretext.views, config.variant_cache_mb, seed=still, device=at.device
        )

    def loader(self, indices: tuple[int, ...], *, shuffled: bool) -> Loader:
        """Return batches of photos, in an order drawn every epoch or in that of the split."""
        config, at = self._config, self._at
        return Loader(
            at.photos,
            indices,
            photos_per_batch=config.photos_per_batch,
            seed=config.seed if shuffled else None,
            decoders=config.decoders,
            unreadable=self.unreadable,
            rank=at.processes.rank,
            processes=at.processes.count,
            known=self._views.known,
            pin=at.device.type == "cuda",
        )

    def fed(self, loader: Loader, epoch: int, start: int, mark: Mark) -> Generator[Fed]:
        """Yield an epoch's batches from a given one on, with what the network sees of them."""
        batches = loader.epoch(epoch, start)
        wanted = self._config.render_ahead
        if wanted == "off" or (wanted == "auto" and self._at.device.type == "cpu"):
            return fed_in_turn(batches, lambda batch: self.pictures(batch, epoch), mark)
        return fed_ahead(batches, lambda batch: self.pictures(batch, epoch), mark, self._at.device)

    def pictures(self, batch: Batch, epoch: int) -> Tensor:
        """Views for training; what is random in them is drawn anew where that is wanted."""
        # Two crops that stay the same for ever are nothing to contrast.
        anew = self._config.redraw_noise or self._config.entry.views == "augmented"
        drawn = epoch if anew else 0
        return self._make(batch, derive(self._config.seed, "noise", drawn))

    def still(self, batch: Batch) -> Tensor:
        """Views for validation: the same every epoch."""
        return self._make(batch, derive(self._config.seed, "noise", 0))

    def _make(self, batch: Batch, seed: int) -> Tensor:
        device = self._at.device
        photos = [
            None if photo is None else photo.to(device, non_blocking=True) for photo in batch.photos
        ]
        return self._views.make(photos, keys=batch.keys, seed=seed)


class Measuring:
    """Evaluates the network as it is."""

    def __init__(
        self,
        config: TrainConfig,
        at: Site,
        pretext: Pretext,
        network: PretextNetwork,
        feeding: Feeding,
    ) -> None:
        self._config, self._at, self._pretext = config, at, pretext
        self._network, self._feeding = network, feeding

    def __call__(self, indices: tuple[int, ...], *, keep: bool) -> Measured:
        """Evaluate photos by their places in the source; `keep` as of `evaluate`.

        Raises
        ------
        PhotosUnusable
            If none of them can be read.
        """
        loader = self._feeding.loader(indices, shuffled=False)
        own = evaluate(
            self._network,
            self._pretext,
            self._config,
            loader.epoch(0),
            self._feeding.still,
            keep=keep,
        )
        found = self._at.processes.gather(own)
        parts = [each for each in found if isinstance(each, Measured) and each.photos]
        if not parts:
            raise PhotosUnusable(
                "No photo to measure the network with could be read; replace them, or choose "
                "another split."
            )
        return measured_join(parts)

    def scalars(self) -> dict[str, float]:
        """Return the numbers of the validation photos; `validation/total` sums the raw losses."""
        measured = self(self._at.split.validation, keep=False)
        found = scalars(measured, config=self._config, chart=self._pretext.chart)
        return found | {"validation/total": sum(measured.losses.values())}
