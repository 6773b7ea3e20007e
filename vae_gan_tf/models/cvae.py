"""Section 2.2: the conditional variational auto-encoder.

As section 2.1, with side information y given to the encoder and to the decoder:

    log p(x | y) >= E_{z ~ q(z | x, y)} [log p(x | y, z)] - KL(q(z | x, y) || p(z | y)).

As in the report, p(z | y) = N(0, I) whatever y is.
"""

from typing import Any

import keras

from vae_gan_tf.conditions import Condition
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.serialization import registered


@registered
class CVAE(VAE):
    """A conditional variational auto-encoder (section 2.2, figure 2).

    ``model.fit(images, labels)`` trains it, after ``model.compile(optimizer)``.

    Args:
        encoder: a network from pairs (images, vectors of y) to mean and log-variance.
        decoder: a network from pairs (codes z, vectors of y) to the likelihood's parameters.
        condition: what the side information is, a `LabelCondition` or an `ImageCondition`.
        **kwargs: those of `VAE`.

    Raises:
        UserError: encoder, decoder, likelihood and condition do not fit together.
    """

    arguments = (*VAE.arguments, "condition")

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, condition: Condition, **kwargs: Any
    ):
        self.condition = condition  # before a VAE is made, which looks whether its networks fit it
        super().__init__(encoder, decoder, **kwargs)
