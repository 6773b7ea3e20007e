"""Seeds of TensorFlow's stateless randomness."""

import tensorflow as tf


def stateless_seed(seed: int | tf.Tensor) -> tf.Tensor:
    """A number, or a pair of integers as it is, as the seed of TensorFlow's stateless randomness.

    The same seed gives the same draws, always; other draws need another seed.
    """
    seed = tf.convert_to_tensor(seed, tf.int32)
    return tf.stack([seed, 0]) if seed.shape.rank == 0 else seed


def split_seed(seed: int | tf.Tensor, count: int) -> list[tf.Tensor]:
    """As many independent seeds as there are uses for them, made from one."""
    return tf.unstack(tf.random.split(stateless_seed(seed), count))
