"""What the measures of images share: the check of their shape and values, and their brightness."""

import numpy as np
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError

LUMINANCE = np.array([0.299, 0.587, 0.114])
"""The share of red, green and blue in the brightness of a pixel (ITU-R BT.601)."""


def checked_images(images: ArrayLike, *shape: int | str) -> np.ndarray:
    """Images as an array; those of uint8 are divided by 255.

    Args:
        images: to be checked.
        shape: what is expected of each axis: a size, or the name of one that may be any but 0.

    Raises:
        UserError: they are of another shape, or hold values outside [0, 1].
    """
    images = np.asarray(images)
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    if (
        images.ndim != len(shape)
        or not images.size
        or any(
            size != expected
            for size, expected in zip(images.shape, shape, strict=True)
            if not isinstance(expected, str)
        )
    ):
        raise UserError(
            f"images of shape {list(images.shape)} given, [{', '.join(map(str, shape))}] expected"
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise UserError(
            f"the values of images must lie in [0, 1]; found {images.min()} to {images.max()}"
        )
    return images
