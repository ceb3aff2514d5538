"""Curves over the share of labels: where lines break, and which points are bounds."""

from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from models_app.figures.shares import Panel, Point, _panel_draw


def lines(points: list[Point]) -> list:
    axes = Figure().subplots()
    _panel_draw(axes, Panel("SRCC", {"a": points}), "share")
    return list(axes.get_lines())


def test_a_line_breaks_at_a_value_that_is_not_defined():
    (line,) = lines([Point(1.0, 0.7), Point(0.2, 0.5), Point(0.6, None)])
    first, second, third = line.get_ydata()
    assert (first, third) == (0.5, 0.7)
    assert second != second


def test_a_bound_is_hollow_and_no_other_point_is():
    line, hollow = lines([Point(0.2, 30, is_bound=True), Point(1.0, 20)])
    assert (list(hollow.get_xdata()), list(hollow.get_ydata())) == ([20.0], [30])
    assert to_rgba(hollow.get_markerfacecolor()) == to_rgba("white")
    assert to_rgba(line.get_markerfacecolor()) != to_rgba("white")
