"""Section 4.4.1: image completion. The side information y of a CVAE is a part of the image.

The model is trained on pairs (x, the part of x), and samples whole images given a part of them. The
parts themselves, by name, are `datasets.PARTS`.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from vae_gan_tf.datasets.batches import in_order
from vae_gan_tf.datasets.parts import missing, part_of, part_shape
from vae_gan_tf.datasets.splits import Split
from vae_gan_tf.evaluation.metrics import importance_weighted
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


def complete(model: CVAE, given, count: int = 1, seed: int = 0) -> np.ndarray:
    """Images drawn by a model given a part of each.

    Args:
        model: a CVAE whose side information is such a part.
        given: the parts, [batch, ...] in [0, 1].
        count: how many different images to draw for each.
        seed: the same seed draws the same images.

    Returns:
        [batch, count, height, width, channels]: the means of p(x | y, z) with z from the prior, the
        given pixels drawn anew like all others.

    Raises:
        UserError: the parts are of another shape than the model's, or hold values outside [0, 1].
    """
    return np.stack([model.sample(given, seed=(seed, number)) for number in range(count)], axis=1)


def missing_nats(model: CVAE, split: Split, part: str, samples: int = 100) -> np.ndarray:
    """-log p(missing pixels | given part) of each image, [n], in nats, importance-weighted.

    The codes are drawn from q(z | x, y), which has seen the whole image; the likelihood is that of
    the missing pixels alone (`metrics.importance_weighted`).
    """
    pixels = missing(part, split.images.shape[1:])
    estimate = tf.function(
        lambda x, y: importance_weighted(model, x, y, samples=samples, pixels=pixels)
    )
    batches = in_order(split, min(100, len(split.images)))
    return -np.concatenate([estimate(x, y) for x, y in batches])


def cross_entropy(logits: tf.Tensor, images: tf.Tensor, pixels: np.ndarray) -> tf.Tensor:
    """The cross-entropy of some pixels of each image, [batch], in nats an image."""
    costs = tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=logits)
    return tf.reduce_sum(tf.where(pixels, costs, 0.0), [1, 2, 3])


def deterministic(
    image_shape: tuple[int, int, int], part: str, units: int, learning_rate: float
) -> keras.Model:
    """The network that a CVAE's completions are compared with: from the given part to logits.

    It is the decoder without z, two softplus layers of ``units``, compiled to minimise the
    cross-entropy of the missing pixels, in nats an image.
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
    """The cross-entropy of the missing pixels of each image, [n], in nats, by `deterministic`."""
    pixels = missing(part, split.images.shape[1:])
    batches = in_order(split, min(100, len(split.images)))
    return np.concatenate(
        [cross_entropy(network(given, training=False), x, pixels) for x, given in batches]
    )
