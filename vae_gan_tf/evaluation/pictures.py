"""What the figures show of a model: samples, reconstructions, completions."""

from typing import Any

import numpy as np

from vae_gan_tf import datasets
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.datasets import parts
from vae_gan_tf.evaluation import completion
from vae_gan_tf.models.adversarial import CVAEGAN, VAEGAN, generator
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.vae import VAE, for_each

MOST_CLASSES = 20
"""Classes that a picture shows, at most: the first."""


def samples(model: VAE | VAEGAN, rows: int = 10, columns: int = 10, seed: int = 0) -> np.ndarray:
    """Samples [rows, columns, height, width, channels]; of a model of labels a row a label.

    Of more labels than `MOST_CLASSES` these are the first.
    """
    condition = generator(model).condition
    asked: int | np.ndarray = rows * columns
    if isinstance(condition, LabelCondition):
        rows = min(condition.classes, MOST_CLASSES)
        asked = np.repeat(np.arange(rows), columns)
    images = model.sample(asked, seed=seed)
    return np.reshape(images, [rows, columns, *images.shape[1:]])


def completions(
    model: CVAE, split: datasets.Split, part: str, rows: int = 10, count: int = 1, seed: int = 0
) -> np.ndarray:
    """Rows of an image, its given part and images sampled given it.

    The images are the first of each label in the split, by label.

    Returns:
        [rows, 2 + count, height, width, channels].
    """
    _, first = np.unique(split.labels, return_index=True)
    images, given = split.at(first[:rows]).arrays()
    shown = parts.shown(given, part, images.shape[1:])
    completed = completion.complete(model, given, count, seed)
    return np.concatenate([images[:, None], shown[:, None], completed], axis=1)


def reconstructions(
    model: VAE | VAEGAN, images: np.ndarray, y: Any = None, rows: int = 10, seed: int = 0
) -> np.ndarray:
    """Pairs of an image and its reconstruction, [rows, 10, height, width, channels].

    The images are the first, five pairs a row; codes are sampled from q(z | x). Of fewer images
    than that there are fewer rows, of fewer than five shorter ones.
    """
    columns = min(5, len(images))
    rows = min(rows, len(images) // columns)
    images = images[: rows * columns]
    y = for_each(lambda values: values[: rows * columns], y)
    again = model.reconstruct(images, generator(model).condition.given(y), seed=seed)
    pairs = np.stack([images, again], axis=1)
    return np.reshape(pairs, [rows, 2 * columns, *images.shape[1:]])


def cell_probabilities(model: CVAEGAN, images: np.ndarray) -> list[list[str]]:
    """D_y of the images of a grid, one label a row: the title of each digit in figure 7."""
    rows, columns = images.shape[:2]
    flat = np.reshape(images, [rows * columns, *images.shape[2:]])
    labels = np.repeat(np.arange(rows), columns)
    probabilities = np.asarray(model.discriminate(flat))[np.arange(len(labels)), labels]
    return [[f"{value:.2f}" for value in row] for row in np.reshape(probabilities, [rows, columns])]
