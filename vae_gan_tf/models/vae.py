"""Section 2.1: the variational auto-encoder.

Model: z ~ N(0, I), x | z ~ f(x; z, theta). The bound (1) on the log-likelihood of an image,

    log p(x) >= E_{z ~ q(z | x)} [log p(x | z)] - KL(q(z | x) || p(z)) = -L(x),

is maximised over the encoder q(z | x), a Gaussian with diagonal covariance, and the decoder
p(x | z). The expectation is estimated with one z = mu(x) + sigma(x) * epsilon for each image; the
KL divergence is exact.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from vae_gan_tf.checks import check_values, checked_tensor
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Likelihood
from vae_gan_tf.models.seeds import split_seed, stateless_seed
from vae_gan_tf.serialization import Configured, registered

tfd = tfp.distributions


class Elbo(NamedTuple):
    """The bound (1) and its two parts, each of shape [batch], in nats an image."""

    elbo: tf.Tensor
    """The bound itself: ``reconstruction - kl``."""
    reconstruction: tf.Tensor
    """log p(x | z, y) at one z drawn from q(z | x, y)."""
    kl: tf.Tensor
    """KL(q(z | x, y) || p(z))."""


class Inference(NamedTuple):
    """A pass through encoder and decoder."""

    posterior: tfd.Distribution
    """q(z | x, y)."""
    z: tf.Tensor
    """The codes that were decoded, [batch, *code_shape]."""
    likelihood: tfd.Distribution
    """p(x | z, y)."""


class Generated(NamedTuple):
    """What an adversarial model judges in a step, each for every image of the batch."""

    reconstructed: tf.Tensor
    """x~ = Dec(Enc(x)), [batch, height, width, channels]."""
    drawn: tf.Tensor
    """Dec(z) with z from the prior, [batch, height, width, channels]."""
    kl: tf.Tensor
    """KL(q(z | x, y) || p(z)), [batch], in nats."""
    likelihood: tfd.Distribution
    """p(x | z, y), whose mean is x~."""

    def expand(self, values: tf.Tensor) -> tf.Tensor:
        """What there is for each image x, for each x~: the same, for each x has one."""
        return values


def log_pixels(likelihood: tfd.Distribution, x: tf.Tensor, pixels=None) -> tf.Tensor:
    """Log p(x | z, y), [batch], by those pixels alone for which ``pixels`` is true."""
    of_each = likelihood.distribution.log_prob(x)
    return tf.reduce_sum(tf.where(True if pixels is None else pixels, of_each, 0.0), [1, 2, 3])


def shapes(tensors: list[keras.KerasTensor]) -> list[tuple[int, ...]]:
    """Without the batch."""
    return [tuple(each.shape[1:]) for each in tensors]


@registered
class VAE(Configured, keras.Model):
    """A variational auto-encoder (section 2.1, figure 1).

    ``model.fit(images)`` trains it, after ``model.compile(optimizer)``; a data set of pairs
    (images, labels) serves as well, the labels are not looked at.

    Args:
        encoder: a network from images to mean and log-variance of q(z | x).
        decoder: a network from codes z to the parameters of the likelihood.
        likelihood: the distribution of the pixels; Bernoulli unless another is given.
        kl_weight: the weight of the KL divergence in the loss; 1 as in the bound (1).
        seed: the run seed, from which, with the step, all randomness in training derives.
    """

    arguments = ("encoder", "decoder", "likelihood", "kl_weight", "seed", "name")

    encoder_inputs = decoder_inputs = 1
    """How many inputs a network has before the side information."""

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood | None = None,
        kl_weight: float = 1.0,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood or Bernoulli()
        self.kl_weight = kl_weight
        self.seed = seed
        self.image_shape = tuple(encoder.inputs[0].shape[1:])
        self.latent_size = encoder.outputs[0].shape[-1]
        self.code_shape: tuple[int, ...] = (self.latent_size,)
        self.validation = {f"elbo/{name}": keras.metrics.Mean(name) for name in Elbo._fields}
        self._check_networks()
        self.built = True  # the networks are

    def _check_networks(self) -> None:
        """Raises a UserError unless encoder, decoder and likelihood fit together."""
        codes = tuple(self.decoder.inputs[0].shape[1:])
        condition = shapes(self.decoder.inputs[self.decoder_inputs :])
        if codes != (self.latent_size,):
            raise UserError(
                f"a decoder of codes {list(codes)} given with an encoder to codes "
                f"[{self.latent_size}]"
            )
        expected = shapes(self.encoder.inputs[self.encoder_inputs :])
        if condition != expected:
            raise UserError(
                f"a decoder with side information of shapes {condition} given with an encoder with "
                f"{expected}; the same expected"
            )
        *size, channels = self.image_shape
        expected = (*size, channels * self.likelihood.parameters)
        given = tuple(self.decoder.outputs[0].shape[1:])
        if given != expected:
            raise UserError(
                f"a decoder to {list(given)} given, {list(expected)} expected for images "
                f"{list(self.image_shape)} under this likelihood"
            )

    def prior(self) -> tfd.Distribution:
        """p(z) = N(0, I), event shape ``code_shape``, which is [latent_size]."""
        return tfd.Independent(tfd.Normal(tf.zeros(self.code_shape), 1.0), len(self.code_shape))

    def encode(self, x, y=None, training: bool = False) -> tfd.Distribution:
        """q(z | x), a Gaussian with mean mu(x) and diagonal covariance Sigma(x).

        Args:
            x: images [batch, height, width, channels] with values in [0, 1].
            y: side information of a conditional model, one for each image.
            training: whether batch normalisation uses the statistics of this batch.

        Returns:
            A distribution with batch shape [batch] and event shape [latent_size].

        Raises:
            UserError: x or y is of the wrong shape or holds values that it must not (values are
                checked outside of compiled graphs only).
        """
        mean, log_variance = self.encoder(self.checked(x, y), training=training)
        return tfd.Independent(tfd.Normal(mean, tf.exp(0.5 * log_variance)), 1)

    def decode(self, z, y=None, training: bool = False) -> tfd.Distribution:
        """p(x | z): its ``mean()`` is the picture.

        Args:
            z: codes [batch, latent_size].
            y: side information of a conditional model, one for each code.
            training: whether batch normalisation uses the statistics of this batch.

        Returns:
            A distribution with batch shape [batch] and event shape [height, width, channels].

        Raises:
            UserError: z or y is of the wrong shape.
        """
        z = checked_tensor("codes", z, self.code_shape)
        return self.likelihood(self.decoder(self.with_condition(z, y), training=training))

    def infer(
        self, x, y=None, seed: int | tf.Tensor | None = None, training: bool = False
    ) -> Inference:
        """Encodes images and decodes a code of each.

        With a seed z is drawn from q(z | x, y); without one it is its mean.
        """
        posterior = self.encode(x, y, training)
        z = posterior.mean() if seed is None else posterior.sample(seed=stateless_seed(seed))
        return Inference(posterior, z, self.decode(z, y, training))

    def sample(self, count: int, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """New images [count, height, width, channels]: z from the prior, the mean of p(x | z).

        The same seed gives the same images.
        """
        return self.decode(self.prior().sample(count, seed=stateless_seed(seed))).mean()

    def reconstruct(self, x, y=None, seed: int | tf.Tensor | None = None) -> tf.Tensor:
        """Dec(Enc(x)), of the shape of x: the mean of p(x | z) at a z of q(z | x).

        With a seed z is drawn, as in training; without one it is the mean of q(z | x).
        """
        return self.infer(x, y, seed).likelihood.mean()

    def elbo(self, x, y=None, seed: int | tf.Tensor = 0, training: bool = False) -> Elbo:
        """The bound (1) on log p(x) for each image, in nats, with one z drawn by the seed."""
        posterior, _, likelihood = self.infer(x, y, seed, training)
        reconstruction = likelihood.log_prob(tf.cast(x, tf.float32))
        kl = tfd.kl_divergence(posterior, self.prior())
        return Elbo(reconstruction - kl, reconstruction, kl)

    def log_weights(
        self, x, y=None, count: int = 1, seed: int | tf.Tensor = 0, pixels=None
    ) -> tf.Tensor:
        """The logarithm of p(x | y, z) p(z) / q(z | x, y) at codes z of q(z | x, y), in nats.

        In expectation the ratio is p(x | y) and its logarithm the bound (1).

        Args:
            x: images [batch, height, width, channels] in [0, 1].
            y: side information of a conditional model.
            count: codes drawn for each image.
            seed: the same seed draws the same codes.
            pixels: truth values [height, width, 1], which pixels count; all of them if None.

        Returns:
            [count, batch].
        """
        posterior = self.encode(x, y)
        z = posterior.sample(count, seed=stateless_seed(seed))
        # The codes of an image beside each other: [batch * count, latent_size].
        codes = tf.reshape(tf.transpose(z, [1, 0, 2]), [-1, self.latent_size])
        x = tf.repeat(tf.cast(x, tf.float32), count, axis=0)
        y = None if y is None else tf.repeat(y, count, axis=0)
        log_likelihood = log_pixels(self.decode(codes, y), x, pixels)
        log_ratio = self.prior().log_prob(z) - posterior.log_prob(z)
        return log_ratio + tf.transpose(tf.reshape(log_likelihood, [-1, count]))

    def generate(self, x, y, seed: tf.Tensor) -> Generated:
        """A reconstruction of each image and as many drawn images of the same y, in training mode.

        For adversarial training. Both pass the decoder as one batch, so that the averages which
        batch normalisation keeps for test time are those it was trained with.
        """
        return self.generate_from(self.encode(x, y, training=True), y, seed)

    def generate_from(self, posterior: tfd.Distribution, y, seed: tf.Tensor) -> Generated:
        """As `generate`, of images that are encoded already."""
        for_posterior, for_prior = split_seed(seed, 2)
        prior, count = self.prior(), posterior.batch_shape_tensor()[0]
        z = tf.concat(
            [posterior.sample(seed=for_posterior), prior.sample(count, seed=for_prior)], 0
        )
        twice = None if y is None else tf.concat([y, y], 0)
        likelihood = self.decode(z, twice, training=True)
        images = tf.split(likelihood.mean(), 2)
        return Generated(*images, tfd.kl_divergence(posterior, prior), likelihood[:count])

    def checked_images(self, x) -> tf.Tensor:
        """Images as a float32 tensor; a UserError for another shape or values outside [0, 1]."""
        x = checked_tensor("images", x, self.image_shape)
        check_values("the values of images", x, 0, 1)
        return x

    def checked(self, x, y) -> tf.Tensor | list[tf.Tensor]:
        """Images and side information as the encoder takes them; a UserError if it cannot."""
        return self.with_condition(self.checked_images(x), y)

    def with_condition(self, tensor: tf.Tensor, y) -> tf.Tensor | list[tf.Tensor]:
        """What a network takes: x or z alone; in a conditional model with the vector y."""
        if y is not None:
            raise UserError("a model without side information was given some (y must be None)")
        return tensor

    def unpack(self, data) -> tuple:
        """The images and the side information (here None) in what Keras passes as data."""
        return keras.utils.unpack_x_y_sample_weight(data)[0], None

    def call(self, inputs, training: bool = False) -> tf.Tensor:
        """The reconstructions of the inputs at the mean of q(z | x)."""
        x, y = self.unpack(inputs)
        return self.infer(x, y, training=training).likelihood.mean()

    def fit(self, x=None, y=None, *args, **kwargs) -> keras.callbacks.History:
        """As Keras' ``fit``; raises a UserError for arrays that the model cannot take."""
        self.check_arrays(x, y)
        return super().fit(x, y, *args, **kwargs)

    def check_arrays(self, x, y) -> None:
        """Raises a UserError if x is an array and the model cannot be trained on (x, y)."""
        if isinstance(x, np.ndarray):
            self.checked(*self.unpack((x, y)))

    def step_seed(self) -> tf.Tensor:
        """The seed of the present training step, so that a resumed run draws what it would have."""
        return tf.stack([self.seed, tf.cast(self.optimizer.iterations, tf.int32)])

    def test_seed(self) -> tf.Tensor:
        """The seed of a batch of an evaluation: by the images before it, for noise of its own."""
        before = self.validation["elbo/elbo"].count
        return tf.stack([self.seed, tf.cast(before, tf.int32)])

    def train_step(self, data) -> dict[str, tf.Tensor]:
        """One step on the loss L(x) = -(1), mean over the batch; gives the terms of the loss."""
        x, y = self.unpack(data)
        with tf.GradientTape() as tape:
            bound = self.elbo(x, y, seed=self.step_seed(), training=True)
            loss = tf.reduce_mean(self.kl_weight * bound.kl - bound.reconstruction)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        terms = {f"elbo/{name}": tf.reduce_mean(part) for name, part in bound._asdict().items()}
        return {"loss": loss, **terms}

    def test_step(self, data) -> dict[str, tf.Tensor]:
        """The bound (1) in test mode, averaged over the batches since the metrics were reset."""
        x, y = self.unpack(data)
        bound = self.elbo(x, y, self.test_seed())
        for mean, part in zip(self.validation.values(), bound, strict=True):
            mean.update_state(part)
        return {name: mean.result() for name, mean in self.validation.items()}
