"""The layout of a diagram: columns of boxes with arrows between them, placed on a page.

The description of a diagram has no places in it: `page` measures the text, places the boxes and
leads the arrows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vae_gan_tf.plotting import grids

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Corners = list[tuple[float, float]]
"""The corners of a line, from its beginning to its end."""

# All lengths are inches.
FONT: dict[str, Any] = {
    "fontsize": 9,
    "linespacing": 1.3,
    "fontfamily": "STIXGeneral",
    "math_fontfamily": "stix",
}
"""The style of text in boxes: a narrow font, for pages are shown as wide as a column of text."""
BOLD = FONT | {"fontweight": "bold"}
"""The style of titles."""
PAD = 0.05
"""Between a text and the edge of its box."""
GAP = 0.2
"""Between boxes above each other: room for an arrow."""
BESIDE = 0.06
"""Between boxes beside each other in a row, and between layers and the edge of their network."""
TITLE = 0.2
"""Above the layers of a network."""
GUTTER = 0.22
"""Between columns: room for arrows that turn."""
LANE = 0.12
"""Between the highest network and arrows that pass over it."""
MARGIN = 0.06
"""Around the whole diagram."""


@dataclass(frozen=True)
class Box:
    """A box with text, known to arrows by its name."""

    name: str
    lines: Sequence[str]
    """The text, which may hold mathtext between dollar signs."""
    fill: str = "#ffffff"
    """The colour."""


@dataclass(frozen=True)
class Arrow:
    """An arrow from one box to another."""

    source: str
    """The name of the box that it leaves."""
    target: str
    """The name of the box where it arrives."""
    sides: tuple[str, str] | None = None
    """The sides where it leaves and arrives: ("top", "top") passes over the columns between,
    ("left", "left") beside the boxes between in a column, ("left", "top") and ("right", "bottom")
    turn once. Without them it goes down or up in a column, or across the gutter to another column,
    straight if it can."""


@dataclass(frozen=True)
class Network:
    """The boxes of a network in rows, from its inputs to its outputs."""

    title: str
    fill: str
    """The colour behind the boxes."""
    rows: Sequence[Sequence[Box]]
    arrows: Sequence[Arrow]
    """The arrows between its boxes."""
    inputs: Sequence[Sequence[str]]
    """For each input of the network the names of the boxes that take it."""
    outputs: Sequence[str]
    """For each output the name of the box that gives it."""

    def upwards(self) -> Network:
        """The same network with its inputs at the bottom."""
        return replace(self, rows=self.rows[::-1])

    def fed(self, number: int, *sources: str, sides: tuple[str, str] | None = None) -> list[Arrow]:
        """The arrows from the boxes that feed an input to those that take it.

        Args:
            number: of the input.
            *sources: the names of the boxes that feed it.
            sides: of each arrow.
        """
        return [Arrow(source, box, sides) for source in sources for box in self.inputs[number]]


@dataclass(frozen=True)
class Column:
    """Boxes, rows of boxes and networks above each other.

    The rows are spread evenly between the top and the bottom of the diagram, or between the rows
    that ``beside`` puts at the height of a box in another column.
    """

    content: Sequence[Box | Sequence[Box] | Network]
    beside: Mapping[str, str] = field(default_factory=dict)
    """From the name of a box here to the name of the box whose height it takes, which is in a
    column of fewer such boxes, or of as many and further left."""


@dataclass(frozen=True)
class Diagram:
    """Columns from left to right, and the arrows that are not within a network."""

    columns: Sequence[Column]
    arrows: Sequence[Arrow]

    def boxes(self) -> dict[str, Box]:
        """All boxes by name."""
        rows = (row for column in self.columns for row, _ in _rows(column))
        return {box.name: box for row in rows for box in row}


class Place(NamedTuple):
    """The place of a box or network, in inches; heights grow upwards."""

    left: float
    bottom: float
    width: float
    height: float
    column: int
    """The number of the column, from the left."""

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.bottom + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """The centre."""
        return self.left + self.width / 2, self.bottom + self.height / 2


def page(diagram: Diagram) -> Figure:
    """The picture of a diagram, as large as its text needs.

    Every patch and text carries as ``gid`` what it shows: the name of a box, the title of a
    network, or "<source> -> <target>" of an arrow.
    """
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
    from matplotlib.path import Path

    places, networks = _places(diagram)
    arrows = [*diagram.arrows, *(arrow for network, _ in networks for arrow in network.arrows)]
    paths = {f"{arrow.source} -> {arrow.target}": _path(arrow, places) for arrow in arrows}
    figure, axes = _sheet([*places.values(), *(place for _, place in networks)], paths.values())

    for network, place in networks:
        frame = Rectangle((place.left, place.bottom), place.width, place.height)
        frame.set(facecolor=network.fill, edgecolor="0.6", linewidth=0.6, gid=network.title)
        axes.add_patch(frame)
        at = place.left + BESIDE, place.top - (TITLE + BESIDE) / 2
        axes.text(*at, network.title, va="center", gid=network.title, **BOLD)
    for name, path in paths.items():
        line = FancyArrowPatch(
            path=Path(path), arrowstyle="-|>", mutation_scale=8, joinstyle="miter"
        )
        line.set(color="0.15", linewidth=0.9, gid=name)
        axes.add_patch(line)
    layers = {box.name for network, _ in networks for row in network.rows for box in row}
    for name, box in diagram.boxes().items():
        place = places[name]
        corners = "square,pad=0" if name in layers else "round,pad=0,rounding_size=0.07"
        edge = FancyBboxPatch(place[:2], place.width, place.height, boxstyle=corners)
        edge.set(facecolor=box.fill, edgecolor="0.3", linewidth=0.8, gid=name)
        axes.add_patch(edge)
        axes.text(*place.middle, "\n".join(box.lines), ha="center", va="center", gid=name, **FONT)
    return figure


def _rows(column: Column) -> list[tuple[Sequence[Box], Network | None]]:
    """The rows of a column from above, each with the network that it belongs to."""
    rows: list[tuple[Sequence[Box], Network | None]] = []
    for each in column.content:
        if isinstance(each, Network):
            rows += [(row, each) for row in each.rows]
        else:
            rows.append(([each] if isinstance(each, Box) else each, None))
    return rows


def _text_size(lines: Sequence[str], style: dict[str, Any]) -> np.ndarray:
    """The width and height of a text."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = grids.sheet(6.4, 4.8, dpi=150)
    text = figure.text(0, 0, "\n".join(lines), **style)
    extent = text.get_window_extent(FigureCanvasAgg(figure).get_renderer())
    return np.array([extent.width, extent.height]) / figure.dpi


def _places(diagram: Diagram) -> tuple[dict[str, Place], list[tuple[Network, Place]]]:
    """The places of all boxes by name, and of all networks; the first rows are at height 0."""
    sizes = {name: _text_size(box.lines, FONT) + 2 * PAD for name, box in diagram.boxes().items()}
    heights = _heights(diagram, sizes)
    places: dict[str, Place] = {}
    networks = []
    left = 0.0
    for number, column in enumerate(diagram.columns):
        width = _width(column, sizes)
        for row, network in _rows(column):
            between = BESIDE * (len(row) - 1)
            each = max(sizes[box.name][0] for box in row)
            if network:  # its layers are as wide as it is
                each = (width - 2 * BESIDE - between) / len(row)
            at = left + (width - each * len(row) - between) / 2
            for box in row:
                high = sizes[box.name][1]
                places[box.name] = Place(at, heights[box.name] - high / 2, each, high, number)
                at += each + BESIDE
        for content in column.content:
            if isinstance(content, Network):
                inside = [places[box.name] for row in content.rows for box in row]
                bottom = min(place.bottom for place in inside) - BESIDE
                top = max(place.top for place in inside) + TITLE + BESIDE
                networks.append((content, Place(left, bottom, width, top - bottom, number)))
        left += width + GUTTER
    return places, networks


def _width(column: Column, sizes: Mapping[str, np.ndarray]) -> float:
    """The width of a column: that of its widest row, or of a title beside a network's arrow."""
    widths = []
    for row, network in _rows(column):
        each = max(sizes[box.name][0] for box in row)
        edges = len(row) + 1 if network else len(row) - 1
        widths.append(each * len(row) + BESIDE * edges)
        if network:
            widths.append(2 * (_text_size([network.title], BOLD)[0] + 2 * BESIDE))
    return max(widths)


def _distances(
    rows: Sequence[tuple[Sequence[Box], Network | None]], sizes: Mapping[str, np.ndarray]
) -> list[float]:
    """The least distance from the centre of each row to that of the next."""
    halves = [max(sizes[box.name][1] for box in row) / 2 for row, _ in rows]
    networks = [network for _, network in rows]
    distances = []
    for number, (above, below) in enumerate(pairwise(networks)):
        distance = halves[number] + GAP + halves[number + 1]
        if above is not below:
            distance += (BESIDE if above else 0) + (TITLE + BESIDE if below else 0)
        distances.append(distance)
    return distances


def _heights(
    diagram: Diagram, sizes: Mapping[str, np.ndarray], depth: float = 0.0
) -> dict[str, float]:
    """The height of the centre of each box; the first rows are at 0, the last at -depth or lower.

    What is to spare between two rows that are fixed, the gaps between them share. Where they are
    fixed too close to each other, the whole diagram becomes deeper.
    """
    least = [_distances(_rows(column), sizes) for column in diagram.columns]
    depth = max(depth, *map(sum, least))
    heights: dict[str, float] = {}
    in_order = sorted(
        zip(diagram.columns, least, strict=True), key=lambda each: len(each[0].beside)
    )
    for column, distances in in_order:
        rows = [[box.name for box in row] for row, _ in _rows(column)]
        fixed = {0: 0.0, len(rows) - 1: -depth if len(rows) > 1 else 0.0}
        for name, other in column.beside.items():
            fixed[next(n for n, row in enumerate(rows) if name in row)] = heights[other]
        for (first, top), (last, bottom) in pairwise(sorted(fixed.items())):
            spare = (top - bottom - sum(distances[first:last])) / (last - first)
            if spare < -1e-6:
                return _heights(diagram, sizes, depth + 0.05)
            for number in range(first + 1, last):
                top -= distances[number - 1] + spare
                fixed[number] = top
        heights |= {name: fixed[number] for number, row in enumerate(rows) for name in row}
    return heights


def _path(arrow: Arrow, places: Mapping[str, Place]) -> Corners:
    """The corners of the line of an arrow, which is made of horizontal and vertical stretches."""
    source, target = places[arrow.source], places[arrow.target]
    (x, y), (to_x, to_y) = source.middle, target.middle
    if arrow.sides == ("top", "top"):
        lane = max(place.top for place in places.values()) + BESIDE + TITLE + LANE
        return [(x, source.top), (x, lane), (to_x, lane), (to_x, target.top)]
    if arrow.sides == ("left", "top"):
        # To the right of the middle, which is where an arrow from above arrives.
        to_x = target.left + 0.85 * target.width
        return [(source.left, y), (to_x, y), (to_x, target.top)]
    if arrow.sides == ("left", "left"):
        lane = min(place.left for place in places.values() if place.column == source.column)
        lane -= GUTTER / 2
        return [(source.left, y), (lane, y), (lane, to_y), (target.left, to_y)]
    if arrow.sides == ("right", "bottom"):
        return [(source.right, y), (to_x, y), (to_x, target.bottom)]
    if source.column == target.column:
        x = (max(source.left, target.left) + min(source.right, target.right)) / 2
        down = source.bottom > target.top
        ends = (source.bottom, target.top) if down else (source.top, target.bottom)
        return [(x, end) for end in ends]
    rightwards = source.column < target.column
    x, to_x = (source.right, target.left) if rightwards else (source.left, target.right)
    low, high = max(source.bottom, target.bottom), min(source.top, target.top)
    if low < high:
        return [(x, (low + high) / 2), (to_x, (low + high) / 2)]
    edges = [place for place in places.values() if place.column == target.column]
    if rightwards:
        lane = min(place.left for place in edges) - GUTTER / 2
    else:
        lane = max(place.right for place in edges) + GUTTER / 2
    return [(x, y), (lane, y), (lane, to_y), (to_x, to_y)]


def _sheet(places: Sequence[Place], paths: Iterable[Corners]) -> tuple[Figure, Axes]:
    """An empty figure whose axes, in inches, have room for all boxes and arrows."""
    corners = [(place.left, place.bottom) for place in places]
    corners += [(place.right, place.top) for place in places]
    points = np.concatenate([corners, *paths])
    low, high = points.min(0) - MARGIN, points.max(0) + MARGIN
    figure = grids.sheet(*(high - low))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.axis("off")
    return figure, axes
