"""The networks of a step of DRAW (section 4.6) by hand; `models/test_draw.py` follows the steps."""

import pytest
from support.networks import check_layers

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError

MNIST, SVHN = (28, 28, 1), (32, 32, 3)


def lstm(inputs, units=256):
    """The row of an LSTM: what it gives, and its weights for four gates."""
    weights = (inputs + units) * 4 * units + 4 * units
    return ("lstm", 3 * [(units,)], weights, 0)  # the hidden state as an output, and both states


TABLES = {
    "encoder, MNIST": (
        lambda: networks.draw_encoder(MNIST),
        [
            ("window", (5,), 256 * 5 + 5, 0),
            ("read", (5, 5, 2), 0, 0),
            ("flat", (50,), 0, 0),
            ("joined", (50 + 256,), 0, 0),
            lstm(50 + 256),
            ("mean", (10,), 256 * 10 + 10, 0),
            ("log_variance", (10,), 256 * 10 + 10, 0),
        ],
    ),
    "encoder, SVHN and y, without attention": (
        lambda: networks.draw_encoder(SVHN, condition_size=10, units=8, read_size=None),
        [
            ("images", (32, 32, 6), 0, 0),
            ("flat", (6144,), 0, 0),
            ("joined", (6144 + 8 + 10,), 0, 0),
            lstm(6144 + 8 + 10, 8),
            ("mean", (10,), 8 * 10 + 10, 0),
            ("log_variance", (10,), 8 * 10 + 10, 0),
        ],
    ),
    "decoder, MNIST": (
        lambda: networks.draw_decoder(MNIST),
        [
            lstm(10),
            ("patch", (25,), 256 * 25 + 25, 0),
            ("window", (5,), 256 * 5 + 5, 0),
            ("write", (28, 28, 1), 0, 0),
        ],
    ),
    "decoder, SVHN and y, learned scale, without attention": (
        lambda: networks.draw_decoder(
            SVHN, condition_size=10, units=8, write_size=None, parameters=2
        ),
        [
            ("joined", (20,), 0, 0),
            lstm(20, 8),
            ("patch", (6144,), 8 * 6144 + 6144, 0),
            ("write", (32, 32, 6), 0, 0),
        ],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_shape_and_parameter_count(name):
    build, rows = TABLES[name]
    check_layers(build(), rows)


@pytest.mark.parametrize("window", [{"read_size": 5}, {"read_size": None}], ids=str)
def test_inputs_and_outputs_of_the_encoder(window):
    network = networks.draw_encoder((8, 6, 3), 2, latent_size=4, units=7, **window)
    image, state, code = (None, 8, 6, 3), (None, 7), (None, 4)
    assert [it.shape for it in network.inputs] == [image, image, state, state, state, (None, 2)]
    found = [it.shape for it in network.outputs]
    assert found == [code, code, state, state, *([(None, 5)] if window["read_size"] else [])]


@pytest.mark.parametrize("window", [{"write_size": 5}, {"write_size": None}], ids=str)
def test_inputs_and_outputs_of_the_decoder(window):
    network = networks.draw_decoder((8, 6, 3), 2, latent_size=4, units=7, **window)
    state = (None, 7)
    assert [it.shape for it in network.inputs] == [(None, 4), state, state, (None, 2)]
    found = [it.shape for it in network.outputs]
    canvas = (None, 8, 6, 3)
    assert found == [canvas, state, state, *([(None, 5)] if window["write_size"] else [])]


@pytest.mark.parametrize("builder", [networks.draw_encoder, networks.draw_decoder])
def test_a_window_larger_than_the_image(builder):
    with pytest.raises(UserError, match="a window of 5 x 5 given for images of 4 x 8"):
        builder((4, 8, 1))
