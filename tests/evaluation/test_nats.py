import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.special import logsumexp
from support import models
from support.numeric import linear_semi_supervised

from vae_gan_tf import likelihoods
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import nats
from vae_gan_tf.models.semi_supervised import Objective
from vae_gan_tf.models.vae import VAE


class LinearGaussian(likelihoods.Likelihood):
    """x ~ N(W z + b, 0.5^2 I) when the decoder is linear."""

    def pixel(self, parameters):
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
        estimate = nats.importance_weighted(model, X, samples=samples, at_once=1, seed=samples)
        np.testing.assert_allclose(estimate, log_density(X), rtol=1e-4)


@pytest.mark.slow
def test_importance_weighted_rises_from_the_bound_to_log_p():
    model = linear_gaussian(widened=1.5)

    @tf.function
    def estimate(samples, seed):
        return nats.importance_weighted(model, X, samples=samples, at_once=1, seed=seed)

    bound, some, many = (
        np.mean(
            [estimate(samples, tf.constant(seed)) for seed in range(repeats)],
            axis=0,
        )
        for samples, repeats in ((1, 400), (10, 100), (1000, 1))
    )
    assert np.all(bound < some) and np.all(some < log_density(X) + 0.05)
    np.testing.assert_allclose(many, log_density(X), atol=0.1)
    bounds = tf.function(lambda seed: model.elbo(X, seed=seed).elbo)
    elbo = np.mean([bounds(tf.constant(seed)) for seed in range(400)], axis=0)
    np.testing.assert_allclose(bound, elbo, atol=0.2)


def test_importance_weighted_of_some_pixels():
    pixels = np.array([[[True], [False]], [[True], [True]]])
    estimate = nats.importance_weighted(
        linear_gaussian(widened=2.0), X, samples=20_000, at_once=1000, pixels=pixels
    )
    np.testing.assert_allclose(estimate, log_density(X, [0, 2, 3]), atol=0.1)


@pytest.mark.parametrize("samples", [0, -10, 15])
def test_samples_that_cannot_be_drawn(samples):
    with pytest.raises(UserError, match=f"{samples} samples .* multiple of 10"):
        nats.importance_weighted(linear_gaussian(1.0), X, samples=samples)


def test_nats_of_the_exact_posterior_are_those_of_log_p():
    model = linear_gaussian(widened=1.0)
    found = nats.nats(model, X, samples=10)
    exact = -log_density(X)
    assert found.log_likelihood.value == pytest.approx(exact.mean(), rel=1e-4)
    assert found.log_likelihood.error == pytest.approx(exact.std() / np.sqrt(3), rel=1e-3)


@pytest.mark.slow
def test_bound_and_reconstruction_error_are_those_of_the_model():
    model = linear_gaussian(widened=1.0)
    many = nats.nats(model, np.repeat(X, 2000, axis=0), samples=10)
    elbo = tf.function(lambda seed: model.elbo(X, seed=seed))
    bounds = [elbo(tf.constant(seed)) for seed in range(400)]
    for name in ("bound", "reconstruction"):
        each = np.mean([bound[name == "reconstruction"] for bound in bounds])
        assert getattr(many, name).value == pytest.approx(-each, abs=0.1)
    assert many.reconstruction.value < many.bound.value


@pytest.mark.slow
def test_nats_of_several_batches_and_labels():
    keras.utils.set_random_seed(0)
    model, images = models.cvae(), np.tile(models.images(1), [101, 1, 1, 1])
    labels = np.arange(101) % models.CLASSES
    found = nats.nats(model, images, labels, samples=10)
    assert found.log_likelihood.value < found.bound.value
    with pytest.raises(UserError, match="needs side information"):
        nats.nats(model, images)
    with pytest.raises(UserError, match=r"\[0, 8, 8, 1\] given"):
        nats.nats(model, images[:0], labels[:0])
    with pytest.raises(UserError, match=r"labels must lie in \[0, 2\]; found 1 to 3"):
        nats.nats(model, images, labels + 1)


@pytest.mark.slow
def test_importance_weights_of_a_semi_supervised_model_against_a_sum_over_all_codes():
    model = linear_semi_supervised(Objective(1.0, 1.0, 1.0))
    variance, variance_bias = model.trunk.trainable_variables[1:3]
    variance.assign(np.zeros(variance.shape))
    variance_bias.assign([1.0, 1.0])  # a q(z | x, y) wider than the prior: no ratio is huge
    x = np.random.default_rng(2).random([2, 2, 2, 1]).astype(np.float32)
    weights, bias = (np.asarray(each) for each in model.decoder.get_weights()[-2:])
    axis = np.linspace(-6, 6, 121)
    codes = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    prior = scipy.stats.norm.logpdf(codes).sum(axis=1) + 2 * np.log(axis[1] - axis[0])
    joint = np.empty([3, 2])  # log p(x, y)
    for y in range(3):
        logits = np.hstack([codes, np.tile(np.eye(3)[y], [len(codes), 1])]) @ weights + bias
        for image in range(2):
            pixels = x[image].reshape(-1) * logits - np.logaddexp(0, logits)
            joint[y, image] = logsumexp(prior + pixels.sum(axis=1)) - np.log(3)

    def estimate(y=None):
        return nats.importance_weighted(model, x, y, samples=20_000, at_once=1000)

    np.testing.assert_allclose(estimate(), logsumexp(joint, axis=0), atol=0.02)
    np.testing.assert_allclose(estimate(np.array([2, 0])), [joint[2, 0], joint[0, 1]], atol=0.02)
