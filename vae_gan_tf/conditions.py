"""Side information y of a conditional model (section 2.2): a label, or an image."""

import math

import tensorflow as tf

from vae_gan_tf.checks import check_values, checked_tensor
from vae_gan_tf.errors import UserError
from vae_gan_tf.serialization import Configured, registered


@registered
class LabelCondition(Configured):
    """Side information that is a label: integers [batch] from 0 to classes - 1.

    The networks see it as a one-hot vector of length ``size``.
    """

    arguments = ("classes",)

    def __init__(self, classes: int = 10):
        self.classes = self.size = classes

    def vector(self, y) -> tf.Tensor:
        """Labels [batch] as vectors [batch, classes].

        Raises:
            UserError: y is not a vector of integers, or a label is outside of the classes.
        """
        y = tf.convert_to_tensor(y)
        if not y.dtype.is_integer or y.shape.rank != 1:
            raise UserError(
                f"labels: {y.dtype.name} of shape {list(y.shape)} given, integers of shape [batch] "
                "expected"
            )
        check_values("labels", y, 0, self.classes - 1)
        return tf.one_hot(tf.cast(y, tf.int32), self.classes)


@registered
class ImageCondition(Configured):
    """Side information that is an image, or a part of one such as its left half.

    The networks see its pixels as a vector of length ``size``.
    """

    arguments = ("shape",)

    def __init__(self, shape: tuple[int, int, int]):
        self.shape = tuple(shape)
        self.size = math.prod(self.shape)

    def vector(self, y) -> tf.Tensor:
        """Images [batch, *shape] with values in [0, 1] as vectors [batch, size].

        Raises:
            UserError: y is of another shape or holds values outside of [0, 1].
        """
        y = checked_tensor("images given as side information", y, self.shape)
        check_values("the values of images given as side information", y, 0, 1)
        return tf.reshape(y, [-1, self.size])
