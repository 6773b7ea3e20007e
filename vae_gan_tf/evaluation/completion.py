"""Section 4.4.1: image completion. The side information y of a CVAE is a part of the image.

The model is trained on pairs (x, the part of x), and samples whole images given a part of them. The
parts themselves, by name, are `datasets.PARTS`.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vae_gan_tf.datasets.batches import in_order
from vae_gan_tf.datasets.parts import missing, part_of, part_shape
from vae_gan_tf.datasets.splits import Split
from vae_gan_tf.evaluation.nats import importance_weighted
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.networks import fully_connected_decoder

__all__ = [
    "complete",
    "cross_entropy",
    "deterministic",
    "deterministic_nats",
    "missing_nats",
    "part_of",
]


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
        lambda x, y: importance_weighted(model, x, y, samples=samples, pixels=pixels),
        autograph=False,
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
