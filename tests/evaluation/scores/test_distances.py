import numpy as np
import pytest
import scipy.linalg
from support.judged import seen

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores

TEN = np.arange(20.0).reshape(10, 2)
OTHER = seen(TEN, images=np.zeros([10, 5, 5, 1]))


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (lambda: scores.frechet_distance(seen(TEN[:1]), seen(TEN)), "at least two"),
        (lambda: scores.neighbours(seen(TEN), seen(TEN[:5])), "5 neighbours .* set of 5 images"),
        (lambda: scores.neighbours(seen(TEN), seen(TEN), k=0), "0 neighbours"),
        (lambda: scores.frechet_distance(seen(TEN), OTHER), r"\[4, 4, 1\] .* of \[5, 5, 1\]"),
        (lambda: scores.neighbours(seen(TEN), OTHER), r"\[4, 4, 1\] .* of \[5, 5, 1\]"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(score, sentence):
    with pytest.raises(UserError, match=sentence):
        score()


def gaussian(mean, covariance, count=500):
    """Features of exactly this mean and covariance."""
    values = np.random.default_rng(len(mean) + count).normal(size=[count, len(mean)])
    values -= values.mean(axis=0)
    values = values @ np.linalg.inv(np.linalg.cholesky(np.cov(values, rowvar=False))).T
    return seen(mean + values @ np.linalg.cholesky(covariance).T)


MIXED = np.array([[2.0, 0.5, 0], [0.5, 1.0, -0.3], [0, -0.3, 0.4]])


@pytest.mark.parametrize(
    ("mean", "covariance", "other_mean", "other"),
    [
        ([0, 0], np.diag([1.0, 4.0]), [3, 4], np.diag([1.0, 4.0])),
        ([0, 0], np.diag([1.0, 4.0]), [0, 0], np.diag([9.0, 1.0])),
        ([1, 2, 3], MIXED, [0, 2, 5], np.diag([1.0, 2.0, 3.0]) + 0.5),
    ],
)
def test_frechet_distance_of_two_gaussians(mean, covariance, other_mean, other):
    root = np.real(scipy.linalg.sqrtm(covariance @ other))
    shift = np.square(np.subtract(mean, other_mean)).sum()
    expected = shift + np.trace(covariance + other - 2 * root)
    found = scores.frechet_distance(gaussian(mean, covariance), gaussian(other_mean, other, 700))
    assert found.value == pytest.approx(expected, rel=1e-4)


def test_the_error_of_a_frechet_distance_that_is_a_shift():
    one, other = gaussian([3, 0], np.eye(2)), gaussian([0, 0], np.eye(2))
    found = scores.frechet_distance(one, other, resamples=300)
    assert found.error == pytest.approx(2 * 3 / np.sqrt(500), rel=0.15)  # of m^2: 2 m sd / sqrt n


def plain_neighbours(generated, real, k):
    """Precision, recall, density and coverage of each image, by the definitions."""

    def ball(points):
        distances = np.linalg.norm(points[:, None] - points, axis=-1)
        return np.sort(distances, axis=1)[:, k]  # the nearest is the point itself

    between = np.linalg.norm(generated[:, None] - real, axis=-1)
    in_real, in_generated = between <= ball(real), between <= ball(generated)[:, None]
    return (
        in_real.any(axis=1),
        in_generated.any(axis=0),
        in_real.sum(axis=1) / k,
        in_real.any(axis=0),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("counts", [(40, 40), (60, 25), (25, 60)])
def test_neighbours_by_the_definitions(k, counts):
    random = np.random.default_rng(sum(counts))
    generated = random.normal(0.7, 0.8, [counts[0], 3]).astype(np.float32)
    real = random.normal(size=[counts[1], 3]).astype(np.float32)
    found = scores.neighbours(seen(generated), seen(real), k)
    for score, values in zip(found, plain_neighbours(generated, real, k), strict=True):
        assert 0 < np.mean(values) < 2
        assert score.value == pytest.approx(np.mean(values))
        assert score.error == pytest.approx(np.std(values) / np.sqrt(len(values)))


# Real digits, and what is done to them


@pytest.mark.slow
def test_real_against_real(digits):
    distance = scores.frechet_distance(digits, digits, resamples=2)
    assert distance.value == pytest.approx(0, abs=1e-3)
    close = scores.neighbours(digits, digits)
    assert close.precision.value == close.recall.value == close.coverage.value == 1
    assert 1 < close.density.value < 1.5


@pytest.mark.slow
def test_one_image_repeated(digits):
    count = len(digits.images)
    again = digits.at(np.zeros(count, int))
    close = scores.neighbours(again, digits)
    assert close.precision.value == 1
    # Its ball has no extent: only the very same image lies in it.
    assert close.recall.value == pytest.approx(1 / count)
    assert close.coverage.value < 0.05
    assert scores.frechet_distance(again, digits, resamples=2).value > 100
