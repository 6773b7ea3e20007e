"""The layers against Keras' own, or against NumPy."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.networks import loaded

from vae_gan_tf import attention, networks


def pair_of_normalisations(shape, dtype="float32"):
    """The package's layer and Keras', with equal weights that are not the initial ones."""
    pair = networks.BatchNormalization(dtype=dtype), keras.layers.BatchNormalization(dtype=dtype)
    for layer in pair:
        layer.build(shape)
        rng = np.random.default_rng(0)
        layer.set_weights([rng.uniform(0.5, 1.5, shape[-1]) for _ in layer.weights])
    return pair


# Whether a layer is trained matters to the fused operation alone; its shapes are the first two.
@pytest.mark.parametrize(
    ("shape", "training", "trainable"),
    [
        *itertools.product([(6, 5, 4, 4), (8, 4)], [True, False, None], [True, False]),
        *itertools.product(
            [(1, 1, 2, 4), (1, 1, 1, 16), (1, 4), (6, 5, 4, 3), (8, 3), (6, 4, 4)],
            [True, False],
            [True],
        ),
    ],
    ids=str,
)
def test_batch_normalisation_is_that_of_keras(shape, training, trainable):
    ours, theirs = pair = pair_of_normalisations(shape)
    rng = np.random.default_rng(1)
    # Three calls in turn: the moving averages of one are the starting point of the next.
    for _ in range(3):
        x = tf.constant(rng.normal(2, 3, shape).astype(np.float32))
        toward = tf.constant(rng.normal(size=shape).astype(np.float32))
        found = []
        for layer in pair:
            layer.trainable = trainable
            with tf.GradientTape() as tape:
                watched = [x, layer.gamma.value, layer.beta.value]
                tape.watch(watched)
                outputs = layer(x, training=training)
                loss = tf.reduce_sum(toward * outputs)
            found.append([outputs, *tape.gradient(loss, watched)])
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)
        for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 5, 4, 4), (6, 5, 4, 3), (8, 4), (8, 3)], ids=str)
def test_batch_normalisation_against_numpy(shape):
    layer = networks.BatchNormalization()
    x = np.random.default_rng(0).normal(2, 3, shape)
    outputs = layer(x.astype(np.float32), training=True)
    axes = tuple(range(len(shape) - 1))
    mean, variance = x.mean(axes), x.var(axes)
    np.testing.assert_allclose(outputs, (x - mean) / np.sqrt(variance + 0.001), atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.01 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.99 + 0.01 * variance, rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "shape", [(6, 5, 4, 16), (6, 5, 4, 4), (6, 5, 4, 3), (8, 16), (8, 4), (8, 3)], ids=str
)
def test_batch_normalisation_in_bfloat16(shape, training):
    ours, theirs = pair_of_normalisations(shape, "mixed_bfloat16")
    x = tf.constant(np.random.default_rng(1).normal(size=shape), tf.bfloat16)
    outputs, expected = ours(x, training=training), theirs(x, training=training)
    assert outputs.dtype == tf.bfloat16
    assert all(weight.dtype == "float32" for weight in ours.weights)
    # bfloat16 has 8 bits: 0.4 % an operation.
    np.testing.assert_allclose(
        tf.cast(outputs, tf.float32), tf.cast(expected, tf.float32), atol=0.05
    )
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [(6, 5, 4, 4), (8, 4)], ids=str)
@pytest.mark.parametrize(
    "setting", [{"axis": 1}, {"scale": False}, {"center": False}, {"renorm": True}], ids=str
)
def test_batch_normalisation_has_the_settings_of_keras(setting, shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    ours, theirs = (
        networks.BatchNormalization(**setting),
        keras.layers.BatchNormalization(**setting),
    )
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), atol=1e-5)


def test_image_normalisation_is_that_of_each_image():
    x = np.random.default_rng(0).normal(2, 3, [3, 4, 5, 2]).astype(np.float32)
    layer = networks.ImageNormalization(epsilon=1e-3)
    layer.build(x.shape)
    layer.gamma.assign([2, 3])
    layer.beta.assign([1, -1])
    mean, variance = (each(x, axis=(1, 2, 3), keepdims=True) for each in (np.mean, np.var))
    expected = (x - mean) / np.sqrt(variance + 1e-3) * [2, 3] + [1, -1]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize("size", [3, 4, 5])
def test_upsampling_and_deconvolution_are_one(size, use_bias):
    options = {"padding": "same", "use_bias": use_bias, "bias_initializer": "normal"}
    options["activation"] = "tanh" if use_bias else None
    one = networks.UpsampledDeconvolution(3, size, **options)
    two = keras.Sequential(
        [keras.layers.UpSampling2D(2), keras.layers.Conv2DTranspose(3, size, **options)]
    )
    x = np.random.default_rng(0).normal(size=[2, 4, 5, 6]).astype(np.float32)
    two(x)
    assert one(x).shape == one.compute_output_shape(x.shape) == (2, 8, 10, 3)
    one.set_weights(two.get_weights())
    np.testing.assert_allclose(one(x), two(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [8, 7])
def test_a_pooled_convolution_is_a_convolution_and_a_pool(size):
    one = networks.PooledConvolution(3, 5, padding="same", bias_initializer="normal")
    convolution = keras.layers.Conv2D(3, 5, padding="same")
    two = keras.Sequential([convolution, keras.layers.MaxPooling2D(2, padding="same")])
    x = np.random.default_rng(0).normal(size=[2, size, size, 6]).astype(np.float32)
    two(x), one(x)
    convolution.set_weights(one.get_weights())
    assert one(x).shape == one.compute_output_shape(x.shape) == (2, 4, 4, 3)
    np.testing.assert_allclose(one(x), two(x), rtol=1e-5, atol=1e-5)


def test_a_bias_is_added_to_each_channel():
    layer = networks.Bias()
    x = np.random.default_rng(0).normal(size=[2, 3, 4, 5]).astype(np.float32)
    np.testing.assert_array_equal(layer(x), x)
    layer.bias.assign([1, 2, 3, 4, 5])
    np.testing.assert_array_equal(layer(x), x + np.float32([1, 2, 3, 4, 5]))


def test_the_layers_of_attention(tmp_path):
    image, state = keras.Input([6, 8, 2]), keras.Input([4])
    window = networks.Windows(3, (6, 8, 2), bias_initializer="normal")(state)
    seen = networks.Read(3)(image, window)
    written = networks.Write(3, 6, 8)(keras.layers.Flatten()(seen), window)
    network = keras.Model([image, state], [seen, written, window])
    assert [each.shape for each in network.outputs] == [
        (None, 3, 3, 2),
        (None, 6, 8, 2),
        (None, 5),
    ]
    rng = np.random.default_rng(0)
    inputs = [rng.random([2, 6, 8, 2], np.float32), rng.normal(size=[2, 4]).astype(np.float32)]
    seen, written, window = network(inputs)
    kernel, bias = network.layers[2].get_weights()
    linear = inputs[1] @ kernel + bias
    np.testing.assert_allclose(window, attention.windows(linear, 3, 6, 8), rtol=1e-5)
    np.testing.assert_allclose(seen, attention.read(inputs[0], window, 3), rtol=1e-5)
    np.testing.assert_allclose(written, attention.write(seen, window, 6, 8), rtol=1e-5)
    again = loaded(network, tmp_path / "network.keras")(inputs)
    for one, other in zip((seen, written, window), again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("module", "name", "config"),
    [
        ("networks", "BatchNormalization", {}),
        ("networks", "ImageNormalization", {}),
        ("networks", "Bias", {}),
        ("networks", "UpsampledDeconvolution", {"filters": 2, "kernel_size": 5}),
        ("networks", "PooledConvolution", {"filters": 2, "kernel_size": 5}),
        ("attention", "Windows", {"size": 3, "image_shape": [6, 8, 1]}),
        ("attention", "Read", {"size": 3}),
        ("attention", "Write", {"size": 3, "height": 6, "width": 8}),
    ],
)
def test_a_layer_is_found_by_the_name_it_was_saved_with(module, name, config):
    """A config as files hold it, which names the module that the layer was in at first."""
    saved = {"module": f"vae_gan_tf.{module}", "registered_name": f"vae_gan_tf>{name}"}
    layer = keras.saving.deserialize_keras_object(saved | {"class_name": name, "config": config})
    assert type(layer) is getattr(networks, name)
    assert keras.saving.serialize_keras_object(layer)["registered_name"] == f"vae_gan_tf>{name}"
