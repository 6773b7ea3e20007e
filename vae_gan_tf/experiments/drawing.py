"""Figures 10 and 11: how DRAW draws, as a picture and as an animation.

`figure` is what the two scripts have in common, with the flags that only they have.
"""

import io
from collections.abc import Sequence

import numpy as np
from absl import flags
from PIL import Image, ImageDraw

from vae_gan_tf import datasets
from vae_gan_tf.attention import Window, Windows
from vae_gan_tf.experiments import experiment
from vae_gan_tf.files import write_whole
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.draw import DRAW, Steps
from vae_gan_tf.plotting import grids

_CONDITIONAL = flags.DEFINE_bool("conditional", False, "conditional DRAW, a row for each label")
_ANIMATE = flags.DEFINE_bool(
    "animate",
    False,
    "write a GIF as well: an image while it is read (green window) and drawn again (red window), "
    "and a sample",
)

COLUMNS = 10
"""Canvases in a row, at most; of more steps than these the shown ones are evenly spread."""

SCALE = 4
"""Pixels of an animation for one of an image."""

MILLISECONDS, AT_THE_END = 250, 2000
"""How long an animation shows a step, and how long the last one."""

READ, WRITTEN = (0, 140, 0), (220, 0, 0)
"""The colours of windows."""


def drawn_again(model: DRAW | VAEGAN, split: datasets.Split) -> tuple[np.ndarray, Steps]:
    """Images and their reconstructions as they are drawn, with codes drawn from q(z | x).

    The images are the first five of the split; of a conditional model the first of each label.
    """
    model = experiment.generator(model)
    conditional = bool(model.condition.size)
    places = np.unique(split.labels, return_index=True)[1] if conditional else slice(5)
    images, labels = split.at(places).arrays()
    return images, model.reconstruct_steps(images, labels if conditional else None, seed=0)


def drawn(model: DRAW | VAEGAN) -> Steps:
    """Samples as they are drawn: five, or of a conditional model one of each label."""
    model = experiment.generator(model)
    conditional = bool(model.condition.size)
    return model.sample_steps(np.arange(model.condition.classes) if conditional else 5, seed=0)


def panel(steps: Steps, title: str) -> grids.Panel:
    """A row for each image, and in it its canvases from left to right."""
    count = steps.images.shape[1]
    shown = np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int)
    images = steps.images.numpy()[:, shown]
    return grids.Panel(images, title, column_labels=[str(step + 1) for step in shown])


def boxes(window: Window, size: int) -> np.ndarray:
    """Left, top, right and bottom of windows of size x size filters, in pixels: [..., 4].

    The upper left corner of the image is (0, 0). The box goes around the pixels under the centres
    of the outer filters.
    """
    x, y = (np.asarray(centre) - 0.5 for centre in (window.x, window.y))
    half = ((size - 1) * np.asarray(window.stride) + 1) / 2
    return np.stack([x - half, y - half, x + half, y + half], -1)


def frames(
    images: np.ndarray, again: Steps, samples: Steps, sizes: Sequence[int]
) -> list[Image.Image]:
    """A picture for each step; in each row an image, its canvas and the canvas of a sample.

    A window is a box on what is read or written, with a line as thick as its filters are wide, by
    their standard deviation.

    Args:
        images: [rows, height, width, channels] in [0, 1].
        again: how they are drawn again.
        samples: as many samples.
        sizes: N of the windows that are read and of those that are written; 0 if there are none.
    """
    count = again.images.shape[1]
    still = np.repeat(images[:, None], count, 1)
    columns = [  # canvases, windows, N, colour
        (still, again.read, sizes[0], READ),
        (again.images, again.write, sizes[1], WRITTEN),
        (samples.images, samples.write, sizes[1], WRITTEN),
    ]
    pictures = np.stack([np.asarray(canvases) for canvases, *_ in columns], 2)
    height, width = images.shape[1:3]
    found = []
    for step in range(count):
        grid = grids.tile(pictures[:, step])
        picture = Image.fromarray(np.uint8(np.round(255 * np.repeat(grid, 3 // grid.shape[2], 2))))
        picture = picture.resize([SCALE * side for side in picture.size], Image.Resampling.NEAREST)
        for column, (_, window, size, colour) in enumerate(columns):
            if window is None:
                continue
            for row, box in enumerate(boxes(window, size)[:, step]):
                sigma = float(window.variance[row, step]) ** 0.5
                left, top = 1 + column * (width + 1), 1 + row * (height + 1)
                cell = picture.crop(_scaled(left, top, left + width, top + height))
                # A pixel belongs to a line that ends on it; what is far outside is not drawn.
                ends = np.clip(SCALE * box, -SCALE * width, 2 * SCALE * width) - [0, 0, 1, 1]
                line = int(np.clip(round(SCALE * sigma / 2), 1, SCALE))
                ImageDraw.Draw(cell).rectangle(ends.tolist(), outline=colour, width=line)
                picture.paste(cell, _scaled(left, top))
        found.append(picture)
    return found


def _scaled(*lengths: int) -> tuple[int, ...]:
    return tuple(SCALE * length for length in lengths)


def gif(pictures: Sequence[Image.Image]) -> bytes:
    """An animation that begins anew when it has ended."""
    buffer = io.BytesIO()
    durations = [MILLISECONDS] * (len(pictures) - 1) + [AT_THE_END]
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return buffer.getvalue()


def figure(argv: Sequence[str], name: str, model: str) -> None:
    """Trains a model on each data set and draws reconstructions beside samples.

    Args:
        argv: of the script.
        name: of the figure.
        model: of `settings.MODELS`, the one that is not conditional.
    """
    options = experiment.parse_flags(argv)
    results = experiment.train_all(options, [f"c{model}" if _CONDITIONAL.value else model])
    panels = []
    for result in results:
        _, again = drawn_again(result.model, result.data.test)
        panels.append(panel(again, f"{result.title}: reconstructions"))
        panels.append(panel(drawn(result.model), f"{result.title}: samples"))
    name += "-conditional" if _CONDITIONAL.value else ""
    path = experiment.publish(options, name, grids.draw(panels), results)
    for result in results if _ANIMATE.value else []:
        # A panel of the picture is an animation of its own.
        ending = f"-{result.data.name}" if len(results) > 1 else ""
        animation = path.with_name(f"{path.stem}{ending}.gif")
        write_whole(animation, gif(animated(result)))
        print(f"Wrote {animation}")


def animated(result: experiment.Result) -> list[Image.Image]:
    """The frames of what the figure shows of a model."""
    model = experiment.generator(result.model)
    sizes = [
        next((layer.size for layer in network.layers if isinstance(layer, Windows)), 0)
        for network in (model.encoder, model.decoder)
    ]
    return frames(*drawn_again(model, result.data.test), drawn(model), sizes)
