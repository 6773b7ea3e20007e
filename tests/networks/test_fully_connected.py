"""Section 4.4 by hand."""

import pytest
from support.networks import check_layers

from vae_gan_tf import networks

MNIST, SVHN = (28, 28, 1), (32, 32, 3)

TABLES = {
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
}


@pytest.mark.parametrize("name", TABLES)
def test_every_shape_and_parameter_count(name):
    build, rows = TABLES[name]
    check_layers(build(), rows)


@pytest.mark.parametrize("condition_size", [0, 10])
@pytest.mark.parametrize(
    "builder",
    [networks.fully_connected_encoder, networks.fully_connected_decoder],
    ids=lambda it: it.__name__,
)
def test_inputs_and_outputs(builder, condition_size):
    network = builder((5, 7, 3), condition_size=condition_size, units=4)
    is_encoder = builder is networks.fully_connected_encoder
    first = (None, 5, 7, 3) if is_encoder else (None, 50)
    condition = [(None, condition_size)] if condition_size else []
    assert [it.shape for it in network.inputs] == [first, *condition]
    outputs = [(None, 50), (None, 50)] if is_encoder else [(None, 5, 7, 3)]
    assert [it.shape for it in network.outputs] == outputs
