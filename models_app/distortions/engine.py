"""Render the variants of photos: in their own size, or in the geometry that networks see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from torch import Tensor

from models_app.distortions.catalogue import Entry, Preset, Variant
from models_app.distortions.geometry import PATCH_SIDE, pad_square, patch_cut, resize_short
from models_app.distortions.groups import group_render, groups_of
from models_app.distortions.ops.base import Scene
from models_app.distortions.pictures import photo_check
from models_app.distortions.registry import PRESET, preset_get

NATIVE_SIGMA = 100.0
"""Blur of the edit files, in pixels of whatever size the photo has."""

SIDE = 224
"""Side of the square that networks see, in pixels."""

Order = Literal["resize_first", "render_first"]


def display_sigma(width: int) -> float:
    """Blur in pixels for a photo shown at `width` pixels: the reference's 100 at 1000.

    Raises
    ------
    ValueError
        If the width is not positive.
    """
    if width <= 0:
        raise ValueError(f"The width is {width}; it must be a positive number of pixels.")
    return NATIVE_SIGMA * width / 1000


@dataclass(frozen=True, slots=True)
class Geometry:
    """What networks see of a photo.

    Attributes
    ----------
    side
        Of the square, in pixels.
    order
        Of resizing and style distortions; the others are made after resizing, as in the
        reference. docs/distortions.md has the reason for the default, bench/RESULTS.md the
        measured difference.
    """

    side: int = SIDE
    order: Order = "resize_first"


def render_variants(
    photo: Tensor,
    variants: Sequence[Variant],
    *,
    sigma: float,
    preset: str = PRESET,
    key: str = "",
    seed: int = 0,
    source: Tensor | None = None,
) -> Iterator[tuple[str, str, Tensor]]:
    """Render one photo's variants in its own size, those of one distortion together.

    Work that variants share (Lab, blur) is done once. It and the finished variants of one
    distortion are kept in memory, about 100 bytes a pixel; the rest does not grow with the photo.
    Crops and rotations show a part of the photo, enlarged to its size.

    Parameters
    ----------
    photo
        uint8 sRGB, channel order RGB, shape [3, H, W], on any device; not changed.
    variants
        Pairs of distortion key and level key, as the registry spells them; a reference's key and
        an empty string is the undistorted picture.
    sigma
        Blur behind shadows and highlights in pixels: `NATIVE_SIGMA` or `display_sigma(width)`.
    preset
        Key of the preset that levels are taken from.
    key, seed
        What random distortions are drawn from, beside distortion and level.
    source
        The picture that `photo` was resized from, from which crops and rotations are cut; by
        default it was not resized.

    Yields
    ------
    tuple[str, str, Tensor]
        Distortion key, level key, and the variant: uint8, shape [3, h, w], on the photo's device.

    Raises
    ------
    ValueError
        At the call: if the photo has another type or shape, sigma is not positive, or a
        preset, distortion or level is unknown.
    GeometryError
        On the way, if crops or rotations are wanted of a photo that is too long.
    """
    scene = Scene(photo, sigma=sigma, key=key, seed=seed, source=source)
    work = groups_of(variants, preset_get(preset))
    return (
        (*variant, picture)
        for group in work
        for variant, picture in zip(group.variants, group_render(group, scene), strict=True)
    )


def render_family(
    photo: Tensor,
    *,
    key: str,
    preset: str = PRESET,
    variants: Sequence[Variant] | None = None,
    geometry: Geometry | None = None,
    partner: Tensor | None = None,
    seed: int = 0,
) -> Tensor:
    """Render a photo's variants in the geometry that networks see.

    Parameters
    ----------
    photo
        uint8 sRGB, channel order RGB, shape [3, H, W], on any device; not changed.
    key
        Name of the photo, such as a hash of its file, for what is drawn at random.
    preset
        Key of the preset.
    variants
        Which, and in which order; by default `Preset.variants`: the references and all levels.
    geometry
        By default 224 pixels, resized first; for a preset of patches 227.
    partner
        Another photo, for distortions that mix two.
    seed
        Seed of what is drawn at random.

    Returns
    -------
    Tensor
        uint8, shape [V, 3, side, side], on the photo's device.

    Raises
    ------
    ValueError
        If an argument does not fit; the message says which and what is allowed.
    GeometryError
        If the photo is too long.
    """
    chosen = preset_get(preset)
    wanted = chosen.variants if variants is None else tuple(variants)
    geometry = geometry or Geometry(PATCH_SIDE if chosen.geometry == "patch" else SIDE)
    work = groups_of(wanted, chosen)
    scenes = _Scenes(photo, partner, chosen, geometry, key, seed)
    out = photo.new_empty((len(wanted), 3, geometry.side, geometry.side))
    for group in work:
        pictures = group_render(group, scenes.of(group.entry))
        out[group.places] = pad_square(pictures, geometry.side)
    return out


def render_batch(
    photos: Sequence[Tensor],
    *,
    keys: Sequence[str],
    preset: str = PRESET,
    geometry: Geometry | None = None,
    seed: int = 0,
) -> Tensor:
    """Render all variants of some photos, for a training step.

    Variants of one distortion are made together; photos one after the other, since their sizes
    differ and one photo's variants fill a device. The result does not depend on which photos
    share a batch, but for distortions that mix two: their partner is the next photo.

    Parameters
    ----------
    photos
        B photos as `render_family` takes them, of any sizes.
    keys
        Their names, as `render_family` takes them.
    preset, geometry, seed
        As for `render_family`.

    Returns
    -------
    Tensor
        uint8, shape [B, V, 3, side, side]: V = 174 for `pfister2021`, in the order of
        `Preset.variants`.

    Raises
    ------
    ValueError
        If there is no photo, or an argument does not fit.
    GeometryError
        If a photo is too long.
    """
    if not photos or len(photos) != len(keys):
        raise ValueError(
            f"There are {len(photos)} photos and {len(keys)} keys; give at least one photo, and "
            "one key a photo."
        )
    families = (
        render_family(
            photo,
            key=key,
            preset=preset,
            geometry=geometry,
            partner=photos[(place + 1) % len(photos)] if len(photos) > 1 else None,
            seed=seed,
        )
        for place, (photo, key) in enumerate(zip(photos, keys, strict=True))
    )
    first = next(families)
    batch = first.new_empty((len(photos), *first.shape))
    # Filled one by one: a list of them all would need the memory twice.
    for place, family in enumerate(chain([first], families)):
        batch[place] = family
    return batch


class _Scenes:
    """The scenes of one photo: resized, and for some distortions in its own size."""

    def __init__(
        self,
        photo: Tensor,
        partner: Tensor | None,
        preset: Preset,
        geometry: Geometry,
        key: str,
        seed: int,
    ) -> None:
        photo_check(photo)
        fit = patch_cut if preset.geometry == "patch" else resize_short
        small = fit(photo, geometry.side)
        other = (
            None if partner is None or preset.geometry != "patch" else fit(partner, small.shape[1])
        )
        self.small = Scene(
            small,
            sigma=display_sigma(small.shape[2]),
            key=key,
            seed=seed,
            source=photo,
            partner=other,
        )
        self.native = None
        if geometry.order == "render_first":
            self.native = Scene(photo, sigma=display_sigma(photo.shape[2]), key=key, seed=seed)

    def of(self, entry: Entry) -> Scene:
        if self.native is not None and entry.aspect == "style":
            return self.native
        return self.small
