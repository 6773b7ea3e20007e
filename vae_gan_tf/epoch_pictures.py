"""The pictures of a model after an epoch, for the IMAGES tab of TensorBoard."""

from typing import Any

import numpy as np

from vae_gan_tf.datasets import Split
from vae_gan_tf.evaluation import classification, pictures
from vae_gan_tf.models.adversarial import VAEGAN, generator
from vae_gan_tf.models.draw import DRAW
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE, for_each
from vae_gan_tf.networks.recurrent import window_size
from vae_gan_tf.plotting import canvases, confusion, grids

DRAWN = 4
"""Images whose canvases are shown."""

CANVASES, ACROSS = 8, 4
"""Steps of DRAW whose canvases are shown, at most, evenly spread; and those beside each other."""


def shown(
    model: VAE | VAEGAN, samples: np.ndarray, images: np.ndarray, y: Any, classified: Split | None
) -> dict[str, np.ndarray]:
    """Pictures by name, each [1, height, width, channels].

    Args:
        model: whose pictures they are.
        samples: a grid of its samples, [rows, columns, height, width, channels].
        images: [n, height, width, channels] in [0, 1], of which the first are reconstructed.
        y: their side information; a model without any does not look at it.
        classified: images with labels for the confusion matrix of a semi-supervised model.
    """
    its = generator(model)
    again = pictures.reconstructions(model, images, y, rows=4)
    found = {"samples": grids.tile(samples), "reconstructions": grids.tile(again)}
    if isinstance(its, SemiSupervisedVAE) and classified is not None:
        found["confusion"] = confusion.picture(classification.confusion(its, classified))
    if isinstance(its, DRAW):
        some = for_each(lambda values: values[:DRAWN], y)
        found["canvases"] = drawn(its, images[:DRAWN], some)
    return {name: picture[None] for name, picture in found.items()}


def drawn(model: DRAW, images: np.ndarray, y: Any) -> np.ndarray:
    """Images, their canvases and those of samples, with the windows, from step to step.

    Args:
        model: DRAW.
        images: [rows, height, width, channels] in [0, 1].
        y: their side information, which a model without any does not look at.

    Returns:
        [height, width, 3] in [0, 1], the steps from left to right, then from top to bottom.
    """
    given = model.condition.given(y)
    again = model.reconstruct_steps(images, given, seed=0)
    samples = model.sample_steps(len(images) if given is None else given)
    sizes = window_size(model.encoder), window_size(model.decoder)
    steps = canvases.frames(images, again, samples, sizes)
    chosen = np.linspace(0, len(steps) - 1, min(len(steps), CANVASES)).round().astype(int)
    shown = np.stack([np.asarray(steps[each]) for each in chosen]) / np.float32(255)
    columns = min(len(shown), ACROSS)
    white = np.ones([-len(shown) % columns, *shown.shape[1:]], np.float32)
    return grids.tile(np.concatenate([shown, white]).reshape(-1, columns, *shown.shape[1:]), gap=4)
