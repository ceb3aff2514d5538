"""Strips for the page, and what can be written on a sheet."""

import io

import numpy as np
from PIL import Image, ImageFont

from models_app.distortions.registry import preset_get
from models_app.sheets.drawing import GAP, SURROUND, drawable, sheet_draw, strips_draw
from models_app.sheets.rows import groups_make

SIZE = (40, 30)


def pictures(preset: str = "pfister2021") -> dict:
    variants = preset_get(preset).variants
    return {v: Image.new("RGB", SIZE, (place, 200, 30)) for place, v in enumerate(variants)}


def test_a_strip_has_a_cell_a_column_and_neutral_margins():
    strips = strips_draw(groups_make("pfister2021"), pictures())
    assert strips.cell == (SIZE[0] + GAP, SIZE[1])
    assert len(strips.files) == 21
    with Image.open(io.BytesIO(strips.files["contrast"])) as strip:
        assert strip.format == "JPEG"
        assert strip.size == (11 * (SIZE[0] + GAP), SIZE[1])
        # 4:4:4: every component sampled 1 x 1.
        assert {layer[1:3] for layer in strip.layer} == {(1, 1)}
        near = [abs(a - b) for a, b in zip(strip.getpixel((1, 15)), SURROUND, strict=True)]
        assert max(near) <= 12
    with Image.open(io.BytesIO(strips.files["vibrance"])) as strip:
        # Three empty columns, then its six levels and the reference.
        assert strip.size[0] == 10 * (SIZE[0] + GAP)
        assert strip.getpixel((2 * (SIZE[0] + GAP), 15)) == SURROUND


def test_a_strip_of_nothing_but_noise_is_encoded():
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, (224, 224, 3), dtype=np.uint8))
    family = dict.fromkeys(preset_get("pfister2021").variants, noise)
    assert len(strips_draw(groups_make("pfister2021"), family).files) == 21


def test_a_sheet_holds_every_picture_once_a_row():
    groups = groups_make("pfister2021")
    coloured = {
        variant: Image.new("RGB", SIZE, (255, 0, place))
        for place, variant in enumerate(preset_get("pfister2021").variants)
    }
    sheet = sheet_draw("coffee.png", ["a fact"], groups, coloured)
    colours = {colour: n for n, colour in sheet.getcolors(2**24)}
    area = SIZE[0] * SIZE[1]
    assert colours[255, 0, 3] == area
    # The original heads six technical rows, nine of style, and the image ratio.
    assert colours[255, 0, 0] == 16 * area
    assert sheet.getpixel((0, 0)) == (255, 255, 255)


def test_a_narrow_photo_gets_a_sheet_wide_enough_for_words():
    groups = groups_make("sheng2020")
    small = {v: Image.new("RGB", (4, 224)) for v in preset_get("sheng2020").variants}
    assert sheet_draw("x", [], groups, small).width == 1500


def test_only_letters_that_the_font_has_are_drawn():
    said = drawable("Żółć – 3 × 4 − 5 °C “ä” 漢")
    assert said == "Zo?c - 3 x 4 - 5 °C “a” ?"
    font = ImageFont.load_default(24)
    box = bytes(font.getmask("\uffff"))
    assert not [letter for letter in set(said) if bytes(font.getmask(letter)) == box]
