"""Section 4.4.1: image completion. The side information y of a CVAE is a part of the image.

A part is named by one of `PARTS`: a half, the upper left quadrant, or the middle column (the two in
the middle where the width is even). The model is trained on pairs (x, the part of x), and draws
whole images given a part of them.
"""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vae_gan_tf.datasets import Dataset, Split, binarised, in_order
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.nats import importance_weighted
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.networks import fully_connected_decoder

PARTS = ("left", "right", "top", "bottom", "quadrant", "middle_column")
"""The names of the parts of an image that may be given."""

NOT_GIVEN = 0.85
"""The brightness in which a picture shows the pixels that are not given: a light grey."""


def window(part: str, image_shape: tuple[int, int, int]) -> tuple[slice, slice]:
    """The rows and the columns of a part in images of a shape (height, width, channels).

    Raises:
        UserError: there is no part of that name.
    """
    height, width, _ = image_shape
    whole, upper, left = slice(0, height), slice(0, height // 2), slice(0, width // 2)
    windows = {
        "left": (whole, left),
        "right": (whole, slice(width // 2, width)),
        "top": (upper, slice(0, width)),
        "bottom": (slice(height // 2, height), slice(0, width)),
        "quadrant": (upper, left),
        "middle_column": (whole, slice((width - 1) // 2, width // 2 + 1)),
    }
    if part not in windows:
        raise UserError(f"no part of an image is named {part!r}; there are {', '.join(PARTS)}")
    return windows[part]


def part_shape(part: str, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Height, width and channels of a part."""
    rows, columns = window(part, image_shape)
    return rows.stop - rows.start, columns.stop - columns.start, image_shape[-1]


def part_of(images, part: str):
    """The part of images [batch, height, width, channels], arrays or tensors, as they are."""
    rows, columns = window(part, images.shape[1:])
    return images[:, rows, columns]


def missing(part: str, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Which pixels are not given: truth values [height, width, 1]."""
    mask = np.ones([*image_shape[:2], 1], bool)
    mask[window(part, image_shape)] = False
    return mask


def conditioned(data: Dataset, part: str, binarise: bool, seed: int) -> Dataset:
    """The data set with a part of each image as its side information.

    Args:
        data: with the labels as side information.
        part: one of `PARTS`.
        binarise: whether the given pixels are drawn from {0, 1} by their grey values, once, as the
            originals did for MNIST. The images themselves stay grey.
        seed: of these draws.
    """

    def add(split: Split, number: int) -> Split:
        given = part_of(split.images, part)
        return split._replace(given=binarised(given, (seed, number)) if binarise else given)

    splits = {name: getattr(data, name) for name in ("train", "validation", "test")}
    return dataclasses.replace(
        data, **{name: add(split, i) for i, (name, split) in enumerate(splits.items())}
    )


def complete(model: CVAE, given: ArrayLike, count: int = 1, seed: int = 0) -> np.ndarray:
    """Images sampled from a model given a part of each.

    Args:
        model: a CVAE whose side information is such a part.
        given: the parts, [batch, ...] in [0, 1].
        count: how many different images to sample for each.
        seed: the same seed samples the same images.

    Returns:
        [batch, count, height, width, channels]: the means of p(x | y, z) with z from the prior. The
        given pixels are generated anew like all others.

    Raises:
        UserError: the parts are of another shape than the model's, or hold values outside [0, 1].
    """
    return np.stack([model.sample(given, seed=(seed, number)) for number in range(count)], axis=1)


def shown(given: np.ndarray, part: str, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Pictures [batch, height, width, channels] of the given parts, the rest in light grey.

    Args:
        given: [batch, ...] in [0, 1].
        part: one of `PARTS`.
        image_shape: of the pictures. Grey ones are shown dark on white, so that their light grey
            is a dark value.
    """
    rest = 1 - NOT_GIVEN if image_shape[-1] == 1 else NOT_GIVEN
    pictures = np.full([len(given), *image_shape], rest, np.float32)
    rows, columns = window(part, image_shape)
    pictures[:, rows, columns] = given
    return pictures


def missing_nats(model: CVAE, split: Split, part: str, samples: int = 100) -> np.ndarray:
    """-log p(missing pixels | given part) of each image, [n], in nats, importance-weighted.

    The codes are sampled from q(z | x, y), which has seen the whole image; the likelihood is that
    of the missing pixels alone (`nats.importance_weighted`).

    Args:
        model: a CVAE whose side information is this part.
        split: images with their given parts.
        part: one of `PARTS`.
        samples: codes an image, a multiple of 10.

    Raises:
        UserError: there is no part of that name, the samples are no positive multiple of 10, or the
            model cannot take the images or the parts.
    """
    pixels = missing(part, split.images.shape[1:])
    estimate = tf.function(
        lambda x, y: importance_weighted(model, x, y, samples=samples, pixels=pixels)
    )
    batches = in_order(split, min(100, len(split.images)))
    return -np.concatenate([estimate(x, y) for x, y in batches])


def cross_entropy(logits: tf.Tensor, images: tf.Tensor, pixels: np.ndarray) -> tf.Tensor:
    """The cross-entropy of some pixels of each image, [batch], in nats an image.

    Args:
        logits: [batch, height, width, channels].
        images: of this shape too, in [0, 1].
        pixels: truth values [height, width, 1], which pixels count.
    """
    costs = tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=logits)
    return tf.reduce_sum(tf.where(pixels, costs, 0.0), [1, 2, 3])


def deterministic(
    image_shape: tuple[int, int, int], part: str, units: int, learning_rate: float
) -> keras.Model:
    """The network that a CVAE's completions are compared with: from the given part to logits.

    It is the decoder of section 4.4 without z, two softplus layers, compiled for Adam to minimise
    the cross-entropy of the missing pixels, in nats an image.

    Args:
        image_shape: height, width and channels of the whole images.
        part: one of `PARTS`, the part that is given.
        units: of each of the two layers.
        learning_rate: of Adam.

    Raises:
        UserError: there is no part of that name.
    """
    given = keras.Input(part_shape(part, image_shape))
    size = math.prod(given.shape[1:])
    network = fully_connected_decoder(image_shape, latent_size=size, units=units)
    model = keras.Model(given, network(keras.layers.Flatten()(given)))
    pixels = missing(part, image_shape)
    model.compile(
        keras.optimizers.Adam(learning_rate),
        lambda images, logits: cross_entropy(logits, images, pixels),
    )
    return model


def deterministic_nats(network: keras.Model, split: Split, part: str) -> np.ndarray:
    """The cross-entropy of the missing pixels of each image, [n], in nats, by `deterministic`.

    Args:
        network: from the given parts to logits of whole images.
        split: images with their given parts.
        part: one of `PARTS`, the part that is given.

    Raises:
        UserError: there is no part of that name.
    """
    pixels = missing(part, split.images.shape[1:])
    batches = in_order(split, min(100, len(split.images)))
    return np.concatenate(
        [cross_entropy(network(given, training=False), x, pixels) for x, given in batches]
    )
