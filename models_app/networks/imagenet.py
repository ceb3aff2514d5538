"""Networks whose backbone knows ImageNet: where training to judge photos starts."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from models_app.networks.architectures import architecture_get
from models_app.networks.building import Network, network_random, weights_expected
from models_app.networks.errors import CheckpointRefused
from models_app.networks.fitting import weights_fit
from models_app.networks.preprocessing import Preprocessing
from models_app.networks.weights import Found, published_get, weights_find, weights_read


def network_from_imagenet(
    key: str,
    *,
    seed: int,
    preprocessing: Preprocessing | None = None,
    file: Path | None = None,
    download: bool = False,
) -> tuple[Network, Found]:
    """Return an architecture whose backbone knows ImageNet and whose head knows nothing yet.

    It is marked random, since it cannot judge photos yet.

    Parameters
    ----------
    key
        Of the architecture.
    seed
        Of the head.
    preprocessing
        The architecture's own where None.
    file, download
        See `weights.weights_find`.

    Raises
    ------
    WeightsMissing, CheckpointRefused
        As `weights.weights_load`.
    """
    entry = architecture_get(key)
    published = published_get(entry.backbone)
    found = weights_find(published, file=file, download=download)
    tensors = weights_read(published, found)
    network = network_random(key, seed=seed, preprocessing=preprocessing)
    expected = weights_expected(entry)
    own = network.module.state_dict()
    head = _head(expected, tensors, entry.own_head, len(published.labels))
    if not head:
        raise CheckpointRefused(
            f"its weights are not those of ImageNet's 1000 classes: take {published.filename}"
        )
    rest = {name: t for name, t in tensors.items() if name not in head}
    if entry.own_head:
        rest = {name: t for name, t in rest.items() if not name.startswith(entry.own_head)}
    fitted = weights_fit(
        rest | {name: own[name] for name in head},
        expected,
        what=f"the backbone of {entry.label} ({key})",
        helpers=entry.helpers,
        hint=lambda: f"take {published.filename}",
    )
    network.module.load_state_dict(fitted.weights, strict=True)
    return replace(network, dropped=fitted.dropped), found


def _head(
    expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], own_head: str, classes: int
) -> set[str]:
    """Return the names of an architecture's last layer, which the published file has otherwise."""
    if own_head:
        return {name for name in expected if name.startswith(own_head)}
    return {
        name
        for name, tensor in expected.items()
        if name in tensors
        and tensors[name].shape == (classes, *tensor.shape[1:])
        and tensor.shape[0] != classes
    }
