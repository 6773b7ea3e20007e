"""The canvases of DRAW (section 2.4), step by step: as a panel of a picture, and as an animation.

In an animation a box around what is read or written shows the window of attention.
"""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from vae_gan_tf.attention import Window
from vae_gan_tf.models.draw import Steps
from vae_gan_tf.plotting import grids

COLUMNS = 10
"""Canvases in a row, at most; of more steps than these the shown ones are evenly spread."""

SCALE = 4
"""Pixels of an animation for one of an image."""

MILLISECONDS, AT_THE_END = 250, 2000
"""How long an animation shows a step, and how long the last one, in milliseconds."""

READ, WRITTEN = (0, 140, 0), (220, 0, 0)
"""The colours (red, green, blue) of windows that are read and of those that are written."""


def panel(steps: Steps, title: str) -> grids.Panel:
    """The panel of canvases: a row for each image, and in it its canvases from left to right."""
    count = steps.images.shape[1]
    shown = np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int)
    images = steps.images.numpy()[:, shown]
    return grids.Panel(images, title, column_labels=[str(step + 1) for step in shown])


def boxes(window: Window, size: int) -> np.ndarray:
    """The left, top, right and bottom edges of windows of size x size filters, in pixels.

    The upper left corner of the image is (0, 0). A box goes around the pixels under the centres
    of the outer filters.

    Args:
        window: each part of any shape [...].
        size: filters in a row or column of the window.

    Returns:
        [..., 4].
    """
    x, y = (np.asarray(centre) - 0.5 for centre in (window.x, window.y))
    half = ((size - 1) * np.asarray(window.stride) + 1) / 2
    return np.stack([x - half, y - half, x + half, y + half], -1)


def frames(
    images: np.ndarray, reconstructions: Steps, samples: Steps, sizes: tuple[int, int]
) -> list[Image.Image]:
    """A picture for each step: in each row an image, its canvas and the canvas of a sample.

    A window is a box on what is read or written, with a line as thick as its filters are wide, by
    their standard deviation.

    Args:
        images: [rows, height, width, channels] in [0, 1].
        reconstructions: the steps of their reconstructions.
        samples: the steps of as many samples.
        sizes: filters in a row of the windows that are read and of those that are written; 0 if
            there are no windows.
    """
    count = reconstructions.images.shape[1]
    still = np.repeat(images[:, None], count, 1)
    read, written = sizes
    columns = [  # canvases, windows, their size and colour
        (still, reconstructions.read, read, READ),
        (reconstructions.images, reconstructions.write, written, WRITTEN),
        (samples.images, samples.write, written, WRITTEN),
    ]
    canvases = np.stack([np.asarray(each) for each, *_ in columns], 2)
    height, width = images.shape[1:3]
    pictures = []
    for step in range(count):
        picture = _enlarged(grids.tile(canvases[:, step]))
        for column, (_, window, size, colour) in enumerate(columns):
            if window is None:
                continue
            for row, box in enumerate(boxes(window, size)[:, step]):
                left, top = SCALE * (1 + column * (width + 1)), SCALE * (1 + row * (height + 1))
                cell = picture.crop((left, top, left + SCALE * width, top + SCALE * height))
                _frame(cell, box, float(window.variance[row, step]) ** 0.5, colour)
                picture.paste(cell, (left, top))
        pictures.append(picture)
    return pictures


def gif(pictures: Sequence[Image.Image]) -> bytes:
    """The animation of pictures, as a GIF that begins anew when it has ended."""
    buffer = io.BytesIO()
    durations = [MILLISECONDS] * (len(pictures) - 1) + [AT_THE_END]
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return buffer.getvalue()


def _enlarged(grid: np.ndarray) -> Image.Image:
    """The picture of a grid [height, width, channels], `SCALE` pixels for one."""
    picture = Image.fromarray(np.uint8(np.round(255 * np.repeat(grid, 3 // grid.shape[2], 2))))
    size = SCALE * picture.width, SCALE * picture.height
    return picture.resize(size, Image.Resampling.NEAREST)


def _frame(cell: Image.Image, box: np.ndarray, sigma: float, colour: tuple[int, int, int]) -> None:
    """Puts a box into the enlarged picture of an image; what is far outside is not seen.

    Args:
        cell: is changed.
        box: left, top, right and bottom, in pixels of the image.
        sigma: standard deviation of the window's filters, in pixels of the image.
        colour: red, green, blue.
    """
    # A pixel belongs to a line that ends on it, hence the 1.
    ends = np.clip(SCALE * box, -cell.width, 2 * cell.width) - [0, 0, 1, 1]
    line = int(np.clip(round(SCALE * sigma / 2), 1, SCALE))
    ImageDraw.Draw(cell).rectangle(ends.tolist(), outline=colour, width=line)
