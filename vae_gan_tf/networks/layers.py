"""The layers that Keras does not have, or has slower.

All are registered with Keras under the name of the package, so that a saved network is loaded by
the class's name wherever its module lies.
"""

import itertools
from typing import Any

import tensorflow as tf
from keras import layers

from vae_gan_tf import attention, replicas
from vae_gan_tf.serialization import registered

ImagesShape = tuple[int | None, int, int, int]
"""The shape [batch, height, width, channels]; the batch is None while it is not known."""

FLOAT32: dict[str, Any] = {"dtype": "float32"}
"""The policy of the layers of attention, for which 16 bits are too few, unless one is given."""

VectorsShape = tuple[int | None, int]
"""The shape [batch, n]."""


@registered
class BatchNormalization(layers.BatchNormalization):
    """Keras' batch normalisation, of images and vectors by TensorFlow's fused operation.

    The numbers, variables and settings are those of Keras; only the time differs: Keras 3
    computes mean, variance and the rest as separate operations, which takes two to three times as
    long on a CPU. But there the fused operation is the slower one unless the number of channels is
    a multiple of 4, and in bfloat16 much slower unless it is a multiple of 16. So it is used for
    multiples of 4, and computes in float32 where they are no multiples of 16. There TensorFlow
    would also join it with a ReLU behind it, which takes three to four times as long as the two; as
    an image of one row it is not joined.
    """

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """The inputs [batch, height, width, channels] or [batch, channels], normalised.

        Inputs of another rank, and what the fused operation cannot do, are left to Keras.
        """
        rank, channels = len(inputs.shape), inputs.shape[-1]
        last = self.axis in (-1, rank - 1)
        usual = last and self.scale and self.center and not (self.renorm or self.synchronized)
        if rank not in (2, 4) or channels % 4 or not usual or mask is not None:
            outputs = super().call(inputs, training=training, mask=mask)
            if training and self.trainable and replicas.count() > 1:
                # Averages that each has moved by its own statistics: their mean is that by those
                # of all.
                kept = [self.moving_mean, self.moving_variance]
                number = tf.size(inputs) // inputs.shape[self.axis]
                values = replicas.mean([tf.convert_to_tensor(each) for each in kept], number)
                for average, value in zip(kept, values, strict=True):
                    average.assign(value)
            return outputs
        one_row = rank == 2 or channels % 16 != 0
        images = tf.reshape(inputs, [1, -1, 1, channels]) if one_row else inputs
        if channels % 16:
            images = tf.cast(images, tf.float32)
        training = bool(training) and self.trainable
        # An empty mean and variance tell the operation to use those of the batch.
        moving = ([], []) if training else (self.moving_mean, self.moving_variance)
        gamma, beta, mean, variance = (
            tf.cast(value, tf.float32) for value in (self.gamma, self.beta, *moving)
        )
        outputs, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=gamma,
            offset=beta,
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            pixels = tf.size(images) // channels
            count = tf.cast(pixels, tf.float32)
            # The operation gives the unbiased variance; Keras' moving average holds the biased one.
            batch_variance *= (count - 1) / count
            batch_mean, batch_variance = replicas.mean([batch_mean, batch_variance], pixels)
            for average, value in (
                (self.moving_mean, batch_mean),
                (self.moving_variance, batch_variance),
            ):
                average.assign(average * self.momentum + value * (1 - self.momentum))
        outputs = tf.cast(outputs, inputs.dtype)
        return tf.reshape(outputs, tf.shape(inputs)) if one_row else outputs


@registered
class ImageNormalization(layers.GroupNormalization):
    """Layer normalisation (Ba et al. 2016) over all of an image: its pixels and channels.

    A discriminator whose real and generated images are normalised in batches of their own is blind
    to what all generated ones have in common: it is in the mean that is taken away. Here each image
    is normalised by itself.
    """

    def __init__(self, groups: int = 1, **kwargs: Any):
        super().__init__(groups, **kwargs)

    def call(self, inputs: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """[batch, ..., channels] -> the same; mean 0, variance 1, then scaled and shifted."""
        return super().call(inputs)


@registered
class Bias(layers.Layer):
    """A number for each channel, added to it: what takes the place of a normalisation."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the numbers, 0 at first."""
        self.bias = self.add_weight(shape=[input_shape[-1]], initializer="zeros", name="bias")

    def call(self, inputs: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """[..., channels] -> the same."""
        return inputs + tf.cast(self.bias, inputs.dtype)


@registered
class UpsampledDeconvolution(layers.Conv2DTranspose):
    """Upsampling, which repeats each pixel 2 x 2 times, and a deconvolution of stride 1 behind it.

    The two are one deconvolution of stride 2, whose kernel is the sum of the given one at four
    places: a 2.8th of the multiply-adds for 5 x 5, and no large image in between. It is computed as
    a convolution to four times the filters, the 2 x 2 pixels that come of each pixel. Padding is
    "same"; the weights are those of the deconvolution of stride 1.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[batch, height, width, channels] -> [batch, 2 height, 2 width, filters]."""
        *sizes, filters, channels = self.kernel.shape
        shifts = [_shifts(size) for size in sizes]
        kernel = tf.add_n(
            [tf.pad(self.kernel, [*both, [0, 0], [0, 0]]) for both in itertools.product(*shifts)]
        )
        rows, columns = (size // 2 for size in kernel.shape[:2])
        # Output pixel 2 i + a has the input pixel i + d by the kernel's row 2 (rows // 2 - d) + a.
        kernel = tf.reshape(kernel, [rows, 2, columns, 2, filters, channels])[::-1, :, ::-1]
        kernel = tf.transpose(kernel, [0, 2, 5, 1, 3, 4])
        kernel = tf.reshape(kernel, [rows, columns, channels, 4 * filters])
        outputs = tf.nn.depth_to_space(tf.nn.conv2d(inputs, kernel, 1, "SAME"), 2)
        return self.activation(outputs if self.bias is None else outputs + self.bias)

    def compute_output_shape(self, input_shape: ImagesShape) -> ImagesShape:
        """The shape [batch, 2 height, 2 width, filters]."""
        batch, height, width, _ = input_shape
        return (batch, 2 * height, 2 * width, self.filters)


def _shifts(size: int) -> list[list[int]]:
    """The zeros before and behind a side of a kernel of stride 1 at its two places, of stride 2.

    The side is then twice an odd number.
    """
    before = (size - 1) // 2
    most = 2 * -(-(size - 1 - before) // 2)
    first = most - before
    last = 2 * most + 1 - size - first
    return [[first, last + 1], [first + 1, last]]


@registered
class PooledConvolution(layers.Conv2D):
    """A convolution of stride 1 and a pool behind it, which takes the largest of 2 x 2."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[batch, height, width, channels] -> [batch, height / 2, width / 2, filters].

        Half of an odd height or width is rounded up.
        """
        return tf.nn.max_pool2d(super().call(inputs), 2, 2, "SAME")

    def compute_output_shape(self, input_shape: ImagesShape) -> ImagesShape:
        """The shape [batch, height / 2, width / 2, filters], halves rounded up."""
        batch, height, width, filters = super().compute_output_shape(input_shape)
        return (batch, -(-height // 2), -(-width // 2), filters)


@registered
class Windows(layers.Dense):
    """A linear layer and equations (21) to (24) of DRAW: [batch, n] -> windows [batch, 5].

    Args:
        size: N.
        image_shape: height, width and channels of the images.
        **kwargs: arguments of Keras' ``Dense``.
    """

    def __init__(self, size: int, image_shape: tuple[int, int, int], **kwargs: Any):
        super().__init__(**({"units": 5} | FLOAT32 | kwargs))
        self.size, self.image_shape = size, tuple(image_shape)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """The windows [batch, 5] that the inputs [batch, n] ask for."""
        outputs = super().call(inputs, training)
        return attention.windows(outputs, self.size, *self.image_shape[:2])

    def get_config(self) -> dict:
        """The config of ``Dense``, with size and image shape."""
        return super().get_config() | {"size": self.size, "image_shape": self.image_shape}


@registered
class Read(layers.Layer):
    """`attention.read` as a layer, of images, or several of one shape in a list, and windows.

    Args:
        size: N.
        **kwargs: arguments of a Keras layer.
    """

    def __init__(self, size: int, **kwargs: Any):
        super().__init__(**(FLOAT32 | kwargs))
        self.size = size

    def call(self, images: tf.Tensor | list[tf.Tensor], window: tf.Tensor) -> tf.Tensor:
        """[batch, height, width, channels], [batch, 5] -> [batch, N, N, channels]."""
        return attention.read(images, window, self.size)

    def compute_output_shape(
        self, images_shape: ImagesShape | list[ImagesShape], window_shape: VectorsShape
    ) -> ImagesShape:
        """The shape [batch, N, N, channels] of a patch."""
        shapes = images_shape if isinstance(images_shape, list) else [images_shape]
        return (shapes[0][0], self.size, self.size, sum(shape[-1] for shape in shapes))

    def get_config(self) -> dict:
        """The config of a layer, with the size."""
        return super().get_config() | {"size": self.size}


@registered
class Write(layers.Layer):
    """`attention.write` as a layer, of what the linear layer of equation (28) gives, and windows.

    Args:
        size: N.
        height: of the images.
        width: of the images.
        **kwargs: arguments of a Keras layer.
    """

    def __init__(self, size: int, height: int, width: int, **kwargs: Any):
        super().__init__(**(FLOAT32 | kwargs))
        self.size, self.height, self.width = size, height, width

    def call(self, patch: tf.Tensor, window: tf.Tensor) -> tf.Tensor:
        """[batch, N * N * channels], [batch, 5] -> [batch, height, width, channels]."""
        channels = patch.shape[-1] // self.size**2
        patches = tf.reshape(patch, [-1, self.size, self.size, channels])
        return attention.write(patches, window, self.height, self.width)

    def compute_output_shape(
        self, patch_shape: VectorsShape, window_shape: VectorsShape
    ) -> ImagesShape:
        """The shape [batch, height, width, channels] of an image."""
        channels = patch_shape[-1] // self.size**2
        return (patch_shape[0], self.height, self.width, channels)

    def get_config(self) -> dict:
        """The config of a layer, with the sizes of window and image."""
        sizes = {"size": self.size, "height": self.height, "width": self.width}
        return super().get_config() | sizes
