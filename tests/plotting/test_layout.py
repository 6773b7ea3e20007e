"""Where boxes and arrows stand on a page, of diagrams made by hand."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.path import Path
from support.pages import CHECKS, DPI, measured

from vae_gan_tf.plotting import layout


def box(name):
    return layout.Box(name, [name])


def column(names, **beside):
    return layout.Column([box(name) for name in names], beside)


def network(title, *rows):
    """A network of rows of boxes, each row taking what the first box of the row above gives."""
    boxes = [[box(f"{title}/{name}") for name in row] for row in rows]
    arrows = [
        layout.Arrow(above[0].name, below.name) for above, row in pairwise(boxes) for below in row
    ]
    last = [each.name for each in boxes[-1]]
    return layout.Network(title, "#dddddd", boxes, arrows, [[boxes[0][0].name]], last)


def test_a_network_between_boxes():
    down, up = network("Down", "a", "b", "cd"), network("Up", "a", "b").upwards()
    columns = [
        layout.Column([box("x"), down, box("q")]),
        layout.Column([box("loss"), box("z")]),
        layout.Column([[box("s"), box("t")], box("p"), up]),
    ]
    arrows = [
        *down.fed(0, "x"),
        *(layout.Arrow(each, "q") for each in down.outputs),
        layout.Arrow("q", "z"),
        *up.fed(0, "z"),
        layout.Arrow(up.outputs[0], "p"),
        layout.Arrow("p", "s"),
        layout.Arrow("p", "t"),
        layout.Arrow("x", "s", ("top", "top")),
        layout.Arrow("p", "loss"),
    ]
    page = measured(layout.Diagram(columns, arrows))
    for check in CHECKS:
        check(page)
    heights = page.heights()
    assert heights["x"] > heights["Down/a"] > heights["Down/b"] > heights["Down/c"] > heights["q"]
    assert heights["Down/c"] == heights["Down/d"]
    assert heights["Up/a"] < heights["Up/b"] < heights["p"] < heights["s"] == heights["t"]


END = 5
"""Pixels between the end of an arrow and its box, at most."""

SIDES = {"left": (0, None), "right": (1, None), "bottom": (None, 0), "top": (None, 1)}
"""Where on its box an end of an arrow is: at the least or greatest x, or y."""


@pytest.mark.parametrize(
    ("source", "target", "sides", "expected"),
    [
        ("a", "b", None, ("bottom", "top")),
        ("b", "a", None, ("top", "bottom")),
        ("a", "d", None, ("right", "left")),
        ("a", "e", None, ("right", "left")),
        ("e", "a", None, ("left", "right")),
        ("a", "f", ("top", "top"), ("top", "top")),
        ("a", "c", ("left", "left"), ("left", "left")),
        ("d", "c", ("left", "top"), ("left", "top")),
        ("c", "d", ("right", "bottom"), ("right", "bottom")),
    ],
)
def test_an_arrow_leaves_and_arrives_at_its_sides(source, target, sides, expected):
    columns = [column("abc"), column("de"), column("f")]
    page = measured(layout.Diagram(columns, [layout.Arrow(source, target, sides)]))
    (line,) = page.lines.values()
    (_, head) = np.flatnonzero(line.codes == Path.MOVETO)
    stem = line.vertices[:head]
    for (x, y), name, side in zip(stem[[0, -1]], (source, target), expected, strict=True):
        (x0, y0), (x1, y1) = page.boxes[name].get_points()
        across, up = SIDES[side]
        if across is None:
            assert x0 < x < x1 and y == pytest.approx((y0, y1)[up], abs=END)
        else:
            assert y0 < y < y1 and x == pytest.approx((x0, x1)[across], abs=END)
    assert np.all(np.min(np.abs(np.diff(stem, axis=0)), 1) < 1e-6)  # never slanted


def test_rows_fixed_too_close_make_the_diagram_deeper():
    # Beside the second and third of three boxes there are four.
    page = measured(layout.Diagram([column("abc"), column("defg", d="b", g="c")], []))
    gap = layout.GAP * DPI
    for above, below in ("ab", "bc", "de", "ef", "fg"):
        assert page.boxes[above].y0 - page.boxes[below].y1 > 0.98 * gap, (above, below)
    heights = page.heights()
    assert (heights["d"], heights["g"]) == pytest.approx((heights["b"], heights["c"]))


def test_a_box_fits_its_text_whatever_it_holds():
    lines = [r"$q(z|x) = N(\mu, \sigma^2)$", "a long line of plain words beside mathematics", "0"]
    page = measured(layout.Diagram([layout.Column([layout.Box("wide", lines), box("i")])], []))
    for name, text in page.texts.items():
        inside, pad = page.boxes[name], layout.PAD * DPI
        assert text.x0 - inside.x0 > pad / 2 and inside.x1 - text.x1 > pad / 2
        assert text.y0 - inside.y0 > pad / 2 and inside.y1 - text.y1 > pad / 2
