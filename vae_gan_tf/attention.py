"""The attention of DRAW (section 2.4): equations (19) to (29) of Gregor et al. (2015).

A window is a grid of N x N Gaussian filters on an image. Five numbers tell where it lies; `windows`
makes them from the output of a linear layer, and a window is kept as the vector (g_X, g_Y, sigma^2,
delta, gamma) of `Window`, its places counted in pixels from 1 as in the paper. `read` and `write`
use it. `networks` has a layer of each of the three.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from vae_gan_tf.errors import UserError

LARGEST_OUTPUT = 10.0
"""Outputs of the linear layer are cut off at plus and minus this, so that nothing overflows."""


class Window(NamedTuple):
    """Where windows lie, each of shape [...]."""

    x: tf.Tensor
    """g_X, the column of the centre, counted from 1."""
    y: tf.Tensor
    """g_Y, the row of the centre, counted from 1."""
    variance: tf.Tensor
    """sigma^2 of each filter, in pixels squared."""
    stride: tf.Tensor
    """delta, from a filter to its neighbour, in pixels."""
    intensity: tf.Tensor
    """gamma, which what is read is multiplied by, and what is written divided by."""

    @classmethod
    def of(cls, vectors: tf.Tensor) -> "Window":
        """The windows that stand in vectors [..., 5]."""
        return cls(*tf.unstack(tf.cast(vectors, tf.float32), axis=-1))


def check_size(size: int | None, image_shape: tuple[int, int, int]) -> None:
    """Raises a UserError unless a window of size x size filters fits an image; None always does."""
    height, width, _ = image_shape
    if size is not None and not 1 <= size <= min(height, width):
        raise UserError(
            f"a window of {size} x {size} given for images of {height} x {width}; a size from 1 to "
            f"{min(height, width)} expected, or none for the whole image"
        )


def windows(outputs: tf.Tensor, size: int, height: int, width: int) -> tf.Tensor:
    """Equations (21) to (24): windows [batch, 5] from the outputs [batch, 5] of a linear layer.

    An output of zeros is a window at the middle of the image, from its first to its last pixel
    along the longer side.
    """
    outputs = tf.clip_by_value(tf.cast(outputs, tf.float32), -LARGEST_OUTPUT, LARGEST_OUTPUT)
    x, y, log_variance, log_stride, log_intensity = tf.unstack(outputs, axis=-1)  # (21)
    x = (width + 1) / 2 * (x + 1)  # (22)
    y = (height + 1) / 2 * (y + 1)  # (23)
    whole = (max(height, width) - 1) / max(size - 1, 1)  # a single filter has no neighbour
    stride = whole * tf.exp(log_stride)  # (24)
    return tf.stack([x, y, tf.exp(log_variance), stride, tf.exp(log_intensity)], -1)


def filters(
    centre: tf.Tensor, stride: tf.Tensor, variance: tf.Tensor, size: int, pixels: int
) -> tf.Tensor:
    """Equations (19) and (25), or (20) and (26): F [batch, size, pixels], each row of sum 1.

    The softmax is the exponential and its division by Z at once; unlike these it is finite where
    all of a row is far away from the image.

    Args:
        centre: g_X or g_Y, [batch].
        stride: delta, [batch].
        variance: sigma^2, [batch].
        size: N.
        pixels: the image's along this side.
    """
    number = tf.range(1, size + 1, dtype=tf.float32)
    pixel = tf.range(1, pixels + 1, dtype=tf.float32)
    mean = centre[:, None] + (number - size / 2 - 0.5) * stride[:, None]  # (19), (20)
    distance = tf.math.squared_difference(pixel, mean[:, :, None])
    return tf.nn.softmax(distance * (-0.5 / variance)[:, None, None], -1)  # (25), (26)


def filter_banks(window: Window, size: int, height: int, width: int) -> tuple[tf.Tensor, tf.Tensor]:
    """F_X [batch, size, width] and F_Y [batch, size, height]."""
    if width == height:  # one operation of each kind in place of two
        centres = tf.concat([window.x, window.y], 0)
        stride, variance = (tf.tile(each, [2]) for each in (window.stride, window.variance))
        across, down = tf.split(filters(centres, stride, variance, size, width), 2)
        return across, down
    return (
        filters(window.x, window.stride, window.variance, size, width),
        filters(window.y, window.stride, window.variance, size, height),
    )


def read(images: tf.Tensor | Sequence[tf.Tensor], vectors: tf.Tensor, size: int) -> tf.Tensor:
    """Equation (27): gamma F_Y x F_X^T for each channel.

    Args:
        images: [batch, height, width, channels], or several of that shape, such as x and the error
            image.
        vectors: windows [batch, 5].
        size: N.

    Returns:
        [batch, N, N, channels], those of several images beside each other.
    """
    images = [tf.cast(each, tf.float32) for each in tf.nest.flatten(images)]
    _, height, width, _ = images[0].shape
    window = Window.of(vectors)
    across, down = filter_banks(window, size, height, width)
    intensity = window.intensity[:, None, None, None]
    return intensity * _between(down, images, across)


def write(patches: tf.Tensor, vectors: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Equation (29): F_Y^T w F_X / gamma for each channel.

    Args:
        patches: w [batch, N, N, channels].
        vectors: windows [batch, 5].
        height: of the image.
        width: of the image.

    Returns:
        [batch, height, width, channels].
    """
    window = Window.of(vectors)
    across, down = filter_banks(window, patches.shape[1], height, width)
    down, across = tf.linalg.matrix_transpose(down), tf.linalg.matrix_transpose(across)
    patches = tf.cast(patches, tf.float32)
    return _between(down, [patches], across) / window.intensity[:, None, None, None]


def _between(down: tf.Tensor, images: list[tf.Tensor], across: tf.Tensor) -> tf.Tensor:
    """The product down * image * across^T of each channel, [batch, i, j, c].

    Args:
        down: [batch, i, h].
        images: each [batch, h, w, channels]; their channels are c together.
        across: [batch, j, w].
    """
    # Products of matrices, a batch of them, with nothing but small tensors transposed between.
    # Images lie beside each other, for channels of one would be copied number by number.
    _, height, width, channels = images[0].shape
    size, both = down.shape[1], len(images) * channels
    wide = tf.concat([tf.reshape(each, [-1, height, width * channels]) for each in images], 2)
    rows = tf.reshape(tf.linalg.matmul(down, wide), [-1, size * len(images), width, channels])
    rows = tf.reshape(tf.transpose(rows, [0, 1, 3, 2]), [-1, size * both, width])
    patches = tf.linalg.matmul(rows, across, transpose_b=True)
    return tf.transpose(tf.reshape(patches, [-1, size, both, across.shape[1]]), [0, 1, 3, 2])
