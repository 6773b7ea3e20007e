"""Side information y of a model (section 2.2): none, a label, or an image."""

import abc
import math

import tensorflow as tf

from vae_gan_tf.checks import (
    TensorLike,
    check_integer,
    check_values,
    checked_images,
    tensor_of_numbers,
)
from vae_gan_tf.errors import UserError
from vae_gan_tf.serialization import Configured, registered


class Condition(Configured, abc.ABC):
    """The side information of a model: what y is, and the vector in which networks see it.

    One of your own has ``size``, ``vector`` and ``specs``; ``arguments`` names what its constructor
    takes, so that it is saved with a model. y may be one array or a tuple of them. Attributes, of
    which an image may have several, are a vector as they are::

        @keras.saving.register_keras_serializable()
        class Attributes(vae_gan_tf.Condition):
            arguments = ("size",)

            def __init__(self, size):
                self.size = size

            def vector(self, y):
                return tf.ensure_shape(tf.cast(y, tf.float32), [None, self.size])

            def specs(self):
                return [tf.TensorSpec([None, self.size], tf.float32, name="y")]
    """

    size: int
    """The length of the vector; 0 where there is no side information."""

    @abc.abstractmethod
    def vector(self, y: TensorLike | None) -> tf.Tensor | None:
        """The side information y of a batch as vectors [batch, size]; None if there is none.

        Raises:
            UserError: y is not what this model is to be given.
        """

    def given(self, y: TensorLike | None) -> TensorLike | None:
        """The side information that a model is given of a batch with this y: all of it.

        Raises:
            UserError: y is not what this model is to be given.
        """
        return y

    def asked(self, asked: TensorLike) -> tuple[TensorLike, TensorLike | None]:
        """The number of new images that are asked for, and their y: here an image for each y.

        Raises:
            UserError: what is asked for is no such y, or no number of images.
        """
        return tf.shape(self.vector(asked))[0], asked

    @abc.abstractmethod
    def specs(self) -> list[tf.TensorSpec]:
        """The specification of y in an exported model, in a list; an empty one if there is none.

        Of a y that is a tuple the specification of each of its arrays.
        """


@registered
class NoCondition(Condition):
    """No side information: y is None, whatever a batch of data holds beside its images."""

    size = 0

    def vector(self, y: TensorLike | None) -> None:
        """None; networks see nothing.

        Raises:
            UserError: y is not None.
        """
        if y is not None:
            raise UserError("a model without side information was given some (y must be None)")

    def given(self, y: TensorLike | None) -> None:
        """None: the labels of a batch are not looked at."""
        return None

    def asked(self, asked: TensorLike) -> tuple[TensorLike, None]:
        """The number of new images, which is what is asked for; they have no y."""
        count = tensor_of_numbers("the number of images", asked)
        if not count.dtype.is_integer or count.shape.rank:
            raise UserError(
                f"{count.dtype.name} of shape {list(count.shape)} given to a model without side "
                "information, a number of images expected"
            )
        check_values("the number of images", count, 1, math.inf)
        return asked, None

    def specs(self) -> list[tf.TensorSpec]:
        """Nothing."""
        return []


@registered
class LabelCondition(Condition):
    """Side information that is a label: integers [batch] from 0 to classes - 1.

    The networks see it as a one-hot vector of length ``size``.

    Args:
        classes: the number of classes.
    """

    arguments = ("classes",)

    def __init__(self, classes: int = 10):
        check_integer("classes", classes, least=1)
        self.classes = self.size = int(classes)

    def vector(self, y: TensorLike | None) -> tf.Tensor:
        """The one-hot vectors [batch, classes] of labels [batch].

        Raises:
            UserError: y is None or not a vector of integers, or a label is outside of the classes.
        """
        return tf.one_hot(self.given(y), self.classes)

    def given(self, y: TensorLike | None) -> tf.Tensor:
        """The labels as int32 [batch]; errors are those of `vector`."""
        labels = tensor_of_numbers("labels", _needed(y))
        if not labels.dtype.is_integer or labels.shape.rank != 1:
            raise UserError(
                f"labels: {labels.dtype.name} of shape {list(labels.shape)} given, integers of "
                "shape [batch] expected"
            )
        check_values("labels", labels, 0, self.classes - 1)
        return tf.cast(labels, tf.int32)

    def specs(self) -> list[tf.TensorSpec]:
        """Labels, int32 [batch]."""
        return [tf.TensorSpec([None], tf.int32, name="y")]


@registered
class ImageCondition(Condition):
    """Side information that is an image, or a part of one such as its left half.

    The networks see its pixels as a vector of length ``size``.

    Args:
        shape: height, width and channels of the image.
    """

    arguments = ("shape",)

    def __init__(self, shape: tuple[int, int, int]):
        self.shape = tuple(shape)
        if len(self.shape) != 3:
            raise UserError(f"images {list(shape)} given, [height, width, channels] expected")
        self.size = math.prod(self.shape)

    def vector(self, y: TensorLike | None) -> tf.Tensor:
        """The pixels [batch, size] of images [batch, *shape] with values in [0, 1].

        Raises:
            UserError: y is None or of another shape, or holds values outside of [0, 1].
        """
        return tf.reshape(self.given(y), [-1, self.size])

    def given(self, y: TensorLike | None) -> tf.Tensor:
        """The images as float32, those of 8 bits divided by 255; errors are those of `vector`."""
        return checked_images("images given as side information", _needed(y), self.shape)

    def specs(self) -> list[tf.TensorSpec]:
        """Images, float32 [batch, *shape]."""
        return [tf.TensorSpec([None, *self.shape], tf.float32, name="y")]


def _needed(y: TensorLike | None) -> TensorLike:
    """The side information, unless there is none."""
    if y is None:
        raise UserError("a conditional model needs side information y, and none was given")
    return y
