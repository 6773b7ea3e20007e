"""Images moved by whole pixels."""

import tensorflow as tf

from vae_gan_tf.checks import check_integer
from vae_gan_tf.errors import UserError


def check_move(shift: int, height: int, width: int) -> None:
    """Raises a UserError where images are to be moved by as many pixels as they have, or more.

    Or where the shift is no integer, or below 0.
    """
    check_integer("shift", shift, least=0)
    if shift >= min(height, width):
        raise UserError(
            f"a move by {shift} pixels given for images of {height} x {width}, at most "
            f"{min(height, width) - 1} expected"
        )


def moved(images: tf.Tensor, moves: tf.Tensor, most: tuple[int, int]) -> tf.Tensor:
    """Images moved each by its own pixels; what an image leaves is black.

    Keras' RandomTranslation can do it too, but not where XLA compiles the step.

    Args:
        images: [batch, height, width, channels].
        moves: how far down and to the right, int32 [batch, 2].
        most: how far the farthest may be, down or up and right or left.
    """
    for axis, margin in enumerate(most, 1):
        margins = [(margin, margin) if each == axis else (0, 0) for each in range(4)]
        # Not [:, axis - 1, None]: of moves that are a tf.stack, a graph would lose the None.
        own = tf.expand_dims(moves[:, axis - 1], 1)
        places = margin + tf.range(images.shape[axis]) - own
        images = tf.gather(tf.pad(images, margins), places, axis=axis, batch_dims=1)
    return images
