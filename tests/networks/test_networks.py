import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError

MNIST, SVHN = (28, 28, 1), (32, 32, 3)
KINDS = [
    networks.convolutional_encoder,
    networks.convolutional_decoder,
    networks.fully_connected_encoder,
    networks.fully_connected_decoder,
    networks.discriminator,
]
SEMI_SUPERVISED = [
    networks.fully_connected_trunk,
    networks.convolutional_trunk,
    networks.mean_head,
    networks.upsampling_decoder,
]
IMPROVED = [networks.improved_trunk, networks.improved_decoder]
# Networks whose first output is that of a hidden layer.
HIDDEN_FIRST = (
    networks.discriminator,
    networks.fully_connected_trunk,
    networks.convolutional_trunk,
    networks.improved_trunk,
)


def tiny(kind, **kwargs):
    """A small network of a kind, for images of 8 x 8."""
    if kind is networks.discriminator:
        return kind((8, 8, 1), width=1 / 16, **kwargs)
    if kind is networks.mean_head:
        return kind(latent_size=3, units=6, **kwargs)
    if kind in IMPROVED:
        return kind((8, 8, 1), latent_size=3, **kwargs)
    size = {"units": 6} if "fully" in kind.__name__ else {"width": 1 / 16}
    return kind((8, 8, 1), latent_size=3, **size, **kwargs)


def inputs_of(network, batch=4, seed=0):
    """Values in [0, 1] in the structure that a network takes."""
    rng = np.random.default_rng(seed)
    return keras.tree.map_structure(
        lambda it: rng.random((batch, *it.shape[1:]), np.float32), network.input
    )


# Sections 4.3, 4.4 and 4.5, in this order, by hand. A row: the layer, its output without the batch,
# its weights, and the channels n that are normalised after it, which have 2 n trainable numbers
# (scale and shift) and 2 n others (moving mean and variance). A layer that is not normalised has
# a bias for each of its outputs. An image of 28 x 28 has sides 14, 7, 4 after strides of 2, one
# of 32 x 32 has 16, 8, 4.

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
    "convolutional encoder, MNIST": (
        lambda: networks.convolutional_encoder(MNIST),
        [
            *CONVOLUTIONAL_ENCODER_MNIST,
            ("mean", (50,), 1728 * 50 + 50, 0),
            ("log_variance", (50,), 1728 * 50 + 50, 0),
        ],
    ),
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
        lambda: networks.convolutional_encoder(SVHN, width=8 / 7),
        [
            *CONVOLUTIONAL_ENCODER_SVHN,
            ("mean", (50,), 1968 * 50 + 50, 0),
            ("log_variance", (50,), 1968 * 50 + 50, 0),
        ],
    ),
    "convolutional encoder, SVHN and y": (
        lambda: networks.convolutional_encoder(SVHN, condition_size=10, width=8 / 7),
        [
            *CONVOLUTIONAL_ENCODER_SVHN,
            ("joined", (1978,), 0, 0),
            ("mean", (50,), 1978 * 50 + 50, 0),
            ("log_variance", (50,), 1978 * 50 + 50, 0),
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
    "convolutional decoder, MNIST and y": (
        lambda: networks.convolutional_decoder(MNIST, condition_size=10),
        [
            ("joined", (60,), 0, 0),
            ("dense", (6272,), 60 * 7 * 7 * 128, 6272),
            *CONVOLUTIONAL_DECODER_MNIST,
            ("parameters", (28, 28, 1), 1 * 1 * 32 * 1 + 1, 0),
        ],
    ),
    "convolutional decoder, SVHN": (
        lambda: networks.convolutional_decoder(SVHN, width=8 / 7),
        [
            ("dense", (9344,), 50 * 8 * 8 * 146, 9344),
            *CONVOLUTIONAL_DECODER_SVHN,
            ("parameters", (32, 32, 3), 1 * 1 * 37 * 3 + 3, 0),
        ],
    ),
    "convolutional decoder, SVHN and y, 256 levels": (
        lambda: networks.convolutional_decoder(
            SVHN, condition_size=10, width=8 / 7, parameters=256
        ),
        [
            ("joined", (60,), 0, 0),
            ("dense", (9344,), 60 * 8 * 8 * 146, 9344),
            *CONVOLUTIONAL_DECODER_SVHN,
            ("parameters", (32, 32, 768), 1 * 1 * 37 * 768 + 768, 0),
        ],
    ),
    "fully connected encoder, MNIST": (
        lambda: networks.fully_connected_encoder(MNIST),
        [
            ("flat", (784,), 0, 0),
            ("dense1", (200,), 784 * 200, 200),
            ("dense2", (200,), 200 * 200, 200),
            ("mean", (50,), 200 * 50 + 50, 0),
            ("log_variance", (50,), 200 * 50 + 50, 0),
        ],
    ),
    "fully connected encoder, SVHN and y": (
        lambda: networks.fully_connected_encoder(SVHN, condition_size=10, units=512),
        [
            ("flat", (3072,), 0, 0),
            ("joined", (3082,), 0, 0),
            ("dense1", (512,), 3082 * 512, 512),
            ("dense2", (512,), 512 * 512, 512),
            ("mean", (50,), 512 * 50 + 50, 0),
            ("log_variance", (50,), 512 * 50 + 50, 0),
        ],
    ),
    "fully connected decoder, MNIST": (
        lambda: networks.fully_connected_decoder(MNIST),
        [
            ("dense1", (200,), 50 * 200, 200),
            ("dense2", (200,), 200 * 200, 200),
            ("parameters", (784,), 200 * 784 + 784, 0),
            ("reshaped", (28, 28, 1), 0, 0),
        ],
    ),
    "fully connected decoder, SVHN and y, learned scale": (
        lambda: networks.fully_connected_decoder(SVHN, condition_size=10, units=512, parameters=2),
        [
            ("joined", (60,), 0, 0),
            ("dense1", (512,), 60 * 512, 512),
            ("dense2", (512,), 512 * 512, 512),
            ("parameters", (6144,), 512 * 6144 + 6144, 0),
            ("reshaped", (32, 32, 6), 0, 0),
        ],
    ),
    "discriminator, MNIST": (
        lambda: networks.discriminator(MNIST),
        [*DISCRIMINATOR_MNIST, ("logits", (1,), 500 * 1 + 1, 0)],
    ),
    "discriminator, MNIST, 10 + 1 classes": (
        lambda: networks.discriminator(MNIST, classes=11),
        [*DISCRIMINATOR_MNIST, ("logits", (11,), 500 * 11 + 11, 0)],
    ),
    "discriminator, SVHN": (
        lambda: networks.discriminator(SVHN, width=8 / 7),
        [*DISCRIMINATOR_SVHN, ("logits", (1,), 571 * 1 + 1, 0)],
    ),
    "discriminator, SVHN, 10 + 1 classes": (
        lambda: networks.discriminator(SVHN, classes=11, width=8 / 7),
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
        lambda: networks.convolutional_trunk(SVHN, width=8 / 7),
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
        lambda: networks.upsampling_decoder(SVHN, width=8 / 7, parameters=2),
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
    network = build()
    expected, built = {}, {}
    for layer, shape, weights, channels in rows:
        expected[layer] = (shape, weights, 0)
        if channels:
            expected[f"{layer}_normalised"] = (shape, 2 * channels, 2 * channels)
            expected[f"{layer}_out"] = (shape, 0, 0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        trainable, others = (
            sum(int(np.prod(it.shape)) for it in variables)
            for variables in (layer.trainable_variables, layer.non_trainable_variables)
        )
        built[layer.name] = (tuple(layer.output.shape[1:]), trainable, others)
    assert built == expected
    assert network.count_params() == sum(own + others for _, own, others in built.values())


@pytest.mark.parametrize("condition_size", [0, 10])
@pytest.mark.parametrize("image_shape", [MNIST, SVHN])
@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind is not networks.discriminator],
    ids=lambda it: it.__name__,
)
def test_inputs_and_outputs(kind, image_shape, condition_size):
    size = {"units": 4} if "fully" in kind.__name__ else {"width": 1 / 16}
    network = kind(image_shape, condition_size=condition_size, **size)
    condition = [(None, condition_size)] if condition_size else []
    is_encoder = "encoder" in kind.__name__
    assert [it.shape for it in network.inputs] == [
        (None, *image_shape) if is_encoder else (None, 50),
        *condition,
    ]
    outputs = network(inputs_of(network))
    expected = [(4, 50), (4, 50)] if is_encoder else (4, *image_shape)
    assert keras.tree.map_structure(lambda it: tuple(it.shape), outputs) == expected


@pytest.mark.parametrize(
    "kind",
    [*KINDS[:4], networks.upsampling_decoder, networks.improved_decoder],
    ids=lambda it: it.__name__,
)
def test_the_condition_reaches_every_output(kind):
    network = tiny(kind, condition_size=2)
    first, y = inputs_of(network)
    for one, other in zip(
        tf.nest.flatten(network([first, y])), tf.nest.flatten(network([first, 1 - y])), strict=True
    ):
        assert np.abs(one - other).reshape(4, -1).max(-1).min() > 1e-4


@pytest.mark.parametrize(
    ("kind", "activation"),
    [
        *zip(KINDS, ["relu", "relu", "softplus", "softplus", "relu"], strict=True),
        *zip(SEMI_SUPERVISED, ["softplus", "relu", "relu", "relu"], strict=True),
        *((kind, "leaky_relu") for kind in IMPROVED),
    ],
    ids=lambda it: getattr(it, "__name__", it),
)
def test_order_and_activation_of_hidden_layers(kind, activation):
    layers = {layer.name: layer for layer in tiny(kind).layers}
    normalised = [name for name in layers if f"{name}_normalised" in layers]
    assert normalised
    for name in normalised:
        normalisation, out = layers[f"{name}_normalised"], layers[f"{name}_out"]
        assert normalisation.input is layers[name].output
        assert out.input is normalisation.output
        assert out.activation is keras.activations.get(activation)
        linear = keras.activations.linear
        assert getattr(layers[name], "activation", linear) is linear


@pytest.mark.parametrize("activation", ["relu", "softplus"])
def test_trunk_and_head_are_a_layer_on_h_and_y(activation):
    trunk = tiny(networks.fully_connected_trunk)
    head = tiny(networks.mean_head, activation=activation)
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
    trunk = tiny(networks.convolutional_trunk)
    before, after = keras.Model(
        trunk.input, [trunk.get_layer(name).output for name in ("conv1_out", "pool1")]
    )(inputs_of(trunk))
    blocks = before.numpy().reshape(4, 4, 2, 4, 2, -1)
    np.testing.assert_array_equal(after, blocks.max((2, 4)))


@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize("size", [3, 4, 5])
def test_upsampling_and_deconvolution_are_one(size, use_bias):
    options = {"padding": "same", "use_bias": use_bias, "bias_initializer": "normal"}
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


@pytest.mark.parametrize("kind", [networks.convolutional_encoder, networks.convolutional_decoder])
def test_a_network_with_pools_has_the_same_weights_and_shapes(kind):
    network = tiny(kind)
    changed = networks.with_pools(network)
    assert [v.shape for v in changed.variables] == [v.shape for v in network.variables]
    assert [o.shape for o in changed.outputs] == [o.shape for o in network.outputs]
    strides = [layer.strides for layer in changed.layers if hasattr(layer, "strides")]
    assert set(strides) == {(1, 1)}
    kinds = (networks.PooledConvolution, networks.UpsampledDeconvolution)
    pools = [layer for layer in changed.layers if isinstance(layer, kinds)]
    halved = [layer for layer in network.layers if getattr(layer, "strides", 1) == (2, 2)]
    assert len(pools) == len(halved) > 0


def test_a_network_without_normalisation_adds_a_bias_instead():
    network = tiny(networks.convolutional_encoder)
    changed = networks.without_normalisation(network)
    assert not [each for each in changed.layers if "Normalization" in type(each).__name__]
    bias = changed.get_layer("conv1_normalised")
    bias.bias.assign(np.arange(bias.bias.shape[0]) / 10)
    x = inputs_of(changed)
    layers = [changed.get_layer(name).output for name in ("conv1", "conv1_out")]
    before, after = keras.Model(changed.input, layers)(x)
    expected = np.maximum(before + np.arange(before.shape[-1]) / 10, 0)
    np.testing.assert_allclose(after, expected, rtol=1e-5)
    again = keras.models.model_from_json(changed.to_json())
    again.set_weights(changed.get_weights())
    np.testing.assert_array_equal(again(x)[0], changed(x)[0])


@pytest.mark.parametrize("kind", [networks.convolutional_encoder, networks.convolutional_decoder])
def test_a_network_of_size_4_has_the_same_shapes(kind):
    network = tiny(kind)
    changed = networks.with_size_4(network)
    assert [o.shape for o in changed.outputs] == [o.shape for o in network.outputs]
    sizes = {
        layer.strides: layer.kernel_size for layer in changed.layers if hasattr(layer, "strides")
    }
    assert sizes[2, 2] == (4, 4) and sizes.get((1, 1), (1, 1)) == (1, 1)


def test_image_normalisation_is_that_of_each_image():
    x = np.random.default_rng(0).normal(2, 3, [3, 4, 5, 2]).astype(np.float32)
    layer = networks.ImageNormalization(epsilon=1e-3)
    layer.build(x.shape)
    layer.gamma.assign([2, 3])
    layer.beta.assign([1, -1])
    mean, variance = (each(x, axis=(1, 2, 3), keepdims=True) for each in (np.mean, np.var))
    expected = (x - mean) / np.sqrt(variance + 1e-3) * [2, 3] + [1, -1]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_a_discriminator_normalised_by_images_sees_what_all_of_a_batch_have_in_common():
    network = networks.discriminator((64, 64, 1), width=0.25)
    changed = networks.with_layer_normalisation(network)
    assert not [each for each in changed.layers if isinstance(each, networks.BatchNormalization)]
    x = inputs_of(changed)
    apart = np.concatenate([changed(x[n : n + 1], training=True)[1] for n in range(len(x))])
    np.testing.assert_allclose(changed(x, training=True)[1], apart, rtol=1e-4, atol=1e-5)
    checkerboard = (np.indices(x.shape[1:3]).sum(0) % 2)[..., None].astype(np.float32)

    def change(discriminator):
        """Of what the first layer tells of pixels off the edges, where all get the pattern."""
        inner = keras.Model(discriminator.input, discriminator.get_layer("conv1_normalised").output)
        plain, patterned = (
            inner(each, training=True)[:, 2:-2, 2:-2] for each in (x, x + checkerboard)
        )
        return np.abs(patterned - plain).mean()

    assert change(changed) > 5 * change(network)
    again = keras.models.model_from_json(changed.to_json())
    again.set_weights(changed.get_weights())
    np.testing.assert_array_equal(again(x)[0], changed(x)[0])


def test_leaky_relus_take_the_place_of_relus():
    network = tiny(networks.discriminator)
    changed = networks.with_leaky_relus(network)
    changed.set_weights(network.get_weights())
    x = inputs_of(network)
    for name in ("conv1", "features"):
        layers = [changed.get_layer(f"{name}_{of}").output for of in ("normalised", "out")]
        before, after = keras.Model(changed.input, layers)(x)
        np.testing.assert_allclose(after, np.where(before < 0, 0.2 * before, before), rtol=1e-5)
    again = keras.models.model_from_json(changed.to_json())
    again.set_weights(changed.get_weights())
    np.testing.assert_array_equal(again(x)[0], changed(x)[0])


def test_features_are_those_behind_batch_normalisation_and_relu():
    network = tiny(networks.discriminator)
    features, logits = network(inputs_of(network))
    assert features.shape == (4, 32) and logits.shape == (4, 1)
    inner = keras.Model(network.input, network.get_layer("features_normalised").output)
    np.testing.assert_array_equal(features, np.maximum(inner(inputs_of(network)), 0))
    assert network.get_layer("dense").input is network.outputs[0]


@pytest.mark.parametrize("image_shape", [(30, 28, 1), (28, 30, 1), (7, 7, 3)])
@pytest.mark.parametrize("kind", [networks.convolutional_decoder, networks.upsampling_decoder])
def test_the_decoder_needs_sides_that_are_multiples_of_4(kind, image_shape):
    height, width, _ = image_shape
    with pytest.raises(UserError, match=f"multiples of 4, not {height} x {width}"):
        kind(image_shape)


# Glorot's scale is sqrt(2 / (fan in + fan out)); Keras cuts the distribution at two standard
# deviations and widens it so that what is left has this scale.
@pytest.mark.parametrize(
    ("kind", "layer", "fan_in", "fan_out"),
    [
        (networks.convolutional_encoder, "conv2", 5 * 5 * 28, 5 * 5 * 56),
        (networks.convolutional_encoder, "mean", 4 * 4 * 108, 50),
        (networks.convolutional_decoder, "dense", 50, 7 * 7 * 128),
        (networks.convolutional_decoder, "deconv1", 5 * 5 * 128, 5 * 5 * 64),
        (networks.fully_connected_encoder, "dense1", 784, 200),
        (networks.fully_connected_decoder, "parameters", 200, 784),
        (networks.discriminator, "features", 1024, 512),
        (networks.fully_connected_trunk, "product", 1024, 1024),
        (networks.convolutional_trunk, "dense", 7 * 7 * 50, 1024),
        (networks.upsampling_decoder, "deconv1", 5 * 5 * 50, 5 * 5 * 20),
    ],
    ids=lambda it: getattr(it, "__name__", str(it)),
)
def test_initial_weights(kind, layer, fan_in, fan_out):
    keras.utils.set_random_seed(0)
    weights = kind(MNIST).get_layer(layer).kernel.numpy()
    scale = np.sqrt(2 / (fan_in + fan_out))
    assert abs(weights.mean()) < 4 * scale / np.sqrt(weights.size)
    np.testing.assert_allclose(weights.std(), scale, rtol=0.02)
    assert np.abs(weights).max() <= 2 * scale / 0.8796


def test_initial_weights_differ_from_layer_to_layer_and_follow_the_seed():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        encoder = tiny(networks.convolutional_encoder)
        return [encoder.get_layer(name).kernel.numpy() for name in ("mean", "log_variance")]

    (mean, log_variance), again, other = weights(0), weights(0), weights(1)
    assert np.abs(mean - log_variance).min() > 0
    np.testing.assert_array_equal(mean, again[0])
    assert np.abs(mean - other[0]).min() > 0


def pair_of_normalisations(shape, dtype="float32"):
    """The package's layer and Keras', with equal weights that are not the initial ones."""
    pair = networks.BatchNormalization(dtype=dtype), keras.layers.BatchNormalization(dtype=dtype)
    for layer in pair:
        layer.build(shape)
        rng = np.random.default_rng(0)
        layer.set_weights([rng.uniform(0.5, 1.5, shape[-1]) for _ in layer.weights])
    return pair


@pytest.mark.parametrize("trainable", [True, False], ids=["trainable", "frozen"])
@pytest.mark.parametrize("training", [True, False, None])
@pytest.mark.parametrize(
    "shape",
    [(6, 5, 4, 4), (1, 1, 2, 4), (1, 1, 1, 16), (6, 5, 4, 3), (8, 4), (1, 4), (8, 3), (6, 4, 4)],
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
@pytest.mark.parametrize("setting", [{"axis": 1}, {"scale": False}, {"center": False}], ids=str)
def test_batch_normalisation_has_the_settings_of_keras(setting, shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    ours, theirs = (
        networks.BatchNormalization(**setting),
        keras.layers.BatchNormalization(**setting),
    )
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS + SEMI_SUPERVISED + IMPROVED, ids=lambda it: it.__name__)
def test_mixed_precision(kind):
    full, mixed = tiny(kind), tiny(kind, dtype="mixed_bfloat16")
    mixed.set_weights(full.get_weights())
    assert all(weight.dtype == "float32" for weight in mixed.weights)
    output_layers = {"mean", "log_variance", "parameters", "logits"}
    for layer in mixed.layers:
        if layer.weights:
            low = layer.name not in output_layers
            assert layer.compute_dtype == ("bfloat16" if low else "float32"), layer.name
    x = inputs_of(full, batch=8)
    outputs = tf.nest.flatten(mixed(x, training=True))
    if kind in HIDDEN_FIRST:
        assert outputs.pop(0).dtype == tf.bfloat16
    expected = tf.nest.flatten(full(x, training=True))[-len(outputs) :]
    for one, other in zip(outputs, expected, strict=True):
        assert one.dtype == tf.float32
        assert np.sqrt(np.mean((one - other) ** 2)) < 0.05 * np.std(other)


@pytest.mark.parametrize("kind", KINDS + SEMI_SUPERVISED + IMPROVED, ids=lambda it: it.__name__)
def test_save_and_load(kind, tmp_path):
    network = tiny(kind, dtype="mixed_bfloat16")
    x = inputs_of(network)
    network(x, training=True)  # moves the averages
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    for one, other in zip(again.layers, network.layers, strict=True):
        assert type(one) is type(other) and one.compute_dtype == other.compute_dtype
    for one, other in zip(tf.nest.flatten(again(x)), tf.nest.flatten(network(x)), strict=True):
        np.testing.assert_array_equal(tf.cast(one, tf.float32), tf.cast(other, tf.float32))
