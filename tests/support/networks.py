"""Small networks of every kind, inputs for them, and the check of a table of layers."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from vae_gan_tf import networks

SHAPE = (8, 8, 1)

SIZES = {
    networks.convolutional_encoder: {"latent_size": 3, "widen": 1 / 16},
    networks.convolutional_decoder: {"latent_size": 3, "widen": 1 / 16},
    networks.discriminator: {"widen": 1 / 16},
    networks.fully_connected_encoder: {"latent_size": 3, "units": 6},
    networks.fully_connected_decoder: {"latent_size": 3, "units": 6},
    networks.fully_connected_trunk: {"latent_size": 3, "units": 6},
    networks.convolutional_trunk: {"latent_size": 3, "widen": 1 / 16},
    networks.improved_trunk: {"latent_size": 3},
    networks.mean_head: {"latent_size": 3, "units": 6},
    networks.upsampling_decoder: {"latent_size": 3, "widen": 1 / 16},
    networks.improved_decoder: {"latent_size": 3},
    networks.draw_encoder: {"latent_size": 3, "units": 6, "read_size": 3},
    networks.draw_decoder: {"latent_size": 3, "units": 6, "write_size": 3},
}
"""Every builder, with the arguments that make its network small."""


def small(builder: Callable[..., keras.Model], **kwargs) -> keras.Model:
    """A small network, for images of 8 x 8."""
    shape = () if builder is networks.mean_head else (SHAPE,)
    return builder(*shape, **SIZES[builder] | kwargs)


def inputs_of(network: keras.Model, batch: int = 4, seed: int = 0):
    """Values in [0, 1] in the structure that a network takes."""
    rng = np.random.default_rng(seed)
    return keras.tree.map_structure(
        lambda it: rng.random((batch, *it.shape[1:]), np.float32), network.input
    )


def loaded(network: keras.Model, path) -> keras.Model:
    """The network, saved at a path and loaded again."""
    network.save(path)
    return keras.saving.load_model(path)


def check_layers(network: keras.Model, rows: Sequence[tuple[str, tuple | list, int, int]]) -> None:
    """Compares a network with a table made by hand.

    A row: the layer, its output or outputs without the batch, its weights, and the channels n that
    are normalised after it, which have 2 n trainable numbers (scale and shift) and 2 n others
    (moving mean and variance). A layer that is not normalised has a bias for each of its outputs.
    """
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
            for variables in (layer.trainable_weights, layer.non_trainable_weights)
        )
        first, *more = [tuple(it.shape[1:]) for it in keras.tree.flatten(layer.output)]
        built[layer.name] = ([first, *more] if more else first, trainable, others)
    assert built == expected
    assert network.count_params() == sum(own + others for _, own, others in built.values())
