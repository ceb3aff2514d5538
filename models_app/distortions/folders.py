"""From a folder of photos to a folder of renders: OUTPUT/{photo}/{distortion}/{level}.png."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from models_app.distortions.catalogue import Entry, Variant
from models_app.distortions.engine import (
    NATIVE_SIGMA,
    Geometry,
    render_family,
    render_variants,
)
from models_app.distortions.geometry import GeometryError, short_size
from models_app.distortions.pictures import photo_to_tensor, tensor_to_image
from models_app.distortions.registry import preset_get
from models_app.imaging import SUFFIXES, PhotoRefused, open_photo

OPTIONS_FILE = "render.json"
PHOTO_FILE = "photo.json"

Outcome = tuple[Path, int, str]
"""A photo, how many variants were made, and why it was refused (empty where it was not)."""


class UsageError(Exception):
    """The command line asks for something that cannot be done; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of every photo.

    Attributes
    ----------
    output
        Folder of the renders.
    variants
        Which, as the registry spells them, references included.
    preset, seed, backend
        As on the command line.
    geometry
        What networks see; None keeps each photo's size.
    device
        Where torch renders.
    """

    output: Path
    variants: tuple[Variant, ...]
    preset: str
    geometry: Geometry | None
    seed: int = 0
    backend: str = "torch"
    device: str = "cpu"

    def file(self, photo: str, variant: Variant) -> Path:
        """Where a variant lies; references lie beside the folders of the distortions."""
        key, level = variant
        folder = self.output / photo
        return folder / key / f"{level}.png" if level else folder / f"{key}.png"

    def cuts(self, variants: Sequence[Variant]) -> bool:
        """Whether some of these show a part of the photo, which not every shape allows."""
        distortions = preset_get(self.preset).distortions
        cut = {key for key, entry in distortions.items() if entry.aspect == "composition"}
        return any(key in cut or key not in {*distortions, "original"} for key, _level in variants)

    def missing(self, photo: str) -> list[Variant]:
        """Which variants of a photo are still to be made."""
        return [variant for variant in self.variants if not self.file(photo, variant).exists()]


def plan_variants(preset: str, entries: Sequence[Entry]) -> tuple[Variant, ...]:
    """Return the references of some distortions and all their levels, in the preset's order."""
    chosen = {entry.key for entry in entries} | {entry.reference for entry in entries}
    variants = preset_get(preset).variants
    return tuple(variant for variant in variants if variant[0] in chosen | {"original"})


def photos_find(source: Path) -> list[Path]:
    """Return the photos of a folder, or the one photo, by name.

    Raises
    ------
    UsageError
        If there is none, or two would be written to one folder.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise UsageError(f"The input {source} does not exist.")
    photos = sorted(p for p in source.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if not photos:
        raise UsageError(f"The input folder {source} holds no {', '.join(SUFFIXES)} file.")
    by_stem: dict[str, Path] = {}
    for photo in photos:
        other = by_stem.setdefault(photo.stem, photo)
        if other is not photo:
            raise UsageError(
                f"{other.name} and {photo.name} would be written to the same folder "
                f"{photo.stem}/; rename one of them."
            )
    return photos


def output_claim(plan: Plan) -> None:
    """Note in the output folder how it is rendered.

    Raises
    ------
    UsageError
        If the folder holds renders that were made in another way: names would not tell them
        apart.
    """
    options: dict[str, Any] = {
        "preset": plan.preset,
        "geometry": "native" if plan.geometry is None else asdict(plan.geometry),
        "seed": plan.seed,
        "backend": plan.backend,
    }
    path = plan.output / OPTIONS_FILE
    if path.exists():
        found = _json_read(path)
        other = [name for name, value in options.items() if found.get(name) != value]
        if other:
            name = other[0]
            raise UsageError(
                f"{plan.output} holds renders with {name} {found.get(name)}, not {options[name]}; "
                "name another output folder."
            )
        return
    plan.output.mkdir(parents=True, exist_ok=True)
    _json_write(path, options)


def photo_try(plan: Plan, source: Path, partner: Path | None) -> Outcome:
    """Render what is missing of one photo, or say why it was refused."""
    try:
        return source, photo_render(plan, source, partner), ""
    except (PhotoRefused, GeometryError) as reason:
        return source, 0, str(reason)


@torch.inference_mode()
def photo_render(plan: Plan, source: Path, partner: Path | None = None) -> int:
    """Render what is missing of one photo; return how many variants were made.

    Raises
    ------
    PhotoRefused
        If the file is no photo, is not the one that was begun, or has no partner and needs one.
    GeometryError
        If the photo is too long.
    """
    wanted = plan.missing(source.stem)
    if not wanted:
        return 0
    digest = photo_check(plan, source)
    photo = photo_to_tensor(open_photo(source)).to(plan.device)
    if plan.geometry is not None or plan.cuts(wanted):
        # Refuses a shape before the first file is written.
        short_size(photo.shape[1], photo.shape[2], 1)
    other = None
    if any(preset_get(plan.preset).needs_partner(variant) for variant in wanted):
        if partner is None:
            raise PhotoRefused("mixing it needs another photo in the folder: add one")
        other = photo_to_tensor(open_photo(partner)).to(plan.device)
    photo_note(plan, source, digest)
    for variant, picture in _rendered(plan, photo, other, digest, wanted):
        picture_save(tensor_to_image(picture), plan.file(source.stem, variant))
    return len(wanted)


def photo_check(plan: Plan, source: Path) -> str:
    """Return the SHA-256 of a file that may be rendered into its folder.

    Raises
    ------
    PhotoRefused
        If another file was begun there.
    """
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = plan.output / source.stem / PHOTO_FILE
    if path.exists() and _json_read(path).get("sha256") != digest:
        raise PhotoRefused(
            f"it is not the file that {path.parent} was begun with: delete that folder, or name "
            "another output folder"
        )
    return digest


def photo_note(plan: Plan, source: Path, digest: str) -> None:
    """Note which file is rendered into a photo's folder."""
    path = plan.output / source.stem / PHOTO_FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _json_write(path, {"file": source.name, "sha256": digest})


def _rendered(
    plan: Plan, photo: Tensor, partner: Tensor | None, key: str, wanted: list[Variant]
) -> Iterator[tuple[Variant, Tensor]]:
    if plan.geometry is None:
        native = render_variants(
            photo, wanted, sigma=NATIVE_SIGMA, preset=plan.preset, key=key, seed=plan.seed
        )
        for distortion, level, picture in native:
            yield (distortion, level), picture
        return
    family = render_family(
        photo,
        key=key,
        preset=plan.preset,
        variants=wanted,
        geometry=plan.geometry,
        partner=partner,
        seed=plan.seed,
    )
    yield from zip(wanted, family, strict=True)


def picture_save(image: Image.Image, path: Path) -> None:
    """Write a PNG so that the name never belongs to half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        image.save(temporary, format="PNG", compress_level=1)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _json_write(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def _json_read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is damaged; delete the folder it lies in.")
    return found
