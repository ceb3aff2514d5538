"""Zips as people make them, and as nobody should."""

import io
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

LINK = 0o120777 << 16
PIPE = 0o010644 << 16
# A field of the local header, and the same of the archive's list.
FLAGS, METHOD, CRC, PACKED, SIZE = (6, 8), (8, 10), (14, 16), (18, 20), (22, 24)


def entry(name: str, *, mode: int = 0, method: int = ZIP_STORED) -> ZipInfo:
    info = ZipInfo("placeholder")
    # Not through the constructor, which would put a bad name right.
    info.filename = info.orig_filename = name
    info.external_attr = mode
    info.compress_type = method
    return info


def zip_of(files: Iterable[tuple[str | ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name, content in files:
            info = entry(name) if isinstance(name, str) else name
            archive.writestr(info, content, compress_type=info.compress_type)
    return out.getvalue()


def zip_photos(photos: Iterable[Path], folder: str = "") -> bytes:
    return zip_of((f"{folder}{path.name}", path.read_bytes()) for path in photos)


def changed(archive: bytes, name: str, field: tuple[int, int], value: int, size: int = 2) -> bytes:
    """Return an archive whose headers say something else of one entry."""
    content = bytearray(archive)
    written = value.to_bytes(size, "little")
    for signature, header, offset in ((b"PK\3\4", 30, field[0]), (b"PK\1\2", 46, field[1])):
        at = content.index(signature)
        while content[at + header : at + header + len(name.encode())] != name.encode():
            at = content.index(signature, at + 4)
        content[at + offset : at + offset + size] = written
    return bytes(content)


def bomb(name: str, size: int) -> bytes:
    """Zeros that deflate to a thousandth."""
    return zip_of([(entry(name, method=ZIP_DEFLATED), bytes(size))])


def overlapping(content: bytes, n: int) -> bytes:
    """Many entries of the archive's list that all point to one file."""
    packed = zlib.compress(content)[2:-4]
    body, names = b"", b""
    for place in range(n):
        name = f"{place}.jpg".encode()
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0, 8, 0, 0, zlib.crc32(content), len(packed), len(content),
            len(name), 0,
        )  # fmt: skip
        if not place:
            body = b"PK\3\4" + common + name + packed
        names += b"PK\1\2" + struct.pack("<H", 20) + common + bytes(14) + name
    end = struct.pack("<HHHHIIH", 0, 0, n, n, len(names), len(body), 0)
    return body + names + b"PK\5\6" + end
