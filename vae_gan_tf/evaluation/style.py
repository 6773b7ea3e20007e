"""Section 4.4.2: the style of an image transferred to other digits, and how far it is kept.

The code z of a CVAE holds what the label does not tell. The report finds that a digit decoded from
the code of another keeps "boldness and slant in the case of MNIST, as well as font style, font
color, and background color in the case of SVHN". The measures here put numbers to it: thickness and
slant of grey digits, mean colour and contrast of colour ones. Morpho-MNIST (Castro et al. 2019)
enlarges a digit four times, gives the arctangent of the same slant, and takes the thickness from a
skeleton after a threshold; here grey values count as they are.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.images import LUMINANCE, checked_images
from vae_gan_tf.evaluation.score import Score
from vae_gan_tf.models.adversarial import CVAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.seeds import split_seed, stateless_seed

Measure = Callable[[np.ndarray], np.ndarray]
"""A measure of style: from images [n, height, width, channels] to numbers [n] or [n, values]."""


def transfer(
    model: CVAE | CVAEGAN,
    images: ArrayLike,
    labels: ArrayLike,
    targets: Sequence[int] = range(10),
    seed: int = 0,
    fresh_code: bool = False,
) -> np.ndarray:
    """Images decoded with other labels: each row keeps the code of one image (figure 9).

    Args:
        model: its side information is a label.
        images: [batch, height, width, channels] in [0, 1].
        labels: of the images, integers [batch].
        targets: the labels to decode with, integers.
        seed: the same seed samples the same codes.
        fresh_code: sample z ~ q(z | x, y) anew for each target, not once an image.

    Returns:
        [batch, targets, height, width, channels], the means of p(x | y, z).

    Raises:
        UserError: there are no targets, a label is no integer or outside the classes, images and
            labels differ in number, or the model is not one of labels.
    """
    if not len(targets):
        raise UserError("no target labels given, at least one expected")
    codes, count = model.encode(images, labels), len(np.asarray(images))
    seeds = split_seed(seed, len(targets)) if fresh_code else [stateless_seed(seed)] * len(targets)
    outputs = [
        model.decode(codes.sample(seed=each), np.repeat([target], count, axis=0)).mean()
        for each, target in zip(seeds, targets, strict=True)
    ]
    return np.stack(outputs, axis=1)


def thickness(images: ArrayLike) -> np.ndarray:
    """The thickness of the stroke of each digit, [batch], in pixels: 2 sum(x) / sum(|grad x|).

    The zeroth moment of the image is the area of the stroke, length times thickness; that of the
    gradient's magnitude is the length of its outline, twice the stroke's. Both grow alike with the
    brightness, so a stroke of any grey has the thickness of a white one. The gradient is that of
    2 x 2 pixels, and the surroundings are 0.

    Limits: a stroke of less than 2 pixels comes out thicker, by how it lies on the pixels. A
    straight one of width 1 has 1 where it fills a row of pixels, and 2 where it lies between two
    rows; along a curve both occur, and a ring of width 1 has 1.5. Blurring adds, and more to thin
    strokes: a Gaussian of 0.7 pixels makes 2.6 of 2 and 4.1 of 4, one of 1 pixel 3.2 and 4.3; the
    order stays. The ends of an open stroke belong to the outline too, so that one of thickness w
    and length l seems to have w l / (l + w).

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


def slant(images: ArrayLike) -> np.ndarray:
    """The slant of each digit, [batch]: the tangent of its angle from upright, positive for "/".

    It is -mu_11 / mu_02 by the second central moments mu_pq = sum((column - mean column)^p
    (row - mean row)^q x): the shear that would set the digit upright. A thick stroke with ends at
    right angles seems less slanted than it is: one of 3 by 20 pixels at 0.6 has 0.58.

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


def mean_colour(images: ArrayLike) -> np.ndarray:
    """The mean of each channel over the pixels of each image, [batch, 3].

    Args:
        images: [batch, height, width, 3] in [0, 1].

    Raises:
        UserError: the images are of another shape or hold values outside [0, 1].
    """
    return _checked(images, 3).mean(axis=(1, 2))


def contrast(images: ArrayLike) -> np.ndarray:
    """The standard deviation of the brightness over the pixels of each image, [batch].

    Args:
        images: [batch, height, width, 3] in [0, 1]; the brightness is by `images.LUMINANCE`.

    Raises:
        UserError: the images are of another shape or hold values outside [0, 1].
    """
    return (_checked(images, 3) @ LUMINANCE).std(axis=(1, 2))


class Kept(NamedTuple):
    """How far a measure of style is kept, as correlations."""

    correlation: Score
    """Between an image and its outputs."""
    shuffled: Score
    """The same when each image is put beside the outputs of another."""


def kept(
    measure: Measure,
    images: ArrayLike,
    outputs: ArrayLike,
    seed: int = 0,
    resamples: int = 200,
) -> Kept:
    """The correlation of a measure of style between images and what was made of them.

    It is Pearson's over the batch, taken for each target label by itself and averaged over the
    labels (and over what the measure gives for an image, if that is more than one number), so that
    differences between the target digits do not count: a "1" is slanted otherwise than an "8".
    Those between the digits of the inputs stay in, for the code may tell of them; ``shuffled`` is
    what to compare with. The standard errors are those of other images, by resampling these with
    their outputs.

    Pairs in which the measure is not finite, as that of an empty image, are left out. If for some
    label fewer than 3 are left, or the measure is the same for all of them, the result is NaN.

    Args:
        measure: one of this module, or another like them.
        images: the inputs [batch, height, width, channels].
        outputs: of `transfer`, [batch, targets, height, width, channels].
        seed: of the shuffling and the resampling.
        resamples: resampled sets of images behind the standard errors, at least 2.

    Raises:
        UserError: the shapes do not fit together, there are no targets or fewer than 3 images, or
            the measure cannot take the images.
    """
    images, outputs = np.asarray(images), np.asarray(outputs)
    fit = outputs.ndim == 5 and images.shape == (len(outputs), *outputs.shape[2:])
    if not (fit and len(images) >= 3 and outputs.shape[1]):
        raise UserError(
            f"images of shape {list(images.shape)} and outputs of shape {list(outputs.shape)} "
            "given, [batch, height, width, channels] and [batch, targets, height, width, channels] "
            "of at least 3 images and a target expected"
        )
    before = measure(images).reshape(len(images), -1)
    after = np.stack([measure(column) for column in np.moveaxis(outputs, 1, 0)])
    after = after.reshape(*outputs.shape[1::-1], -1)
    random = np.random.default_rng(seed)
    others = random.permutation(len(images))
    return Kept(
        *(
            _resampled_correlation(each, after, random, resamples)
            for each in (before, before[others])
        )
    )


def _resampled_correlation(
    before: np.ndarray, after: np.ndarray, random: np.random.Generator, resamples: int
) -> Score:
    """The mean correlation (`_mean_correlation`) with its standard error."""
    value = _mean_correlation(before, after)
    if not np.isfinite(value):
        return Score(value, np.nan)
    sets = random.integers(len(before), size=[resamples, len(before)])
    resampled = [_mean_correlation(before[places], after[:, places]) for places in sets]
    return Score(value, float(np.nanstd(resampled, ddof=1)))


def _mean_correlation(before: np.ndarray, after: np.ndarray) -> float:
    """The correlation of [n, values] with [targets, n, values], averaged over both."""
    correlations = [
        _correlation(first, second)
        for column in after
        for first, second in zip(before.T, column.T, strict=True)
    ]
    return float(np.mean(correlations))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of the finite pairs; NaN of fewer than 3, or if one does not vary."""
    there = np.isfinite(first) & np.isfinite(second)
    first, second = first[there], second[there]
    if len(first) < 3 or not (np.ptp(first) and np.ptp(second)):
        return np.nan
    return np.corrcoef(first, second)[0, 1]


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Their quotient, NaN where the denominator is 0."""
    return np.divide(
        numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0
    )


def _checked(images: ArrayLike, channels: int) -> np.ndarray:
    images = checked_images(images, "batch", "height", "width", channels)
    return images.astype(np.float64)
