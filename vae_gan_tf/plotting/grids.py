"""Grids of images with titles and labels, panel by panel on a page."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_gan_tf.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_INCHES = 5.5
"""The width of the text of a printed page: no picture is wider, so letters are as large as here."""
TITLE, LABEL, CELL_TITLE = 8, 7, 6
"""The sizes of letters, in points."""
CELL_INCHES = 0.42
"""The width of an image, at most."""
GAP_INCHES = 0.3
"""Room at the left of a panel."""
TITLE_INCHES = 0.4
"""Room above a panel, for a line of its title and one of column labels."""
LINE_INCHES = 0.13
"""Room for each further line of them."""
LETTER_INCHES = 0.06
"""Room for a letter of a row label, or of the title."""
INTO_CELL = 0.08
"""The part of an image's height by which the title of a cell reaches into it."""
CELL_TITLE_PIXELS = 12
"""Room above a row whose cells have titles, in pixels of the images."""


@dataclass(frozen=True)
class Panel:
    """A grid of images with a title, and labels where they are wanted."""

    images: np.ndarray
    """[rows, columns, height, width, channels], values in [0, 1]."""
    title: str
    row_labels: Sequence[str] = ()
    """At the left of each row."""
    column_labels: Sequence[str] = ()
    """Above each column, of one line or more."""
    cell_titles: Sequence[Sequence[str]] | None = None
    """Above each image, by row and column."""
    key: str = ""
    """What follows the title. It may hold TeX, for which title and labels are not taken."""


def literal(text: str) -> str:
    """A text in which Matplotlib finds no TeX: a folder may be called "$10 or $20"."""
    return text.replace("$", r"\$")


def sheet(width: float, height: float, dpi: int = 100, **kwargs: Any) -> Figure:
    """An empty picture of a size in inches; matplotlib is imported where one is made."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=dpi, **kwargs)


def tile(images: np.ndarray, above: int = 0, gap: int = 1) -> np.ndarray:
    """One picture of a grid of images with white between them.

    Args:
        images: [rows, columns, height, width, channels] in [0, 1].
        above: pixels of white above each row, for titles.
        gap: pixels of white between images, and around all of them.

    Returns:
        [rows * (height + gap + above) + gap, columns * (width + gap) + gap, channels]. Grey images
        come out as dark strokes on white.
    """
    images = np.asarray(images, np.float32)
    if images.shape[-1] == 1:
        images = 1 - images
    around = [(0, 0), (0, 0), (gap + above, 0), (gap, 0), (0, 0)]
    padded = np.pad(images, around, constant_values=1.0)
    rows, columns, height, width, channels = padded.shape
    grid = padded.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)
    return np.pad(grid, [(0, gap), (0, gap), (0, 0)], constant_values=1.0)


def page(panels: Sequence[Panel], columns: int = 2) -> Figure:
    """The picture of panels beside and below each other, as wide as a printed text at most.

    Args:
        panels: one or more, from left to right, then from top to bottom.
        columns: panels in a row, at most; each is as high as its neighbours.
    """
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    gaps = [[_gap(panel) for panel in row] for row in rows]
    heights = [max(map(_height, row)) for row in rows]
    widths = [
        [panel.images.shape[1] * height / _height(panel) for panel in row]
        for row, height in zip(rows, heights, strict=True)
    ]
    room = [
        (TEXT_INCHES - GAP_INCHES - sum(gap)) / sum(each)
        for each, gap in zip(widths, gaps, strict=True)
    ]
    cell = min(CELL_INCHES, *room)
    heights = [cell * height for height in heights]
    widths = [[cell * width for width in row] for row in widths]
    titles = [
        TITLE_INCHES + LINE_INCHES * max(map(_further_lines, row, sizes))
        for row, sizes in zip(rows, widths, strict=True)
    ]
    across = GAP_INCHES + max(sum(each) + sum(gap) for each, gap in zip(widths, gaps, strict=True))
    down = sum(heights) + sum(titles) + 0.1
    figure = sheet(across, down, dpi=300)
    bottom = down
    for row, height, title, sizes, before in zip(rows, heights, titles, widths, gaps, strict=True):
        left = 0.0
        bottom -= title + height
        for panel, width, gap in zip(row, sizes, before, strict=True):
            left += gap
            place = left / across, bottom / down, width / across, height / down
            _show(figure.add_axes(place), panel, width)
            left += width
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes a picture, so that an earlier one is replaced whole or not at all.

    Args:
        figure: the picture.
        path: of the file, whose folder is made if there is none; it ends in .png or .pdf.

    Raises:
        UserError: the folder cannot be made or written.
    """
    buffer = io.BytesIO()
    passing = {".png": {"Software": None}, ".pdf": {"CreationDate": None}}[path.suffix]
    figure.savefig(buffer, format=path.suffix[1:], dpi=max(150, figure.dpi), metadata=passing)
    write_whole(path, buffer.getvalue())


def _above(panel: Panel) -> int:
    """The pixels of white above a row of images whose cells have titles, by the images' size."""
    return round(CELL_TITLE_PIXELS * panel.images.shape[2] / 28) if panel.cell_titles else 0


def _lines(panel: Panel) -> int:
    """The number of lines of the column labels."""
    return max((label.count("\n") + 1 for label in panel.column_labels), default=0)


def _title(panel: Panel, width: float) -> str:
    """The title in lines that are no longer than a panel of so many inches is wide."""
    letters = max(8, int((width + GAP_INCHES) / LETTER_INCHES))
    return textwrap.fill(literal(panel.title) + panel.key, letters)


def _further_lines(panel: Panel, width: float) -> int:
    """The lines of title and column labels beyond one of each."""
    return max(0, _lines(panel) - 1) + _title(panel, width).count("\n")


def _gap(panel: Panel) -> float:
    """The inches at the left of a panel, its row labels included."""
    return GAP_INCHES + LETTER_INCHES * max(map(len, panel.row_labels), default=0)


def _height(panel: Panel) -> float:
    """The height of a panel in widths of an image, before it is made as high as its neighbours."""
    _, _, height, width, _ = panel.images.shape
    return panel.images.shape[0] * (height + 1 + _above(panel)) / (width + 1)


def _show(axes: Axes, panel: Panel, inches: float) -> None:
    """Puts the images of a panel, its title and its labels into axes of a width."""
    rows, columns, height, width, channels = panel.images.shape
    above = _above(panel)
    picture = tile(panel.images, above)
    axes.imshow(
        picture[..., 0] if channels == 1 else picture,
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest",
        aspect="auto",
    )
    axes.set_title(_title(panel, inches), fontsize=TITLE, pad=4 + 9 * _lines(panel))
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks([], [])
    axes.set_yticks([], [])
    middle = 1 + width / 2 + (width + 1) * np.arange(columns)
    if panel.column_labels:
        axes.set_xticks(middle, [*map(literal, panel.column_labels)], fontsize=LABEL)
        axes.xaxis.tick_top()
    if panel.row_labels:
        centre = 1 + above + height / 2 + (height + 1 + above) * np.arange(rows)
        axes.set_yticks(centre, [*map(literal, panel.row_labels)], fontsize=LABEL)
    axes.tick_params(length=0, pad=2)
    for row, titles in enumerate(panel.cell_titles or ()):
        for column, title in enumerate(titles):
            y = row * (height + 1 + above) + above + height * INTO_CELL
            axes.text(middle[column], y, title, fontsize=CELL_TITLE, ha="center", va="bottom")
