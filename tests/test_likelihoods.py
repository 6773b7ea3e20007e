import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian

SHAPES = [(4, 3, 1), (4, 3, 3)]
LIKELIHOODS = [
    Bernoulli(),
    Gaussian(),
    Gaussian(0.1),
    Gaussian(None),
    Categorical(),
    Categorical(5),
]


def drawn(likelihood, shape, batch=2, seed=0):
    """Parameters of a likelihood, float32 [batch, height, width, channels * n]."""
    size = (batch, *shape[:-1], shape[-1] * likelihood.parameters)
    return np.random.default_rng(seed).normal(scale=2, size=size).astype(np.float32)


def grey(shape, batch=2):
    """Images as 8-bit numbers, and as a data set has them: float32(uint8) / 255."""
    levels = np.random.default_rng(1).integers(0, 256, (batch, *shape), np.uint8)
    levels[0, 0, 0, 0], levels[0, 0, 1, 0] = 0, 255
    return levels, levels.astype(np.float32) / 255


def summed(log_probabilities):
    return log_probabilities.reshape(len(log_probabilities), -1).sum(-1)


@pytest.mark.parametrize("shape", SHAPES)
def test_bernoulli_takes_grey_values_as_they_are(shape):
    logits, (_, x) = drawn(Bernoulli(), shape), grey(shape)
    pixels = Bernoulli()(logits)
    p = special.expit(logits.astype(np.float64))
    expected = summed(x * np.log(p) + (1 - x) * np.log1p(-p))
    np.testing.assert_allclose(pixels.log_prob(tf.constant(x)), expected, rtol=1e-5)
    np.testing.assert_allclose(pixels.mean(), p, rtol=1e-5)


def test_bernoulli_takes_grey_values_of_numpy_as_well():
    logits, (_, x) = drawn(Bernoulli(), (4, 3, 1)), grey((4, 3, 1))
    pixels = Bernoulli()(logits)
    np.testing.assert_array_equal(pixels.log_prob(x), pixels.log_prob(tf.constant(x)))


def test_bernoulli_is_finite_where_a_probability_rounds_to_0_or_1():
    logits, x = np.float32([-200, 200]).reshape(2, 1, 1, 1), tf.constant([1, 0.5])
    log_prob = Bernoulli()(logits).log_prob(tf.reshape(x, [2, 1, 1, 1]))
    np.testing.assert_allclose(log_prob, [-200, -100], rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_gaussian_of_fixed_scale(shape, scale):
    parameters, (_, x) = drawn(Gaussian(scale), shape), grey(shape)
    pixels = Gaussian(scale)(parameters)
    mean = special.expit(parameters.astype(np.float64))
    np.testing.assert_allclose(
        pixels.log_prob(x), summed(stats.norm.logpdf(x, mean, scale)), rtol=1e-5
    )
    np.testing.assert_allclose(pixels.mean(), mean, rtol=1e-5)


def test_gaussian_scale_is_1_by_default():
    zeros = np.zeros([1, 4, 3, 1], np.float32)
    log_prob = Gaussian()(zeros).log_prob(zeros + 0.5)
    np.testing.assert_allclose(log_prob, [-12 * 0.5 * np.log(2 * np.pi)], rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_gaussian_of_learned_scale(shape):
    likelihood, (_, x) = Gaussian(None), grey(shape)
    assert likelihood.parameters == 2
    parameters = drawn(likelihood, shape)
    pixels = likelihood(parameters)
    apart = parameters.astype(np.float64).reshape(*x.shape, 2)
    mean, scale = special.expit(apart[..., 0]), 0.01 + np.log1p(np.exp(apart[..., 1]))
    np.testing.assert_allclose(
        pixels.log_prob(x), summed(stats.norm.logpdf(x, mean, scale)), rtol=1e-5
    )
    np.testing.assert_allclose(pixels.mean(), mean, rtol=1e-5)
    np.testing.assert_allclose(pixels.stddev(), scale, rtol=1e-5)


def test_gaussian_learned_scale_stays_above_a_hundredth():
    stddev = Gaussian(None)(np.full([1, 1, 1, 2], -1000, np.float32)).stddev()
    np.testing.assert_allclose(stddev, [[[[0.01]]]], rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_categorical(shape):
    parameters, (levels, x) = drawn(Categorical(), shape), grey(shape)
    pixels = Categorical()(parameters)
    logits = parameters.astype(np.float64).reshape(*x.shape, 256)
    chosen = np.take_along_axis(special.log_softmax(logits, -1), levels[..., None].astype(int), -1)
    np.testing.assert_allclose(pixels.log_prob(x), summed(chosen), rtol=1e-5)
    mean = special.softmax(logits, -1) @ (np.arange(256) / 255)
    np.testing.assert_allclose(pixels.mean(), mean, rtol=1e-4)


def test_categorical_finds_every_8_bit_value():
    levels = np.arange(256, dtype=np.uint8)
    x = (levels.astype(np.float32) / 255).reshape(256, 1, 1, 1)
    logits = np.arange(256, dtype=np.float32) / 8
    log_prob = Categorical()(np.tile(logits, [256, 1, 1, 1])).log_prob(x)
    np.testing.assert_allclose(log_prob, special.log_softmax(logits.astype(float)), rtol=1e-5)


def test_categorical_gives_other_values_probability_0():
    pixels = Categorical(5)(np.zeros([3, 1, 1, 5], np.float32))
    log_prob = pixels.log_prob(np.float32([0.25, 0.375, 1.25]).reshape(3, 1, 1, 1))
    np.testing.assert_allclose(log_prob, [-np.log(5), -np.inf, -np.inf], rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda it: f"{it.get_config()}")
def test_shapes(likelihood, shape):
    pixels = likelihood(drawn(likelihood, shape))
    assert pixels.batch_shape == [2]
    assert pixels.event_shape == list(shape)
    assert pixels.mean().shape == [2, *shape]
    assert pixels.log_prob(np.zeros([2, *shape], np.float32)).shape == [2]
    assert 0 <= pixels.mean().numpy().min() and pixels.mean().numpy().max() <= 1


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda it: f"{it.get_config()}")
def test_everything_is_float32_after_low_precision_networks(likelihood):
    parameters = tf.cast(drawn(likelihood, (4, 3, 1)), tf.bfloat16)
    x = tf.zeros([2, 4, 3, 1])
    low, full = likelihood(parameters), likelihood(tf.cast(parameters, tf.float32))
    assert low.log_prob(x).dtype == low.mean().dtype == tf.float32
    np.testing.assert_array_equal(low.log_prob(x), full.log_prob(x))
    np.testing.assert_array_equal(low.mean(), full.mean())


@pytest.mark.parametrize("scale", [0, -1.0, float("nan")])
def test_a_scale_must_be_positive(scale):
    with pytest.raises(ValueError, match=f"must be positive or None, not {scale}"):
        Gaussian(scale)


@pytest.mark.parametrize("levels", [1, 0, -256])
def test_a_categorical_pixel_has_at_least_two_levels(levels):
    with pytest.raises(ValueError, match=f"at least 2 levels, not {levels}"):
        Categorical(levels)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda it: f"{it.get_config()}")
def test_config_round_trip(likelihood):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert type(again) is type(likelihood)
    assert vars(again) == vars(likelihood)
