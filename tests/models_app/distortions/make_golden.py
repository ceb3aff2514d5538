"""Make the golden set: small crops of the demo photos, rendered by darktable-cli.

Usage, from the repository's root: python -m tests.models_app.distortions.make_golden [OUT]

Writes one lossless WebP sheet a distortion: a row a crop, first the crop itself, then its levels
as the registry orders them. With --photos FOLDER it renders your own photos instead, to
OUT/{photo}/{distortion}/{level}.png.
"""

import argparse
import struct
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from models_app.distortions.ops import temperature, tint
from models_app.distortions.registry import DISTORTIONS, Entry

GOLDEN = Path(__file__).parent / "golden"
SIZE = 64
# Photo, left, top: places with light, dark and saturated colour beside each other.
CROPS = {
    "astronaut": (208, 60),
    "chelsea": (150, 90),
    "coffee": (330, 150),
    "rocket": (290, 200),
    "china": (110, 60),
    "flower": (300, 190),
}
# The blur sees a whole crop, so shadows need dark crops and highlights bright ones.
SHEETS = {
    "brightness": ("astronaut", "rocket"),
    "contrast": ("coffee", "rocket"),
    "saturation": ("china", "flower"),
    "exposure": ("flower", "astronaut"),
    "shadows": ("chelsea", "rocket"),
    "highlights": ("coffee", "china"),
    "temperature": ("coffee", "flower"),
    "tint": ("astronaut", "chelsea"),
    "vibrance": ("coffee", "rocket"),
}

XMP = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/"
   darktable:xmp_version="3" darktable:raw_params="0" darktable:auto_presets_applied="1"
   darktable:history_end="1" darktable:iop_order_version="5">
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="{module}" darktable:enabled="1"
      darktable:modversion="{version}" darktable:params="{params}" darktable:multi_name=""
      darktable:multi_priority="0" darktable:iop_order="{order}"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
# Version and place in the pipeline, as the edit files of Pfister et al. 2021 state them.
MODULES = {
    "temperature": (3, 3),
    "exposure": (5, 21),
    "colisa": (1, 46),
    "shadhi": (5, 49),
    "vibrance": (2, 57),
}


def edit(key: str, value: float) -> tuple[str, bytes]:
    """Name the darktable module of a distortion and its parameters at a level."""
    if key in {"contrast", "brightness", "saturation"}:
        sliders = [value * (key == s) for s in ("contrast", "brightness", "saturation")]
        return "colisa", struct.pack("<3f", *sliders)
    if key in {"shadows", "highlights"}:
        shadows, highlights = (value, 100.0) if key == "shadows" else (50.0, value)
        tail = (0.0, 50.0, 100.0, 50.0, 127, 1e-6, 0)
        return "shadhi", struct.pack("<I8fIfI", 0, 100.0, shadows, 0.0, highlights, *tail)
    if key == "exposure":
        return "exposure", struct.pack("<I4f", 0, 0.0, value, 50.0, -4.0)
    if key == "vibrance":
        return "vibrance", struct.pack("<f", value)
    gains = (temperature if key == "temperature" else tint).MULTIPLIERS[value]
    return "temperature", struct.pack("<4f", *gains, 1.0)


def xmp(key: str, value: float) -> str:
    module, params = edit(key, value)
    version, order = MODULES[module]
    return XMP.format(module=module, version=version, order=order, params=params.hex())


def darktable(source: Path, sidecar: Path, target: str, config: Path) -> None:
    """Run darktable-cli once, on a file or on a folder of files."""
    command = ["darktable-cli", str(source), str(sidecar), target]
    command += ["--apply-custom-presets", "false"]
    command += ["--core", "--library", ":memory:", "--configdir", str(config)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def render(inputs: Path, outputs: Path, entry: Entry) -> None:
    """Render every photo of a folder at every level of a distortion."""
    with tempfile.TemporaryDirectory() as scratch:
        sidecar = Path(scratch, "edit.xmp")
        for level in entry.levels:
            sidecar.write_text(xmp(entry.key, level.value), encoding="utf-8")
            target = f"{outputs}/$(FILE_NAME)/{entry.key}/{level.key}.png"
            darktable(inputs, sidecar, target, Path(scratch, "config"))


def demo_photo(name: str) -> Image.Image:
    """Open a photo out of the scikit-image or scikit-learn package, importing neither."""
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = find_spec(package)
        if spec and spec.origin:
            for path in (Path(spec.origin).parent / folder).glob(f"{name}.*"):
                return Image.open(path).convert("RGB")
    raise FileNotFoundError(f"No demo photo {name!r}; install scikit-image and scikit-learn.")


def crop(name: str) -> Image.Image:
    left, top = CROPS[name]
    cut = demo_photo(name).crop((left, top, left + SIZE, top + SIZE))
    # One photo carries a colour profile, which Pillow would write into the crop.
    cut.info.clear()
    return cut


def sheet(entry: Entry, names: tuple[str, ...], renders: Path) -> Image.Image:
    out = Image.new("RGB", (SIZE * (1 + len(entry.levels)), SIZE * len(names)))
    for row, name in enumerate(names):
        out.paste(crop(name), (0, SIZE * row))
        for place, level in enumerate(entry.levels, start=1):
            with Image.open(renders / name / entry.key / f"{level.key}.png") as tile:
                out.paste(tile.convert("RGB"), (SIZE * place, SIZE * row))
    return out


def golden_make(target: Path) -> None:
    for entry in DISTORTIONS.values():
        names = SHEETS[entry.key]
        with tempfile.TemporaryDirectory() as scratch:
            inputs, renders = Path(scratch, "in"), Path(scratch, "out")
            inputs.mkdir()
            renders.mkdir()
            for name in names:
                crop(name).save(inputs / f"{name}.png")
            render(inputs, renders, entry)
            path = target / f"{entry.key}.webp"
            sheet(entry, names, renders).save(path, lossless=True, quality=100, method=6)
        print(f"{path}: {path.stat().st_size} bytes, {', '.join(names)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", type=Path, default=GOLDEN)
    parser.add_argument("--photos", type=Path, help="folder of PNG photos to render instead")
    args = parser.parse_args()
    args.target.mkdir(parents=True, exist_ok=True)
    if args.photos is None:
        golden_make(args.target)
        return
    for entry in DISTORTIONS.values():
        render(args.photos, args.target, entry)


if __name__ == "__main__":
    main()
