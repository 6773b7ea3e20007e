"""Section 4.4: the simple encoder and decoder, of two softplus layers each.

The report does not give the number of units; the originals had 200 for MNIST and 512 for SVHN.
Section 4.5 has the same decoder, with 1024.
"""

import math

import keras
from keras import layers

from vae_gan_tf.networks import blocks
from vae_gan_tf.networks.blocks import Policy, Style, initial_weights

SOFTPLUS = Style(activation="softplus")
"""The style of the fully connected networks."""


def softplus_layers(x: keras.KerasTensor, units: int, dtype: str) -> keras.KerasTensor:
    """Two softplus layers, "dense1" and "dense2": [batch, n] -> [batch, units]."""
    for number in (1, 2):
        x = blocks.dense(x, units, dtype, f"dense{number}", SOFTPLUS)
    return x


def fully_connected_encoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    units: int = 200,
    dtype: Policy = None,
) -> keras.Model:
    """The simple encoder of section 4.4: two softplus layers over the pixels and y.

    Inputs and outputs are those of `convolutional_encoder`.

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z.
        units: of each layer.
        dtype: Keras dtype policy, by default the global one, of all but the output layers.
    """
    dtype = blocks.policy(dtype)
    image = blocks.network_input(image_shape, "image")
    condition = blocks.condition_inputs(condition_size)
    x = blocks.joined(blocks.flat(image), condition)
    x = softplus_layers(x, units, dtype)
    return keras.Model([image, *condition], blocks.gaussian(x, latent_size), name="encoder")


def fully_connected_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    units: int = 200,
    parameters: int = 1,
    dtype: Policy = None,
) -> keras.Model:
    """The simple decoder of section 4.4: two softplus layers over z and y, then the pixels.

    Inputs and outputs are those of `convolutional_decoder`.

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z.
        units: of each layer.
        parameters: of the likelihood for each channel of a pixel.
        dtype: Keras dtype policy, by default the global one, of all but the output layer.
    """
    dtype = blocks.policy(dtype)
    code = blocks.network_input([latent_size], "code")
    condition = blocks.condition_inputs(condition_size)
    x = softplus_layers(blocks.joined(code, condition), units, dtype)
    *sides, channels = image_shape
    outputs = math.prod(image_shape) * parameters
    x = layers.Dense(outputs, dtype="float32", name="parameters", **initial_weights())(x)
    x = layers.Reshape([*sides, channels * parameters], dtype="float32", name="reshaped")(x)
    return keras.Model([code, *condition], x, name="decoder")
