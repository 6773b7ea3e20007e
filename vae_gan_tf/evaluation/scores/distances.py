"""Scores of two sets of images by the distances of their features."""

import math
from typing import NamedTuple

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_limits

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.score import Score, mean_score, resampling
from vae_gan_tf.evaluation.scores.judged_images import Judged, check_same_shape

FRECHET_RESAMPLES = 20
"""Resampled sets behind the standard error of a Frechet distance, each of which takes its time."""


def frechet_distance(
    generated: Judged, real: Judged, seed: int = 0, resamples: int = FRECHET_RESAMPLES
) -> Score:
    """The Frechet distance of the features, taken as two Gaussians (Heusel et al. 2017).

    With means m, n and covariances C, D it is |m - n|^2 + tr(C + D - 2 (C D)^(1/2)), which is a
    squared distance. It is biased upwards, the more so the fewer images there are: compare only
    distances of equally many. Judged features have other distances than Inception's.

    Args:
        generated: at least two images.
        real: at least two images.
        seed: of the resampling.
        resamples: resampled sets behind the standard error, at least 2; with 0 the error is nan.

    Raises:
        UserError: the images are of different shapes, or there is only one; as `resampling`.
    """
    check_same_shape(generated, real)
    if min(len(generated.images), len(real.images)) < 2:
        raise UserError("one image given for a Frechet distance, at least two of each expected")
    # Threads that wait for each other cost a busy machine ten times what they save on a free one.
    with threadpool_limits(1, "blas"):
        return _frechet_distance(generated.features, real.features, seed, resamples)


def _frechet_distance(features: np.ndarray, real: np.ndarray, seed: int, resamples: int) -> Score:
    features = features.astype(np.float64)
    random = resampling(seed, resamples or 2)  # none are drawn of 0
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
    resampled = [distance(features[random.integers(count, size=count)]) for _ in range(resamples)]
    error = float(np.std(resampled, ddof=1)) if resampled else math.nan
    return Score(float(distance(features)), error)


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
    # Some seconds, which no script pays that scores nothing.
    from sklearn.metrics import pairwise_distances_chunked
    from sklearn.neighbors import NearestNeighbors

    check_same_shape(generated, real)
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
