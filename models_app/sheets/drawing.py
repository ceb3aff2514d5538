"""Contact sheets as pictures: strips for a page, and a whole sheet for a file; Pillow only."""

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from models_app.distortions.catalogue import Variant
from models_app.sheets.rows import Group, Row

Pictures = Mapping[Variant, Image.Image]
Colour = tuple[int, int, int]

# The neutral surround of every page that shows photos (static/css).
SURROUND = (58, 58, 58)
# Left and right of every picture, half of it each.
GAP = 8

PAPER = (255, 255, 255)
INK = (20, 20, 20)
QUIET = (95, 95, 95)
RULE = (200, 200, 200)
MARGIN = 72
WIDTH_LEAST = 1500
TITLE, HEADING, LABEL, TEXT = 60, 46, 36, 27
BAR = 5
# Pillow's own font draws an empty box for these.
SPELLED = str.maketrans({"×": "x", "−": "-", "–": "-", "—": "-", "≤": "<", "•": "·"})


@dataclass(frozen=True, slots=True)
class Strips:
    """One JPEG a distortion, and the size of the cells that each consists of."""

    files: dict[str, bytes]
    cell: tuple[int, int]


def strips_draw(groups: Sequence[Group], pictures: Pictures) -> Strips:
    """Join the pictures of every row."""
    files = {
        row.key: _strip([pictures[tile.variant] for tile in row.tiles], row.indent)
        for group in groups
        for row in group.rows
    }
    width, height = next(iter(pictures.values())).size
    return Strips(files, (width + GAP, height))


def _strip(pictures: Sequence[Image.Image], indent: int) -> bytes:
    width, height = pictures[0].size
    cell = width + GAP
    joined = Image.new("RGB", (cell * (indent + len(pictures)), height), SURROUND)
    for place, picture in enumerate(pictures, start=indent):
        joined.paste(picture, (place * cell + GAP // 2, 0))
    out = io.BytesIO()
    # 4:4:4: halving the chroma resolution would soften just what colour filters change. Not
    # optimised: Pillow's buffer for that is too small for noise.
    joined.save(out, "JPEG", quality=90, subsampling=0)
    return out.getvalue()


def sheet_draw(
    title: str, facts: Sequence[str], groups: Sequence[Group], pictures: Pictures
) -> Image.Image:
    """Draw all rows below each other on white paper."""
    columns = max(group.columns for group in groups)
    cell = next(iter(pictures.values())).width + GAP
    width = max(WIDTH_LEAST, columns * cell - GAP + 2 * MARGIN)
    # Measured first on a sheet without height, then drawn on one of the right height.
    height = _sheet(Pen(Image.new("RGB", (width, 1))), title, facts, groups, pictures)
    image = Image.new("RGB", (width, height), PAPER)
    _sheet(Pen(image), title, facts, groups, pictures)
    return image


def drawable(text: str) -> str:
    """Spell a text with the letters that Pillow's own font has."""
    plain = unicodedata.normalize("NFKD", text.translate(SPELLED))
    letters = [letter for letter in plain if not unicodedata.combining(letter)]
    return "".join(letter if ord(letter) < 256 or letter in "…’“”" else "?" for letter in letters)


@dataclass(slots=True)
class Pen:
    """A place on the sheet, and what can be written there."""

    image: Image.Image
    y: int = MARGIN

    def write(
        self, text: str, size: int, colour: Colour = INK, *, x: int = MARGIN, after: float = 0.4
    ) -> int:
        """Write a paragraph and move below it; return where its last line ends."""
        draw = ImageDraw.Draw(self.image)
        font = ImageFont.load_default(size)
        for line in _lines(drawable(text), font, self.image.width - MARGIN - x):
            draw.text((x, self.y), line, fill=colour, font=font)
            end = x + round(font.getlength(line))
            self.y += round(1.35 * size)
        self.y += round(after * size)
        return end

    def centred(self, text: str, x: int, y: int, colour: Colour) -> None:
        font = ImageFont.load_default(TEXT)
        ImageDraw.Draw(self.image).text((x, y), drawable(text), colour, font, anchor="ma")

    def rule(self, x: int, y: int, width: int, thickness: int, colour: Colour) -> None:
        box = (x, y, x + width - 1, y + thickness - 1)
        ImageDraw.Draw(self.image).rectangle(box, fill=colour)


def _lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def _sheet(
    pen: Pen, title: str, facts: Sequence[str], groups: Sequence[Group], pictures: Pictures
) -> int:
    pen.write(title, TITLE)
    for fact in facts:
        pen.write(fact, TEXT, QUIET, after=0)
    for group in groups:
        pen.y += HEADING
        pen.rule(MARGIN, pen.y, pen.image.width - 2 * MARGIN, 2, RULE)
        pen.y += HEADING // 2
        pen.write(f"{group.label}: {group.counted}", HEADING)
        for row in group.rows:
            _row(pen, row, pictures)
    return pen.y + MARGIN - LABEL


def _row(pen: Pen, row: Row, pictures: Pictures) -> None:
    pen.write(row.label, LABEL, after=0)
    pen.write(" · ".join((row.source, row.file, row.parity)), TEXT, QUIET, after=0.15)
    if row.note:
        pen.write(row.note, TEXT, QUIET, after=0.15)
    pen.y += TEXT // 4
    for place, tile in enumerate(row.tiles, start=row.indent):
        picture = pictures[tile.variant]
        x = MARGIN + place * (picture.width + GAP)
        bottom = pen.y + picture.height
        pen.image.paste(picture, (x, pen.y))
        if tile.is_reference:
            pen.rule(x, bottom + BAR, picture.width, BAR, INK)
        colour = INK if tile.is_reference else QUIET
        pen.centred(tile.label, x + picture.width // 2, bottom + 3 * BAR, colour)
    pen.y = bottom + 3 * BAR + round(1.35 * TEXT) + LABEL
