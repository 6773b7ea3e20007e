"""A block in each style against its layers, one after the other, in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf import networks
from vae_gan_tf.networks import blocks

BIASES = np.float32([0.5, -0.5, 1.0])
STYLES = {
    "report": networks.REPORT,
    "improved": networks.IMPROVED,
    "improved discriminator": networks.IMPROVED_DISCRIMINATOR,
    "pools": networks.Style(pools=True),
    "pools of size 4": networks.Style(pools=True, strided_size=4),
    "biases": networks.Style(normalisation=None),
    "softplus": networks.Style(activation="softplus"),
}
IN_EACH_STYLE = pytest.mark.parametrize("name", STYLES)
SIZE_4 = ("improved", "improved discriminator", "pools of size 4")


def block(build, shape):
    """A network of a block alone, and values for it."""
    x = keras.Input(shape)
    values = np.random.default_rng(0).normal(size=[2, *shape]).astype(np.float32)
    return keras.Model(x, build(x)), values


def finished(x, name):
    """What a style makes of a layer's outputs, with averages of 0 and 1 and biases as above."""
    if name == "improved discriminator":
        axes = tuple(range(1, x.ndim))
        x = x - x.mean(axes, keepdims=True)
        x = x / np.sqrt((x**2).mean(axes, keepdims=True) + 0.001)
        return np.where(x < 0, 0.2 * x, x)
    x = x + BIASES if name == "biases" else x / np.sqrt(1 + 0.001)
    return np.log1p(np.exp(x)) if name == "softplus" else np.maximum(x, 0)


def check(network, x, expected, name):
    assert [layer.name for layer in network.layers[1:]] == ["it", "it_normalised", "it_out"]
    if name == "biases":
        network.get_layer("it_normalised").bias.assign(BIASES)
    np.testing.assert_allclose(network(x), finished(expected, name), rtol=1e-4, atol=1e-5)


@IN_EACH_STYLE
def test_a_dense_block(name):
    network, x = block(lambda it: blocks.dense(it, 3, "float32", "it", STYLES[name]), [5])
    (kernel,) = network.get_layer("it").get_weights()
    check(network, x, x @ kernel, name)


@IN_EACH_STYLE
@pytest.mark.parametrize("sides", [(6, 8), (5, 7)], ids=str)
def test_a_block_that_halves_an_image(name, sides):
    build = lambda it: blocks.halved(it, 3, 5, "float32", "it", STYLES[name])  # noqa: E731
    network, x = block(build, [*sides, 2])
    (kernel,) = network.get_layer("it").get_weights()
    assert kernel.shape == ((4, 4, 2, 3) if name in SIZE_4 else (5, 5, 2, 3))
    if "pools" in name:
        whole = tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
        odd = [(0, side % 2) for side in sides]
        whole = np.pad(whole, [(0, 0), *odd, (0, 0)], constant_values=-np.inf)
        batch, height, width, channels = whole.shape
        expected = whole.reshape(batch, height // 2, 2, width // 2, 2, channels).max((2, 4))
    else:
        expected = tf.nn.conv2d(x, kernel, 2, "SAME").numpy()
    check(network, x, expected, name)


@IN_EACH_STYLE
def test_a_block_that_doubles_an_image(name):
    build = lambda it: blocks.doubled(it, 3, 5, "float32", "it", STYLES[name])  # noqa: E731
    network, x = block(build, [3, 4, 2])
    (kernel,) = network.get_layer("it").get_weights()
    assert kernel.shape == ((4, 4, 3, 2) if name in SIZE_4 else (5, 5, 3, 2))
    repeats = 2 if "pools" in name else 1
    large = x.repeat(repeats, axis=1).repeat(repeats, axis=2)
    expected = tf.nn.conv2d_transpose(large, kernel, [2, 6, 8, 3], 2 // repeats, "SAME")
    check(network, x, expected.numpy(), name)


def test_a_convolution_keeps_the_size_of_an_image_in_every_style():
    build = lambda it: blocks.convolution(it, 3, 5, "float32", "it", networks.IMPROVED)  # noqa: E731
    network, x = block(build, [6, 7, 2])
    (kernel,) = network.get_layer("it").get_weights()
    check(network, x, tf.nn.conv2d(x, kernel, 1, "SAME").numpy(), "improved")


def test_the_styles_of_the_presets():
    assert networks.Style() == networks.REPORT
    assert networks.REPORT != networks.IMPROVED != networks.IMPROVED_DISCRIMINATOR


def test_vectors_are_joined_in_their_order():
    first, *others = (keras.Input([size]) for size in (2, 3, 1))
    assert blocks.joined(first, []) is first
    network = keras.Model([first, *others], blocks.joined(first, others))
    values = [np.full([1, size], number) for number, size in enumerate((2, 3, 1))]
    np.testing.assert_array_equal(network(values), [[0, 0, 1, 1, 1, 2]])


def test_there_is_an_input_for_a_condition_that_there_is():
    assert blocks.condition_inputs(0) == []
    (y,) = blocks.condition_inputs(3)
    assert y.shape == (None, 3) and y.name == "condition"


@pytest.mark.parametrize(
    ("shape", "times", "smallest"),
    [
        ((28, 32, 3), 2, (7, 8)),
        ((8, 8, 1), 2, (2, 2)),
        ((33, 20, 1), 3, (5, 3)),
        ((64, 64, 3), 3, (8, 8)),
        ((128, 100, 3), 4, (8, 7)),
    ],
)
def test_a_decoder_begins_with_at_most_8_pixels_a_side(shape, times, smallest):
    assert blocks.doublings(shape) == times
    assert blocks.smallest(shape) == smallest


def test_what_was_rounded_up_is_cropped_evenly():
    x = keras.Input([40, 24, 2])
    assert blocks.cropped(x, (40, 24, 2), "float32") is x
    network = keras.Model(x, blocks.cropped(x, (37, 20, 2), "float32"))
    values = np.random.default_rng(0).random([1, 40, 24, 2], np.float32)
    np.testing.assert_array_equal(network(values), values[:, 1:38, 2:22])


def test_initial_weights_are_glorots():
    """The scale of a large layer; a layer of each network is looked at in test_networks.py."""
    keras.utils.set_random_seed(0)
    network, _ = block(lambda it: blocks.dense(it, 500, "float32", "it"), [300])
    weights = network.get_layer("it").kernel.numpy()
    scale = np.sqrt(2 / (300 + 500))
    np.testing.assert_allclose(weights.std(), scale, rtol=0.01)
    assert np.abs(weights).max() <= 2 * scale / 0.8796
