"""Where a backbone's initial weights come from; nothing random stands in for what is missing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor

from models_app.networks.errors import CheckpointRefused, WeightsMissing
from models_app.networks.fitting import weights_fit
from models_app.networks.tensor_files import tensors_read
from models_app.networks.weights import Found, published_get, weights_find, weights_read
from models_app.training.backbones import TIMM, Backbone, backbone_build, timm_get
from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.seeds import derive

OWN = "backbone."
"""How the names of a backbone's weights begin in files of this program."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the initial weights of a backbone are.

    Attributes
    ----------
    kind
        As the configuration's `weights`.
    file, sha256
        Name and hash of the file they were read from; empty where they are random.
    """

    kind: Literal["random", "imagenet", "file"]
    file: str = ""
    sha256: str = ""

    @property
    def random(self) -> bool:
        """Whether they come from no training; said with every result."""
        return self.kind == "random"

    @property
    def text(self) -> str:
        """What people read."""
        if self.random:
            return "random"
        named = f"{self.file}, SHA-256 {self.sha256[:12]}"
        return f"ImageNet ({named})" if self.kind == "imagenet" else named

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Build it from what `to_json` gave."""
        return cls(raw["kind"], raw["file"], raw["sha256"])

    def to_json(self) -> dict[str, str | bool]:
        """Return it as a JSON object, `random` and `text` included."""
        return {**asdict(self), "random": self.random, "text": self.text}


def backbone_initial(config: TrainConfig) -> tuple[Backbone, Origin]:
    """Return the backbone with its initial weights, the same for every task.

    Raises
    ------
    ConfigInvalid
        If there is no such backbone, or the named file does not fit it.
    WeightsMissing
        If ImageNet's weights are not on this machine.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(config.seed, "backbone"))
        backbone = backbone_build(config)
    if config.weights == "random":
        return backbone, Origin("random")
    if config.weights == "imagenet":
        tensors, found = _imagenet(config, backbone)
        path, sha256 = found.path, found.sha256
    else:
        path = Path(config.weights_file)
        tensors, sha256 = _file(path)
    try:
        _load(config, backbone, tensors)
    except CheckpointRefused as error:
        raise _refused(path, error) from error
    kind: Literal["imagenet", "file"] = "imagenet" if config.weights == "imagenet" else "file"
    return backbone, Origin(kind, path.name, sha256)


def _load(config: TrainConfig, backbone: Backbone, tensors: dict[str, Tensor]) -> None:
    helpers = backbone.helpers
    if backbone.last:
        helpers = (*helpers, f"{backbone.last}.")
    fitted = weights_fit(
        tensors,
        backbone.module.state_dict(),
        what=f"the backbone {config.backbone} of width {config.width:g}",
        helpers=helpers,
        hint=lambda: "take one of the same backbone and width, or change backbone or width",
    )
    backbone.module.load_state_dict(fitted.weights, strict=True)


def _file(path: Path) -> tuple[dict[str, Tensor], str]:
    if not path.is_file():
        raise ConfigInvalid(
            f"There is no file {path.name!r} of weights; correct weights_file.", "weights_file"
        )
    try:
        tensors = tensors_read(path)
    except CheckpointRefused as error:
        raise _refused(path, error) from error
    own = {n.removeprefix(OWN): t for n, t in tensors.items() if n.startswith(OWN)}
    with path.open("rb") as file:
        return own or tensors, file_digest(file, "sha256").hexdigest()


def _imagenet(config: TrainConfig, backbone: Backbone) -> tuple[dict[str, Tensor], Found]:
    file = Path(config.weights_file) if config.weights_file else None
    name = config.backbone.strip()
    if name.startswith(TIMM):
        found = _timm_find(name.removeprefix(TIMM), file, download=config.download)
        return _read(found.path), found
    published = published_get(name)
    try:
        found = weights_find(published, file=file, download=config.download)
    except WeightsMissing as error:
        raise WeightsMissing(
            f"{error} (Options: download; weights_file; or random as weights.)"
        ) from error
    try:
        tensors = weights_read(published, found)
    except CheckpointRefused as error:
        raise _refused(found.path, error) from error
    head = tensors.get(f"{backbone.last}.weight")
    if head is None or head.shape[0] != len(published.labels):
        raise ConfigInvalid(
            f"{found.path.name}: its weights are not those of ImageNet's 1000 classes; take "
            f"{published.filename}, or set weights to file.",
            "weights_file",
        )
    return tensors, found


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return tensors_read(path)
    except CheckpointRefused as error:
        raise _refused(path, error) from error


def _timm_find(name: str, file: Path | None, *, download: bool) -> Found:
    """Return where timm's weights are: the named file, the hub's cache, or a download."""
    origin: Literal["file", "cache", "download"] = "file"
    if file is None:
        known = timm_get().models.get_pretrained_cfg(name)
        repository = known.hf_hub_id if known else None
        if not repository:
            raise WeightsMissing(
                f"timm publishes no weights of {name} that this program can fetch: name a file "
                "that holds them, or set weights to random."
            )
        file, origin = _hub_file(name, repository, download=download)
    elif not file.is_file():
        raise WeightsMissing(
            f"The file {file.name!r} that should hold timm's weights of {name} is not there: "
            "correct its name, or name none to use the cache of the Hugging Face hub."
        )
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    return Found(file, origin, digest, published=origin != "file")


def _hub_file(
    name: str, repository: str, *, download: bool
) -> tuple[Path, Literal["cache", "download"]]:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(repository, "model.safetensors")
    if isinstance(cached, str):
        return Path(cached), "cache"
    if not download:
        raise WeightsMissing(
            f"timm's weights of {name} are not on this machine and downloading was not allowed: "
            f"allow it, or name a file that holds model.safetensors of {repository}."
        )
    try:
        return Path(hf_hub_download(repository, "model.safetensors")), "download"
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise WeightsMissing(
            f"timm's weights of {name} could not be downloaded ({reason}): name a file that holds "
            f"model.safetensors of {repository}."
        ) from error


def _refused(path: Path, error: CheckpointRefused) -> ConfigInvalid:
    return ConfigInvalid(f"{path.name}: {error}.", "weights_file")
