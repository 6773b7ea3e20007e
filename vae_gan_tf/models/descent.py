"""The step down a gradient: the only place where an optimizer changes variables."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from vae_gan_tf import replicas


def descend(
    optimizer: keras.optimizers.Optimizer,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    variables: list[keras.Variable],
    images: tf.Tensor | int = 1,
    networks: Mapping[str, keras.Model] | None = None,
) -> dict[str, tf.Tensor]:
    """One step of an optimizer against the gradient of a loss that a tape has recorded.

    The gradients are those of the loss times the scale of a ``LossScaleOptimizer``, which divides
    by it; without one the scale is 1. Of several replicas each has a part of the batch, and they
    make one step together.

    Args:
        optimizer: that moves the variables.
        tape: which has recorded the loss.
        loss: a mean over the images.
        variables: to be moved.
        images: how many the loss is over.
        networks: those whose norms are wanted, by name.

    Returns:
        The norm of the gradient of each network, before any clipping, as "gradients/<name>". It is
        that of this replica's images: where there are several, the mean over them is no less than
        the norm for the whole batch, which would have to be sent between them once more.
    """
    scale = optimizer.scale_loss(tf.ones_like(loss))
    found = tape.gradient(loss, variables, output_gradients=scale)
    optimizer.apply(replicas.gradients(found, images, optimizer), variables)
    of = {id(variable): gradient for variable, gradient in zip(variables, found, strict=True)}
    norms = {}
    for name, network in (networks or {}).items():
        own = [of[id(each)] for each in network.trainable_variables if of.get(id(each)) is not None]
        if own:  # of 16 bits where the variables are
            norm = tf.linalg.global_norm([tf.cast(each, tf.float32) for each in own])
            norms[f"gradients/{name}"] = norm / tf.cast(scale, tf.float32)
    return norms


def batches_seen(optimizer: keras.optimizers.Optimizer) -> tf.Variable:
    """The number of batches that an optimizer had gradients of.

    With ``gradient_accumulation_steps`` it is larger than its ``iterations``, which count how often
    the variables have moved.
    """
    return getattr(optimizer, "inner_optimizer", optimizer)._iterations
