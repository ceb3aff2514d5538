"""Variants that one op renders together: work that they share is done once."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models_app.distortions.catalogue import Entry, Preset, Variant
from models_app.distortions.ops.base import Scene
from models_app.distortions.registry import distortion_get, level_get, load


@dataclass(frozen=True, slots=True)
class Group:
    """Variants that one op renders together, and their places in what was asked for."""

    entry: Entry
    values: list[float | None]
    """None is the photo itself."""
    variants: list[Variant]
    places: list[int]


def groups_of(variants: Sequence[Variant], preset: Preset) -> list[Group]:
    """Sort variants by the op that renders them; refuse what the preset does not hold."""
    by_entry: dict[str, Group] = {}
    heads = {entry.reference: entry for entry in reversed(list(preset.distortions.values()))}
    for place, (key, level_key) in enumerate(variants):
        if not level_key and key in preset.references:
            entry = heads[key]
            value = None if key == "original" else entry.default
        else:
            entry = distortion_get(key, preset=preset.key)
            level = level_get(key, level_key, preset=preset.key)
            value = None if level.identity else level.value
        group = by_entry.setdefault(entry.key, Group(entry, [], [], []))
        group.values.append(value)
        group.variants.append((key, level_key))
        group.places.append(place)
    return list(by_entry.values())


@torch.no_grad()
def group_render(group: Group, scene: Scene) -> Tensor:
    """Return uint8, shape [N, 3, h, w]."""
    edits = [value for value in group.values if value is not None]
    if not edits:
        return scene.photo.repeat(len(group.values), 1, 1, 1)
    # The result must not depend on what precision the caller happens to train in.
    with torch.autocast(scene.photo.device.type, enabled=False):
        rendered: Tensor = load(group.entry).render(scene, edits)
    if len(edits) == len(group.values):
        return rendered
    pictures = iter(rendered)
    return torch.stack([scene.photo if v is None else next(pictures) for v in group.values])
