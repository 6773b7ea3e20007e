"""What an image without label costs a classifier that takes it for another class when it is moved.

Not in the report. With x' the image x moved by some pixels, q(y | x') is to agree with q(y | x):

    -sum_y q(y | x) log q(y | x'),

in which q(y | x) is a constant (Sajjadi et al. 2016, Laine and Aila 2017). Only the classifier sees
x'; all other terms have x, so that the decoder does not learn moved images. Where the trunk
normalises by batches, x' is in the batch of x.
"""

from dataclasses import dataclass

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vae_gan_tf.checks import check_integer, check_weight
from vae_gan_tf.models.seeds import Seed, split_seed
from vae_gan_tf.moves import moved
from vae_gan_tf.serialization import Configured, registered


@registered
@dataclass(frozen=True)
class Consistency(Configured):
    """That unlabelled images keep their class when they are moved.

    Args:
        weight: of the mean of the cost over the unlabelled images.
        shift: how many pixels an image is moved by at most, up or down and left or right; fewer
            than an image has.

    Raises:
        UserError: the weight is negative or not finite, or the shift is no positive integer.
    """

    weight: float
    shift: int

    arguments = ("weight", "shift")

    def __post_init__(self) -> None:
        check_weight("the weight of consistency", self.weight)
        check_integer("shift", self.shift, least=1)

    def moved(self, images: tf.Tensor, seed: Seed) -> tf.Tensor:
        """The images x' of images x [batch, height, width, channels], each with a move of its own.

        The seed may be that which codes are drawn by: the moves are independent of them.
        """
        *_, seed = split_seed(seed, 3)
        shape, limits = [tf.shape(images)[0], 2], (-self.shift, self.shift + 1)
        moves = tf.random.stateless_uniform(shape, seed, *limits, tf.int32)
        return moved(images, moves, (self.shift, self.shift))


def disagreement(labels: tfd.OneHotCategorical, moved: tfd.OneHotCategorical) -> tf.Tensor:
    """-sum_y q(y | x) log q(y | x'), [batch], in nats, of q(y | x) and q(y | x')."""
    constant = tf.stop_gradient(labels.probs_parameter())
    return tf.nn.softmax_cross_entropy_with_logits(constant, moved.logits_parameter())
