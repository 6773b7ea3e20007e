"""The step down a gradient: the only place where an optimizer changes variables."""

import keras
import tensorflow as tf


def descend(
    optimizer: keras.optimizers.Optimizer,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    variables: list[keras.Variable],
) -> None:
    """One step of an optimizer against the gradient of a loss that a tape has recorded.

    The gradients are those of the loss times the scale of a ``LossScaleOptimizer``, which divides
    by it; without one the scale is 1.
    """
    scale = optimizer.scale_loss(tf.ones_like(loss))
    gradients = tape.gradient(loss, variables, output_gradients=scale)
    optimizer.apply(gradients, variables)


def batches_seen(optimizer: keras.optimizers.Optimizer) -> tf.Variable:
    """The number of batches that an optimizer had gradients of.

    With ``gradient_accumulation_steps`` it is larger than its ``iterations``, which count how often
    the variables have moved.
    """
    return getattr(optimizer, "inner_optimizer", optimizer)._iterations
