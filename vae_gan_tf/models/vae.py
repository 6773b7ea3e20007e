"""Section 2.1: the variational auto-encoder.

Model: z ~ N(0, I), x | z ~ f(x; z, theta). The bound (1) on the log-likelihood of an image,

    log p(x) >= E_{z ~ q(z | x)} [log p(x | z)] - KL(q(z | x) || p(z)) = -L(x),

is maximised over the encoder q(z | x), a Gaussian with diagonal covariance, and the decoder
p(x | z). The expectation is estimated with one z = mu(x) + sigma(x) * epsilon for each image; the
KL divergence is exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vae_gan_tf import replicas
from vae_gan_tf.checks import (
    TensorLike,
    check_integer,
    check_network,
    check_weight,
    checked_images,
    checked_tensor,
    shapes,
)
from vae_gan_tf.conditions import Condition, NoCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Likelihood
from vae_gan_tf.models.compiled import CompiledModel, unpack
from vae_gan_tf.models.descent import batches_seen, descend
from vae_gan_tf.models.nest import Nest
from vae_gan_tf.models.seeds import (
    Seed,
    check_seed,
    numbered_seed,
    split_seed,
    stateless_seed,
)
from vae_gan_tf.serialization import registered

LARGEST_LOG_VARIANCE = 80.0
"""Log-variances are cut off at plus and minus this, so that float32 holds the variances."""


@dataclass(frozen=True)
class Elbo(Nest):
    """The bound (1) and its two terms, each of shape [batch], in nats an image."""

    elbo: tf.Tensor
    """The bound itself: ``reconstruction - kl``."""
    reconstruction: tf.Tensor
    """log p(x | z, y) at one z sampled from q(z | x, y)."""
    kl: tf.Tensor
    """KL(q(z | x, y) || p(z))."""

    def means(self, prefix: str) -> dict[str, tf.Tensor]:
        """The mean of each over the batch, by the names "prefix/elbo", "prefix/kl" and so on."""
        return {f"{prefix}/{name}": tf.reduce_mean(value) for name, value in vars(self).items()}


class Endpoint(NamedTuple):
    """A function of an exported model."""

    function: Callable[..., Any]
    """From tensors to a tensor or a dictionary of them."""
    specs: list[tf.TensorSpec]
    """The specifications of what it takes."""


def nested(y: Sequence[tf.Tensor]) -> Any:
    """The side information of which an endpoint has the tensors: none, one, or a tuple of them."""
    return None if not y else y[0] if len(y) == 1 else tuple(y)


def check_one_for_each(
    given: tf.Tensor, images: tf.Tensor, what: str = "pieces of side information"
) -> None:
    """Raises a UserError unless something is given for each image or code."""
    if not given.shape[:1].is_compatible_with(images.shape[:1]):
        raise UserError(
            f"{given.shape[0]} {what} given for {images.shape[0]} images or codes; one for each "
            "expected"
        )


def for_each(function: Callable[[tf.Tensor], tf.Tensor], y: Any) -> Any:
    """What a function gives of each array of side information y; None where there is none."""
    return None if y is None else tf.nest.map_structure(function, y)


class Inference(NamedTuple):
    """A pass through encoder and decoder."""

    posterior: tfd.Distribution
    """q(z | x, y)."""
    z: tf.Tensor
    """The codes that were decoded, [batch, *code_shape]."""
    likelihood: tfd.Distribution
    """p(x | z, y)."""


@dataclass(frozen=True)
class Generated(Nest):
    """The images that a discriminator is shown beside a batch of real ones, in one step."""

    reconstructed: tf.Tensor
    """x~ = Dec(Enc(x)), [batch, height, width, channels]."""
    drawn: tf.Tensor
    """Dec(z) with z from the prior, [batch, height, width, channels]."""
    kl: tf.Tensor
    """KL(q(z | x, y) || p(z)), [batch], in nats."""
    likelihood: tfd.Distribution
    """p(x | z, y), whose mean is x~."""

    def expand(self, values: tf.Tensor) -> tf.Tensor:
        """The values for each x~, of values for each image x: the same, for each x has one."""
        return values

    def mean_costs(self, costs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The mean of each cost [batch] over the batch."""
        return {name: tf.reduce_mean(cost) for name, cost in costs.items()}

    def label_terms(self) -> dict[str, tf.Tensor]:
        """The terms of the generator's loss that are about unknown labels: none."""
        return {}


def unpack_images(data: Any) -> tuple[Any, Any]:
    """The x and y, not looked at, of (x, y), (x,), x or ((x, y),).

    Raises:
        UserError: the data are other ones, or hold weights of images too.
    """
    x, y = unpack(data)
    if y is None and isinstance(x, tuple | list) and len(x) == 2:
        x, y = x
    if isinstance(x, tuple | list | dict):
        raise UserError("images or pairs (images, side information) expected, not other nests")
    return x, y


def log_pixels(
    likelihood: tfd.Distribution, x: tf.Tensor, pixels: TensorLike | None = None
) -> tf.Tensor:
    """The logarithm of p(x | z, y), [batch], by those pixels alone for which ``pixels`` is true."""
    of_each = likelihood.distribution.log_prob(x)
    return tf.reduce_sum(tf.where(True if pixels is None else pixels, of_each, 0.0), [1, 2, 3])


def gaussian(mean: tf.Tensor, log_variance: tf.Tensor, rank: int = 1) -> tfd.Distribution:
    """The Gaussian with diagonal covariance that an encoder's outputs describe, in float32.

    Args:
        mean: [batch, *event].
        log_variance: of the same shape; cut off at plus and minus `LARGEST_LOG_VARIANCE`.
        rank: of an event.
    """
    return tfd.Independent(tfd.Normal(tf.cast(mean, tf.float32), deviation(log_variance)), rank)


def deviation(log_variance: tf.Tensor) -> tf.Tensor:
    """The standard deviation, float32, of a log-variance, which is cut off as in `gaussian`."""
    log_variance = tf.cast(log_variance, tf.float32)
    cut = tf.clip_by_value(log_variance, -LARGEST_LOG_VARIANCE, LARGEST_LOG_VARIANCE)
    return tf.exp(0.5 * cut)


def mean_metric(name: str) -> keras.metrics.Mean:
    """A mean that has the name of a term, such as "elbo/kl"."""
    metric = keras.metrics.Mean()
    metric.name = name  # afterwards, for variables must have no slash in theirs
    return metric


class Validation:
    """The means that ``test_step`` keeps, by name, since they were reset.

    An object of its own, for Keras would write their values into the model's file.
    """

    def __init__(self, *names: str):
        self.means = {name: mean_metric(name) for name in names}

    def update(self, values: dict[str, tf.Tensor], images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Adds values [batch] of each name, those of so many images; gives the means."""
        for name, value in values.items():
            self.means[name].update_state(tf.cast(value[:images], tf.float32))
        return {name: mean.result() for name, mean in self.means.items()}

    @property
    def images(self) -> tf.Tensor:
        """The number of images that the means are over."""
        return self.means["loss"].count


@registered
class VAE(CompiledModel):
    """A variational auto-encoder (section 2.1, figure 1).

    ``model.fit(images)`` trains it, after ``model.compile(optimizer)``; a data set of pairs
    (images, labels) serves as well, the labels are not looked at.

    Args:
        encoder: a network from images to mean and log-variance of q(z | x).
        decoder: a network from codes z to the parameters of the likelihood.
        likelihood: the distribution of the pixels; Bernoulli unless another is given.
        kl_weight: the weight of the KL divergence in the loss; 1 as in the bound (1).
        seed: the run seed, from which, with the step, all randomness in training derives.
        **kwargs: those of Keras' ``Model``, such as its name.

    Raises:
        UserError: encoder, decoder and likelihood do not fit together.
    """

    arguments: ClassVar[tuple[str, ...]] = (
        "encoder",
        "decoder",
        "likelihood",
        "kl_weight",
        "seed",
        "name",
    )

    encoder_inputs = decoder_inputs = 1
    """How many inputs a network has before the side information."""

    encoder_outputs: ClassVar[tuple[int, ...]] = (2,)
    """How many outputs an encoder may have: mean and log-variance are the first two."""

    decoder_outputs: ClassVar[tuple[int, ...]] = (1,)
    """How many outputs a decoder may have; the parameters of the likelihood are the first."""

    condition: Condition = NoCondition()
    """The side information y that the model takes: none, but of a `CVAE`."""

    validated: ClassVar[tuple[str, ...]] = (
        "loss",
        *(f"elbo/{field.name}" for field in fields(Elbo)),
    )
    """The names of what ``evaluate`` gives."""

    validates_loss: ClassVar[bool] = True
    """Whether the "loss" of ``evaluate`` is the one that is trained on."""

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Likelihood | None = None,
        kl_weight: float = 1.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        check_integer("seed", seed)
        check_seed(seed)
        check_weight("kl_weight", kl_weight)
        if not (likelihood is None or isinstance(likelihood, Likelihood)):
            raise UserError(
                f"likelihood={likelihood!r} given, a Likelihood such as Bernoulli() expected"
            )
        if not isinstance(self.condition, Condition):
            raise UserError(
                f"condition={self.condition!r} given, such as LabelCondition(10) expected"
            )
        check_network("the encoder", encoder, self.encoder_outputs)
        check_network("the decoder", decoder, self.decoder_outputs)
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood or Bernoulli()
        self.kl_weight = kl_weight
        self.seed = seed
        self.image_shape = tuple(encoder.inputs[0].shape[1:])
        self.latent_size = encoder.outputs[0].shape[-1]
        self.code_shape: tuple[int, ...] = (self.latent_size,)
        self.validation = Validation(*self.validated)
        self._check_networks()
        self.built = True  # the networks are

    def _check_networks(self) -> None:
        """Raises a UserError unless encoder, decoder, likelihood and condition fit together."""
        if len(self.image_shape) != 3 or None in self.image_shape:
            raise UserError(
                f"an encoder of images {list(self.image_shape)} given, [height, width, channels] "
                "expected, all of them known"
            )
        mean, log_variance = shapes(self.encoder.outputs[:2])
        if len(mean) != 1 or log_variance != mean:
            raise UserError(
                f"an encoder to means {list(mean)} and log-variances {list(log_variance)} given, "
                "[latent_size] expected of both"
            )
        codes = tuple(self.decoder.inputs[0].shape[1:])
        if codes != (self.latent_size,):
            raise UserError(
                f"a decoder of codes {list(codes)} given with an encoder to codes "
                f"[{self.latent_size}]"
            )
        encoders = shapes(self.encoder.inputs[self.encoder_inputs :])
        decoders = shapes(self.decoder.inputs[self.decoder_inputs :])
        if decoders != encoders:
            raise UserError(
                f"a decoder with side information of shapes {decoders} given with an encoder with "
                f"{encoders}; the same expected"
            )
        conditions = [(self.condition.size,)] if self.condition.size else []
        if encoders != conditions:
            raise UserError(
                f"networks with side information of shapes {encoders} given, {conditions} expected"
            )
        *size, channels = self.image_shape
        expected = (*size, channels * self.likelihood.parameters)
        outputs = tuple(self.decoder.outputs[0].shape[1:])
        if outputs != expected:
            raise UserError(
                f"a decoder to {list(outputs)} given, {list(expected)} expected for images "
                f"{list(self.image_shape)} under this likelihood"
            )

    def prior(self) -> tfd.Distribution:
        """p(z) = N(0, I), event shape ``code_shape``, which is [latent_size]."""
        return tfd.Independent(tfd.Normal(tf.zeros(self.code_shape), 1.0), len(self.code_shape))

    def encode(
        self, x: TensorLike, y: TensorLike | None = None, training: bool = False
    ) -> tfd.Distribution:
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
        return gaussian(*self.encoder(self.checked(x, y), training=training))

    def decode(
        self, z: TensorLike, y: TensorLike | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x | z): its ``mean()`` is the picture.

        Args:
            z: codes [batch, latent_size].
            y: side information of a conditional model, one for each code.
            training: whether batch normalisation uses the statistics of this batch.

        Returns:
            A distribution with batch shape [batch] and event shape [height, width, channels].

        Raises:
            UserError: z or y is of the wrong shape, or y holds values that it must not.
        """
        z = checked_tensor("codes", z, self.code_shape)
        return self.likelihood(self.decoder(self.with_condition(z, y), training=training))

    def infer(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        seed: Seed | None = None,
        training: bool = False,
    ) -> Inference:
        """Encodes images and decodes a code of each; arguments and errors are those of `encode`.

        With a seed z is sampled from q(z | x, y); without one it is its mean.
        """
        posterior = self.encode(x, y, training)
        z = posterior.mean() if seed is None else posterior.sample(seed=stateless_seed(seed))
        return Inference(posterior, z, self.decode(z, y, training))

    def sample(self, asked: TensorLike, seed: Seed = 0) -> tf.Tensor:
        """New images: z from the prior, the mean of p(x | z, y).

        Args:
            asked: how many images; of a conditional model the side information, labels [batch] or
                images [batch, ...], for each of which there is a new image.
            seed: the same seed gives the same images.

        Returns:
            Images [batch, height, width, channels].

        Raises:
            UserError: the side information is of the wrong shape or holds values that it must not.
        """
        count, y = self.condition.asked(asked)
        return self.decode(self.prior().sample(count, seed=stateless_seed(seed)), y).mean()

    def reconstruct(
        self, x: TensorLike, y: TensorLike | None = None, seed: Seed | None = None
    ) -> tf.Tensor:
        """Dec(Enc(x)), of the shape of x: the mean of p(x | z, y) at a z of q(z | x, y).

        With a seed z is sampled, as in training; without one it is the mean of q(z | x, y).
        """
        return self.infer(x, y, seed).likelihood.mean()

    def elbo(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        seed: Seed = 0,
        training: bool = False,
    ) -> Elbo:
        """The bound (1) on log p(x) for each image, in nats, with one z sampled by the seed.

        Arguments and errors else are those of `encode`.
        """
        x = self.checked_images(x)
        posterior, _, likelihood = self.infer(x, y, seed, training)
        reconstruction = likelihood.log_prob(x)
        kl = tfd.kl_divergence(posterior, self.prior())
        return Elbo(reconstruction - kl, reconstruction, kl)

    def log_weights(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        count: int = 1,
        seed: Seed = 0,
        pixels: TensorLike | None = None,
    ) -> tf.Tensor:
        """The logarithm of p(x | y, z) p(z) / q(z | x, y) at codes z of q(z | x, y), in nats.

        In expectation the ratio is p(x | y) and its logarithm the bound (1).

        Args:
            x: images [batch, height, width, channels] in [0, 1].
            y: side information of a conditional model.
            count: codes sampled for each image.
            seed: the same seed gives the same codes.
            pixels: truth values [height, width, 1], which pixels count; all of them if None.

        Returns:
            [count, batch].
        """
        x = self.checked_images(x)
        posterior = self.encode(x, y)
        z = posterior.sample(count, seed=stateless_seed(seed))
        # The codes of an image beside each other: [batch * count, latent_size].
        codes = tf.reshape(tf.transpose(z, [1, 0, 2]), [-1, self.latent_size])
        x = tf.repeat(x, count, axis=0)
        y = for_each(lambda values: tf.repeat(values, count, axis=0), y)
        log_likelihood = log_pixels(self.decode(codes, y), x, pixels)
        log_ratio = self.prior().log_prob(z) - posterior.log_prob(z)
        return log_ratio + tf.transpose(tf.reshape(log_likelihood, [-1, count]))

    def generate(self, x: TensorLike, y: TensorLike | None, seed: Seed) -> Generated:
        """A reconstruction of each image and as many new images of the same y, in training mode.

        For adversarial training. Both pass the decoder as one batch, so that the averages which
        batch normalisation keeps for test time are those it was trained with.
        """
        return self.generate_from(self.encode(x, y, training=True), y, seed)

    def generate_from(
        self, posterior: tfd.Distribution, y: TensorLike | None, seed: Seed
    ) -> Generated:
        """The images that `generate` gives, from a posterior that is known already."""
        for_posterior, for_prior = split_seed(seed, 2)
        prior, count = self.prior(), posterior.batch_shape_tensor()[0]
        z = tf.concat(
            [posterior.sample(seed=for_posterior), prior.sample(count, seed=for_prior)], 0
        )
        twice = for_each(lambda values: tf.concat([values, values], 0), y)
        likelihood = self.decode(z, twice, training=True)
        reconstructed, drawn = tf.split(likelihood.mean(), 2)
        kl = tfd.kl_divergence(posterior, prior)
        return Generated(reconstructed, drawn, kl, likelihood[:count])

    def checked_images(self, x: TensorLike) -> tf.Tensor:
        """Images as a float32 tensor in [0, 1], those of 8 bits divided by 255.

        Raises:
            UserError: they are of another shape, or have values outside of [0, 1].
        """
        return checked_images("images", x, self.image_shape)

    def checked(self, x: TensorLike, y: TensorLike | None) -> tf.Tensor | list[tf.Tensor]:
        """Images and side information as the encoder takes them; a UserError if it cannot."""
        return self.with_condition(self.checked_images(x), y)

    def with_condition(
        self, tensor: tf.Tensor, y: TensorLike | None
    ) -> tf.Tensor | list[tf.Tensor]:
        """The inputs of a network: x or z alone, in a conditional model with the vectors of y.

        Raises:
            UserError: y is not what the condition says, there is not one for each x or z, or there
                are none.
        """
        if tensor.shape[0] == 0:
            raise UserError("a batch without images or codes given, at least one expected")
        vector = self.condition.vector(y)
        if vector is None:
            return tensor
        check_one_for_each(vector, tensor)
        return [tensor, vector]

    def unpack(self, data: Any) -> tuple[tf.Tensor, Any]:
        """The images and what the model is given of y, of (x, y), (x,), x or ((x, y),).

        Raises:
            UserError: the data are other ones, or hold weights of images too.
        """
        x, y = unpack_images(data)
        return self.checked_images(x), self.condition.given(y)

    def training_batch(self, data: Any) -> tuple[Any, Any]:
        """The two arguments of `training_loss` before the seed, of what Keras passes as data."""
        return self.unpack(data)

    def call(self, inputs: Any, y: TensorLike | None = None, training: bool = False) -> tf.Tensor:
        """The reconstructions of x, or of (x, y), at the mean of q(z | x, y)."""
        x, y = self.unpack(inputs if y is None else (inputs, y))
        return self.infer(x, y, training=training).likelihood.mean()

    def check(self, data: Any, training: bool) -> int:
        """The number of images in a batch, which is looked at; see `CompiledModel.check`."""
        x, y = self.unpack(data)
        self.with_condition(x, y)
        return x.shape[0]

    def input_specs(self) -> list[tf.TensorSpec]:
        """The specifications of images and side information."""
        image = tf.TensorSpec([None, *self.image_shape], tf.float32, name="x")
        return [image, *self.condition.specs()]

    def endpoints(self) -> dict[str, Endpoint]:
        """What an exported model answers, see `export`."""
        image, *condition = self.input_specs()
        code = tf.TensorSpec([None, *self.code_shape], tf.float32, name="z")
        seed = tf.TensorSpec([2], tf.int32, name="seed")
        asked = condition or [tf.TensorSpec([], tf.int32, name="count")]

        def encode(x: tf.Tensor, *y: tf.Tensor) -> dict[str, tf.Tensor]:
            posterior = self.encode(x, nested(y))
            return {"mean": posterior.mean(), "stddev": posterior.stddev()}

        return {
            "sample": Endpoint(
                lambda *given: self.sample(nested(given[:-1]), given[-1]), [*asked, seed]
            ),
            "encode": Endpoint(encode, [image, *condition]),
            "decode": Endpoint(lambda z, *y: self.decode(z, nested(y)).mean(), [code, *condition]),
            "reconstruct": Endpoint(
                lambda x, *y: self.reconstruct(x, nested(y)), [image, *condition]
            ),
        }

    def step_seed(self) -> tf.Tensor:
        """The seed of the present training step, by its number: a resumed run has it too."""
        return replicas.own_seed(numbered_seed(self.seed, batches_seen(self.optimizer)))

    def test_seed(self) -> tf.Tensor:
        """The seed of a batch of an evaluation: by the images before it, for noise of its own."""
        return replicas.own_seed(numbered_seed(self.seed, self.validation.images))

    @property
    def metrics(self) -> list[keras.Metric]:
        """What ``evaluate`` gives, in its order."""
        return list(self.validation.means.values())

    def training_loss(self, x: Any, y: Any, seed: Seed) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The loss of a batch: the mean of L(x) = -(1), its KL divergence weighted.

        A model with another loss is a subclass with another method in the place of this one.

        Args:
            x: images [batch, height, width, channels] in [0, 1].
            y: side information, or None.
            seed: the seed of the step, from which all that is random in the loss derives.

        Returns:
            The loss, and by name the scalars that are logged beside it.
        """
        bound = self.elbo(x, y, seed, training=True)
        loss = tf.reduce_mean(self.kl_weight * bound.kl - bound.reconstruction)
        return loss, bound.means("elbo")

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step on the `training_loss` of a batch; gives the loss and its terms by name."""
        with replicas.filled(data) as (data, images):
            batch = self.training_batch(data)
            with tf.GradientTape() as tape:
                loss, terms = self.training_loss(*batch, self.step_seed())
            networks = {"encoder": self.encoder, "decoder": self.decoder}
            norms = descend(self.optimizer, tape, loss, self.trainable_variables, images, networks)
            return replicas.logs({"loss": loss, **terms, **norms}, images)

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """The bound (1) in test mode, averaged over the images since the metrics were reset.

        "loss" is minus the bound, its KL divergence weighted.
        """
        with replicas.filled(data) as (data, images):
            x, y = self.unpack(data)
            bound = self.elbo(x, y, self.test_seed())
        loss = self.kl_weight * bound.kl - bound.reconstruction
        terms = {f"elbo/{name}": values for name, values in vars(bound).items()}
        return self.validation.update({"loss": loss, **terms}, images)
