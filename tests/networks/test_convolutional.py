"""Section 4.3 by hand, and in other styles."""

import keras
import numpy as np
import pytest
from support.networks import check_layers, inputs_of, small

from vae_gan_tf import networks

MNIST, SVHN = (28, 28, 1), (32, 32, 3)

# An image of 28 x 28 has sides 14, 7, 4 after strides of 2, one of 32 x 32 has 16, 8, 4.

CONVOLUTIONAL_ENCODER_MNIST = [
    ("conv1", (14, 14, 28), 5 * 5 * 1 * 28, 28),
    ("conv2", (7, 7, 56), 5 * 5 * 28 * 56, 56),
    ("conv3", (4, 4, 108), 5 * 5 * 56 * 108, 108),
    ("flat", (4 * 4 * 108,), 0, 0),
]
CONVOLUTIONAL_ENCODER_SVHN = [
    ("conv1", (16, 16, 32), 5 * 5 * 3 * 32, 32),
    ("conv2", (8, 8, 64), 5 * 5 * 32 * 64, 64),
    ("conv3", (4, 4, 123), 5 * 5 * 64 * 123, 123),
    ("flat", (4 * 4 * 123,), 0, 0),
]
CONVOLUTIONAL_DECODER_MNIST = [
    ("reshaped", (7, 7, 128), 0, 0),
    ("deconv1", (14, 14, 64), 5 * 5 * 128 * 64, 64),
    ("deconv2", (28, 28, 32), 5 * 5 * 64 * 32, 32),
]
CONVOLUTIONAL_DECODER_SVHN = [
    ("reshaped", (8, 8, 146), 0, 0),
    ("deconv1", (16, 16, 73), 5 * 5 * 146 * 73, 73),
    ("deconv2", (32, 32, 37), 5 * 5 * 73 * 37, 37),
]
DISCRIMINATOR_MNIST = [
    ("conv1", (14, 14, 16), 3 * 3 * 1 * 16, 16),
    ("conv2", (7, 7, 32), 3 * 3 * 16 * 32, 32),
    ("conv3", (4, 4, 64), 3 * 3 * 32 * 64, 64),
    ("flat", (1024,), 0, 0),
    ("features", (512,), 1024 * 512, 512),
    ("dense", (500,), 512 * 500, 500),
]
DISCRIMINATOR_SVHN = [
    ("conv1", (16, 16, 18), 3 * 3 * 3 * 18, 18),
    ("conv2", (8, 8, 37), 3 * 3 * 18 * 37, 37),
    ("conv3", (4, 4, 73), 3 * 3 * 37 * 73, 73),
    ("flat", (1168,), 0, 0),
    ("features", (585,), 1168 * 585, 585),
    ("dense", (571,), 585 * 571, 571),
]
TABLES = {
    "convolutional encoder, MNIST and y": (
        lambda: networks.convolutional_encoder(MNIST, condition_size=10),
        [
            *CONVOLUTIONAL_ENCODER_MNIST,
            ("joined", (1738,), 0, 0),
            ("mean", (50,), 1738 * 50 + 50, 0),
            ("log_variance", (50,), 1738 * 50 + 50, 0),
        ],
    ),
    "convolutional encoder, SVHN": (
        lambda: networks.convolutional_encoder(SVHN, widen=8 / 7),
        [
            *CONVOLUTIONAL_ENCODER_SVHN,
            ("mean", (50,), 1968 * 50 + 50, 0),
            ("log_variance", (50,), 1968 * 50 + 50, 0),
        ],
    ),
    "convolutional decoder, MNIST": (
        lambda: networks.convolutional_decoder(MNIST),
        [
            ("dense", (6272,), 50 * 7 * 7 * 128, 6272),
            *CONVOLUTIONAL_DECODER_MNIST,
            ("parameters", (28, 28, 1), 1 * 1 * 32 * 1 + 1, 0),
        ],
    ),
    "convolutional decoder, SVHN and y, 256 levels": (
        lambda: networks.convolutional_decoder(
            SVHN, condition_size=10, widen=8 / 7, parameters=256
        ),
        [
            ("joined", (60,), 0, 0),
            ("dense", (9344,), 60 * 8 * 8 * 146, 9344),
            *CONVOLUTIONAL_DECODER_SVHN,
            ("parameters", (32, 32, 768), 1 * 1 * 37 * 768 + 768, 0),
        ],
    ),
    "discriminator, MNIST": (
        lambda: networks.discriminator(MNIST),
        [*DISCRIMINATOR_MNIST, ("logits", (1,), 500 * 1 + 1, 0)],
    ),
    "discriminator, SVHN, 10 + 1 classes": (
        lambda: networks.discriminator(SVHN, logits=11, widen=8 / 7),
        [*DISCRIMINATOR_SVHN, ("logits", (11,), 571 * 11 + 11, 0)],
    ),
    "discriminator of two glimpses, MNIST": (
        lambda: networks.discriminator(MNIST, glimpses=2),
        [
            *DISCRIMINATOR_MNIST[:4],
            *(
                layer
                for number in (1, 2)
                for layer in (
                    (f"glimpse{number}_where", (64,), 16 * 64 * 64 + 64, 0),
                    (f"glimpse{number}_window", (5,), 64 * 5 + 5, 0),
                    (f"glimpse{number}_read", (8, 8, 1), 0, 0),
                    (f"glimpse{number}_flat", (64,), 0, 0),
                    (f"glimpse{number}", (128,), 64 * 128 + 128, 0),
                )
            ),
            ("joined", (16 * 64 + 2 * 128,), 0, 0),
            ("features", (512,), (16 * 64 + 2 * 128) * 512, 512),
            ("dense", (500,), 512 * 500, 500),
            ("logits", (1,), 500 * 1 + 1, 0),
        ],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_shape_and_parameter_count(name):
    build, rows = TABLES[name]
    check_layers(build(), rows)


@pytest.mark.parametrize("condition_size", [0, 10])
@pytest.mark.parametrize(
    "builder",
    [networks.convolutional_encoder, networks.convolutional_decoder],
    ids=lambda it: it.__name__,
)
def test_inputs_and_outputs(builder, condition_size):
    network = builder((8, 12, 3), condition_size=condition_size, widen=1 / 16)
    is_encoder = builder is networks.convolutional_encoder
    first = (None, 8, 12, 3) if is_encoder else (None, 50)
    condition = [(None, condition_size)] if condition_size else []
    assert [it.shape for it in network.inputs] == [first, *condition]
    outputs = [(None, 50), (None, 50)] if is_encoder else [(None, 8, 12, 3)]
    assert [it.shape for it in network.outputs] == outputs


def test_features_are_those_behind_batch_normalisation_and_relu():
    network = small(networks.discriminator)
    features, logits = network(inputs_of(network))
    assert features.shape == (4, 32) and logits.shape == (4, 1)
    inner = keras.Model(network.input, network.get_layer("features_normalised").output)
    np.testing.assert_array_equal(features, np.maximum(inner(inputs_of(network)), 0))
    assert network.get_layer("dense").input is network.outputs[0]


# A style; then what it is to make, by hand: the normalisation, the size of strided kernels or None
# for the report's, the kinds and the strides of convolutions and deconvolutions, the activation.
STRIDES = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, (2, 2))
POOLS = (networks.PooledConvolution, networks.UpsampledDeconvolution, (1, 1))
BATCHES, IMAGES = networks.BatchNormalization, networks.ImageNormalization
STYLES = {
    "improved": (networks.IMPROVED, BATCHES, 4, STRIDES, "relu"),
    "improved discriminator": (networks.IMPROVED_DISCRIMINATOR, IMAGES, 4, STRIDES, "leaky_relu"),
    "pools": (networks.Style(pools=True), BATCHES, None, POOLS, "relu"),
    "biases": (networks.Style(normalisation=None), networks.Bias, None, STRIDES, "relu"),
    "pools and biases": (networks.Style(None, pools=True), networks.Bias, None, POOLS, "relu"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize(
    ("builder", "size", "options"),
    [
        (networks.convolutional_encoder, 5, {"condition_size": 2}),
        (networks.convolutional_decoder, 5, {"condition_size": 2}),
        (networks.discriminator, 3, {"glimpses": 2}),
    ],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_a_network_in_a_style(builder, size, options, name):
    style, normalisation, strided_size, (conv, deconv, strides), activation = STYLES[name]
    network, report = small(builder, style=style, **options), small(builder, **options)
    assert [o.shape for o in network.outputs] == [o.shape for o in report.outputs]
    assert [layer.name for layer in network.layers] == [layer.name for layer in report.layers]
    for layer, before in zip(network.layers, report.layers, strict=True):
        assert layer.output.shape == before.output.shape
        if layer.name == "parameters":
            assert layer.kernel_size == 2 * (5 if name == "improved" else 1,)
        elif layer.name.endswith("_normalised"):
            bare = name == "improved discriminator" and layer.name == "conv1_normalised"
            assert type(layer) is (networks.Bias if bare else normalisation)
        elif hasattr(layer, "strides"):
            assert type(layer) is (deconv if "deconv" in layer.name else conv)
            assert layer.strides == strides
            assert layer.kernel_size == 2 * (strided_size or size,)
        else:
            assert type(layer) is type(before)
        if getattr(before, "activation", None) is keras.activations.relu:
            assert layer.activation is keras.activations.get(activation)
    again = keras.models.model_from_json(network.to_json())
    again.set_weights(network.get_weights())
    x = inputs_of(network)
    pairs = zip(keras.tree.flatten(again(x)), keras.tree.flatten(network(x)), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_a_discriminator_normalised_by_images_sees_what_all_of_a_batch_have_in_common():
    def seeded(kind):
        keras.utils.set_random_seed(0)
        return networks.discriminator((64, 64, 1), widen=0.5, style=networks.Style(kind))

    by_batches, by_images = seeded(BATCHES), seeded(IMAGES)
    x = inputs_of(by_images)
    apart = np.concatenate([by_images(x[n : n + 1], training=True)[1] for n in range(len(x))])
    np.testing.assert_allclose(by_images(x, training=True)[1], apart, rtol=1e-4, atol=1e-5)
    checkerboard = (np.indices(x.shape[1:3]).sum(0) % 2)[..., None].astype(np.float32)

    def change(discriminator):
        """How much what the first layer tells of pixels off the edges changes by the pattern."""
        inner = keras.Model(discriminator.input, discriminator.get_layer("conv1_normalised").output)
        plain, patterned = (
            inner(each, training=True)[:, 2:-2, 2:-2] for each in (x, x + checkerboard)
        )
        return np.abs(patterned - plain).mean()

    assert change(by_images) > 2 * change(by_batches)
