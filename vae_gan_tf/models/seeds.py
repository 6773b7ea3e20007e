"""Seeds of TensorFlow's stateless randomness."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

Seed: TypeAlias = int | Sequence[int] | np.ndarray | tf.Tensor
"""A number, or a pair of integers."""


def stateless_seed(seed: Seed) -> tf.Tensor:
    """The seed, int32 [2], of TensorFlow's stateless randomness: (number, 0), or a pair as it is.

    The same seed gives the same numbers, always; other numbers need another seed.
    """
    tensor = tf.convert_to_tensor(seed, tf.int32)
    return tf.stack([tensor, 0]) if tensor.shape.rank == 0 else tensor


def split_seed(seed: Seed, count: int) -> list[tf.Tensor]:
    """Independent seeds, each int32 [2], made from one: as many as there are uses for them."""
    return tf.unstack(tf.random.split(stateless_seed(seed), count))


def numbered_seed(seed: int, number: int | tf.Tensor) -> tf.Tensor:
    """The seed, int32 [2], of one of the numbered steps or batches of a run with this run seed."""
    return tf.stack([seed, tf.cast(number, tf.int32)])
