"""Reads a picture as a curious participant could: container, tables, marks, what comes after it."""

import hashlib
import io
import struct
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

PNG_START = b"\x89PNG\r\n\x1a\n"
SOI, EOI, SOS, DHT, DQT, COM, TEM = 0xD8, 0xD9, 0xDA, 0xC4, 0xDB, 0xFE, 0x01
RESTARTS = range(0xD0, 0xD8)
APPLICATIONS = range(0xE0, 0xF0)
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Every so many rows and columns is enough to describe the pixels.
STEP = 4


class PictureBroken(ValueError):
    """The bytes are no whole picture; the text says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture file taken apart; None where its format has no such thing."""

    # Kinds and lengths of all segments or chunks that do not depend on the pixels.
    segments: str
    # Hash over what those segments say beside the picture: EXIF, comments, profiles, densities.
    metadata: str
    quantisation: str | None
    # Sampling and precision of the frame (JPEG), depth and colour type (PNG).
    frame: str | None
    # Lengths of Huffman tables: encoders may fit them to the pixels.
    huffman: str | None
    # Where the picture ends: the bytes after that are padding.
    end: int


@dataclass(frozen=True, slots=True)
class PictureFacts:
    format: str
    width: int
    height: int
    mode: str
    layout: Layout
    # Bytes after the picture's end: all of them, and those that are not zero.
    padding: int
    padding_not_zero: int
    # Hash of the file without its padding: the same picture seen again has the same.
    digest: str
    # Among every 16th pixel: different colours, and the share with a channel at 0 or 255.
    colours: int
    clipped: float


def picture_read(body: bytes) -> PictureFacts:
    """Raises PictureBroken."""
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            form, size, mode = str(image.format), image.size, image.mode
            pixels = np.asarray(image.convert("RGB"))[::STEP, ::STEP].reshape(-1, 3)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise PictureBroken(str(error)) from error
    layout = layout_read(body)
    after = body[layout.end :]
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    return PictureFacts(
        format=form,
        width=size[0],
        height=size[1],
        mode=mode,
        layout=layout,
        padding=len(after),
        padding_not_zero=len(after) - after.count(0),
        digest=_hash(body[: layout.end]),
        colours=len(np.unique(packed)),
        clipped=float(((pixels == 0) | (pixels == 255)).any(axis=1).mean()),
    )


def layout_read(body: bytes) -> Layout:
    """Take a JPEG or PNG apart; any other file is one piece. Raises PictureBroken."""
    try:
        if body.startswith(b"\xff\xd8"):
            return _jpeg(body)
        if body.startswith(PNG_START):
            return _png(body)
    except (IndexError, struct.error) as error:
        raise PictureBroken(_("the file ends in the middle of a segment")) from error
    return Layout("", "", None, None, None, len(body))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class _Parts:
    """Collects what the walk through a file comes by."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.metadata: list[bytes] = []
        self.tables: list[bytes] = []
        self.huffman: list[str] = []
        self.frame = ""

    def layout(self, end: int) -> Layout:
        return Layout(
            " ".join(self.names),
            _hash(b"\0".join(self.metadata)),
            _hash(b"".join(self.tables)) if self.tables else None,
            self.frame,
            " ".join(self.huffman) if self.huffman else None,
            end,
        )

    def jpeg_segment(self, marker: int, content: bytes) -> None:
        if marker == DHT:
            self.huffman.append(str(len(content)))
            self.names.append("DHT")
            return
        self.names.append(f"{_jpeg_name(marker)}({len(content)})")
        if marker == DQT:
            self.tables.append(content)
        elif marker in FRAMES:
            # Precision and components; height and width are features of their own.
            self.frame = f"{_jpeg_name(marker)} {content[:1].hex()} {content[5:].hex()}"
        elif marker == COM or marker in APPLICATIONS:
            self.metadata.append(bytes([marker]) + content)


def _jpeg_name(marker: int) -> str:
    if marker in APPLICATIONS:
        return f"APP{marker - APPLICATIONS.start}"
    if marker in FRAMES:
        return f"SOF{marker - 0xC0}"
    return {DQT: "DQT", COM: "COM", SOS: "SOS", 0xDD: "DRI"}.get(marker, f"{marker:02X}")


def _jpeg(body: bytes) -> Layout:
    """Walk the markers (ITU-T T.81, annex B) to the end-of-image marker."""
    parts, at = _Parts(), 2
    while True:
        if body[at] != 0xFF:
            raise PictureBroken(_("there is no marker where one must be"))
        marker = body[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == EOI:
            return parts.layout(at + 2)
        elif marker in RESTARTS or marker in (SOI, TEM):
            at += 2
        else:
            (length,) = struct.unpack_from(">H", body, at + 2)
            parts.jpeg_segment(marker, body[at + 4 : at + 2 + length])
            at += 2 + length
            if marker == SOS:
                at = _scan_end(body, at)


def _scan_end(body: bytes, at: int) -> int:
    """Skip coded pixels: the next marker that is neither stuffing nor a restart."""
    while True:
        at = body.find(b"\xff", at)
        if at < 0:
            raise PictureBroken(_("the file ends before its end-of-image marker"))
        if body[at + 1] != 0 and body[at + 1] not in RESTARTS:
            return at
        at += 2


def _png(body: bytes) -> Layout:
    """Walk the chunks (PNG 3rd edition, 5) to IEND; IDAT is named once, without its length."""
    parts, at = _Parts(), len(PNG_START)
    while True:
        length, kind = struct.unpack_from(">I4s", body, at)
        content = body[at + 8 : at + 8 + length]
        at += 12 + length
        name = kind.decode("latin-1")
        if name == "IHDR":
            parts.frame = content[8:].hex()
        if name != "IDAT":
            parts.names.append(f"{name}({length})")
        elif "IDAT" not in parts.names:
            parts.names.append(name)
        if name not in {"IHDR", "IDAT", "IEND", "PLTE"}:
            parts.metadata.append(kind + content)
        if name == "IEND":
            return parts.layout(at)
