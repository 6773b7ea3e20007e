"""Section 4.5 by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.networks import check_layers, inputs_of, small

from vae_gan_tf import networks

MNIST, SVHN = (28, 28, 1), (32, 32, 3)

TABLES = {
    "fully connected trunk, MNIST": (
        lambda: networks.fully_connected_trunk(MNIST),
        [
            ("flat", (784,), 0, 0),
            ("dense1", (1024,), 784 * 1024, 1024),
            ("dense2", (1024,), 1024 * 1024, 1024),
            ("product", (1024,), 1024 * 1024, 0),
            ("log_variance", (50,), 1024 * 50 + 50, 0),
            ("logits", (10,), 1024 * 10 + 10, 0),
        ],
    ),
    "convolutional trunk, MNIST": (
        lambda: networks.convolutional_trunk(MNIST),
        [
            ("conv1", (28, 28, 20), 5 * 5 * 1 * 20, 20),
            ("pool1", (14, 14, 20), 0, 0),
            ("conv2", (14, 14, 50), 5 * 5 * 20 * 50, 50),
            ("pool2", (7, 7, 50), 0, 0),
            ("flat", (2450,), 0, 0),
            ("dense", (1024,), 2450 * 1024, 1024),
            ("product", (1024,), 1024 * 1024, 0),
            ("log_variance", (50,), 1024 * 50 + 50, 0),
            ("logits", (10,), 1024 * 10 + 10, 0),
        ],
    ),
    "convolutional trunk, SVHN": (
        lambda: networks.convolutional_trunk(SVHN, widen=8 / 7),
        [
            ("conv1", (32, 32, 23), 5 * 5 * 3 * 23, 23),
            ("pool1", (16, 16, 23), 0, 0),
            ("conv2", (16, 16, 57), 5 * 5 * 23 * 57, 57),
            ("pool2", (8, 8, 57), 0, 0),
            ("flat", (3648,), 0, 0),
            ("dense", (1170,), 3648 * 1170, 1170),
            ("product", (1170,), 1170 * 1170, 0),
            ("log_variance", (50,), 1170 * 50 + 50, 0),
            ("logits", (10,), 1170 * 10 + 10, 0),
        ],
    ),
    "mean head": (
        lambda: networks.mean_head(),
        [
            ("product_of_y", (1024,), 10 * 1024, 0),
            ("dense", (1024,), 0, 1024),
            ("mean", (50,), 1024 * 50 + 50, 0),
        ],
    ),
    "fully connected decoder of section 4.5": (
        lambda: networks.fully_connected_decoder(MNIST, condition_size=10, units=1024),
        [
            ("joined", (60,), 0, 0),
            ("dense1", (1024,), 60 * 1024, 1024),
            ("dense2", (1024,), 1024 * 1024, 1024),
            ("parameters", (784,), 1024 * 784 + 784, 0),
            ("reshaped", (28, 28, 1), 0, 0),
        ],
    ),
    "improved trunk, MNIST": (
        lambda: networks.improved_trunk(MNIST),
        [
            ("conv1", (28, 28, 32), 3 * 3 * 1 * 32, 32),
            ("pool1", (14, 14, 32), 0, 0),
            ("conv2", (14, 14, 64), 3 * 3 * 32 * 64, 64),
            ("pool2", (7, 7, 64), 0, 0),
            ("conv3", (7, 7, 128), 3 * 3 * 64 * 128, 128),
            ("pool3", (3, 3, 128), 0, 0),
            ("flat", (1152,), 0, 0),
            ("product", (512,), 1152 * 512, 0),
            ("log_variance", (50,), 1152 * 50 + 50, 0),
            ("logits", (10,), 1152 * 10 + 10, 0),
        ],
    ),
    "improved decoder, SVHN, learned scale": (
        lambda: networks.improved_decoder(SVHN, parameters=2),
        [
            ("joined", (60,), 0, 0),
            ("dense", (2048,), 60 * 8 * 8 * 32, 2048),
            ("reshaped", (8, 8, 32), 0, 0),
            ("deconv1", (16, 16, 16), 4 * 4 * 32 * 16, 16),
            ("parameters", (32, 32, 6), 4 * 4 * 16 * 6 + 6, 0),
        ],
    ),
    "upsampling decoder, MNIST": (
        lambda: networks.upsampling_decoder(MNIST),
        [
            ("dense1", (500,), 50 * 500, 500),
            ("dense2", (2450,), 500 * 7 * 7 * 50, 2450),
            ("reshaped", (7, 7, 50), 0, 0),
            ("deconv1", (14, 14, 20), 5 * 5 * 50 * 20, 20),
            ("deconv2", (28, 28, 1), 5 * 5 * 20 * 1, 1),
            ("flat", (784,), 0, 0),
            ("joined", (794,), 0, 0),
            ("dense3", (512,), 794 * 512, 512),
            ("parameters", (784,), 512 * 784 + 784, 0),
            ("pixels", (28, 28, 1), 0, 0),
        ],
    ),
    "upsampling decoder, SVHN, learned scale": (
        lambda: networks.upsampling_decoder(SVHN, widen=8 / 7, parameters=2),
        [
            ("dense1", (571,), 50 * 571, 571),
            ("dense2", (3648,), 571 * 8 * 8 * 57, 3648),
            ("reshaped", (8, 8, 57), 0, 0),
            ("deconv1", (16, 16, 23), 5 * 5 * 57 * 23, 23),
            ("deconv2", (32, 32, 3), 5 * 5 * 23 * 3, 3),
            ("flat", (3072,), 0, 0),
            ("joined", (3082,), 0, 0),
            ("dense3", (585,), 3082 * 585, 585),
            ("parameters", (6144,), 585 * 6144 + 6144, 0),
            ("pixels", (32, 32, 6), 0, 0),
        ],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_shape_and_parameter_count(name):
    build, rows = TABLES[name]
    check_layers(build(), rows)


@pytest.mark.parametrize("activation", ["relu", "softplus"])
def test_trunk_and_head_are_a_layer_on_h_and_y(activation):
    trunk = small(networks.fully_connected_trunk)
    head = small(networks.mean_head, activation=activation)
    image, y = inputs_of(trunk), np.eye(10, dtype=np.float32)[[3, 0, 9, 3]]
    product, log_variance, logits = trunk(image)
    h = keras.Model(trunk.input, trunk.get_layer("dense2_out").output)(image).numpy()
    for name, found in (("log_variance", log_variance), ("logits", logits)):
        kernel, bias = trunk.get_layer(name).get_weights()
        np.testing.assert_allclose(found, h @ kernel + bias, rtol=1e-4, atol=1e-5)
    weights = np.concatenate(
        [
            trunk.get_layer("product").get_weights()[0],
            head.get_layer("product_of_y").get_weights()[0],
        ]
    )
    x = np.concatenate([h, y], -1) @ weights / np.sqrt(1 + 0.001)  # the averages are 0 and 1
    x = np.maximum(x, 0) if activation == "relu" else np.log1p(np.exp(x))
    kernel, bias = head.get_layer("mean").get_weights()
    np.testing.assert_allclose(
        head([product, tf.constant(y)]), x @ kernel + bias, rtol=1e-4, atol=1e-5
    )


def test_pooling_takes_the_largest():
    trunk = small(networks.convolutional_trunk)
    before, after = keras.Model(
        trunk.input, [trunk.get_layer(name).output for name in ("conv1_out", "pool1")]
    )(inputs_of(trunk))
    blocks = before.numpy().reshape(4, 4, 2, 4, 2, -1)
    np.testing.assert_array_equal(after, blocks.max((2, 4)))


def test_upsampling_repeats_each_pixel():
    decoder = small(networks.upsampling_decoder, condition_size=2)
    layer = decoder.get_layer("deconv1")
    before, after = keras.Model(decoder.input, [layer.input, layer.output])(inputs_of(decoder))
    large = np.repeat(np.repeat(before, 2, axis=1), 2, axis=2)
    two = keras.layers.Conv2DTranspose(layer.filters, 5, padding="same", use_bias=False)
    two.build(large.shape)
    two.set_weights(layer.get_weights())
    np.testing.assert_allclose(after, two(large), rtol=1e-4, atol=1e-5)
