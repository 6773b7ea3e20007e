"""The step down a gradient: the only place where an optimizer changes variables."""

import keras
import tensorflow as tf


def descend(
    optimizer: keras.optimizers.Optimizer,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    variables: list[keras.Variable],
) -> None:
    """One step of an optimizer against the gradient of a loss that a tape has recorded."""
    optimizer.apply(tape.gradient(loss, variables), variables)
