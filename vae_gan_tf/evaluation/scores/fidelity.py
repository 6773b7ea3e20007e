"""Scores of images one by one, and of those of one class: are they digits, sharp, diverse?

And of all classes together: are there as many of each, of as many colours?
"""

from typing import NamedTuple

import numpy as np

from vae_gan_tf.checks import check_integer, check_weight
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.images import LUMINANCE
from vae_gan_tf.evaluation.score import Score, mean_score, resampling
from vae_gan_tf.evaluation.scores.judged_images import Judged, check_same_shape, labels_for

CERTAIN = 0.9
"""The probability with which the judge accepts an image as a digit."""

LEAST_SPREAD = 1e-7
"""Colours of pixels from 0 to 1 that differ by less are one colour, but for rounding."""


def label_accuracy(generated: Judged) -> Score:
    """The share of images that the judge reads as the labels that were asked for.

    Raises:
        UserError: the images have no labels.
    """
    return mean_score(generated.read == labels_for("label accuracy", generated))


def accepted(generated: Judged, certainty: float = CERTAIN) -> Score:
    """The share of images in which the judge reads any label with more than this probability.

    It tells digits from scribbles where no label was asked for. It does not tell how many kinds of
    digits there are.

    Raises:
        UserError: the probability is no number of at least 0.
    """
    check_weight("certainty", certainty)
    return mean_score(generated.certainty > certainty)


class ClassShares(NamedTuple):
    """What share of the accepted images are of one class."""

    rarest: Score
    """Of the class that most seldom is read in them."""
    commonest: Score
    """Of the class that most often is."""


def class_shares(generated: Judged, classes: int, certainty: float = CERTAIN) -> ClassShares:
    """How evenly accepted images are spread over the classes, where no label was asked for.

    Args:
        generated: the images.
        classes: how many there are, 0 to classes - 1.
        certainty: as in `accepted`; where it accepts no image both shares are 0.

    Raises:
        UserError: there are fewer classes than are read, or the certainty is no number.
    """
    check_integer("classes", classes, least=int(generated.read.max(initial=0)) + 1)
    check_weight("certainty", certainty)
    read = generated.read[generated.certainty > certainty]
    if not len(read):
        return ClassShares(Score(0.0, 0.0), Score(0.0, 0.0))
    counts = np.bincount(read, minlength=classes)
    return ClassShares(*(mean_score(read == label) for label in (counts.argmin(), counts.argmax())))


class Sharpness(NamedTuple):
    """How sharp images are; 1 is as sharp as real ones."""

    gradient: Score
    """By the mean magnitude of the gradient."""
    laplacian: Score
    """By the variance of the Laplacian (Pech-Pacheco et al. 2000)."""


def sharpness(generated: Judged, real: Judged) -> Sharpness:
    """How sharp images are, as a share of how sharp real ones are.

    The gradient is that of differences between neighbouring pixels, the Laplacian that of five
    points, both of the brightness. Each is a mean over the images by the mean over the real ones.
    Noise and a checkerboard are sharp in this sense too: above 1 means rougher than real.

    Raises:
        UserError: the images are of different shapes, or the real ones are all flat.
    """
    check_same_shape(generated, real)
    shares = []
    for values, reference in zip(_edges(generated.images), _edges(real.images), strict=True):
        if not reference.any():
            raise UserError("real images without an edge given, to compare the sharpness with")
        shares.append(mean_score(values).scaled(1 / float(reference.mean())))
    return Sharpness(*shares)


def _edges(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean magnitude of the gradient, and variance of the Laplacian, of each image, [n]."""
    grey = images[..., 0] if images.shape[-1] == 1 else images @ LUMINANCE
    down = grey[:, 1:, :-1] - grey[:, :-1, :-1]
    right = grey[:, :-1, 1:] - grey[:, :-1, :-1]
    around = grey[:, 2:, 1:-1] + grey[:, :-2, 1:-1] + grey[:, 1:-1, 2:] + grey[:, 1:-1, :-2]
    laplacian = around - 4 * grey[:, 1:-1, 1:-1]
    return np.hypot(down, right).mean(axis=(1, 2)), laplacian.var(axis=(1, 2))


class Diversity(NamedTuple):
    """How much images of one class differ; 1 is as much as real ones."""

    overall: Score
    """The mean over the classes."""
    worst: Score
    """The least of the classes."""
    classes: dict[int, float]
    """Each class by itself."""


def diversity(generated: Judged, real: Judged, seed: int = 0, resamples: int = 200) -> Diversity:
    """How much the images of a class differ, as a share of how much real ones of it do.

    It is the root mean square distance of features from their mean over the class, by that of the
    real images: 0 where one image is repeated. The classes are those of at least two real images;
    one of which fewer than two were generated has diversity 0. An image that shows another digit
    than its label adds to it, so it is to be read beside the label accuracy.

    Args:
        generated: with labels.
        real: with labels.
        seed: of the resampling within the classes.
        resamples: resampled sets behind the standard errors.

    Raises:
        UserError: labels are missing, no class has two real images, those of one are all alike, or
            as `resampling`.
    """
    check_same_shape(generated, real)
    labels, real_labels = (labels_for("diversity", each) for each in (generated, real))
    random = resampling(seed, resamples)
    classes, counts = np.unique(real_labels, return_counts=True)
    classes = classes[counts >= 2]
    if not len(classes):
        raise UserError("one real image of each class given, at least two of some class expected")
    ratios = []  # of each class: the images as they are, then resampled ones
    for label in classes:
        reference = _spread(real.features[real_labels == label], np.ones([1, counts.max()]))
        if not reference:
            raise UserError(f"real images of class {label} given that are all alike to the judge")
        features = generated.features[labels == label]
        if len(features) < 2:
            ratios.append(np.zeros(1 + resamples))
            continue
        times = _times(len(features), random, resamples)
        ratios.append(_spread(features, times) / reference)
    overall, worst = (
        Score(float(each[0]), float(each[1:].std(ddof=1)))
        for each in (np.mean(ratios, axis=0), np.min(ratios, axis=0))
    )
    by_class = {int(label): float(each[0]) for label, each in zip(classes, ratios, strict=True)}
    return Diversity(overall, worst, by_class)


class ColourVariety(NamedTuple):
    """How much the colours of images differ; 1 is as much as those of real ones."""

    overall: Score
    """By their distance from the mean colour."""
    worst: Score
    """Along one axis of the two of real colours, that where it is less."""


def colour_variety(
    generated: Judged, real: Judged, seed: int = 0, resamples: int = 200
) -> ColourVariety:
    """How much the colours of images differ, as a share of how much those of real ones do.

    The colour of an image is the mean of its pixels, [3], less the mean of these three: grey images
    have none, and colours lie in a plane. How much they differ is the root mean square distance
    from the mean over the images, in the plane and along each principal axis of the real colours.

    Args:
        generated: images of three channels.
        real: the same.
        seed: of the resampling.
        resamples: resampled sets behind the standard error.

    Raises:
        UserError: the images have other channels or shapes, one set has fewer than two images, or
            the real ones are all of one colour; as `resampling`.
    """
    check_same_shape(generated, real)
    if generated.images.shape[-1] != 3:
        channels = generated.images.shape[-1]
        raise UserError(f"images with {channels} in the place of 3 channels given")
    if min(len(generated.images), len(real.images)) < 2:
        raise UserError("one image given to measure the variety of colours, at least two expected")
    means = (each.images.mean(axis=(1, 2), dtype=np.float64) for each in (generated, real))
    colours, real_colours = (each - each.mean(axis=1, keepdims=True) for each in means)
    _, _, axes = np.linalg.svd(real_colours - real_colours.mean(axis=0), full_matrices=False)
    times = _times(len(colours), resampling(seed, resamples), resamples)
    ratios = []
    for towards in (np.eye(3), axes[:1].T, axes[1:2].T):  # the plane, its two axes
        reference = _spread(real_colours @ towards, np.ones([1, len(real_colours)]))
        if reference < LEAST_SPREAD:
            raise UserError(
                "real images of one colour or of shades of one given, to compare the variety of "
                "colours with"
            )
        ratios.append(_spread(colours @ towards, times) / reference)
    overall, *along = ratios
    worst = np.min(along, axis=0)
    return ColourVariety(
        *(Score(float(each[0]), float(each[1:].std(ddof=1))) for each in (overall, worst))
    )


def _times(size: int, random: np.random.Generator, resamples: int) -> np.ndarray:
    """How often each of so many is in their set as it is, and in resampled sets.

    Returns:
        [1 + resamples, size].
    """
    resampled = random.multinomial(size, np.full(size, 1 / size), resamples)
    return np.vstack([np.ones(size), resampled])


def _spread(features: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The root mean square distance of features from their mean, [sets].

    Args:
        features: [n, size].
        times: how often each is in a set, [sets, n] or more columns.
    """
    count = len(features)
    times = times[:, :count].astype(np.float64)
    # About the mean of all, so that the difference of two squares loses no digits.
    centred = features - features.mean(axis=0, dtype=np.float64)
    squares = times @ np.square(centred).sum(axis=1)
    means = times @ centred / count
    # Of values that are all alike the difference may be a little below 0.
    return np.sqrt(np.maximum(squares - count * np.square(means).sum(axis=1), 0) / (count - 1))
