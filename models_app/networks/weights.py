"""Torchvision's published weights: from a file, torch's cache, or a download that was asked for.

Nothing is fetched unless `download` says so, and nothing random stands in for what is missing.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest
from http.client import HTTPException
from pathlib import Path
from typing import Literal
from urllib.error import HTTPError

import torch
from torch import Tensor, nn
from torchvision import models

from models_app.networks.errors import WeightsMissing
from models_app.networks.fitting import weights_fit
from models_app.networks.tensor_files import MAX_BYTES, tensors_read

Origin = Literal["file", "cache", "download"]

# Which of several sets of weights; the first that a network has.
_MEMBERS = ("IMAGENET1K_V1", "IMAGENET1K_SWAG_LINEAR_V1", "COCO_V1")
# Torch's convention: NAME-SHA256.pth, with the first eight or more digits.
_HASH = re.compile(r"-([a-f0-9]{8,64})\.pth$")
# Names of DenseNet's layers before 2018, in which its weights are published.
_OLD_DENSENET = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var))$"
)


@dataclass(frozen=True, slots=True)
class Published:
    """One set of weights that torchvision publishes.

    Attributes
    ----------
    name
        Torchvision's name of the network.
    url
        Where they are.
    labels
        Names of the classes or objects, by output.
    """

    name: str
    url: str
    labels: tuple[str, ...]

    @property
    def filename(self) -> str:
        """The last part of the address; it ends with the first digits of the file's SHA-256."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def hash_start(self) -> str:
        """First digits of the file's SHA-256; empty where the name has none."""
        found = _HASH.search(self.filename)
        return found[1] if found else ""

    @property
    def cached(self) -> Path:
        """Where torch keeps the file."""
        return Path(torch.hub.get_dir(), "checkpoints", self.filename)


@dataclass(frozen=True, slots=True)
class Found:
    """A file of weights on this machine.

    Attributes
    ----------
    path, origin
        Where it is, and how it was found.
    sha256
        Of the file.
    published
        Whether it is the published file; one that somebody names may be another.
    """

    path: Path
    origin: Origin
    sha256: str
    published: bool


def published_get(name: str) -> Published:
    """Return what torchvision publishes for the network of this name.

    For `inception_v3` and `googlenet` too, the weights expect the input that `backbones` states.

    Raises
    ------
    ValueError
        If torchvision has no such network.
    """
    members = {member.name: member for member in models.get_model_weights(name)}
    chosen = next(members[key] for key in _MEMBERS if key in members)
    return Published(name, chosen.url, tuple(chosen.meta["categories"]))


def weights_find(
    published: Published, *, file: Path | None = None, download: bool = False
) -> Found:
    """Return where the weights are: the named file, else torch's cache, else a download.

    Parameters
    ----------
    published
        What is looked for.
    file
        A file with these weights, under any name; it is taken as it is.
    download
        Whether the file may be fetched into torch's cache, if it is not there.

    Raises
    ------
    WeightsMissing
        If there are none, if the cached file is not the published one, or if the download
        failed; the sentence holds the command that helps.
    """
    if file is not None:
        if not file.is_file():
            raise WeightsMissing(
                f"The file {file.name!r} that should hold {published.filename} is not there: "
                "correct its name, or name none to use torch's cache."
            )
        digest = _sha256(file)
        return Found(file, "file", digest, _matches(published, digest))
    if published.cached.is_file():
        return _cached(published, "cache")
    if not download:
        raise WeightsMissing(
            f"The weights {published.filename} are not on this machine and downloading was not "
            f"allowed: allow it, name a file that holds them, or run on the worker: "
            f"{command_fetch(published)}"
        )
    _download(published)
    return _cached(published, "download")


def command_fetch(published: Published) -> str:
    """Return the shell command that puts the file where torch looks for it."""
    target, url = shlex.quote(str(published.cached)), shlex.quote(published.url)
    return f"curl --fail --location --create-dirs --output {target} {url}"


def command_fetch_all(wanted: Sequence[Published]) -> str:
    """Return one shell command that puts all of these files where torch looks for them."""
    folder = shlex.quote(str(wanted[0].cached.parent))
    urls = " ".join(shlex.quote(each.url) for each in wanted)
    options = "--fail --location --create-dirs --remote-name-all"
    return f"curl {options} --output-dir {folder} {urls}"


def weights_load(
    published: Published,
    module: nn.Module,
    *,
    file: Path | None = None,
    download: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Found:
    """Load published weights into torchvision's network of this name, strictly.

    Parameters
    ----------
    module
        On the CPU; changed in place.
    file, download
        See `weights_find`.

    Raises
    ------
    WeightsMissing
        If they are not here.
    CheckpointRefused
        If the file is damaged or does not fit.
    """
    found = weights_find(published, file=file, download=download)
    fitted = weights_fit(
        weights_read(published, found, max_bytes=max_bytes),
        module.state_dict(),
        what=f"torchvision's {published.name}",
        hint=lambda: f"take {published.filename}",
    )
    module.load_state_dict(fitted.weights, strict=True)
    return found


def weights_read(
    published: Published, found: Found, *, max_bytes: int = MAX_BYTES
) -> dict[str, Tensor]:
    """Return the tensors of a file, named as the network that is installed names them.

    Raises
    ------
    CheckpointRefused
        If the file is damaged.
    """
    tensors = tensors_read(found.path, max_bytes=max_bytes)
    if not published.name.startswith("densenet"):
        return tensors
    return {_OLD_DENSENET.sub(r"\1\2", name): tensor for name, tensor in tensors.items()}


def _cached(published: Published, origin: Origin) -> Found:
    digest = _sha256(published.cached)
    if not _matches(published, digest):
        raise WeightsMissing(
            f"The file {published.filename} in torch's cache is not the published one (its "
            f"SHA-256 begins {digest[:8]} instead of {published.hash_start}): fetch it again with "
            f"{command_fetch(published)}"
        )
    return Found(published.cached, origin, digest, published=True)


def _download(published: Published) -> None:
    target = published.cached
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            published.url, str(target), published.hash_start or None, progress=False
        )
    except (OSError, HTTPException, RuntimeError) as error:
        # OSError covers urllib's own errors; RuntimeError is torch's word for a wrong hash.
        reason = " ".join(str(error).split())[:120]
        if isinstance(error, HTTPError):
            # It is the answer, too, with a connection that is open.
            error.close()
        raise WeightsMissing(
            f"The weights {published.filename} could not be downloaded ({reason}): fetch them on "
            f"a machine with a network, or run on the worker: {command_fetch(published)}"
        ) from error


def _matches(published: Published, digest: str) -> bool:
    return digest.startswith(published.hash_start)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
