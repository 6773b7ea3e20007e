"""A confusion matrix as a picture: true classes down, what they are classified as across."""

import numpy as np

from vae_gan_tf.plotting import grids

MOST_NUMBERS = 20
"""Classes up to which each share is written into its cell, and each class at its row and column."""

INCHES, DPI = 4.5, 120
"""The side of the picture, and its resolution."""


def picture(shares: np.ndarray) -> np.ndarray:
    """The picture [side, side, 3] in [0, 1] of shares [classes, classes] of each true class.

    The shares are written in percent, without those that round to 0.
    """
    classes = len(shares)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = grids.sheet(INCHES, INCHES, DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xlabel("classified as")
    axes.set_ylabel("true class")
    axes.set_title("percent of the images of each class", fontsize=9)
    if classes <= MOST_NUMBERS:
        axes.set_xticks(range(classes))
        axes.set_yticks(range(classes))
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.005:
                colour = "white" if share > 0.5 else "black"
                text = f"{100 * share:.0f}"
                axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(np.float32) / 255
