"""Scores of generated images, as the judge sees them beside real ones.

`judged` passes images through the judge once; every score takes what it gives. The features are
those that the judge's last layer reads its classes from, so distances in them are of digits, and
are not those of the Inception network in the literature. A score comes with a standard error: how
far it would vary with other generated images, and for recall and coverage, which are shares of the
real ones, with other real images. Else these are taken as given, for they are the same for all that
is compared with them.
"""

import functools
import math
from typing import NamedTuple

import keras
import numpy as np
import scipy.linalg
import scipy.special
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.metrics import Score, checked_images, digit_classifier, mean_score
from vae_gan_tf.evaluation.style import LUMINANCE
from vae_gan_tf.models.adversarial import VAEGAN, generator
from vae_gan_tf.models.vae import VAE

RESAMPLES = 200
"""Resampled sets behind a standard error of the diversity."""

FRECHET_RESAMPLES = 20
"""Resampled sets behind a standard error of a Frechet distance, each of which takes its time."""

OF_REAL_IMAGES = ("recall", "coverage")
"""The scores that are shares of the real images, and whose errors are of these."""

CERTAIN = 0.9
"""The probability with which the judge accepts an image as a digit."""


class Judged(NamedTuple):
    """Images as the judge sees them."""

    images: np.ndarray
    """float32 [n, height, width, channels] in [0, 1]."""
    labels: np.ndarray | None
    """The labels asked for, or those of real images, integers [n]."""
    features: np.ndarray
    """float32 [n, size]: what the judge's last layer takes."""
    read: np.ndarray
    """The label that the judge reads in each image, [n]."""
    certainty: np.ndarray
    """The probability that the judge gives that label, [n]."""

    def at(self, places: np.ndarray | slice) -> "Judged":
        """The images at some places, with what belongs to them."""
        return Judged(*(None if part is None else part[places] for part in self))


def judged(images, labels=None, classifier: keras.Model | None = None) -> Judged:
    """Images as the judge sees them.

    Args:
        images: [n, height, width, channels] in [0, 1].
        labels: integers [n], the digits asked for; None if there are none.
        classifier: another judge, from images to logits, whose last layer's input is taken for
            the features; by default the one shipped for images of this shape.

    Raises:
        UserError: there are no images, the judge takes none of their shape, they hold values
            outside of [0, 1], there is not one label for each, or a label is none that it reads.
    """
    if classifier is None:
        shape = np.shape(images)
        # Images that are no batch get the sentence on MNIST's.
        classifier = digit_classifier(shape[1:]) if len(shape) == 4 else digit_classifier()
    images = checked_images(images, "n", *classifier.inputs[0].shape[1:])
    images = images.astype(np.float32, copy=False)
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
            raise UserError(
                f"{labels.dtype} labels of shape {list(labels.shape)} given for {len(images)} "
                "images, one integer for each expected"
            )
        classes = classifier.outputs[0].shape[-1]
        if labels.min() < 0 or labels.max() >= classes:
            raise UserError(
                f"labels {labels.min()} to {labels.max()} given for a judge that reads 0 to "
                f"{classes - 1}"
            )
    both = _with_features(classifier)
    features, logits = both.predict(images, batch_size=min(500, len(images)), verbose=0)
    certainty = scipy.special.softmax(logits, axis=-1).max(axis=-1)
    return Judged(images, labels, features, np.argmax(logits, axis=-1), certainty)


@functools.cache
def _with_features(classifier: keras.Model) -> keras.Model:
    """The network to features and logits; it is kept, for Keras compiles what is new."""
    return keras.Model(classifier.inputs, [classifier.layers[-1].input, classifier.outputs[0]])


def draw(
    model: VAE | VAEGAN, count: int, seed: int = 0, at_once: int = 500
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images of a model, [count, height, width, channels], and the labels they were asked for.

    Labels are asked for evenly, 0, 1, ... in turn; they are None for a model without any.

    Raises:
        UserError: the model's side information is not a label, or no images are asked for.
    """
    if count < 1:
        raise UserError(f"{count} images asked for, at least one expected")
    generating, labels = generator(model), None
    if _takes_labels(generating):
        labels = np.arange(count) % generating.condition.classes
    drawn = []
    for start in range(0, count, at_once):
        size = min(at_once, count - start)
        asked = size if labels is None else labels[start : start + size]
        drawn.append(generating.sample(asked, seed=np.array([seed, start], np.int32)))
    return np.concatenate(drawn), labels


def _takes_labels(model: VAE) -> bool:
    """Whether the side information of a model is a label; a UserError if it is something else."""
    if not model.condition.size:
        return False
    if not isinstance(model.condition, LabelCondition):
        raise UserError(
            "scores are for models of labels or of images alone, and this one is given "
            "another side information"
        )
    return True


def label_accuracy(generated: Judged) -> Score:
    """The share of images that the judge reads as the asked labels.

    Raises:
        UserError: the images have no labels.
    """
    return mean_score(generated.read == _labels(generated, "label accuracy"))


class Reconstructions(NamedTuple):
    """How well a model draws images again."""

    accuracy: Score
    """The share of reconstructions that the judge reads as the label of the image."""
    squared_error: Score
    """||x - x~||^2, summed over pixels and channels, a mean over the images."""


def reconstructions(model: VAE | VAEGAN, images, labels, at_once: int = 500) -> Reconstructions:
    """How well images are drawn again, with codes z drawn from q(z | x, y).

    A model that takes labels is given those of the images.

    Args:
        model: with labels, or without side information.
        images: [n, height, width, channels] in [0, 1].
        labels: integers [n].
        at_once: images reconstructed at the same time; a matter of memory.

    Raises:
        UserError: the model's side information is not a label, or it cannot take the images.
    """
    generating = generator(model)
    images = checked_images(images, "n", *generating.image_shape)
    given = labels if _takes_labels(generating) else None
    again = np.concatenate(
        [
            generating.reconstruct(images[some], None if given is None else given[some], some.start)
            for some in (slice(at, at + at_once) for at in range(0, len(images), at_once))
        ]
    )
    squared_errors = np.square(images - again).sum(axis=(1, 2, 3))
    return Reconstructions(label_accuracy(judged(again, labels)), mean_score(squared_errors))


def accepted(generated: Judged, certainty: float = CERTAIN) -> Score:
    """The share of images in which the judge reads a label, any, with more than this probability.

    It tells digits from scribbles where no label was asked for; of few kinds of digits it knows
    nothing.
    """
    return mean_score(generated.certainty > certainty)


class Sharpness(NamedTuple):
    """How sharp images are; 1 is as sharp as real ones."""

    gradient: Score
    """By the mean magnitude of the gradient."""
    laplacian: Score
    """By the variance of the Laplacian (Pech-Pacheco et al. 2000)."""


def sharpness(generated: Judged, real: Judged) -> Sharpness:
    """How sharp images are, as a share of how sharp real ones are.

    The gradient is of differences between neighbouring pixels, the Laplacian that of the five
    points; both of the brightness. Each is a mean over the images by the mean over the real ones.
    Noise and a checkerboard are sharp in this sense too: above 1 means rougher than real.

    Raises:
        UserError: the images are of different shapes, or the real ones are all flat.
    """
    _check_same_shape(generated, real)
    found = []
    for values, reference in zip(_edges(generated.images), _edges(real.images), strict=True):
        if not reference.any():
            raise UserError("real images without an edge given, to compare the sharpness with")
        found.append(mean_score(values).scaled(1 / float(reference.mean())))
    return Sharpness(*found)


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


def diversity(generated: Judged, real: Judged, seed: int = 0) -> Diversity:
    """How much the images of a class differ, as a share of how much real ones of it do.

    It is the root mean square distance of features from their mean over the class, by that of the
    real images: 0 where one image is repeated. The classes are those of at least two real images;
    one of which fewer than two were generated has diversity 0. An image that shows another digit
    than its label adds to it, so it is to be read beside the label accuracy.

    Args:
        generated: with labels.
        real: with labels.
        seed: of the resampling within the classes.

    Raises:
        UserError: labels are missing, no class has two real images, or those of one are all alike.
    """
    _check_same_shape(generated, real)
    labels, real_labels = (_labels(each, "diversity") for each in (generated, real))
    random = np.random.default_rng(seed)
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
        size = len(features)
        if size < 2:
            ratios.append(np.zeros(1 + RESAMPLES))
            continue
        times = random.multinomial(size, np.full(size, 1 / size), RESAMPLES)
        ratios.append(_spread(features, np.vstack([np.ones(size), times])) / reference)
    ratios = np.array(ratios)
    overall, worst = ratios.mean(axis=0), ratios.min(axis=0)
    return Diversity(
        *(Score(float(each[0]), float(each[1:].std(ddof=1))) for each in (overall, worst)),
        {int(label): float(ratio[0]) for label, ratio in zip(classes, ratios, strict=True)},
    )


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
    return np.sqrt((squares - count * np.square(means).sum(axis=1)) / (count - 1))


def frechet_distance(generated: Judged, real: Judged, seed: int = 0) -> Score:
    """The Frechet distance of the features, taken as two Gaussians (Heusel et al. 2017).

    With means m, n and covariances C, D it is |m - n|^2 + tr(C + D - 2 (C D)^(1/2)), which is a
    squared distance. It is biased upwards, the more so the fewer images there are: compare only
    distances of equally many. Judged features have other distances than Inception's.

    Args:
        generated: at least two images.
        real: at least two images.
        seed: of the resampling.

    Raises:
        UserError: the images are of different shapes, or there is only one.
    """
    _check_same_shape(generated, real)
    if min(len(generated.images), len(real.images)) < 2:
        raise UserError("one image given for a Frechet distance, at least two of each expected")
    # Threads that wait for each other cost a busy machine ten times what they save on a free one.
    with threadpool_limits(1, "blas"):
        return _frechet_distance(generated.features, real.features, np.random.default_rng(seed))


def _frechet_distance(features: np.ndarray, real: np.ndarray, random: np.random.Generator) -> Score:
    features = features.astype(np.float64)
    mean, covariance = _moments(real.astype(np.float64))
    values, vectors = scipy.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T

    def distance(features: np.ndarray) -> float:
        other_mean, other = _moments(features)
        # C D has the eigenvalues of C^(1/2) D C^(1/2), which is symmetric.
        values = scipy.linalg.eigvalsh(root @ other @ root)
        both = np.trace(covariance) + np.trace(other)
        return np.square(mean - other_mean).sum() + both - 2 * np.sqrt(np.maximum(values, 0)).sum()

    count = len(features)
    resampled = [
        distance(features[random.integers(count, size=count)]) for _ in range(FRECHET_RESAMPLES)
    ]
    return Score(float(distance(features)), float(np.std(resampled, ddof=1)))


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance."""
    return features.mean(axis=0), np.cov(features, rowvar=False)


class Neighbours(NamedTuple):
    """Scores by nearest neighbours."""

    precision: Score
    """The share of generated images inside the ball of some real one."""
    recall: Score
    """The share of real images inside the ball of some generated one."""
    density: Score
    """In how many balls of real images a generated one lies, by k; real ones have about 1."""
    coverage: Score
    """The share of real images in whose ball a generated one lies."""


def neighbours(generated: Judged, real: Judged, k: int = 5) -> Neighbours:
    """Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

    The ball of an image reaches to its k-th nearest neighbour among the images of its own set, by
    the distance of features. Real images that an ideal model would have drawn score below 1 too,
    and coverage grows with the number of generated images: compare only scores of equally many.
    The standard errors are those of the means over the images that are counted, with the balls as
    they are.

    Args:
        generated: more than k images.
        real: more than k images.
        k: 5 as in Naeem et al.; Kynkaanniemi et al. take 3.

    Raises:
        UserError: the images are of different shapes, or a set has no more than k.
    """
    _check_same_shape(generated, real)
    fewest = min(len(generated.images), len(real.images))
    if not 1 <= k < fewest:
        raise UserError(
            f"{k} neighbours asked for in a set of {fewest} images; at least one and fewer than "
            "there are images expected"
        )
    ball, real_ball = (
        NearestNeighbors(n_neighbors=k, algorithm="brute").fit(each).kneighbors()[0][:, -1]
        for each in (generated.features, real.features)
    )
    recalled, covered = (np.zeros(len(real.images), bool) for _ in range(2))

    def count(distances: np.ndarray, start: int) -> np.ndarray:
        """The real balls that each of some generated images lies in."""
        within = distances <= real_ball
        covered[:] |= within.any(axis=0)
        recalled[:] |= (distances <= ball[start : start + len(distances), None]).any(axis=0)
        return within.sum(axis=1)

    counts = np.concatenate(
        list(
            pairwise_distances_chunked(
                generated.features, real.features, reduce_func=count, working_memory=256
            )
        )
    )
    return Neighbours(
        mean_score(counts > 0), mean_score(recalled), mean_score(counts / k), mean_score(covered)
    )


def all_scores(generated: Judged, real: Judged, part: int | None = None) -> dict[str, Score]:
    """All of the scores above, by name.

    Label accuracy is left out where the generated images have no labels, and the diversity is
    then that of the classes that the judge reads in generated and real images.

    Args:
        generated: images of a model, or real ones to see what is the best that can be had.
        real: images with labels.
        part: how many images of each set are compared at a time by the Frechet distance and the
            neighbours, which depend on it; the scores are means over all such parts. By default
            as many as the smaller of the two sets has.

    Raises:
        UserError: as the scores themselves; or a set has fewer images than a part, or that none.
    """
    sizes = len(generated.images), len(real.images)
    part = min(sizes) if part is None else part
    if not 0 < part <= min(sizes):
        raise UserError(f"parts of {part} images asked for, and a set has {min(sizes)}")
    found = {}
    if generated.labels is None:
        generated, real = (each._replace(labels=each.read) for each in (generated, real))
    else:
        found["label_accuracy"] = label_accuracy(generated)
    sharp, diverse = sharpness(generated, real), diversity(generated, real)
    found |= {
        "accepted": accepted(generated),
        "sharpness_gradient": sharp.gradient,
        "sharpness_laplacian": sharp.laplacian,
        "diversity": diverse.overall,
        "diversity_worst_class": diverse.worst,
    }
    pieces = []
    for number in range(max(size // part for size in sizes)):
        one, other = (
            each.at(slice(start, start + part))
            for each, start in (
                (each, number % (len(each.images) // part) * part) for each in (generated, real)
            )
        )
        frechet = {"frechet_distance": frechet_distance(one, other, seed=number)}
        pieces.append(frechet | neighbours(one, other)._asdict())
    for name in pieces[0]:
        values, errors = np.transpose([piece[name] for piece in pieces])
        # Parts with the same images of the set that the score's error is of vary together.
        parts = sizes[name in OF_REAL_IMAGES] // part
        together = [errors[first::parts].sum() for first in range(parts)]
        found[name] = Score(float(values.mean()), math.hypot(*together) / len(pieces))
    return found


def _labels(images: Judged, score: str) -> np.ndarray:
    if images.labels is None:
        raise UserError(f"the {score} needs the labels of the images, and none were given")
    return images.labels


def _check_same_shape(generated: Judged, real: Judged) -> None:
    one, other = (list(each.images.shape[1:]) for each in (generated, real))
    if one != other:
        raise UserError(f"images of shape {one} given to be compared with real ones of {other}")
