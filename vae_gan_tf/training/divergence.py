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
        saved: the step of the newest checkpoint; 0 if there is none.

    Raises:
        Diverged: a term is infinite or no number.
    """
    for name, value in losses.items():
        if not math.isfinite(value):
            raise Diverged(
                f"{name} became {value} at step {step}, so the run was stopped{_kept(saved)}"
            )


def check_weights(model: keras.Model, step: int, saved: int) -> None:
    """Stops a run whose weights are no longer finite.

    Args:
        model: after the step.
        step: the step.
        saved: the step of the newest checkpoint; 0 if there is none.

    Raises:
        Diverged: a weight is infinite or no number.
    """
    for variable in model.weights:
        if not bool(tf.reduce_all(tf.math.is_finite(variable.numpy()))):
            raise Diverged(
                f"the weight {variable.path} is not finite after step {step}, so the run was "
                f"stopped{_kept(saved)}"
            )


def _kept(saved: int) -> str:
    """The end of the sentence: what is left, and what to do."""
    kept = f"; its checkpoint of step {saved} is kept" * (saved > 0)
    return f"{kept} (a smaller learning rate may help)"
