import re
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from models_app.figures import shares
from models_app.figures.curves import curves_draw
from models_app.figures.drawing import COLUMN, DPI, SMALL, Drawn
from models_app.figures.forest import Line, forest_draw
from models_app.figures.heat_map import Row, heat_map_draw
from models_app.figures.shares import shares_draw
from models_app.figures.violins import Panel, violins_draw

NOTE = "Initial weights: random."


def violins() -> Drawn:
    draw = np.random.default_rng(1)
    outputs = [draw.normal(level, 0.1, 30).tolist() for level in (-0.5, 0, 0.5)]
    panels = [
        Panel("brightness output", outputs, [-0.5, 0, 0.5]),
        Panel("contrast output", outputs),
    ]
    return violins_draw(panels, levels=["−0.5", "ref.", "0.5"], axis="brightness level", note=NOTE)


def heat_map() -> Drawn:
    rows = [
        Row("JPEG compression", "Technical", {1: 0.61, 2: 1.0}),
        Row("Vibrance", "Style", {-2: 0.4, -1: None, 1: 0.555}),
    ]
    return heat_map_draw(rows, note=NOTE)


def forest() -> Drawn:
    lines = [
        Line("Style", 0.7, 0.65, 0.75, "style", summary=True),
        Line("Tint", 0.6, None, None, "style"),
        Line("Horizontal crop", 0.52, 0.48, 0.56, "composition"),
    ]
    return forest_draw(lines, axis="rank accuracy", reference=0.5, note=NOTE)


def curves() -> Drawn:
    runs = {f"run {n}": [(0, 0.5), (1, 0.6 + n / 50), (2, float("nan"))] for n in range(9)}
    return curves_draw(runs, axis="epoch", label="rank accuracy", reference=0.5, note=NOTE)


FIGURES: dict[Callable[[], Drawn], list[str]] = {
    violins: ["brightness output", "contrast output", "brightness level", "ref.", "target"],
    heat_map: [
        "JPEG compression",
        "Vibrance",
        "Technical",
        ".61",
        "1",
        ".40",
        "–",
        "rank accuracy",
    ],
    forest: ["Style", "Tint", "Horizontal crop", "rank accuracy"],
    curves: ["run 0", "run 8", "epoch", "rank accuracy"],
}


def texts(svg: bytes) -> list[str]:
    return [e.text for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text") if e.text]


@pytest.mark.parametrize("make", FIGURES)
def test_texts_stay_texts(make: Callable[[], Drawn]):
    found = texts(make().svg)
    assert set(FIGURES[make]) <= set(found)
    assert NOTE in found


@pytest.mark.parametrize("make", FIGURES)
def test_the_same_data_give_the_same_bytes(make: Callable[[], Drawn]):
    one, other = make(), make()
    assert one == other
    assert b"<dc:date>" not in one.svg


@pytest.mark.parametrize("make", FIGURES)
def test_type_is_readable_and_the_picture_a_column_wide(make: Callable[[], Drawn]):
    drawn = make()
    sizes = re.findall(r"font-size: ([\d.]+)px", drawn.svg.decode())
    assert sizes
    assert min(map(float, sizes)) >= SMALL
    with Image.open(BytesIO(drawn.png)) as png:
        assert png.width == round(COLUMN * DPI)
        assert png.info["dpi"] == pytest.approx((DPI, DPI), abs=0.1)
        assert len(png.convert("RGB").getcolors(1 << 20)) > 10


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(mpl.rcParams)
    forest()
    assert dict(mpl.rcParams) == before


def test_figures_need_no_pyplot():
    code = (
        "import sys; from models_app.figures import curves, forest, heat_map, violins;"
        "curves.curves_draw({'a': [(0, 1)]}, axis='x', label='y');"
        "print({'matplotlib.pyplot', 'torch', 'django'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_steps_stand_outwards_from_the_reference():
    places = {}
    root = ET.fromstring(heat_map().svg)
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        place = re.search(r"translate\(([\d.]+)", element.get("transform", ""))
        places[element.text] = float(place[1]) if place else float(element.get("x"))
    assert places[".40"] < places["–"] < places[".61"]
    assert places["below the default"] < places["above the default"]


def test_outputs_that_are_all_alike_can_be_drawn():
    panel = Panel("output", [[0.5] * 4, [0.25]])
    assert "output" in texts(violins_draw([panel], levels=["a", "b"], axis="level").svg)


def test_a_long_note_is_broken_into_lines_that_fit():
    note = (
        "Initial weights: ImageNet (mobilenet_v2-7ebf99e0.pth, SHA-256 7ebf99e03c2d). 15000 photos."
    )
    drawn = curves_draw({"a": [(0, 1), (1, 2)]}, axis="x", label="y", note=note)
    with Image.open(BytesIO(drawn.png)) as png:
        ink = np.asarray(png.convert("L"))
    # A text that is cut off has ink at the very edge.
    assert ink[:, -4:].min() == 255
    lines = [text for text in texts(drawn.svg) if text in note and len(text) > 1]
    assert len(lines) == 2
    assert " ".join(lines) == note


def test_long_names_of_runs_fit():
    runs = {
        f"ranking, 224 px, seed {n}, authors' effective behaviour, batch 8": [(0, n)]
        for n in (1, 2)
    }
    with Image.open(BytesIO(curves_draw(runs, axis="x", label="y").png)) as png:
        ink = np.asarray(png.convert("L"))
    assert ink[:, -4:].min() == ink[:, :4].min() == 255


def test_names_of_runs_are_shown_as_they_are():
    found = texts(curves_draw({"_a $5 b$": [(0, 1)]}, axis="x", label="y").svg)
    assert "_a $5 b$" in [text.strip() for text in found]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: violins_draw([], levels=["a"], axis=""), "at least one panel"),
        (lambda: violins_draw([Panel("p", [[1]])], levels=["a", "b"], axis=""), "there are 2"),
        (lambda: violins_draw([Panel("p", [[]])], levels=["a"], axis=""), "one finite output"),
        (lambda: violins_draw([Panel("p", [[np.nan]])], levels=["a"], axis=""), "one finite"),
        (lambda: heat_map_draw([]), "no levels"),
        (lambda: heat_map_draw([Row("r", "g", {1: 1.2})]), "accuracy of 1.2"),
        (lambda: heat_map_draw([Row("r", "g", {0: 0.5})]), "step 0"),
        (lambda: forest_draw([], axis=""), "no rows"),
        (lambda: forest_draw([Line("l", 0.5, 0.6, 0.7, "g")], axis=""), "outside its interval"),
        (lambda: curves_draw({}, axis="", label=""), "no points"),
        (lambda: curves_draw({"a": [(0, 0.0)]}, axis="", label="", log=True), "cannot show 0.0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call: Callable[[], Drawn], text: str):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize("name", ["ava $x^$ set", "cost $5 and $6_{ a", r"\frac{"])
def test_dollar_signs_in_names_are_no_formulas(name: str):
    drawn = [
        shares_draw([shares.Panel("LCC", {name: [shares.Point(0.2, 0.1), shares.Point(1, 0.4)]})],
                    axis="share", note=name),
        forest_draw([Line(name, 0.7, 0.65, 0.75, "style")], axis="a", reference=0.5, note=name),
        curves_draw({name: [(0, 1.0), (1, 2.0)]}, axis="epoch", label="loss", note=name),
    ]  # fmt: skip
    for each in drawn:
        assert each.svg.decode().count(name) >= 2


@pytest.mark.parametrize("heights", [(0.002, 30.0), (0.11, 0.18), (2e-6, 5e-6)])
def test_a_logarithmic_axis_has_plain_numbers(heights: tuple[float, float]):
    drawn = curves_draw(
        {"run": list(enumerate(heights))}, axis="epoch", label="loss", log=True, note=NOTE
    )
    texts = [
        each.text or "" for each in ET.fromstring(drawn.svg).iter() if each.tag.endswith("text")
    ]
    assert not any("$" in text or "mathdefault" in text for text in texts)
    plain = {float(text) for text in texts if re.fullmatch(r"[\d.]+(e-\d+)?", text)}
    inside = {value for value in plain if heights[0] <= value <= heights[1]}
    assert len(inside) >= 2
