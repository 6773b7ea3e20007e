"""Seeds of TensorFlow's stateless randomness."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from vae_gan_tf.errors import UserError

Seed: TypeAlias = int | Sequence[int] | np.ndarray | tf.Tensor
"""A number, or a pair of integers."""


LARGEST = 2**31 - 1
"""The largest seed, of 32 bits with a sign."""


def check_seed(seed: Seed) -> None:
    """Raises a UserError unless a seed that is no tensor is made of integers of 32 bits."""
    if isinstance(seed, tf.Tensor):
        return
    numbers = np.asarray(seed)
    if not (
        np.issubdtype(numbers.dtype, np.integer)
        and numbers.shape in ((), (2,))
        and np.all((-LARGEST <= numbers) & (numbers <= LARGEST))
    ):
        raise UserError(
            f"the seed {seed!r} given, an integer from {-LARGEST} to {LARGEST}, or two of them, "
            "expected"
        )


def stateless_seed(seed: Seed) -> tf.Tensor:
    """The seed, int32 [2], of TensorFlow's stateless randomness: (number, 0), or a pair as it is.

    The same seed gives the same numbers, always; other numbers need another seed.

    Raises:
        UserError: the seed is not made of integers of 32 bits.
    """
    check_seed(seed)
    tensor = tf.cast(seed, tf.int32)
    return tf.stack([tensor, 0]) if tensor.shape.rank == 0 else tensor


def split_seed(seed: Seed, count: int) -> list[tf.Tensor]:
    """Independent seeds, each int32 [2], made from one: as many as there are uses for them."""
    return tf.unstack(tf.random.split(stateless_seed(seed), count))


def numbered_seed(seed: int, number: int | tf.Tensor) -> tf.Tensor:
    """The seed, int32 [2], of one of the numbered steps or batches of a run with this run seed."""
    return tf.stack([seed, tf.cast(number, tf.int32)])
