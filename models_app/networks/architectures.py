"""The networks that judge photos: which there are, and where the code lies; no torch.

A new architecture is one file in `layouts/` and one line in `REGISTRY`. Beside these, every
classification network of torchvision is one, under the key `torchvision:NAME`, and so is every
network that this program fine-tunes, under `nima:BACKBONE`, see `finetuned_key`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from models_app.networks.backbones import BACKBONES, HELPERS
from models_app.networks.errors import UnknownArchitectureError
from models_app.networks.preprocessing import IMAGENET, Preprocessing

LAYOUTS = f"{__package__}.layouts"
"""Where the code of architectures lies."""

ANY = "torchvision:"
"""How the key of any other torchvision network begins."""

FINETUNED = "nima:"
"""How the key of a network that this program fine-tuned begins."""

TIMM = "timm:"
"""How the names of timm's backbones begin; what there is only a machine that has timm can tell."""

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
        for taken in (ANY, FINETUNED):
            if entry.key.startswith(taken):
                raise ValueError(f"Architecture {entry.key!r} may not begin with {taken!r}.")
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
    if found := _FINETUNED_KEY.fullmatch(key):
        return _finetuned(key, found["backbone"], found["width"], found["side"])
    raise UnknownArchitectureError(f"Unknown architecture {key[:80]!r}; {_choices(key)}.")


_FINETUNED_KEY = re.compile(
    rf"{FINETUNED}(?P<backbone>{'|'.join(BACKBONES)}|{TIMM}[\w.-]{{1,60}})"
    r"(?:@(?P<width>\d{1,2}(?:\.\d{1,4})?))?(?:/(?P<side>\d{2,4}))?"
)
_SIDE = 224


def finetuned_key(backbone: str, *, width: float = 1.0, side: int | None = None) -> str:
    """Return the key of a fine-tuned network: `nima:BACKBONE`, `nima:BACKBONE@WIDTH/SIDE`.

    Parameters
    ----------
    backbone
        Torchvision's name, or `timm:NAME`.
    width
        Of a MobileNetV2's layers.
    side
        Of its pictures where the shapes of its weights depend on it, as a transformer's; else None.
    """
    wide = "" if width == 1 else f"@{width:.4f}".rstrip("0").rstrip(".")
    return f"{FINETUNED}{backbone}{wide}" + ("" if side is None else f"/{side}")


def _finetuned(key: str, backbone: str, width: str | None, side: str | None) -> Entry:
    known = BACKBONES.get(backbone)
    mean, std = (known.mean, known.std) if known else IMAGENET
    pixels = int(side) if side else known.side if known else _SIDE
    return Entry(
        key,
        f"NIMA: {key.removeprefix(FINETUNED)}",
        f"{LAYOUTS}.finetuned.build",
        Preprocessing(pixels, mode="pad_square", mean=mean, std=std),
        backbone,
        MappingProxyType({"backbone": backbone, "width": width or "1", "side": str(pixels)}),
        f"{backbone} with {BINS} outputs, fine-tuned here",
    )


def _choices(key: str) -> str:
    name = key[:80].lower().removeprefix(ANY)
    alike = [] if key.startswith(ANY) else get_close_matches(name, REGISTRY, cutoff=0.75)
    alike += [ANY + other for other in get_close_matches(name, BACKBONES, cutoff=0.75)]
    if alike:
        return f"the closest are {', '.join(alike)}"
    if key.startswith(ANY):
        return f"torchvision has {', '.join(BACKBONES)}"
    return f"choose from {', '.join(REGISTRY)} and {ANY}NAME"
