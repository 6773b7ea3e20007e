"""The end of a run whose loss or weights are no longer finite."""

import math

import keras
import tensorflow as tf

from vae_gan_tf.errors import Diverged


def check_losses(losses: dict[str, float], step: int, saved: int) -> None:
    """Stops a run whose loss is no longer finite.

    Args:
        losses: the terms of the loss at a step, by name.
        step: the step.
        saved: the step of the newest checkpoint.

    Raises:
        Diverged: a term is infinite or no number.
    """
    for name, value in losses.items():
        if not math.isfinite(value):
            raise Diverged(
                f"the loss term {name} became {value} at step {step}, so the run was stopped; its "
                f"checkpoint of step {saved} is kept (a smaller learning rate may help)"
            )


def check_weights(model: keras.Model, step: int, saved: int) -> None:
    """Stops a run whose weights are no longer finite.

    Args:
        model: after the step.
        step: the step.
        saved: the step of the newest checkpoint.

    Raises:
        Diverged: a weight is infinite or no number.
    """
    for variable in model.weights:
        if not bool(tf.reduce_all(tf.math.is_finite(variable.numpy()))):
            raise Diverged(
                f"the weight {variable.path} is not finite after step {step}, so the run was "
                f"stopped; its checkpoint of step {saved} is kept (a smaller learning rate may "
                "help)"
            )
