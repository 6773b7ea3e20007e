"""What the networks of all sections are built from: blocks of layers, and their ends.

A block is a layer without bias, a normalisation with a name of "<layer>_normalised", and an
activation, "<layer>_out". A `Style` says which. Every block takes ``dtype``, a Keras dtype policy,
and gives the symbolic tensor behind its activation.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import TypeAlias

import keras
from keras import layers

from vae_gan_tf.errors import UserError
from vae_gan_tf.networks.layers import (
    BatchNormalization,
    Bias,
    ImageNormalization,
    PooledConvolution,
    UpsampledDeconvolution,
)

Policy: TypeAlias = str | keras.DTypePolicy | None
"""A Keras dtype policy or its name; None for the global policy."""

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
"""The policies that a network can have: weights and outputs are float32 in all of them."""


@dataclasses.dataclass(frozen=True)
class Style:
    """How the layers of a network are made; by default as section 4.3 of the report says."""

    normalisation: type[layers.Layer] | None = BatchNormalization
    """The layer behind each layer but the output layers; None for a `Bias` in its place."""
    strided_size: int | None = None
    """Kernel size of the (de)convolutions that halve or double an image; None for the report's."""
    pools: bool = False
    """Whether pools halve an image and upsampling doubles it, where section 4.3 has strides."""
    activation: str = "relu"
    """The Keras name of the activation of all layers but the output layers."""
    first_normalised: bool = True
    """Whether the layer that sees an image is normalised too; it has a `Bias` if not."""
    output_size: int = 1
    """Kernel size of the convolution that a decoder ends with."""

    def of(self, number: int) -> "Style":
        """The style of the layer with this number, from 1, of those that an image passes."""
        bare = number == 1 and not self.first_normalised
        return dataclasses.replace(self, normalisation=None) if bare else self


REPORT = Style()
"""The style of section 4.3."""

IMPROVED = Style(strided_size=4, output_size=5)
"""The style of encoder and decoder in the preset "improved".

A stride divides the 4, so that a deconvolution gives each pixel from equally many products; where
it does not, the images have a checkerboard (Odena et al. 2016). A decoder whose last convolution is
larger than 1 x 1 can smooth what is left of it.
"""

IMPROVED_DISCRIMINATOR = Style(
    ImageNormalization, strided_size=4, activation="leaky_relu", first_normalised=False
)
"""The style of the discriminator in the preset "improved"; see `ImageNormalization`.

The first layer is not normalised: normalised image by image it does not tell how bright an image
is, nor its contrast.
"""


def policy(dtype: Policy) -> str:
    """The name of a network's dtype policy: of the given one, or of Keras' global one if None.

    Raises:
        UserError: it is none of `POLICIES`.
    """
    name = keras.dtype_policies.get(dtype or keras.config.dtype_policy()).name
    if name not in POLICIES:
        raise UserError(
            f"a network of the dtype policy {name} asked for, by dtype or by Keras' global policy; "
            f"one of {', '.join(POLICIES)} expected"
        )
    return name


def initial_weights() -> dict[str, keras.Initializer]:
    """The argument of a layer that gives it Glorot's initial weights.

    A new initializer for each layer, since each keeps the seed that it was made with.
    """
    return {"kernel_initializer": keras.initializers.GlorotNormal()}


def normalised(
    x: keras.KerasTensor | list[keras.KerasTensor], layer: layers.Layer, style: Style = REPORT
) -> keras.KerasTensor:
    """The block of any layer: what it gives of x, normalised and through the activation."""
    name, dtype = layer.name, layer.dtype_policy.name
    x = layer(x)
    x = (style.normalisation or Bias)(dtype=dtype, name=f"{name}_normalised")(x)
    return layers.Activation(style.activation, dtype=dtype, name=f"{name}_out")(x)


def dense(
    x: keras.KerasTensor, units: int, dtype: str, name: str, style: Style = REPORT
) -> keras.KerasTensor:
    """The block of a fully connected layer: [batch, n] -> [batch, units]."""
    layer = layers.Dense(units, use_bias=False, dtype=dtype, name=name, **initial_weights())
    return normalised(x, layer, style)


def convolution(
    x: keras.KerasTensor,
    filters: int,
    size: int,
    dtype: str,
    name: str,
    style: Style = REPORT,
    kind: type[layers.Layer] = layers.Conv2D,
    strides: int = 1,
) -> keras.KerasTensor:
    """The block of a convolution of size x size with padding "same", or of another ``kind``.

    [batch, height, width, channels] -> [batch, height, width, filters], if the stride is 1.
    """
    layer = kind(
        filters,
        size,
        strides=strides,
        padding="same",
        data_format="channels_last",
        use_bias=False,
        dtype=dtype,
        name=name,
        **initial_weights(),
    )
    return normalised(x, layer, style)


def halved(
    x: keras.KerasTensor, filters: int, size: int, dtype: str, name: str, style: Style = REPORT
) -> keras.KerasTensor:
    """The block of a convolution that halves an image, by a stride of 2 or a pool.

    [batch, height, width, channels] -> [batch, height / 2, width / 2, filters], rounded up.
    """
    kind, strides = (PooledConvolution, 1) if style.pools else (layers.Conv2D, 2)
    size = style.strided_size or size
    return convolution(x, filters, size, dtype, name, style, kind, strides)


def doubled(
    x: keras.KerasTensor, filters: int, size: int, dtype: str, name: str, style: Style = REPORT
) -> keras.KerasTensor:
    """The block of a deconvolution that doubles an image, by a stride of 2 or upsampling.

    [batch, height, width, channels] -> [batch, 2 height, 2 width, filters].
    """
    kind, strides = (UpsampledDeconvolution, 1) if style.pools else (layers.Conv2DTranspose, 2)
    size = style.strided_size or size
    return convolution(x, filters, size, dtype, name, style, kind, strides)


def doublings(image_shape: tuple[int, int, int]) -> int:
    """How often a decoder doubles its image: twice up to 32 pixels, once more up to 64, and so on.

    So the image that it begins with, and the one that an encoder ends with, have at most 8 pixels a
    side, and the fully connected layers there do not grow with the image.
    """
    height, width, _ = image_shape
    return max(2, math.ceil(math.log2(max(height, width) / 8)))


def smallest(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of the image that a decoder begins with, halves rounded up."""
    height, width, _ = image_shape
    times = 2 ** doublings(image_shape)
    return -(-height // times), -(-width // times)


def cropped(
    x: keras.KerasTensor, image_shape: tuple[int, int, int], dtype: str
) -> keras.KerasTensor:
    """The middle of doubled images in the size of the image; as they are where they have it.

    [batch, rows, columns, channels] -> [batch, height, width, channels].
    """
    over = [large - small for large, small in zip(x.shape[1:3], image_shape[:2], strict=True)]
    if not any(over):
        return x
    margins = [(each // 2, each - each // 2) for each in over]
    return layers.Cropping2D(margins, data_format="channels_last", dtype=dtype, name="cropped")(x)


def network_input(shape: Sequence[int], name: str) -> keras.KerasTensor:
    """An input [batch, *shape] of a network, float32 whatever Keras' ``floatx`` is."""
    return keras.Input(shape, dtype="float32", name=name)


def condition_inputs(condition_size: int) -> list[keras.KerasTensor]:
    """The input y [batch, condition_size] of a network, or none where condition_size is 0."""
    return [network_input([condition_size], "condition")] if condition_size else []


def flat(x: keras.KerasTensor, dtype: str = "float32", name: str = "flat") -> keras.KerasTensor:
    """Images [batch, height, width, channels] as vectors [batch, height * width * channels]."""
    return layers.Flatten(data_format="channels_last", dtype=dtype, name=name)(x)


def joined(x: keras.KerasTensor, others: list[keras.KerasTensor]) -> keras.KerasTensor:
    """The vectors x [batch, n] with the others, such as y, behind them; x where there are none."""
    return layers.Concatenate(dtype="float32", name="joined")([x, *others]) if others else x


def gaussian(x: keras.KerasTensor, latent_size: int) -> list[keras.KerasTensor]:
    """Mean and log-variance of q(z | x, y), [batch, latent_size] each: an encoder's outputs."""
    return [
        layers.Dense(latent_size, dtype="float32", name=name, **initial_weights())(x)
        for name in ("mean", "log_variance")
    ]
