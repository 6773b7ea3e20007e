"""Section 4.5: the networks of the semi-supervised model, and those of its preset "improved".

The encoder is in two: a trunk, which sees the image, and a head, which sees y too. With the fully
connected trunk goes `fully_connected_decoder` with 1024 units. The improved networks
(docs/results.md) go with a `mean_head` of 512 units and leaky ReLUs.
"""

import math

import keras
from keras import layers

from vae_gan_tf.networks import blocks
from vae_gan_tf.networks.blocks import Policy, Style, initial_weights
from vae_gan_tf.networks.fully_connected import softplus_layers

UPSAMPLING = Style(pools=True)
"""The style of the decoder of section 4.5, which has upsampling where section 4.3 has strides."""

LEAKY = Style(activation="leaky_relu")
"""The style of the improved networks."""


def fully_connected_trunk(
    image_shape: tuple[int, int, int],
    classes: int = 10,
    latent_size: int = 50,
    units: int = 1024,
    dtype: Policy = None,
) -> keras.Model:
    """The fully connected trunk: FC-1024, FC-1024 = h_1 and the layers behind h_1.

    Takes an image [batch, height, width, channels]; gives the product of h_1 with its part of the
    first weight matrix of `mean_head`, [batch, units], and from a layer each the log-variance,
    [batch, latent_size], and the logits of pi(x), [batch, classes]. The layers are softplus.

    Args:
        image_shape: height, width and channels.
        classes: number of labels.
        latent_size: length of z.
        units: of each layer, and of the head's.
        dtype: Keras dtype policy, by default the global one, of all but the output layers.
    """
    dtype = blocks.policy(dtype)
    image = blocks.network_input(image_shape, "image")
    h = softplus_layers(blocks.flat(image, dtype), units, dtype)
    return _trunk(image, h, units, classes, latent_size, dtype)


def convolutional_trunk(
    image_shape: tuple[int, int, int],
    classes: int = 10,
    latent_size: int = 50,
    widen: float = 1.0,
    dtype: Policy = None,
) -> keras.Model:
    """The convolutional trunk: conv5-20, pool, conv5-50, pool, FC-1024 = h_1.

    Convolutions have stride 1; a pool takes the largest of 2 x 2. Inputs and outputs are those of
    `fully_connected_trunk`, with ``units`` = 1024 * widen; the layers are ReLU.

    Args:
        image_shape: height, width and channels.
        classes: number of labels.
        latent_size: length of z.
        widen: what the number of filters or units of each layer is multiplied by.
        dtype: Keras dtype policy, by default the global one, of all but the output layers.
    """
    dtype = blocks.policy(dtype)
    image = blocks.network_input(image_shape, "image")
    x = image
    more = (50,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((20, 50, *more), start=1):
        x = blocks.convolution(x, round(filters * widen), 5, dtype, f"conv{number}")
        x = layers.MaxPooling2D(2, data_format="channels_last", dtype=dtype, name=f"pool{number}")(
            x
        )
    units = round(1024 * widen)
    h = blocks.dense(blocks.flat(x, dtype), units, dtype, "dense")
    return _trunk(image, h, units, classes, latent_size, dtype)


def improved_trunk(
    image_shape: tuple[int, int, int],
    classes: int = 10,
    latent_size: int = 50,
    dtype: Policy = None,
) -> keras.Model:
    """The improved trunk: three times a convolution and a pool; no fully connected layer.

    conv3-32, pool, conv3-64, pool, conv3-128, pool = h_1, each normalised and with a leaky ReLU.
    Inputs and outputs are those of `fully_connected_trunk`, with ``units`` = 512.

    Args:
        image_shape: height, width and channels.
        classes: number of labels.
        latent_size: length of z.
        dtype: Keras dtype policy, by default the global one, of all but the output layers.
    """
    dtype = blocks.policy(dtype)
    image = blocks.network_input(image_shape, "image")
    x = image
    more = (128,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((32, 64, 128, *more), start=1):
        x = blocks.convolution(x, filters, 3, dtype, f"conv{number}", LEAKY)
        x = layers.MaxPooling2D(2, data_format="channels_last", dtype=dtype, name=f"pool{number}")(
            x
        )
    h = blocks.flat(x, dtype)
    return _trunk(image, h, 512, classes, latent_size, dtype)


def _trunk(
    image: keras.KerasTensor,
    h: keras.KerasTensor,
    units: int,
    classes: int,
    latent_size: int,
    dtype: str,
) -> keras.Model:
    """The network from the image to what every trunk makes of h_1."""
    product = layers.Dense(units, use_bias=False, dtype=dtype, name="product", **initial_weights())
    product = product(h)
    log_variance, logits = (
        layers.Dense(size, dtype="float32", name=name, **initial_weights())(h)
        for size, name in ((latent_size, "log_variance"), (classes, "logits"))
    )
    return keras.Model(image, [product, log_variance, logits], name="trunk")


def mean_head(
    classes: int = 10,
    latent_size: int = 50,
    units: int = 1024,
    activation: str = "relu",
    dtype: Policy = None,
) -> keras.Model:
    """The head, the part of the encoder that depends on y: [h_1, y], FC-1024, FC-50 = mu(x, y).

    FC-1024 without its product with h_1, which the trunk gives: that has no y in it, so it is
    computed once for all classes. Each part of the weight matrix starts with Glorot's scale for
    its own number of inputs.

    Takes the pair (product [batch, units], y [batch, classes]); gives the mean [batch,
    latent_size].

    Args:
        classes: number of labels.
        latent_size: length of z.
        units: of FC-1024.
        activation: "relu" beside the convolutional trunk, "softplus" beside the fully connected
            one, "leaky_relu" beside the improved one.
        dtype: Keras dtype policy, by default the global one, of all but the output layer.
    """
    dtype = blocks.policy(dtype)
    product = blocks.network_input([units], "product")
    y = blocks.network_input([classes], "condition")
    layer = layers.Dense(
        units, use_bias=False, dtype=dtype, name="product_of_y", **initial_weights()
    )
    add = layers.Add(dtype=dtype, name="dense")
    x = blocks.normalised([product, layer(y)], add, Style(activation=activation))
    mean = layers.Dense(latent_size, dtype="float32", name="mean", **initial_weights())(x)
    return keras.Model([product, y], mean, name="head")


def upsampling_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 10,
    latent_size: int = 50,
    widen: float = 1.0,
    parameters: int = 1,
    dtype: Policy = None,
) -> keras.Model:
    """The convolutional decoder of section 4.5, in which y joins behind the convolutions.

    FC-500, FC-7*7*50, upsample, deconv5-20, upsample, deconv5-1 (in general as many filters as
    the image has channels), y joined, FC-512, and FC-28*28 to the output. Deconvolutions have
    stride 1; upsampling repeats each pixel 2 x 2 times. Inputs and outputs are those of
    `convolutional_decoder`.

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z.
        widen: what the number of filters or units of each layer is multiplied by.
        parameters: of the likelihood for each channel of a pixel.
        dtype: Keras dtype policy, by default the global one, of all but the output layer.
    """
    dtype = blocks.policy(dtype)
    code = blocks.network_input([latent_size], "code")
    condition = blocks.condition_inputs(condition_size)
    rows, columns = blocks.smallest(image_shape)
    *sides, channels = image_shape
    filters = round(50 * widen)
    x = blocks.dense(code, round(500 * widen), dtype, "dense1")
    x = blocks.dense(x, rows * columns * filters, dtype, "dense2")
    x = layers.Reshape([rows, columns, filters], dtype=dtype, name="reshaped")(x)
    more = (filters,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((*more, round(20 * widen), channels), start=1):
        x = blocks.doubled(x, filters, 5, dtype, f"deconv{number}", UPSAMPLING)
    x = blocks.cropped(x, image_shape, dtype)
    x = blocks.joined(blocks.flat(x, dtype), condition)
    x = blocks.dense(x, round(512 * widen), dtype, "dense3")
    outputs = math.prod(image_shape) * parameters
    x = layers.Dense(outputs, dtype="float32", name="parameters", **initial_weights())(x)
    x = layers.Reshape([*sides, channels * parameters], dtype="float32", name="pixels")(x)
    return keras.Model([code, *condition], x, name="decoder")


def improved_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 10,
    latent_size: int = 50,
    parameters: int = 1,
    dtype: Policy = None,
) -> keras.Model:
    """The improved decoder, which sees y from the first layer on: FC-7*7*32, deconv4-16, deconv4.

    Deconvolutions have stride 2; leaky ReLU. Inputs and outputs are those of
    `convolutional_decoder`.

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z.
        parameters: of the likelihood for each channel of a pixel.
        dtype: Keras dtype policy, by default the global one, of all but the output layer.
    """
    dtype = blocks.policy(dtype)
    code = blocks.network_input([latent_size], "code")
    condition = blocks.condition_inputs(condition_size)
    rows, columns = blocks.smallest(image_shape)
    x = blocks.joined(code, condition)
    x = blocks.dense(x, rows * columns * 32, dtype, "dense", LEAKY)
    x = layers.Reshape([rows, columns, 32], dtype=dtype, name="reshaped")(x)
    more = (32,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((*more, 16), start=1):
        x = blocks.doubled(x, filters, 4, dtype, f"deconv{number}", LEAKY)
    x = layers.Conv2DTranspose(
        image_shape[-1] * parameters,
        4,
        strides=2,
        padding="same",
        data_format="channels_last",
        dtype="float32",
        name="parameters",
        **initial_weights(),
    )(x)
    x = blocks.cropped(x, image_shape, "float32")
    return keras.Model([code, *condition], x, name="decoder")
