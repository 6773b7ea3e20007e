"""Section 4.3: the convolutional encoder, decoder and discriminator.

All three are built in a `Style`; the report's has strides of 2, batch normalisation and ReLUs. For
SVHN all layers grow by 8/7, which is the argument ``widen``. Images of more than 32 pixels a side
have more layers (`blocks.doublings`), of as many filters as their smallest image has. Height and
width that halving does not divide are rounded up, and a decoder's image is cropped at its edges.
"""

from collections.abc import Sequence

import keras
from keras import layers

from vae_gan_tf.errors import UserError
from vae_gan_tf.networks import blocks
from vae_gan_tf.networks.blocks import REPORT, Policy, Style, initial_weights
from vae_gan_tf.networks.layers import Read, Windows


def convolutional_encoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    widen: float = 1.0,
    dtype: Policy = None,
    style: Style = REPORT,
) -> keras.Model:
    """The encoder of section 4.3: conv5-28, conv5-56, conv5-108, y joined, FC-50 twice.

    Takes an image [batch, height, width, channels], or the pair (image, y [batch,
    condition_size]); gives mean and log-variance of q(z | x, y), [batch, latent_size] each.

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z.
        widen: what the number of filters of each layer is multiplied by.
        dtype: Keras dtype policy, by default the global one, of all but the output layers.
        style: how its layers are made.
    """
    dtype = blocks.policy(dtype)
    image = blocks.network_input(image_shape, "image")
    condition = blocks.condition_inputs(condition_size)
    x = image
    more = (108,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((28, 56, 108, *more), start=1):
        x = blocks.halved(x, round(filters * widen), 5, dtype, f"conv{number}", style.of(number))
    x = blocks.joined(blocks.flat(x), condition)
    return keras.Model([image, *condition], blocks.gaussian(x, latent_size), name="encoder")


def convolutional_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    widen: float = 1.0,
    parameters: int = 1,
    dtype: Policy = None,
    style: Style = REPORT,
) -> keras.Model:
    """The decoder of section 4.3: FC-7*7*128, deconv5-64, deconv5-32, and a 1 x 1 convolution.

    Takes a code [batch, latent_size], or the pair (code, y [batch, condition_size]); gives the
    parameters of the likelihood, [batch, height, width, channels * parameters].

    Args:
        image_shape: height, width and channels.
        condition_size: length of y, 0 for none.
        latent_size: length of z.
        widen: what the number of filters of each layer is multiplied by.
        parameters: of the likelihood for each channel of a pixel.
        dtype: Keras dtype policy, by default the global one, of all but the output layer.
        style: how its layers are made.
    """
    dtype = blocks.policy(dtype)
    code = blocks.network_input([latent_size], "code")
    condition = blocks.condition_inputs(condition_size)
    rows, columns = blocks.smallest(image_shape)
    filters = round(128 * widen)
    x = blocks.joined(code, condition)
    x = blocks.dense(x, rows * columns * filters, dtype, "dense", style)
    x = layers.Reshape([rows, columns, filters], dtype="float32", name="reshaped")(x)
    more = (128,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((*more, 64, 32), start=1):
        x = blocks.doubled(x, round(filters * widen), 5, dtype, f"deconv{number}", style)
    x = blocks.cropped(x, image_shape, dtype)
    outputs = image_shape[-1] * parameters
    x = layers.Conv2D(
        outputs,
        style.output_size,
        padding="same",
        data_format="channels_last",
        dtype="float32",
        name="parameters",
        **initial_weights(),
    )(x)
    return keras.Model([code, *condition], x, name="decoder")


def discriminator(
    image_shape: tuple[int, int, int],
    logits: int = 1,
    widen: float = 1.0,
    glimpses: int = 0,
    dtype: Policy = None,
    style: Style = REPORT,
    augmentation: Sequence[layers.Layer] = (),
) -> keras.Model:
    """The discriminator of section 4.3: conv3-16, conv3-32, conv3-64, FC-512, FC-500, logits.

    Takes an image [batch, height, width, channels]; gives the features f_l(x) [batch, 512], the
    output of FC-512 after normalisation and activation, and the logits [batch, logits] in float32.

    With ``glimpses``, which section 4.6 proposes as "attention in the GAN", it looks at the image
    again through so many windows of 8 x 8 filters, as DRAW does: where each lies FC-64 and a linear
    layer behind the convolutions tell, and FC-128 of what is seen there joins the convolutions'
    output before FC-512.

    Args:
        image_shape: height, width and channels.
        logits: their number: 1 for "is it real?" (section 3.1), k + 1 for the classes of section
            3.2.
        widen: what the number of filters or units of each layer is multiplied by.
        glimpses: number of windows.
        dtype: Keras dtype policy, by default the global one, of all but the output layer.
        style: how its layers are made; those of glimpses have its activation alone.
        augmentation: layers that an image passes first, see `moved_and_cut`.

    Raises:
        UserError: the augmentation is no sequence of layers.
    """
    dtype = blocks.policy(dtype)
    if not (
        isinstance(augmentation, Sequence)
        and all(isinstance(each, layers.Layer) for each in augmentation)
    ):
        raise UserError(f"augmentation={augmentation!r} given, a sequence of layers expected")
    image = blocks.network_input(image_shape, "image")
    shown = image
    for layer in augmentation:
        shown = layer(shown)
    x = shown
    more = (64,) * (blocks.doublings(image_shape) - 2)
    for number, filters in enumerate((16, 32, 64, *more), start=1):
        x = blocks.halved(x, round(filters * widen), 3, dtype, f"conv{number}", style.of(number))
    x = blocks.flat(x)
    seen = [_glimpse(shown, x, f"glimpse{number + 1}", dtype, style) for number in range(glimpses)]
    x = blocks.joined(x, seen)
    features = blocks.dense(x, round(512 * widen), dtype, "features", style)
    x = blocks.dense(features, round(500 * widen), dtype, "dense", style)
    x = layers.Dense(logits, dtype="float32", name="logits", **initial_weights())(x)
    return keras.Model(image, [features, x], name="discriminator")


def _glimpse(
    image: keras.KerasTensor, x: keras.KerasTensor, name: str, dtype: str, style: Style
) -> keras.KerasTensor:
    """FC-128 of what a window of 8 x 8 shows of an image; where it lies the vector x tells."""

    def dense(units: int, name: str) -> layers.Layer:
        return layers.Dense(
            units, activation=style.activation, dtype=dtype, name=name, **initial_weights()
        )

    where = dense(64, f"{name}_where")(x)
    window = Windows(8, image.shape[1:], name=f"{name}_window", **initial_weights())(where)
    patch = Read(8, name=f"{name}_read")(image, window)
    return dense(128, name)(blocks.flat(patch, name=f"{name}_flat"))
