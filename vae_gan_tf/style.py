"""Section 4.4.2: the style of an image transferred to other digits, and how far it is kept.

A CVAE's code z holds what the label does not tell. The report finds that a digit decoded from the
code of another keeps "boldness and slant in the case of MNIST, as well as font style, font color,
and background color in the case of SVHN". The measures here put numbers to it: thickness and slant
of grey digits, mean colour and contrast of colour ones. Those of Morpho-MNIST (Castro et al. 2019)
have the same slant; their thickness is taken from a skeleton instead of from moments.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import CVAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.vae import split_seed, stateless_seed

LUMINANCE = np.array([0.299, 0.587, 0.114])
"""The share of red, green and blue in the brightness of a pixel (ITU-R BT.601)."""


def transfer(
    model: CVAE | CVAEGAN,
    images,
    labels,
    targets: Sequence[int] = range(10),
    seed: int = 0,
    fresh_code: bool = False,
) -> np.ndarray:
    """Images decoded with other labels: each row keeps the code of one image (figure 9).

    Args:
        model: its side information is a label.
        images: [batch, height, width, channels] in [0, 1].
        labels: of the images, integers [batch].
        targets: the labels to decode with.
        seed: the same seed draws the same codes.
        fresh_code: draw z ~ q(z | x, y) anew for each target, not once an image.

    Returns:
        [batch, targets, height, width, channels], the means of p(x | y, z).

    Raises:
        UserError: there are no targets, a label is outside the classes, images and labels differ in
            number, or the model is not one of labels.
    """
    if not len(targets):
        raise UserError("no target labels given, at least one expected")
    codes = model.encode(images, labels)
    seeds = split_seed(seed, len(targets)) if fresh_code else [stateless_seed(seed)] * len(targets)
    outputs = [
        model.decode(codes.sample(seed=each), tf.fill([len(images)], int(target))).mean()
        for each, target in zip(seeds, targets, strict=True)
    ]
    return np.stack(outputs, axis=1)


def thickness(images) -> np.ndarray:
    """The thickness of the stroke of each digit, [batch], in pixels: 2 sum(x) / sum(|grad x|).

    The zeroth moment of the image is the area of the stroke, length times thickness; that of the
    gradient's magnitude is the length of its outline, twice the stroke's. Both grow alike with the
    brightness, so a stroke of any grey has the thickness of a black one; blurring adds to it, and
    a stroke of less than 2 pixels comes out up to half a pixel thicker. The ends of an open stroke
    belong to the outline too, so that it seems thinner by the part thickness / length. The gradient
    is that of 2 x 2 pixels, and the surroundings are 0.

    Args:
        images: [batch, height, width, 1] in [0, 1], digits bright on black. An empty one gives NaN.

    Raises:
        UserError: the images are of another shape or hold values outside [0, 1].
    """
    images = _checked(images, 1)[..., 0]
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1)])
    down, right = np.diff(padded, axis=1), np.diff(padded, axis=2)
    # Each at the corners of the pixels, where the four neighbours meet, alike in all directions.
    down, right = (down[:, :, 1:] + down[:, :, :-1]) / 2, (right[:, 1:] + right[:, :-1]) / 2
    outline = np.hypot(down, right).sum(axis=(1, 2))
    return 2 * _ratio(images.sum(axis=(1, 2)), outline)


def slant(images) -> np.ndarray:
    """The slant of each digit, [batch]: the tangent of its angle from upright, positive for "/".

    It is -mu_11 / mu_02 by the second central moments mu_pq = sum((column - mean column)^p
    (row - mean row)^q x): the shear that would set the digit upright.

    Args:
        images: [batch, height, width, 1] in [0, 1], digits bright on black. One without ink, or
            with all of it in a row, gives NaN.

    Raises:
        UserError: the images are of another shape or hold values outside [0, 1].
    """
    images = _checked(images, 1)[..., 0]
    ink = images.sum(axis=(1, 2))
    rows, columns = (np.arange(size, dtype=np.float64) for size in images.shape[1:])
    row = rows - _ratio(images.sum(axis=2) @ rows, ink)[:, None]
    column = columns - _ratio(images.sum(axis=1) @ columns, ink)[:, None]
    mixed = np.einsum("bij,bi,bj->b", images, row, column)
    vertical = np.einsum("bij,bi->b", images, row**2)
    return -_ratio(mixed, vertical)


def mean_colour(images) -> np.ndarray:
    """The mean of each channel over the pixels of each image, [batch, 3].

    Args:
        images: [batch, height, width, 3] in [0, 1].

    Raises:
        UserError: the images are of another shape or hold values outside [0, 1].
    """
    return _checked(images, 3).mean(axis=(1, 2))


def contrast(images) -> np.ndarray:
    """The standard deviation of the brightness over the pixels of each image, [batch].

    Args:
        images: [batch, height, width, 3] in [0, 1]; `LUMINANCE` makes one brightness of three.

    Raises:
        UserError: the images are of another shape or hold values outside [0, 1].
    """
    return (_checked(images, 3) @ LUMINANCE).std(axis=(1, 2))


class Kept(NamedTuple):
    """How far a measure of style is kept, as correlations."""

    correlation: float
    """Between an image and its outputs."""
    shuffled: float
    """The same when each image is put beside the outputs of another."""


def kept(measure: Callable, images, outputs, seed: int = 0) -> Kept:
    """The correlation of a measure between images and what was made of them.

    It is Pearson's over the batch, taken for each target label by itself and averaged over the
    labels (and over what the measure gives for an image, if that is more than one number), so that
    differences between the digits do not count: a "1" is slanted otherwise than an "8".

    Args:
        measure: one of this module, from images [n, ...] to numbers [n] or [n, values].
        images: the inputs [batch, height, width, channels].
        outputs: of `transfer`, [batch, targets, height, width, channels].
        seed: of the shuffling.

    Raises:
        UserError: images and outputs differ in number, or there are fewer than 3 of them.
    """
    images, outputs = np.asarray(images), np.asarray(outputs)
    if len(images) != len(outputs) or len(images) < 3:
        raise UserError(
            f"{len(images)} images given with outputs of {len(outputs)}; as many of both, and at "
            "least 3, expected"
        )
    before = measure(images).reshape(len(images), -1)
    after = np.stack([measure(column) for column in np.moveaxis(outputs, 1, 0)])
    after = after.reshape(*outputs.shape[1::-1], -1)
    others = np.random.default_rng(seed).permutation(len(images))
    return Kept(*(_mean_correlation(each, after) for each in (before, before[others])))


def _mean_correlation(before: np.ndarray, after: np.ndarray) -> float:
    """The mean over targets and values of the correlation of [n, values] with [targets, n, values].

    Pairs in which a measure is not a number, as that of an empty image, are left out.
    """
    correlations = []
    for column in after:
        for first, second in zip(before.T, column.T, strict=True):
            there = np.isfinite(first) & np.isfinite(second)
            correlations.append(np.corrcoef(first[there], second[there])[0, 1])
    return float(np.mean(correlations))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Their quotient, NaN where the denominator is 0."""
    return np.divide(
        numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0
    )


def _checked(images, channels: int) -> np.ndarray:
    images = np.asarray(images, np.float64)
    if images.ndim != 4 or images.shape[-1] != channels or not images.size:
        raise UserError(
            f"images of shape {list(images.shape)} given, [batch, height, width, {channels}] "
            "expected"
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise UserError(
            f"the values of images must lie in [0, 1]; found {images.min()} to {images.max()}"
        )
    return images
