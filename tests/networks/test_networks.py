"""What holds for the network of every builder."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.networks import SIZES, inputs_of, loaded, small

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError

BUILDERS = pytest.mark.parametrize("builder", SIZES, ids=lambda it: it.__name__)
ACTIVATIONS = {
    networks.convolutional_encoder: "relu",
    networks.convolutional_decoder: "relu",
    networks.discriminator: "relu",
    networks.fully_connected_encoder: "softplus",
    networks.fully_connected_decoder: "softplus",
    networks.fully_connected_trunk: "softplus",
    networks.convolutional_trunk: "relu",
    networks.improved_trunk: "leaky_relu",
    networks.mean_head: "relu",
    networks.upsampling_decoder: "relu",
    networks.improved_decoder: "leaky_relu",
}
# Networks whose first output is that of a hidden layer.
HIDDEN_FIRST = (
    networks.discriminator,
    networks.fully_connected_trunk,
    networks.convolutional_trunk,
    networks.improved_trunk,
)
WITH_Y = [it for it in SIZES if it.__name__.endswith(("encoder", "decoder"))]


def test_every_builder_is_here():
    public = {getattr(networks, name) for name in networks.__all__ if name.islower()}
    assert public - {networks.moved_and_cut} == set(SIZES)


@pytest.mark.parametrize("builder", ACTIVATIONS, ids=lambda it: it.__name__)
def test_order_and_activation_of_hidden_layers(builder):
    layers = {layer.name: layer for layer in small(builder).layers}
    hidden = [name for name in layers if f"{name}_normalised" in layers]
    assert hidden
    for name in hidden:
        normalisation, out = layers[f"{name}_normalised"], layers[f"{name}_out"]
        assert type(normalisation) is networks.BatchNormalization
        assert normalisation.input is layers[name].output
        assert out.input is normalisation.output
        assert out.activation is keras.activations.get(ACTIVATIONS[builder])
        linear = keras.activations.linear
        assert getattr(layers[name], "activation", linear) is linear


@pytest.mark.parametrize("builder", WITH_Y, ids=lambda it: it.__name__)
def test_the_condition_reaches_every_output(builder):
    network = small(builder, condition_size=2)
    *others, y = inputs_of(network)
    one, other = (keras.tree.flatten(network([*others, each])) for each in (y, 1 - y))
    names = {output.name for output in network.outputs}
    assert len(one) == len(names)
    for a, b, output in zip(one, other, network.outputs, strict=True):
        # DRAW's encoder looks where the decoder of the step before tells it to.
        if output is network.outputs[-1] and builder is networks.draw_encoder:
            np.testing.assert_array_equal(a, b)
        else:
            assert np.abs(a - b).reshape(4, -1).max(-1).min() > 1e-5


# Glorot's scale is sqrt(2 / (fan in + fan out)); Keras cuts the distribution at two standard
# deviations and widens it so that what is left has this scale.
@BUILDERS
def test_initial_weights(builder):
    keras.utils.set_random_seed(0)
    starts = []
    for layer in small(builder).layers:
        for name in ("kernel", "recurrent_kernel"):
            if hasattr(layer, name):
                weights = getattr(layer, name).numpy()
                area = np.prod(weights.shape[:-2])
                scale = np.sqrt(2 / (area * weights.shape[-1] + area * weights.shape[-2]))
                assert abs(weights.mean()) < 5 * scale / np.sqrt(weights.size), layer.name
                assert abs(weights.std() / scale - 1) < 5 / np.sqrt(2 * weights.size), layer.name
                assert np.abs(weights).max() <= 2 * scale / 0.8796, layer.name
                starts.append(weights.flat[0] / scale)
        for name in ("bias", "beta"):
            if getattr(layer, name, None) is not None and not isinstance(
                layer, keras.layers.LSTMCell
            ):
                np.testing.assert_array_equal(getattr(layer, name), 0)
    assert len(set(np.round(starts, 4))) == len(starts) > 1, "layers with equal weights"


def test_initial_weights_follow_the_seed():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return small(networks.fully_connected_encoder).get_layer("mean").kernel.numpy()

    np.testing.assert_array_equal(weights(0), weights(0))
    assert np.abs(weights(0) - weights(1)).min() > 0


@pytest.mark.slow
@BUILDERS
def test_mixed_precision(builder):
    full, mixed = small(builder), small(builder, dtype="mixed_bfloat16")
    mixed.set_weights(full.get_weights())
    assert all(weight.dtype == "float32" for weight in mixed.weights)
    in_float32 = {"mean", "log_variance", "parameters", "logits", "patch", "window"}
    for layer in mixed.layers:
        if layer.weights:
            low = layer.name not in in_float32
            assert layer.compute_dtype == ("bfloat16" if low else "float32"), layer.name
    x = inputs_of(full, batch=8)
    outputs, expected = (keras.tree.flatten(network(x, training=True)) for network in (mixed, full))
    low = [number for number, each in enumerate(outputs) if each.dtype == tf.bfloat16]
    if builder in HIDDEN_FIRST:
        assert low == [0]
    elif "draw" in builder.__name__:
        assert len(low) == 2  # the states of the LSTM
    else:
        assert low == []
    for number in set(range(len(outputs))) - set(low):
        one, other = outputs[number], expected[number]
        assert np.sqrt(np.mean((one - other) ** 2)) < 0.05 * np.std(other)


@pytest.mark.slow
@BUILDERS
def test_save_and_load(builder, tmp_path):
    network = small(builder, dtype="mixed_bfloat16")
    x = inputs_of(network)
    network(x, training=True)  # moves the averages
    again = loaded(network, tmp_path / "network.keras")
    for one, other in zip(again.layers, network.layers, strict=True):
        assert type(one) is type(other) and one.compute_dtype == other.compute_dtype
    pairs = zip(keras.tree.flatten(again(x)), keras.tree.flatten(network(x)), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(tf.cast(one, tf.float32), tf.cast(other, tf.float32))


@pytest.fixture
def keras_settings():
    """Puts Keras' settings back after a test that changes them."""
    before = keras.config.floatx(), keras.config.image_data_format(), keras.config.dtype_policy()
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_image_data_format(before[1])
    keras.config.set_dtype_policy(before[2])


def as_saved(network):
    """The config of a network, but for the numbers that Keras gives its inputs."""
    return network.get_config() | {"trainable": True}


@BUILDERS
def test_networks_are_what_they_are_whatever_keras_json_says(builder, keras_settings):
    expected = as_saved(small(builder, dtype="float32"))
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float64")
    found = as_saved(small(builder, dtype="float32"))
    assert found == expected


@BUILDERS
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_without_a_dtype_a_network_follows_the_global_policy(builder, policy, keras_settings):
    expected = as_saved(small(builder, dtype=policy))
    keras.config.set_dtype_policy(policy)
    assert as_saved(small(builder, dtype=None)) == expected
    assert as_saved(small(builder, dtype=keras.DTypePolicy(policy))) == expected


@pytest.mark.parametrize("policy", ["float64", "float16", "bfloat16"])
def test_another_policy_is_refused(policy, keras_settings):
    for setting in (policy, None):
        with pytest.raises(UserError, match=f"dtype policy {policy} asked for"):
            networks.fully_connected_encoder((8, 8, 1), dtype=setting)
        keras.config.set_dtype_policy(policy)


CONVOLUTIONS = (
    networks.convolutional_encoder,
    networks.convolutional_decoder,
    networks.discriminator,
    networks.convolutional_trunk,
    networks.improved_trunk,
    networks.improved_decoder,
)
SHAPES = [(28, 28, 1), (32, 32, 3), (37, 50, 1), (64, 64, 3), (128, 96, 3)]


def dense_weights(network):
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    return sum(np.prod(layer.kernel.shape) for layer in dense)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("builder", CONVOLUTIONS, ids=lambda it: it.__name__)
def test_the_dense_layers_do_not_grow_with_the_image(builder, shape):
    network = builder(shape)
    assert dense_weights(network) <= 1.3 * dense_weights(builder((32, 32, 3)))
    if builder.__name__.endswith("decoder"):
        assert network.output_shape == (None, *shape)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_the_networks_of_the_report_have_its_layers(shape):
    def strided(network):
        return [it.name for it in network.layers if it.name.endswith(tuple("12345"))]

    assert strided(networks.convolutional_encoder(shape)) == ["conv1", "conv2", "conv3"]
    assert strided(networks.convolutional_decoder(shape)) == ["deconv1", "deconv2"]
    assert strided(networks.discriminator(shape)) == ["conv1", "conv2", "conv3"]
