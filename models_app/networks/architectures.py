"""The networks that judge photos: which there are, and where the code lies; no torch.

A new architecture is one file in `layouts/` and one line in `REGISTRY`. Beside these, every
classification network of torchvision is one, under the key `torchvision:NAME`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from models_app.networks.backbones import BACKBONES, HELPERS
from models_app.networks.errors import UnknownArchitectureError
from models_app.networks.preprocessing import Preprocessing

LAYOUTS = f"{__package__}.layouts"
"""Where the code of architectures lies."""

ANY = "torchvision:"
"""How the key of any other torchvision network begins."""

BINS = 10
"""Outputs of every architecture: the logits of the scores 1 to 10."""


def gettext_noop(message: str) -> str:
    """Mark a label for `makemessages`; the web side translates it when it is shown."""
    return message


_ = gettext_noop


@dataclass(frozen=True, slots=True)
class Entry:
    """One architecture.

    Attributes
    ----------
    key
        Stored beside weights and results.
    label
        What people read, in English; translate it when showing it.
    path
        Dotted path of the function that builds it; see `networks.building.Builder`.
    preprocessing
        What a form proposes; each file of weights has its own.
    backbone
        Torchvision's name of the network whose ImageNet weights it can start from.
    options
        Arguments of the function that builds it.
    source
        Where the layout of its weights comes from.
    helpers
        How weights begin that a file may have and judging does not need.
    own_head
        Where its head lies when that is not where the backbone has its own: the backbone's
        weights under this prefix are then left out.
    """

    key: str
    label: str
    path: str
    preprocessing: Preprocessing
    backbone: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    helpers: tuple[str, ...] = ()
    own_head: str = ""


def entries_collect(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """Return entries by key.

    Raises
    ------
    ValueError
        If a key comes twice, or begins like those of torchvision's networks.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"Architecture {entry.key!r} is registered twice; choose another key.")
        if entry.key.startswith(ANY):
            raise ValueError(f"Architecture {entry.key!r} may not begin with {ANY!r}.")
        found[entry.key] = entry
    return MappingProxyType(found)


def _nima(
    key: str, label: str, preprocessing: Preprocessing, source: str, own_head: str = ""
) -> Entry:
    backbone = key.removeprefix("nima_")
    return Entry(
        key,
        label,
        f"{LAYOUTS}.{key}.build",
        preprocessing,
        backbone,
        source=source,
        helpers=HELPERS.get(backbone, ()),
        own_head=own_head,
    )


REGISTRY: Mapping[str, Entry] = entries_collect(
    [
        _nima(
            "nima_vgg16",
            _("NIMA on VGG16"),
            # Trained on pixels between 0 and 1: its programs have no Normalize step.
            Preprocessing(256, 224),
            "github.com/kentsyx/Neural-IMage-Assessment",
            own_head="classifier.",
        ),
        _nima(
            "nima_mobilenet_v2",
            _("NIMA on MobileNetV2"),
            BACKBONES["mobilenet_v2"],
            "torchvision's mobilenet_v2 with 10 outputs",
        ),
        _nima(
            "nima_inception_v3",
            _("NIMA on InceptionV3"),
            BACKBONES["inception_v3"],
            "torchvision's inception_v3 with 10 outputs",
        ),
    ]
)
"""The named architectures, by key."""


def architecture_keys() -> tuple[str, ...]:
    """Return every key: the named architectures, then torchvision's networks by name."""
    return (*REGISTRY, *(ANY + name for name in BACKBONES))


def architecture_get(key: str) -> Entry:
    """Return the architecture of this key.

    Raises
    ------
    UnknownArchitectureError
        Naming the keys that look alike, or those there are.
    """
    if key in REGISTRY:
        return REGISTRY[key]
    name = key.removeprefix(ANY)
    if key.startswith(ANY) and name in BACKBONES:
        return Entry(
            key,
            name,
            f"{LAYOUTS}.torchvision_any.build",
            BACKBONES[name],
            name,
            MappingProxyType({"name": name}),
            f"torchvision's {name} with {BINS} outputs",
            HELPERS.get(name, ()),
        )
    raise UnknownArchitectureError(f"Unknown architecture {key[:80]!r}; {_choices(key)}.")


def _choices(key: str) -> str:
    name = key[:80].lower().removeprefix(ANY)
    alike = [] if key.startswith(ANY) else get_close_matches(name, REGISTRY, cutoff=0.75)
    alike += [ANY + other for other in get_close_matches(name, BACKBONES, cutoff=0.75)]
    if alike:
        return f"the closest are {', '.join(alike)}"
    if key.startswith(ANY):
        return f"torchvision has {', '.join(BACKBONES)}"
    return f"choose from {', '.join(REGISTRY)} and {ANY}NAME"
