"""Words and order of a contact sheet, for every distortion of every preset."""

from pathlib import Path

import pytest

from models_app.distortions.catalogue import Entry
from models_app.distortions.parity import Parity, parity_read
from models_app.distortions.registry import PRESETS
from models_app.sheets import rows
from models_app.sheets.rows import REFERENCES, Row, formula_file, groups_make, parity_text

ROOT = Path(__file__).parents[3]
STYLES = (ROOT / "static" / "css" / "distortions.css").read_text()
ENTRIES = [
    pytest.param(preset.key, entry, id=f"{preset.key}-{entry.key}")
    for preset in PRESETS.values()
    for entry in preset.distortions.values()
]


def row_of(preset: str, key: str) -> Row:
    return next(row for group in groups_make(preset) for row in group.rows if row.key == key)


@pytest.mark.parametrize(("preset", "entry"), ENTRIES)
def test_a_row_says_what_it_is_and_where_it_comes_from(preset: str, entry: Entry):
    row = row_of(preset, entry.key)
    assert row.label
    assert row.source
    assert row.parity
    assert (ROOT / row.file).is_file()
    assert entry.reference in REFERENCES


@pytest.mark.parametrize(("preset", "entry"), ENTRIES)
def test_levels_rise_and_the_reference_stands_at_the_default(preset: str, entry: Entry):
    tiles = row_of(preset, entry.key).tiles
    place = [tile.is_reference for tile in tiles].index(True)
    levels = [float(tile.variant[1]) for tile in tiles if not tile.is_reference]
    assert levels == sorted(levels)
    assert len(tiles) == len(entry.levels) + 1
    assert tiles[place].variant == (entry.reference, "")
    if entry.default is not None:
        assert all(level < entry.default for level in levels[:place])
        assert all(level > entry.default for level in levels[place:])


@pytest.mark.parametrize("preset", PRESETS)
def test_the_references_of_a_group_stand_below_each_other(preset: str):
    for group in groups_make(preset):
        places = {
            row.indent + [tile.is_reference for tile in row.tiles].index(True) for row in group.rows
        }
        assert len(places) == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_the_page_has_a_style_for_every_number_of_columns(preset: str):
    for group in groups_make(preset):
        for row in group.rows:
            assert f".of-{row.columns} " in STYLES
            assert row.indent == 0 or f".after-{row.indent} " in STYLES
        assert f".of-{group.columns} " in STYLES


def test_the_paper_has_21_rows_in_three_aspects():
    groups = groups_make("pfister2021")
    assert [(group.aspect, len(group.rows), group.counted) for group in groups] == [
        ("technical", 6, "6 distortions, 30 levels"),
        ("style", 9, "9 distortions, 81 levels"),
        ("composition", 6, "6 distortions, 60 levels"),
    ]


def test_distortions_can_be_left_out():
    left = [
        row.key for group in groups_make("sheng2020", without={"sheng_mixup"}) for row in group.rows
    ]
    assert len(left) == len(PRESETS["sheng2020"].distortions) - 1
    assert "sheng_mixup" not in left


def test_who_cannot_see_a_strip_is_told_its_levels():
    said = row_of("pfister2021", "jpeg_compression").description
    assert said == "JPEG compression, from left to right: original, 1, 2, 3, 4, 5"


@pytest.fixture
def figures(monkeypatch) -> dict[str, Parity]:
    figures: dict[str, Parity] = {}
    monkeypatch.setattr(rows, "parity_read", lambda: figures)
    return figures


def test_parity_is_said_as_it_was_measured(figures: dict[str, Parity]):
    contrast = PRESETS["pfister2021"].distortions["contrast"]
    assert parity_text(contrast) == "parity not measured"
    for against, mean, said in [
        ("original renders", 0.0071, "mean error 0.0071, largest 1, against 20 original renders"),
        ("original renders", 0.0, "mean error below 0.0001, largest 1, against 20 original"),
        ("distribution of the original renders", 0.2184, "of the noise within 0.22, against 20"),
        ("something new", 0.5, "largest 1, against 20 something new"),
    ]:
        figures["contrast"] = Parity(against, 20, mean, 1)
        assert said in parity_text(contrast)


def test_parity_holds_for_the_same_levels_only(figures: dict[str, Parity]):
    figures |= {key: Parity("original renders", 20, 0.1, 1) for key in ("contrast", "shadows")}
    other = PRESETS["identity_zero"].distortions
    assert "0.1" in parity_text(other["contrast"])
    assert parity_text(other["shadows"]) == "parity not measured"


def test_the_committed_figures_are_of_distortions_that_there_are():
    preset = PRESETS["pfister2021"]
    assert set(parity_read()) <= {*preset.distortions, *preset.references}


def test_a_formula_file_is_a_path_in_the_repository():
    entry = PRESETS["pfister2021"].distortions["contrast"]
    assert formula_file(entry) == "models_app/distortions/ops/contrast.py"
