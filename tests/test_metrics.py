import json
from pathlib import Path

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from vae_gan_tf import likelihoods, metrics
from vae_gan_tf.datasets import Split
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.cvae import LabelCondition
from vae_gan_tf.models.vae import VAE


class Reader:
    """A judge that reads the label off the first pixel, in tenths."""

    def predict(self, images, batch_size, verbose):
        return np.eye(10)[np.rint(images[:, 0, 0, 0] * 10).astype(int)]


def images_of(digits):
    images = np.zeros([len(digits), 28, 28, 1], np.float32)
    images[:, 0, 0, 0] = np.array(digits) / 10
    return images


@pytest.mark.parametrize(
    ("read", "asked", "accuracy"),
    [([0, 1, 2, 3], [0, 1, 2, 3], 1.0), ([0, 1, 2, 3], [0, 1, 2, 9], 0.75), ([5], [6], 0.0)],
)
def test_label_accuracy_is_the_share_read_as_asked(read, asked, accuracy):
    assert metrics.label_accuracy(images_of(read), np.array(asked), Reader()) == accuracy


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros([0, 28, 28, 1]), np.zeros(0, int), r"\[n, 28, 28, 1\] expected"),
        (np.float32(0), np.zeros(1, int), r"\[\] given"),
        (np.zeros([2, 32, 32, 3]), np.zeros(2, int), r"\[2, 32, 32, 3\] given"),
        (np.zeros([2, 28, 28, 1]), np.zeros(3, int), "one integer for each expected"),
        (np.zeros([2, 28, 28, 1]), np.zeros(2), "float64 labels"),
        (np.full([2, 28, 28, 1], 255), np.zeros(2, int), r"lie in \[0, 1\]"),
        (np.full([2, 28, 28, 1], np.nan), np.zeros(2, int), r"lie in \[0, 1\]"),
    ],
)
def test_bad_input_is_one_sentence(images, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        metrics.label_accuracy(images, labels, Reader())


def test_the_shipped_judge_reads_real_digits_as_its_json_says(mnist):
    figures = Path(__file__).parent.parent / "figures"
    record = json.loads((figures / "classifier.json").read_text())
    images = mnist.test.images.astype(np.float32) / 255
    accuracy = metrics.label_accuracy(images, mnist.test.labels)
    assert accuracy == pytest.approx(record["test_accuracy"], abs=1e-4)
    assert accuracy >= 0.993


class LinearGaussian(likelihoods.Likelihood):
    """x ~ N(W z + b, 0.5^2 I) when the decoder is linear."""

    def _pixel(self, parameters):
        return tfp.distributions.Normal(parameters, 0.5)


WEIGHTS = np.random.default_rng(0).normal(size=[2, 4]).astype(np.float32)
SHIFT = np.array([0.1, -0.2, 0.3, 0.4], np.float32)


def linear_gaussian(widened):
    """A VAE whose encoder is the exact posterior but for its standard deviation."""
    precision = np.eye(2) + WEIGHTS @ WEIGHTS.T / 0.25
    covariance = np.linalg.inv(precision)
    # Rotate the code so that the posterior, which must be diagonal, is.
    _, axes = np.linalg.eigh(precision)
    weights = axes.T @ WEIGHTS
    covariance = axes.T @ covariance @ axes
    gain = covariance @ weights / 0.25
    image = keras.Input([2, 2, 1])
    flat = keras.layers.Flatten()(image)
    mean = keras.layers.Dense(2)
    log_variance = keras.layers.Dense(2, kernel_initializer="zeros")
    encoder = keras.Model(image, [mean(flat), log_variance(flat)])
    mean.set_weights([gain.T, -gain @ SHIFT])
    spread = np.log(widened**2 * np.diag(covariance))
    log_variance.set_weights([np.zeros([4, 2]), spread])
    code = keras.Input([2])
    linear = keras.layers.Dense(4)
    decoder = keras.Model(code, keras.layers.Reshape([2, 2, 1])(linear(code)))
    linear.set_weights([weights, SHIFT])
    return VAE(encoder, decoder, LinearGaussian())


def log_density(x, pixels=slice(None)):
    """log p of some pixels of the images, in closed form: x ~ N(b, W^T W + 0.25 I)."""
    covariance = (WEIGHTS.T @ WEIGHTS + 0.25 * np.eye(4))[pixels][:, pixels]
    flat = x.reshape(len(x), -1)[:, pixels]
    return scipy.stats.multivariate_normal(SHIFT[pixels], covariance).logpdf(flat)


X = np.random.default_rng(1).random([3, 2, 2, 1]).astype(np.float32)


def test_importance_weights_of_the_exact_posterior_give_log_p_with_one_sample():
    model = linear_gaussian(widened=1.0)
    for samples in (1, 20):
        estimate = metrics.importance_weighted(model, X, samples=samples, at_once=1, seed=samples)
        np.testing.assert_allclose(estimate, log_density(X), rtol=1e-4)


def test_importance_weighted_rises_from_the_bound_to_log_p():
    model = linear_gaussian(widened=1.5)
    bound, some, many = (
        np.mean(
            [
                metrics.importance_weighted(model, X, samples=samples, at_once=1, seed=seed)
                for seed in range(repeats)
            ],
            axis=0,
        )
        for samples, repeats in ((1, 400), (10, 100), (1000, 1))
    )
    assert np.all(bound < some) and np.all(some < log_density(X) + 0.05)
    np.testing.assert_allclose(many, log_density(X), atol=0.1)
    elbo = np.mean([model.elbo(X, seed=seed).elbo for seed in range(400)], axis=0)
    np.testing.assert_allclose(bound, elbo, atol=0.2)


def test_importance_weighted_of_some_pixels():
    pixels = np.array([[[True], [False]], [[True], [True]]])
    estimate = metrics.importance_weighted(
        linear_gaussian(widened=2.0), X, samples=20_000, at_once=1000, pixels=pixels
    )
    np.testing.assert_allclose(estimate, log_density(X, [0, 2, 3]), atol=0.1)


@pytest.mark.parametrize("samples", [0, -10, 15])
def test_samples_that_cannot_be_drawn(samples):
    with pytest.raises(UserError, match=f"{samples} samples .* multiple of 10"):
        metrics.importance_weighted(linear_gaussian(1.0), X, samples=samples)


class Classifier:
    """Reads the class off the first pixel."""

    condition = LabelCondition(3)

    def classify(self, x):
        classes = tf.cast(tf.round(x[:, 0, 0, 0] * 255), tf.int32)
        return tfp.distributions.OneHotCategorical(logits=5 * tf.one_hot(classes, 3))


def test_confusion_shows_shares_of_each_true_class():
    found = np.array([0, 0, 1, 2, 1, 1, 0], np.uint8)
    labels = np.array([0, 0, 0, 0, 1, 1, 1], np.int32)
    picture = metrics.confusion(Classifier(), Split(found.reshape(7, 1, 1, 1), labels))
    shares = picture[::16, ::16, 0]
    np.testing.assert_allclose(shares, [[1 / 2, 1 / 4, 1 / 4], [1 / 3, 2 / 3, 0], [0, 0, 0]])
    assert picture.shape == (48, 48, 1) and picture[15, 31, 0] == 1 / 4
