"""The style distortions by the program they come from: darktable, which has to be installed.

Only its command line is used, with edit files written here. Its modules and their order are those
of the edit files of Pfister et al. 2021, so that the renders agree with `ops/` to the last digit.
"""

import math
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from PIL import Image

from models_app.distortions.catalogue import Entry, Level
from models_app.distortions.multipliers import TEMPERATURE, TINT

PROGRAM = "darktable-cli"

RADIUS = 100.0
"""Blur behind shadows and highlights in the edit files, in pixels of whatever size a photo has."""


class DarktableError(Exception):
    """The program is missing or failed; the text is one sentence for whoever started the run."""


_EDIT_FILE = """<?xml version="1.0" encoding="UTF-8"?>
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
_MODULES = {
    "temperature": (3, 3),
    "exposure": (5, 21),
    "colisa": (1, 46),
    "shadhi": (5, 49),
    "vibrance": (2, 57),
}

_Packed = tuple[str, bytes]
"""Name of a module, and its parameters."""


def _colisa(entry: Entry, value: float, _radius: float) -> _Packed:
    sliders = [value * (entry.key == name) for name in ("contrast", "brightness", "saturation")]
    return "colisa", struct.pack("<3f", *sliders)


def _shadhi(entry: Entry, value: float, radius: float) -> _Packed:
    amounts = {**entry.options, entry.key: value}
    # Order, radius; then compress, the two colour corrections, flags, low end, algorithm.
    head = (0, radius, amounts["shadows"], 0.0, amounts["highlights"], 0.0)
    return "shadhi", struct.pack("<I8fIfI", *head, 50.0, 100.0, 50.0, 127, 1e-6, 0)


def _exposure(_entry: Entry, value: float, _radius: float) -> _Packed:
    # Manual mode, black, amount; percentile and target belong to the other mode.
    return "exposure", struct.pack("<I4f", 0, 0.0, value, 50.0, -4.0)


def _vibrance(_entry: Entry, value: float, _radius: float) -> _Packed:
    return "vibrance", struct.pack("<f", value)


def _temperature(entry: Entry, value: float, _radius: float) -> _Packed:
    table = TEMPERATURE if entry.key == "temperature" else TINT
    if value not in table:
        known = ", ".join(f"{level:g}" for level in table)
        raise ValueError(f"No multipliers of {entry.key} {value:g} are known; choose from {known}.")
    return "temperature", struct.pack("<4f", *table[value], 1.0)


_EDITS: Mapping[str, Callable[[Entry, float, float], _Packed]] = {
    "brightness": _colisa,
    "contrast": _colisa,
    "saturation": _colisa,
    "exposure": _exposure,
    "shadows": _shadhi,
    "highlights": _shadhi,
    "temperature": _temperature,
    "tint": _temperature,
    "vibrance": _vibrance,
}


def edit_file(entry: Entry, level: Level, *, radius: float = RADIUS) -> str:
    """Return the edit file (XMP) that makes darktable render one level.

    Parameters
    ----------
    entry
        A style distortion of the preset `pfister2021` or `identity_zero`.
    level
        One of its levels.
    radius
        Blur behind shadows and highlights in pixels; the others have none. The program computes
        it in single precision, which shows from a few hundred pixels on.

    Raises
    ------
    ValueError
        If the distortion is none of darktable's, its multipliers are not known at this level, or
        the radius is not positive.
    """
    try:
        pack = _EDITS[entry.key]
    except KeyError:
        raise ValueError(
            f"darktable cannot render {entry.key!r}; it renders {', '.join(_EDITS)}."
        ) from None
    if not 0 < radius < math.inf:
        raise ValueError(f"The radius is {radius}; it must be a positive number of pixels.")
    module, params = pack(entry, level.value, radius)
    version, order = _MODULES[module]
    return _EDIT_FILE.format(module=module, version=version, order=order, params=params.hex())


def find() -> str | None:
    """Return the path of the program, or None where it is not installed."""
    found = shutil.which(PROGRAM)
    return found and str(Path(found).absolute())


def require() -> str:
    """Return the path of the program.

    Raises
    ------
    DarktableError
        If it is not installed.
    """
    program = find()
    if program is None:
        raise DarktableError(f"{PROGRAM} is not installed; on Debian: apt install darktable.")
    return program


def photo_write(image: Image.Image, path: Path) -> None:
    """Write a picture as the PNG file that `render` wants: 8-bit RGB and nothing else.

    The program would convert a picture with a colour profile and turn one with an orientation.
    """
    image.convert("RGB").save(path, format="PNG", compress_level=1, icc_profile=None)


def render(
    photos: Mapping[str, Path],
    entry: Entry,
    levels: Iterable[Level],
    *,
    radius: float = RADIUS,
    timeout: float = 60.0,
) -> Iterator[tuple[str, str, Path]]:
    """Render photos at some levels of one distortion, with one run of the program a level.

    A run costs about a second, whatever the number of photos, and then about 0.2 seconds a small
    photo. Settings and presets of the person who runs it play no part, nor does a graphics card;
    calls may run beside each other.

    Parameters
    ----------
    photos
        PNG files by any name, as `photo_write` makes them.
    entry, levels, radius
        See `edit_file`.
    timeout
        Seconds that a run may take for each photo.

    Yields
    ------
    tuple[str, str, Path]
        Name of the photo, level key, and a PNG file of the photo's size. Move or copy the file
        before you ask for the next one.

    Raises
    ------
    ValueError
        At the call: see `edit_file`.
    DarktableError
        At the call if the program is not installed; later if a run fails, takes too long, or
        leaves a photo out.
    """
    program = require()
    edits = {level.key: edit_file(entry, level, radius=radius) for level in levels}
    return _rendered(program, dict(photos), entry.key, edits, timeout)


def _rendered(
    program: str, photos: dict[str, Path], key: str, edits: dict[str, str], timeout: float
) -> Iterator[tuple[str, str, Path]]:
    if not photos:
        return
    with tempfile.TemporaryDirectory(prefix="darktable-") as folder:
        scratch = Path(folder)
        files = {name: f"{number:06d}.png" for number, name in enumerate(photos, start=1)}
        (scratch / "in").mkdir()
        # Copied, because a link would be rendered under the name of what it points to.
        for name, file in files.items():
            shutil.copyfile(photos[name], scratch / "in" / file)
        for level_key, edit in edits.items():
            (scratch / "edit.xmp").write_text(edit, encoding="utf-8")
            what = f"{key} {level_key}"
            status, said = _run(program, scratch, timeout * len(files), what)
            outputs = scratch / "out"
            left_out = next((name for name in files if not (outputs / files[name]).exists()), None)
            if status or left_out is not None:
                photo = "" if left_out is None else f" of the photo {left_out}"
                raise DarktableError(f"{PROGRAM} failed at {what}{photo}; it printed last: {said}")
            for name, file in files.items():
                yield name, level_key, outputs / file
            shutil.rmtree(outputs)


def _run(program: str, scratch: Path, timeout: float, what: str) -> tuple[int, str]:
    """Render in/ to out/; return the exit status and the last line that was printed."""
    # Paths are relative, because the program would expand a $ in the name of the scratch folder.
    command = [program, "in", "edit.xmp", "out/$(FILE_NAME).png"]
    command += ["--apply-custom-presets", "false", "--core", "--library", ":memory:"]
    command += ["--configdir", "config", "--cachedir", "cache", "--tmpdir", "."]
    command += ["--conf", "opencl=false"]
    try:
        done = subprocess.run(
            command, cwd=scratch, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise DarktableError(
            f"{PROGRAM} was stopped at {what}, because it took longer than {timeout:g} seconds."
        ) from None
    except OSError as error:
        raise DarktableError(f"{program} cannot be started: {error.strerror}.") from None
    # A run without a terminal writes what it has to say to stdout at its very end.
    printed = (done.stdout + b"\n" + done.stderr).decode(errors="replace").splitlines()
    last = next((line.strip() for line in reversed(printed) if line.strip()), "nothing")
    return done.returncode, last if last[-1] in ".!" else f"{last}."
