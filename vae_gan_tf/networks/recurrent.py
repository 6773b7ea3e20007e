"""Section 4.6, DRAW: the networks of one step.

The report has an LSTM of 256 units in each; all else is as in Gregor et al. (2015).
"""

import keras
from keras import layers

from vae_gan_tf import attention
from vae_gan_tf.networks import blocks
from vae_gan_tf.networks.blocks import Policy, initial_weights
from vae_gan_tf.networks.layers import Read, Windows, Write


def _lstm(
    inputs: list[keras.KerasTensor],
    hidden: keras.KerasTensor,
    cell: keras.KerasTensor,
    units: int,
    dtype: str,
) -> list[keras.KerasTensor]:
    """The new hidden and cell state of an LSTM after a step on the inputs side by side."""
    x = layers.Concatenate(dtype=dtype, name="joined")(inputs) if inputs[1:] else inputs[0]
    recurrent = {"recurrent_initializer": keras.initializers.GlorotNormal()}
    lstm = layers.LSTMCell(units, dtype=dtype, name="lstm", **initial_weights(), **recurrent)
    return lstm(x, [hidden, cell])[1]


def draw_encoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 10,
    units: int = 256,
    read_size: int | None = 5,
    dtype: Policy = None,
) -> keras.Model:
    """The encoder of DRAW for one step: read, LSTM, FC each for mean and log-variance of z_t.

    Takes the image x and the error image [batch, height, width, channels], the decoder's hidden
    state before the step [batch, units], its own hidden and cell state [batch, units], and y
    [batch, condition_size] if there is any. Gives mean and log-variance [batch, latent_size], the
    new hidden and cell state and, with attention, the window that was read [batch, 5].

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z_t.
        units: of the LSTM, and of the decoder's.
        read_size: N of the window, or None to see the whole image in every step.
        dtype: Keras dtype policy, by default the global one, of the LSTM.

    Raises:
        UserError: the window is larger than the image.
    """
    dtype = blocks.policy(dtype)
    attention.check_size(read_size, image_shape)
    image, error = (
        blocks.network_input(image_shape, "image"),
        blocks.network_input(image_shape, "error"),
    )
    decoder = blocks.network_input([units], "decoder_hidden")
    hidden, cell = blocks.network_input([units], "hidden"), blocks.network_input([units], "cell")
    condition = blocks.condition_inputs(condition_size)
    if read_size:
        window = [Windows(read_size, image_shape, name="window", **initial_weights())(decoder)]
        seen = Read(read_size, name="read")([image, error], *window)
    else:
        window = []
        seen = layers.Concatenate(dtype="float32", name="images")([image, error])
    inputs = [blocks.flat(seen), decoder, *condition]
    state = _lstm(inputs, hidden, cell, units, dtype)
    inputs = [image, error, decoder, hidden, cell, *condition]
    outputs = [*blocks.gaussian(state[0], latent_size), *state, *window]
    return keras.Model(inputs, outputs, name="encoder")


def draw_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 10,
    units: int = 256,
    write_size: int | None = 5,
    parameters: int = 1,
    dtype: Policy = None,
) -> keras.Model:
    """The decoder of DRAW for one step: LSTM, FC, write.

    Takes z_t [batch, latent_size], its own hidden and cell state [batch, units], and y [batch,
    condition_size] if there is any. Gives what is added to the canvas [batch, height, width,
    channels * parameters], the new hidden and cell state and, with attention, the window that was
    written [batch, 5].

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z_t.
        units: of the LSTM.
        write_size: N of the window, or None to write to the whole image in every step.
        parameters: of the likelihood for each channel of a pixel.
        dtype: Keras dtype policy, by default the global one, of the LSTM.

    Raises:
        UserError: the window is larger than the image.
    """
    dtype = blocks.policy(dtype)
    attention.check_size(write_size, image_shape)
    code = blocks.network_input([latent_size], "code")
    hidden, cell = blocks.network_input([units], "hidden"), blocks.network_input([units], "cell")
    condition = blocks.condition_inputs(condition_size)
    state = _lstm([code, *condition], hidden, cell, units, dtype)
    height, width, channels = image_shape
    pixels = write_size**2 if write_size else height * width
    outputs = channels * parameters
    x = layers.Dense(pixels * outputs, dtype="float32", name="patch", **initial_weights())(state[0])
    if write_size:
        window = [Windows(write_size, image_shape, name="window", **initial_weights())(state[0])]
        x = Write(write_size, height, width, name="write")(x, *window)
    else:
        window = []
        x = layers.Reshape([height, width, outputs], dtype="float32", name="write")(x)
    return keras.Model([code, hidden, cell, *condition], [x, *state, *window], name="decoder")


def window_size(network: keras.Model) -> int:
    """N of the windows of a network, 0 of one without attention."""
    return next((layer.size for layer in network.layers if isinstance(layer, Windows)), 0)
