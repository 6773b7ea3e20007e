"""Pages of diagrams, measured."""

from itertools import combinations
from typing import NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from vae_gan_tf.plotting import layout

DPI = 150


class Page(NamedTuple):
    """What is where on the page of a diagram, in pixels."""

    diagram: layout.Diagram
    figure: Figure
    boxes: dict[str, Bbox]
    texts: dict[str, Bbox]
    """The texts of the boxes, by the boxes' names."""
    titles: dict[str, Bbox]
    lines: dict[tuple[str, str], Path]
    """The lines of the arrows, by source and target."""

    def heights(self) -> dict[str, float]:
        """The height of the centre of each box."""
        return {name: (box.y0 + box.y1) / 2 for name, box in self.boxes.items()}


def measured(diagram: layout.Diagram) -> Page:
    figure = layout.page(diagram)
    figure.set_dpi(DPI)
    renderer = FigureCanvasAgg(figure).get_renderer()
    (axes,) = figure.axes
    boxes = {
        patch.get_gid(): patch.get_window_extent(renderer)
        for patch in axes.patches
        if isinstance(patch, FancyBboxPatch)
    }
    extents = [(text, text.get_window_extent(renderer)) for text in axes.texts]
    lines = {}
    for patch in axes.patches:
        if isinstance(patch, FancyArrowPatch):
            path = patch.get_path().transformed(axes.transData)
            kept = path.codes != Path.CLOSEPOLY  # has no place of its own
            source, target = patch.get_gid().split(" -> ")
            lines[source, target] = Path(path.vertices[kept], path.codes[kept])
    return Page(
        diagram,
        figure,
        boxes,
        {text.get_gid(): extent for text, extent in extents if text.get_gid() in boxes},
        {text.get_text(): extent for text, extent in extents if text.get_gid() not in boxes},
        lines,
    )


def arrows(diagram: layout.Diagram) -> set[tuple[str, str]]:
    """(source, target) of all arrows, also of those within networks."""
    found = list(diagram.arrows)
    for column in diagram.columns:
        for each in column.content:
            found += each.arrows if isinstance(each, layout.Network) else []
    return {(arrow.source, arrow.target) for arrow in found}


def within(inner: Bbox, outer: Bbox) -> bool:
    return (
        outer.x0 <= inner.x0
        and inner.x1 <= outer.x1
        and outer.y0 <= inner.y0
        and inner.y1 <= outer.y1
    )


def assert_all_is_legible_inside_of_the_figure(page: Page) -> None:
    _, figure, boxes, texts, titles, lines = page
    assert boxes.keys() == texts.keys() == page.diagram.boxes().keys()
    assert lines.keys() == arrows(page.diagram)
    for box in [*boxes.values(), *titles.values(), *(it.get_extents() for it in lines.values())]:
        assert within(box, figure.bbox)
    assert all(text.get_fontsize() >= 7 for text in figure.axes[0].texts)
    assert figure.get_figwidth() <= 11


def assert_texts_lie_inside_of_their_boxes_and_boxes_apart(page: Page) -> None:
    for name, text in page.texts.items():
        assert within(text, page.boxes[name]), name
    for (first, one), (second, other) in combinations((page.boxes | page.titles).items(), 2):
        assert not Bbox.intersection(one, other), (first, second)


def assert_arrows_join_their_boxes_and_cross_nothing_else(page: Page) -> None:
    for ends, line in page.lines.items():
        for name, box in (page.boxes | page.titles).items():
            around = box.padded(2)
            assert line.intersects_bbox(around, filled=False) == (name in ends), (ends, name)
    for (first, line), (second, other) in combinations(page.lines.items(), 2):
        # What has one source may part, and what has one target meet; nothing else may touch.
        if first[0] != second[0] and first[1] != second[1]:
            assert not line.intersects_path(other, filled=False), (first, second)


CHECKS = [
    assert_all_is_legible_inside_of_the_figure,
    assert_texts_lie_inside_of_their_boxes_and_boxes_apart,
    assert_arrows_join_their_boxes_and_cross_nothing_else,
]
