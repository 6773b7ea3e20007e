"""Pictures of the latent space, that of the codes z: paths through it, and all of it at once.

The report has no such figure; the pictures are those of Kingma and Welling (2014).
"""

from typing import Any

import numpy as np
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError
from vae_gan_tf.models.vae import VAE

tfd = tfp.distributions

IN_USE = 0.01
"""Nats of KL divergence over which a number of a code is in use."""

ENOUGH = 500
"""Images by whose codes those in use are counted."""


def interpolate(
    model: VAE, first: ArrayLike, last: ArrayLike, steps: int = 10, y: ArrayLike | None = None
) -> np.ndarray:
    """Images on the way from one to another.

    Args:
        model: a `VAE` or one of its kind.
        first: images [batch, height, width, channels] in [0, 1].
        last: as many others.
        steps: codes on the straight line between the means of q(z | first) and q(z | last), both
            ends included.
        y: side information of a conditional model, one for each pair.

    Returns:
        [batch, steps, height, width, channels], the means of p(x | z).

    Raises:
        UserError: fewer than 2 steps, another number of last images than of first ones, or images
            that the model cannot take.
    """
    if steps < 2:
        raise UserError(f"{steps} steps from one image to another asked for, at least 2 expected")
    first, last = np.asarray(first), np.asarray(last)
    if len(first) != len(last):
        raise UserError(f"{len(first)} first images given with {len(last)} last ones")
    start, end = (model.encode(images, y).mean() for images in (first, last))
    shares = np.linspace(0, 1, steps, dtype=np.float32)
    images = [model.decode((1 - share) * start + share * end, y).mean() for share in shares]
    return np.stack(images, axis=1)


def codes(model: VAE, images: ArrayLike, y: Any = None) -> np.ndarray:
    """The means of q(z | x, y) of images, [n, size]; of DRAW those of all steps.

    Arguments are those of `codes_in_use`.
    """
    means = model.encode(images, model.condition.given(y)).mean()
    return np.reshape(means, [means.shape[0], -1])


def codes_in_use(model: VAE, images: ArrayLike, y: Any = None) -> int:
    """How many numbers of a code hold something of the image; a collapsed posterior has none.

    Args:
        model: a `VAE` or one of its kind.
        images: [n, height, width, channels] in [0, 1].
        y: side information or labels of a conditional model, one for each.

    Returns:
        The numbers whose KL divergence of q(z | x, y) from p(z) is over `IN_USE`, on average over
        the images; of DRAW they are those of all steps.
    """
    posterior = model.encode(images, model.condition.given(y)).distribution
    kl = np.mean(tfd.kl_divergence(posterior, tfd.Normal(0.0, 1.0)), axis=0)
    return int(np.sum(kl > IN_USE))


def manifold(model: VAE, side: int = 20) -> np.ndarray:
    """Images of all of a latent space of two dimensions, to be laid out as one picture.

    The codes are the quantiles (i + 1/2) / side of the prior in both directions, so that each image
    stands for an equal share of it; the first number grows to the right, the second upwards.

    Args:
        model: a `VAE` without side information whose code is of two numbers.
        side: how many images are beside and above each other.

    Returns:
        [side, side, height, width, channels], the means of p(x | z).

    Raises:
        UserError: the model has side information, or its code is not of two numbers.
    """
    if model.code_shape != (2,) or len(model.decoder.inputs) > 1:
        raise UserError(
            "a manifold needs a model without side information and with a code of 2 numbers; "
            f"its inputs are of sizes {[each.shape[-1] for each in model.decoder.inputs]}"
        )
    quantiles = tfd.Normal(0.0, 1.0).quantile((np.arange(side, dtype=np.float32) + 0.5) / side)
    right, up = np.meshgrid(quantiles, quantiles[::-1])
    images = model.decode(np.stack([right.ravel(), up.ravel()], axis=1)).mean()
    return np.reshape(images, [side, side, *model.image_shape])
