"""Section 2.2: the conditional variational auto-encoder.

As section 2.1, with side information y given to the encoder and to the decoder:

    log p(x | y) >= E_{z ~ q(z | x, y)} [log p(x | y, z)] - KL(q(z | x, y) || p(z | y)).

As in the report, p(z | y) = N(0, I) whatever y is.
"""

import keras
import tensorflow as tf

from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.seeds import stateless_seed
from vae_gan_tf.models.vae import VAE, shapes
from vae_gan_tf.serialization import registered


@registered
class CVAE(VAE):
    """A conditional variational auto-encoder (section 2.2, figure 2).

    ``model.fit(images, labels)`` trains it, after ``model.compile(optimizer)``.

    Args:
        encoder: a network from pairs (images, vectors of y) to mean and log-variance.
        decoder: a network from pairs (codes z, vectors of y) to the likelihood's parameters.
        condition: what the side information is, `LabelCondition` or `ImageCondition`.
        **kwargs: as of `VAE`.
    """

    arguments = (*VAE.arguments, "condition")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        condition: LabelCondition | ImageCondition,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        self.condition = condition
        given = shapes(encoder.inputs[self.encoder_inputs :])
        if given != [(condition.size,)]:
            raise UserError(
                f"networks with side information of shapes {given} given, [({condition.size},)] "
                "expected"
            )

    def sample(self, y, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """A new image for each y: z from the prior, the mean of p(x | y, z).

        Args:
            y: the side information, labels [batch] or images [batch, ...].
            seed: the same seed gives the same images.

        Returns:
            Images [batch, height, width, channels].
        """
        z = self.prior().sample(tf.shape(y)[0], seed=stateless_seed(seed))
        return self.decode(z, y).mean()

    def with_condition(self, tensor: tf.Tensor, y) -> list[tf.Tensor]:
        """What a network takes: x or z, and y as a vector."""
        if y is None:
            raise UserError("a conditional model needs side information y, and none was given")
        vector = self.condition.vector(y)
        if not vector.shape[:1].is_compatible_with(tensor.shape[:1]):
            raise UserError(
                f"{vector.shape[0]} pieces of side information given for {tensor.shape[0]} images "
                "or codes; one for each expected"
            )
        return [tensor, vector]

    def unpack(self, data) -> tuple:
        """The images and the side information, from (x, y) or ((x, y),)."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        return x if y is None and isinstance(x, tuple | list) else (x, y)
