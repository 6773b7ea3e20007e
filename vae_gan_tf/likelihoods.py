"""The distribution p(x | z) of an image given the decoder's output (section 2.1).

A likelihood says how many numbers the decoder gives for each channel of each pixel
(``parameters``) and turns them into a TFP distribution over images of shape
[height, width, channels]. Its ``log_prob`` is in nats an image and its ``mean`` is the picture
that one looks at and that a discriminator sees, with values in [0, 1]. All of it is computed in
float32, whatever the precision of the networks.
"""

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vae_gan_tf.errors import UserError
from vae_gan_tf.serialization import Configured, registered


def _channels_apart(parameters: tf.Tensor, per_channel: int) -> tf.Tensor:
    """The decoder's output [batch, height, width, channels * n], n numbers of each channel, apart.

    Returns:
        [batch, height, width, channels, n].
    """
    channels = parameters.shape[-1] // per_channel
    return tf.reshape(parameters, [-1, *parameters.shape[1:-1], channels, per_channel])


class Likelihood(Configured, abc.ABC):
    """The distribution of an image, its pixels and channels independent of each other.

    One of your own has ``parameters`` and ``pixel``; ``arguments`` names what its constructor
    takes, so that it is saved with a model. Its distribution needs ``log_prob``, and a ``mean`` in
    [0, 1], which is the picture::

        @keras.saving.register_keras_serializable()
        class Laplace(vae_gan_tf.Likelihood):
            arguments = ("scale",)

            def __init__(self, scale):
                self.scale = scale

            def pixel(self, parameters):
                return tfp.distributions.Laplace(tf.sigmoid(parameters), self.scale)
    """

    parameters: int = 1
    """The numbers that the decoder gives for each channel of a pixel."""

    def __call__(self, parameters: tf.Tensor) -> tfd.Distribution:
        """The distribution of an image.

        Args:
            parameters: the decoder's output, [batch, height, width, channels * self.parameters].

        Returns:
            A distribution with batch shape [batch] and event shape [height, width, channels].
        """
        return tfd.Independent(self.pixel(tf.cast(parameters, tf.float32)), 3)

    @abc.abstractmethod
    def pixel(self, parameters: tf.Tensor) -> tfd.Distribution:
        """The distribution of each channel, batch shape [batch, height, width, channels].

        Args:
            parameters: the decoder's output in float32.
        """


@registered
class Bernoulli(Likelihood):
    """Independent Bernoulli pixels, the report's choice (section 2.1).

    Grey values in [0, 1] are taken as they are, as the report does: the log-likelihood is then
    minus the cross-entropy between the grey value and the pixel's probability.
    """

    def pixel(self, parameters: tf.Tensor) -> tfd.Distribution:
        """See `Likelihood.pixel`."""
        return tfd.Bernoulli(logits=parameters, dtype=tf.float32)


@registered
class Gaussian(Likelihood):
    """Independent Gaussian pixels whose mean is the sigmoid of the decoder's output.

    Args:
        scale: the standard deviation of every pixel (1 is the whole range of values), or None to
            have the decoder give one for each channel of each pixel. A learned one is kept above
            0.01, about two of 256 grey levels, for the density of a pixel that is always black
            would grow without bound.

    Raises:
        UserError: the scale is not positive.
    """

    arguments = ("scale",)
    smallest_scale = 0.01

    def __init__(self, scale: float | None = 1.0):
        if scale is not None and not scale > 0:
            raise UserError(f"a Gaussian's scale must be positive or None, not {scale}")
        self.scale = scale
        self.parameters = 1 if scale is not None else 2

    def pixel(self, parameters: tf.Tensor) -> tfd.Distribution:
        """See `Likelihood.pixel`."""
        parameters = _channels_apart(parameters, self.parameters)
        mean = tf.sigmoid(parameters[..., 0])
        if self.scale is not None:
            return tfd.Normal(mean, self.scale)
        return tfd.Normal(mean, self.smallest_scale + tf.nn.softplus(parameters[..., 1]))


@registered
class Categorical(Likelihood):
    """Independent categorical pixels: each channel takes one of equally spaced values, 0 to 1.

    A value that is none of the levels has probability 0, so images must be whole multiples of
    1 / (levels - 1), as 8-bit images divided by 255 are for the default of 256 levels.

    Args:
        levels: the number of values.

    Raises:
        UserError: there are fewer than two.
    """

    arguments = ("levels",)

    def __init__(self, levels: int = 256):
        if levels < 2:
            raise UserError(f"a categorical pixel needs at least 2 levels, not {levels}")
        self.levels = self.parameters = levels

    def pixel(self, parameters: tf.Tensor) -> tfd.Distribution:
        """See `Likelihood.pixel`."""
        # FiniteDiscrete is TFP's categorical over numbers: it knows a mean, which pictures need.
        return tfd.FiniteDiscrete(
            outcomes=tf.linspace(0.0, 1.0, self.levels),
            logits=_channels_apart(parameters, self.levels),
            atol=0.25 / (self.levels - 1),
        )
