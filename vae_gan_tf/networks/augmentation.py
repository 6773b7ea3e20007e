"""What hides a part of the images from a discriminator that would learn few of them by heart.

Real, reconstructed and drawn images are moved and cut alike, both where the discriminator learns
and where the generator learns from it. So the generator is not asked for moved images, and gets its
gradients through the moves (Zhao et al. 2020).
"""

import numbers
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from vae_gan_tf import replicas
from vae_gan_tf.checks import check_integer
from vae_gan_tf.errors import UserError
from vae_gan_tf.moves import moved
from vae_gan_tf.serialization import registered


class Seeds(keras.random.SeedGenerator):
    """The seeds of a layer, of which each replica of a step has its own."""

    def next(self, ordered: bool = True) -> tf.Tensor:
        """The next one, [2]."""
        return replicas.own_seed(super().next(ordered))


@registered
class Moved(layers.Layer):
    """Moves each image by whole pixels while it trains; what an image leaves is black.

    Args:
        shift: how far an image is moved at most, as a share of its height and width.
        seed: of the moves.
        **kwargs: those of Keras' ``Layer``.

    Raises:
        UserError: the shift is no share from 0 up to 1, the seed no integer.
    """

    def __init__(self, shift: float = 1 / 8, seed: int = 0, **kwargs: Any):
        _check_share("shift", shift)
        check_integer("seed", seed)
        super().__init__(**kwargs)
        self.shift, self.seed = shift, int(seed)
        self.seed_generator = Seeds(self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "shift": self.shift, "seed": self.seed}

    def call(self, images: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """[batch, height, width, channels] -> the same."""
        if not training:
            return images
        down, right = (int(self.shift * size) for size in images.shape[1:3])
        moves = [
            keras.random.randint([tf.shape(images)[0]], -most, most + 1, seed=self.seed_generator)
            for most in (down, right)
        ]
        return moved(images, tf.stack(moves, 1), (down, right))


@registered
class Cut(layers.RandomErasing):
    """Keras' layer, which acts where it is told to train, and not wherever it is told nothing.

    Args:
        *args: those of Keras' layer.
        **kwargs: those of Keras' layer; with a seed.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.generator = Seeds(self.seed)

    def call(self, data: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """[batch, height, width, channels] -> the same."""
        return super().call(data, training=bool(training))


def _check_share(what: str, value: float) -> None:
    if isinstance(value, bool) or not (isinstance(value, numbers.Real) and 0 <= value < 1):
        raise UserError(f"{what}={value!r} given, a share of at least 0 and below 1 expected")


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

    Raises:
        UserError: the seed is no integer, a share is none from 0 up to 1.
    """
    _check_share("area", area)
    check_integer("seed", seed)
    seed = int(seed)
    common: dict[str, Any] = {"dtype": "float32"}
    black: dict[str, Any] = {"fill_value": 0.0, "value_range": (0, 1)}
    always, of_this_size = (1.0, 1.0), (area, area)
    return (
        Moved(shift, 2 * seed, name="moved", **common),
        Cut(
            always,
            of_this_size,
            seed=2 * seed + 1,  # of one seed, moves and cuts would go together
            name="cut",
            data_format="channels_last",
            **black,
            **common,
        ),
    )
