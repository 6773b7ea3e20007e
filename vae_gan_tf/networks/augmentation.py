"""What hides a part of the images from a discriminator that would learn few of them by heart.

Real, reconstructed and drawn images are moved and cut alike, both where the discriminator learns
and where the generator learns from it. So the generator is not asked for moved images, and gets its
gradients through the moves (Zhao et al. 2020).
"""

from typing import Any

import tensorflow as tf
from keras import layers

from vae_gan_tf.serialization import registered


@registered
class Moved(layers.RandomTranslation):
    """Keras' layer, which acts where it is told to train, and not wherever it is told nothing."""

    def call(self, data: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """[batch, height, width, channels] -> the same."""
        return super().call(data, training=bool(training))


@registered
class Cut(layers.RandomErasing):
    """Keras' layer, which acts where it is told to train, and not wherever it is told nothing."""

    def call(self, data: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """[batch, height, width, channels] -> the same."""
        return super().call(data, training=bool(training))


def moved_and_cut(
    seed: int = 0, shift: float = 1 / 8, area: float = 0.1
) -> tuple[layers.Layer, ...]:
    """Layers for the argument ``augmentation`` of `discriminator`; they act in training alone.

    The first moves each image by whole pixels, what it leaves is black. The other makes a part of
    it black, a rectangle of the shape of the image.

    Args:
        seed: of the places. They differ from image to image, and from step to step.
        shift: how far an image is moved at most, as a share of its height and width.
        area: of the part that is made black, as a share of the image.
    """
    common: dict[str, Any] = {"seed": seed, "data_format": "channels_last", "dtype": "float32"}
    move = {"fill_mode": "constant", "interpolation": "nearest", "name": "moved"}
    cut = {"fill_value": 0.0, "value_range": (0, 1), "name": "cut"}
    return (
        Moved(shift, shift, **move, **common),
        Cut((1.0, 1.0), (area, area), **cut, **common),
    )
