"""Checks of what a user gives to a model, each a `UserError` of one sentence."""

from collections.abc import Sequence
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError

LARGEST_NUMBER = float(np.finfo(np.float32).max)
"""Of float32, in which losses are summed."""

TensorLike: TypeAlias = ArrayLike | tf.Tensor
"""All that TensorFlow makes a tensor of: a tensor, an array, a list of numbers, a number."""


def check_values(what: str, tensor: tf.Tensor, low: float, high: float) -> None:
    """Raises a UserError unless all values lie in [low, high], where Python can see them."""
    if not tf.executing_eagerly():
        return
    values = np.asarray(tensor)  # NumPy takes a fifth of the time of TensorFlow's reductions
    if not values.size:
        return
    smallest, largest = values.min(), values.max()
    if not (smallest >= low and largest <= high):
        raise UserError(f"{what} must lie in [{low}, {high}]; found {smallest} to {largest}")


def check_weight(what: str, value: float, positive: bool = False) -> None:
    """Raises a UserError unless a value is finite in float32 and at least 0, or above 0."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if not (
        number
        and not isinstance(value, bool)
        and 0 <= value <= LARGEST_NUMBER
        and (value or not positive)
    ):
        least = "above 0" if positive else "of at least 0"
        raise UserError(f"{what} must be a number {least} and finite in float32, not {value!r}")


def check_integer(what: str, value: int, least: int | None = None) -> None:
    """Raises a UserError unless a value is an integer, and no truth value, of at least so much."""
    integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not integer or (least is not None and value < least):
        least_of_all = "" if least is None else f" of at least {least}"
        raise UserError(f"{what}={value!r} given, an integer{least_of_all} expected")


def tensor_of_numbers(what: str, value: TensorLike) -> tf.Tensor:
    """The value as a tensor; a UserError for what is none of numbers: None, words, ragged lists."""
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        tensor = None
    if tensor is None or tensor.dtype == tf.string:
        given = "None" if value is None else f"a value of type {type(value).__name__}"
        raise UserError(f"{what}: {given} given, a tensor of numbers expected")
    return tensor


def checked_tensor(what: str, value: TensorLike, shape: tuple[int, ...]) -> tf.Tensor:
    """The value as a float32 tensor; a UserError unless its shape is [batch, *shape]."""
    tensor = tf.cast(tensor_of_numbers(what, value), tf.float32)
    if not tensor.shape.is_compatible_with([None, *shape]):
        expected = ", ".join(["batch", *map(str, shape)])
        raise UserError(f"{what}: shape {list(tensor.shape)} given, [{expected}] expected")
    return tensor


def checked_images(what: str, value: TensorLike, shape: tuple[int, ...]) -> tf.Tensor:
    """Images as a float32 tensor with values in [0, 1]: those of 8 bits are divided by 255.

    Raises:
        UserError: they are not of shape [batch, *shape], or not in [0, 1], where Python can see it.
    """
    given = tensor_of_numbers(what, value)
    images = checked_tensor(what, given, shape)
    if given.dtype == tf.uint8:
        return images / 255.0
    check_values(f"the values of {what}", images, 0, 1)
    return images


def check_network(what: str, network: keras.Model, outputs: Sequence[int]) -> None:
    """Raises a UserError unless inputs and outputs of a network are known, and as many as expected.

    Args:
        what: the network, for the sentence: "encoder".
        network: it.
        outputs: how many outputs it may have.
    """
    try:
        found = len(network.outputs) if network.inputs else 0
        found = 0 if isinstance(getattr(network, "output", None), dict) else found
    except (AttributeError, TypeError, ValueError):  # a subclassed network, or an unbuilt one
        found = 0
    if not found:
        raise UserError(
            f"{what}: {type(network).__name__} given, a functional keras.Model expected, or a "
            "Sequential one with an Input, whose inputs and outputs are known"
        )
    if found not in outputs:
        raise UserError(f"{what}: {found} outputs given, {' or '.join(map(str, outputs))} expected")


def shapes(tensors: Sequence[keras.KerasTensor]) -> list[tuple[int, ...]]:
    """The shape of each tensor without its batch."""
    return [tuple(each.shape[1:]) for each in tensors]
