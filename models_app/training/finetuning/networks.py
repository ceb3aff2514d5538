"""The network that is fine-tuned, and where it begins."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from models_app.networks.architectures import finetuned_key
from models_app.networks.errors import PreprocessingError
from models_app.networks.layouts.finetuned import Finetuned
from models_app.networks.preprocessing import Preprocessing
from models_app.networks.tensor_files import SUFFIX, note_read
from models_app.training.backbones import TIMM, Backbone, timm_get
from models_app.training.blocks import backbone_free
from models_app.training.checkpoint import WEIGHTS
from models_app.training.errors import ConfigInvalid
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.origins import Origin, backbone_initial
from models_app.training.pixels import features_of, scale_and_shift
from models_app.training.seeds import derive


class JudgeNetwork(Finetuned):
    """A `Finetuned` whose pictures come as bytes, and that knows which of its layers learn.

    Parameters
    ----------
    backbone
        With its initial weights.
    preprocessing
        Its mean and standard deviation are taken off here.
    config
        With precision, trainable layers and what batch normalisation goes by.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self, backbone: Backbone, preprocessing: Preprocessing, config: FinetuneConfig
    ) -> None:
        super().__init__(backbone, config.dropout)
        self.width = backbone.features
        self._config = config
        scale, shift = scale_and_shift(preprocessing.mean, preprocessing.std)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)

    def features(self, pictures: Tensor) -> Tensor:
        """Return float32 [N, F] of pictures, uint8 [N, 3, side, side].

        Raises
        ------
        ConfigInvalid
            If layers go by the batch, and it is a photo whose last maps are one pixel.
        """
        precision = self._config.precision
        try:
            return features_of(
                self.backbone, pictures, scale=self.scale, shift=self.shift, precision=precision
            )
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise ConfigInvalid(
                "Batch normalisation goes by the batch, and one photo comes alone, whose last maps "
                "of one pixel cannot be normalised; raise batch, chunk_images or side, or set "
                "batch_norm to never.",
                "batch",
            ) from error

    def judge(self, features: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return logits, float32 [N, 10], of features [N, F].

        Parameters
        ----------
        keep
            [N, F], what features are multiplied by: see `feeding.keep_draw`. None: as they are.
        """
        kept = features if keep is None else features * keep
        with torch.autocast(features.device.type, enabled=False):
            logits: Tensor = self.head(kept.float())
        return logits

    def phase(self, *, frozen: bool) -> None:
        """Let layers learn, and put all of them into the mode in which they do.

        Layers that are frozen compute as they do in evaluation, unless batch normalisation goes
        by the batch always, as released.
        """
        self.train()
        self.head.requires_grad_(True)
        backbone_free(self.backbone, "" if frozen else self._config.trainable)
        if frozen and self._config.batch_norm != "always":
            self.backbone.eval()


def moves_statistics(config: FinetuneConfig, *, frozen: bool) -> bool:
    """Tell whether batch normalisation goes by the batch in a phase."""
    return config.batch_norm == "always" or (config.batch_norm == "unfrozen" and not frozen)


def network_build(config: FinetuneConfig) -> tuple[JudgeNetwork, Origin, Preprocessing]:
    """Return the network on the CPU, what its initial weights are, and its preprocessing.

    The new layer depends on the seed alone. Mean and standard deviation are those that the file
    of initial weights states, else those of the backbone. Torch's global generator is left as it
    was.

    Raises
    ------
    ConfigInvalid, WeightsMissing
        As `origins.backbone_initial`.
    """
    path = Path(config.weights_file)
    if config.weights == "file" and path.is_dir():
        # Such as `best` of a pretraining.
        path = path / WEIGHTS
        config = replace(config, weights_file=str(path))
    backbone, origin = backbone_initial(config.network_config())
    preprocessing = _preprocessing(config, backbone)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(config.seed, "head", "nima"))
        network = JudgeNetwork(backbone, preprocessing, config)
    return network.to(memory_format=torch.channels_last), origin, preprocessing


def network_again(config: FinetuneConfig, preprocessing: Preprocessing) -> JudgeNetwork:
    """Return the network for weights from a state: where the first ones lay may be gone."""
    backbone, _origin = backbone_initial(
        replace(config, weights="random", weights_file="").network_config()
    )
    network = JudgeNetwork(backbone, preprocessing, config)
    return network.to(memory_format=torch.channels_last)


def _preprocessing(config: FinetuneConfig, backbone: Backbone) -> Preprocessing:
    mean, sd = backbone.mean, backbone.sd
    path = Path(config.weights_file)
    if config.weights == "file" and path.suffix.lower() == SUFFIX:
        stated = note_read(path).get("preprocessing")
        if stated is not None:
            try:
                known = Preprocessing.from_json(stated)
            except PreprocessingError as error:
                raise ConfigInvalid(
                    f"{path.name}: the preprocessing that it states cannot be used ({error}).",
                    "weights_file",
                ) from error
            mean, sd = known.mean, known.std
    return Preprocessing(config.side, mode="pad_square", mean=mean, std=sd)


def architecture_key(config: FinetuneConfig) -> str:
    """Return the key under which the fine-tuned network is built again."""
    name = config.backbone.strip()
    return finetuned_key(name, width=config.width, side=config.side if _fixed(name) else None)


def _fixed(name: str) -> bool:
    """Whether the shapes of a backbone's weights depend on the side of its pictures."""
    if not name.startswith(TIMM):
        return name.startswith("vit_")
    known = timm_get().models.get_pretrained_cfg(name.removeprefix(TIMM))
    return bool(known and known.fixed_input_size)
