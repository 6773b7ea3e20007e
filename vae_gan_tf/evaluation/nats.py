"""What models make of real images, in nats: reconstruction error, bound and log-likelihood."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.images import checked_images
from vae_gan_tf.evaluation.score import Score, mean_score
from vae_gan_tf.models.seeds import stateless_seed
from vae_gan_tf.models.vae import VAE


def importance_weighted(
    model: VAE,
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    samples: int = 100,
    at_once: int = 10,
    pixels: np.ndarray | None = None,
    seed: int | tf.Tensor = 0,
) -> tf.Tensor:
    """The importance-weighted estimate of log p(x | y) for each image, [batch], in nats.

    With K codes z_k sampled from q(z | x, y) it is log (1/K) sum_k p(x | y, z_k) p(z_k) /
    q(z_k | x, y) (Burda, Grosse and Salakhutdinov 2016): in expectation a lower bound on
    log p(x | y), equal to the bound (1) for K = 1 and rising with K. The model gives the weights
    (`VAE.log_weights`), so that one of other codes serves as well.

    Args:
        model: a `VAE` or one of its kind.
        x: images [batch, height, width, channels] in [0, 1].
        y: side information of a conditional model; a semi-supervised one takes None as well, and
            gives log p(x) then, with y log p(x, y), which is what its bound is of.
        samples: K.
        at_once: codes of an image decoded at the same time, which divide K; a matter of memory.
        pixels: truth values [height, width, 1], which pixels count; all of them if None.
        seed: the same seed samples the same codes.

    Raises:
        UserError: K is below 1 or not a multiple of ``at_once``, or the model cannot take x or y.
    """
    if samples < 1 or samples % at_once:
        raise UserError(f"{samples} samples asked for, a positive multiple of {at_once} expected")
    seeds = tf.random.split(stateless_seed(seed), samples // at_once)
    # As plain Python, since the checks of x and y cannot be converted to a graph.
    weigh = tf.autograph.experimental.do_not_convert(
        lambda seed: model.log_weights(x, y, at_once, seed, pixels)
    )
    weights = tf.map_fn(weigh, seeds, fn_output_signature=tf.float32)
    return tf.reduce_logsumexp(weights, [0, 1]) - math.log(samples)


BATCH = 100
"""Images that `nats` measures at a time. The codes of an image depend on it by their seed."""


class Nats(NamedTuple):
    """What a model makes of images, in nats an image."""

    reconstruction: Score
    """-log p(x | z, y) at codes of q(z | x, y), the reconstruction error."""
    bound: Score
    """The bound, negative."""
    log_likelihood: Score
    """The importance-weighted estimate, negative: of -log p(x), or as the bound given y."""


def nats(
    model: VAE,
    images: ArrayLike,
    y: ArrayLike | None = None,
    *,
    samples: int = 100,
    seed: int = 0,
) -> Nats:
    """Reconstruction error, negative bound and negative log p(x | y), in nats an image.

    Each is a mean over the images with its standard error.

    Args:
        model: a `VAE` or one of its kind.
        images: [n, height, width, channels] in [0, 1].
        y: side information of a conditional model; a semi-supervised one takes None as well.
        samples: codes an image of the importance-weighted estimate.
        seed: the same seed samples the same codes.

    Raises:
        UserError: there are no images, or the model cannot take images or y.
    """
    images = checked_images(images, "n", *model.image_shape)
    y = None if y is None else np.asarray(y)
    if y is not None:
        model.condition.vector(y)  # values are not checked in a graph

    @tf.function(reduce_retracing=True, autograph=False)  # which would wrap a UserError
    def estimates(x: tf.Tensor, y: tf.Tensor | None, seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        bound = model.elbo(x, y, seed)
        estimate = importance_weighted(model, x, y, samples=samples, seed=seed)
        return bound.reconstruction, bound.elbo, estimate

    batches = []
    for start in range(0, len(images), BATCH):
        x, given = (None if each is None else each[start : start + BATCH] for each in (images, y))
        batches.append(estimates(x, given, tf.constant([seed, start])))
    return Nats(*(mean_score(-np.concatenate(each)) for each in zip(*batches, strict=True)))
