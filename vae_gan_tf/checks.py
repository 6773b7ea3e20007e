"""Checks of what a user gives to a model, each a `UserError` of one sentence."""

from typing import TypeAlias

import tensorflow as tf
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError

TensorLike: TypeAlias = ArrayLike | tf.Tensor
"""All that TensorFlow makes a tensor of: a tensor, an array, a list of numbers, a number."""


def check_values(what: str, tensor: tf.Tensor, low: float, high: float) -> None:
    """Raises a UserError unless all values lie in [low, high], where Python can see them."""
    if not tf.executing_eagerly() or tf.size(tensor) == 0:
        return
    smallest, largest = tf.reduce_min(tensor).numpy(), tf.reduce_max(tensor).numpy()
    if not (smallest >= low and largest <= high):
        raise UserError(f"{what} must lie in [{low}, {high}]; found {smallest} to {largest}")


def checked_tensor(what: str, value: TensorLike, shape: tuple[int, ...]) -> tf.Tensor:
    """The value as a float32 tensor; a UserError unless its shape is [batch, *shape]."""
    tensor = tf.cast(value, tf.float32)
    if not tensor.shape.is_compatible_with([None, *shape]):
        expected = ", ".join(["batch", *map(str, shape)])
        raise UserError(f"{what}: shape {list(tensor.shape)} given, [{expected}] expected")
    return tensor
