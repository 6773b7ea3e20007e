"""Sections 3.1 to 3.3: VAE, CVAE and the semi-supervised VAE, each with GAN.

An adversarial model has a generator, which is one of the variational auto-encoders, and a
discriminator D, from whose layer l come the features f_l. With x~ = Dec(Enc(x)) the
reconstruction of an image and Dec(z), z ~ N(0, I), a new one, which is called drawn, equations (2)
and (3) are

    L_G = L_KL + ||f_l(x) - f_l(x~)||^2 / 2 sigma^2 - log D(Dec(z)) - log D(x~)
    L_D = -log D(x) - log(1 - D(Dec(z))) - log(1 - D(x~)).

A loss on pixels may take the place of the feature loss, as section 4.6 has it for DRAW-GAN, which
is a `VAEGAN` of DRAW, conditional DRAW-GAN a `CVAEGAN` of conditional DRAW (section 3.4).

Section 3.2 keeps both and writes "D takes it for real" as the cross-entropy with the label y
among k + 1 classes, and "D takes it for generated" as the cross-entropy with the last class.

Section 3.3 has these losses for the labelled images, and for the others their average over
q(y | x), see `SemiSupervisedVAEGAN`.

A step generates its images once; updates the discriminator on them; then updates encoder and
decoder against the updated discriminator. The discriminator sees the means of the likelihood.

Batch normalisation. The codes of reconstructions and samples pass the decoder as one batch,
so that the averages it keeps for test time are those it was trained with. The discriminator
meets real, reconstructed and sampled images in batches of their own, each normalised by its own
statistics; the averages it keeps for test time are those of real images alone, so that it treats
any image as it would beside real ones. Of a semi-supervised batch, what is generated of labelled
images and of the others with each class is one batch to the decoder, and to the discriminator two:
the reconstructed and the drawn.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vae_gan_tf import replicas
from vae_gan_tf.checks import TensorLike, check_network, check_weight, shapes
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.compiled import CompiledModel
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.descent import batches_seen, descend
from vae_gan_tf.models.seeds import Seed, numbered_seed
from vae_gan_tf.models.semi_supervised import Pairs, SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE, Elbo, Endpoint, Generated
from vae_gan_tf.serialization import Configured, registered, serialized


@registered
class CrossEntropy(Configured):
    """-log p(x | z, y): the reconstruction term of the bound (1), on pixels."""

    def __call__(self, x: tf.Tensor, likelihood: tfd.Distribution) -> tf.Tensor:
        """The cost [batch], in nats, of images x and the likelihood of each."""
        return -likelihood.log_prob(x)


@registered
class SquaredError(Configured):
    """||x - x~||^2, summed over pixels and channels (section 4.6)."""

    def __call__(self, x: tf.Tensor, likelihood: tfd.Distribution) -> tf.Tensor:
        """The cost [batch] of images x and the likelihood of each, whose mean is x~."""
        return tf.reduce_sum(tf.math.squared_difference(x, likelihood.mean()), [1, 2, 3])


@registered
class VAEGAN(CompiledModel):
    """A variational auto-encoder trained against a discriminator (section 3.1, figure 5).

    ``compile`` takes the optimizer of encoder and decoder and, if it is to be another, that of the
    discriminator; then ``fit`` works as the generator's does.

    Args:
        generator: the variational auto-encoder; its ``kl_weight`` weighs L_KL in (2).
        discriminator: a network from images to features f_l and logits.
        feature_variance: sigma^2 of the feature loss.
        adversarial_weight: the weight of the two adversarial terms of (2).
        reconstructed_weight: the weight of x~ beside Dec(z) in the adversarial terms of (2) and in
            (3), which have 1. What is taken for generated because it is blurred is x~ above all; a
            Dec(z) that is to differ from it can be too sharp.
        gradient_penalty: gamma of the penalty on the discriminator's gradient at real images,
            gamma / 2 E ||d l(x) / dx||^2 with l(x) the log-odds of "real", which then is a fourth
            term of (3) (R1 of Mescheder et al. 2018); 0 for none. Where a layer normalises by
            batches, each image changes the log-odds of all, and l(x) is the sum of these.
        reconstruction: what takes the place of the feature loss, a loss on pixels, `CrossEntropy`
            or `SquaredError` (section 4.6); None for the feature loss.
        **kwargs: those of Keras' ``Model``, such as its name.

    Raises:
        UserError: the discriminator does not fit the generator.
    """

    arguments: ClassVar[tuple[str, ...]] = (
        "generator",
        "discriminator",
        "feature_variance",
        "adversarial_weight",
        "reconstructed_weight",
        "gradient_penalty",
        "reconstruction",
        "name",
    )

    default_learning_rate = 1e-4

    loss_methods = "weighted and discriminator_sum"

    validates_loss: ClassVar[bool] = False
    """Whether the "loss" of ``evaluate`` is the one that is trained on: that is the generator's."""

    generator_prefix = "generator/"
    """The beginning of the names of the generator's terms, which stand beside others in a log."""

    def __init__(
        self,
        generator: VAE,
        discriminator: keras.Model,
        feature_variance: float = 1.0,
        adversarial_weight: float = 1.0,
        reconstruction: CrossEntropy | SquaredError | None = None,
        reconstructed_weight: float = 1.0,
        gradient_penalty: float = 0.0,
        **kwargs: Any,
    ):
        if not isinstance(generator, VAE):
            raise UserError(f"a generator {type(generator).__name__} given, a VAE expected")
        few = isinstance(generator, SemiSupervisedVAE)
        if few is not isinstance(self, SemiSupervisedVAEGAN):
            raise UserError(
                f"{type(self).__name__} of {type(generator).__name__} asked for; a semi-supervised "
                "generator and SemiSupervisedVAEGAN or JudgingVAEGAN go together"
            )
        check_weight("feature_variance", feature_variance, positive=True)
        check_weight("adversarial_weight", adversarial_weight)
        check_weight("reconstructed_weight", reconstructed_weight)
        check_weight("gradient_penalty", gradient_penalty)
        if not (reconstruction is None or callable(reconstruction)):
            raise UserError(
                f"reconstruction={reconstruction!r} given, CrossEntropy(), SquaredError() or None "
                "expected"
            )
        check_network("the discriminator, to features and logits", discriminator, [2])
        if len(discriminator.inputs) != 1:
            raise UserError(f"a discriminator of {len(discriminator.inputs)} inputs, not of images")
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.feature_variance = feature_variance
        self.adversarial_weight = adversarial_weight
        self.reconstructed_weight = reconstructed_weight
        self.gradient_penalty = gradient_penalty
        self.reconstruction = reconstruction
        self.generator_terms = (
            "kl",
            "feature" if reconstruction is None else "pixel",
            "drawn",
            "reconstructed",
        )
        logits, expected = shapes(discriminator.outputs)[1], self.logits_expected()
        if logits != (expected,):
            found = " x ".join(map(str, logits))
            raise UserError(f"a discriminator of {found} logits given, one of {expected} expected")
        images = tuple(discriminator.inputs[0].shape[1:])
        if images != generator.image_shape:
            raise UserError(
                f"a discriminator of images {list(images)} given, {list(generator.image_shape)} "
                "expected"
            )
        self.built = True  # the networks are

    def logits_expected(self) -> int:
        """The number of logits that the discriminator must have: one, for "is it real?"."""
        return 1

    def cost_of_real(self, logits: tf.Tensor, y: TensorLike | None) -> tf.Tensor:
        """-log D(x), [batch]: what it costs to take images for real."""
        return tf.nn.softplus(-logits[:, 0])

    def cost_of_generated(self, logits: tf.Tensor) -> tf.Tensor:
        """-log(1 - D(x)), [batch]: what it costs to take images for generated."""
        return tf.nn.softplus(logits[:, 0])

    def adversarial_cost(
        self, logits: tf.Tensor, y: TensorLike | None, real: tf.Tensor | None = None
    ) -> tf.Tensor:
        """What its images cost the generator in (2), [batch]: `cost_of_real`.

        Args:
            logits: of the generated images.
            y: what they are of.
            real: the logits of the real images, if `compares_logits`.
        """
        return self.cost_of_real(logits, y)

    @property
    def compares_logits(self) -> bool:
        """Whether the cost of generated images depends on the logits of real ones."""
        return False

    def log_odds(self, logits: tf.Tensor) -> tf.Tensor:
        """The log-odds that images are real, log D(x) - log(1 - D(x)), [batch]."""
        return logits[:, 0]

    def discriminate(self, x: TensorLike) -> tf.Tensor:
        """D(x) in test mode: the probability [batch] that each image is real.

        Args:
            x: images [batch, height, width, channels] with values in [0, 1].

        Raises:
            UserError: x is of another shape or holds other values.
        """
        return tf.sigmoid(self.test_logits(x)[:, 0])

    def test_logits(self, x: TensorLike) -> tf.Tensor:
        """The discriminator's logits in test mode; a UserError for images it cannot take."""
        logits = self.discriminator(self.generator.checked_images(x), training=False)[1]
        return tf.cast(logits, tf.float32)

    def prepare(self, data: Any, seed: Seed) -> tuple[tf.Tensor, TensorLike | None, Generated]:
        """The images x, the y of each x~, and what is generated, of what Keras passes as data."""
        x, y = self.generator.training_batch(data)
        return x, y, self.generator.generate(x, y, seed)

    def features_and_logits(
        self, images: tf.Tensor, constant: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The discriminator's outputs in training mode, the kept averages left as they are.

        Args:
            images: [batch, height, width, channels].
            constant: whether gradients reach the images only, and no weight of the discriminator,
                which may be a part of the generator.

        Returns:
            Features f_l [batch, ...] and logits [batch, `logits_expected`], float32.
        """
        network = self.discriminator
        weights = [
            tf.stop_gradient(each) if constant else each for each in network.trainable_variables
        ]
        (features, logits), _ = network.stateless_call(
            weights, network.non_trainable_variables, images, training=True
        )
        return tf.cast(features, tf.float32), tf.cast(logits, tf.float32)

    def has_noise(self) -> bool:
        """Whether layers of the discriminator draw numbers, for each image of a batch its own.

        Then only batches of as many images, in the same order, meet the same numbers.
        """
        network = self.discriminator
        # Of the two only the first has the states of seeds.
        return len(network.non_trainable_variables) > len(network.non_trainable_weights)

    def discriminator_costs(
        self, x: tf.Tensor, y: TensorLike | None, generated: Generated
    ) -> dict[str, tf.Tensor]:
        """The three terms of (3), for each x~, and the penalty where there is one."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            x = tf.convert_to_tensor(x)
            tape.watch(x)
            _, real = self.discriminator(x, training=True)
            real = tf.cast(real, tf.float32)
            log_odds = self.log_odds(real)
        penalty = {}
        if self.gradient_penalty:
            slopes = tf.reduce_sum(tf.square(tape.gradient(log_odds, x)), [1, 2, 3])
            penalty = {"penalty": self.gradient_penalty / 2 * generated.expand(slopes)}
        _, drawn = self.features_and_logits(generated.drawn)
        _, reconstructed = self.features_and_logits(generated.reconstructed)
        return {
            "real": self.cost_of_real(generated.expand(real), y),
            "drawn": self.cost_of_generated(drawn),
            "reconstructed": self.cost_of_generated(reconstructed),
            **penalty,
        }

    def generator_costs(
        self, x: tf.Tensor, y: TensorLike | None, generated: Generated
    ) -> dict[str, tf.Tensor]:
        """The four terms of (2), for each x~ and not yet weighted: `generator_terms`."""
        features = real = None
        if self.reconstruction is None or self.compares_logits:
            noise = self.has_noise()
            outputs = self.features_and_logits(generated.expand(x) if noise else x, constant=True)
            features, real = outputs if noise else map(generated.expand, outputs)
        _, drawn = self.features_and_logits(generated.drawn, constant=True)
        features_again, reconstructed = self.features_and_logits(
            generated.reconstructed, constant=True
        )
        if self.reconstruction is None:
            difference = tf.math.squared_difference(features, features_again)
            axes = range(1, difference.shape.rank)
            again = tf.reduce_sum(difference, axes) / (2 * self.feature_variance)
        else:
            again = self.reconstruction(generated.expand(x), generated.likelihood)
        costs = (
            generated.kl,
            again,
            self.adversarial_cost(drawn, y, real),
            self.adversarial_cost(reconstructed, y, real),
        )
        return dict(zip(self.generator_terms, costs, strict=True)) | self.more_costs(drawn)

    def more_costs(self, drawn: tf.Tensor) -> dict[str, tf.Tensor]:
        """Further terms by name, of the logits of all drawn images: none."""
        return {}

    def discriminator_loss(
        self, x: tf.Tensor, y: TensorLike | None, generated: Generated
    ) -> dict[str, tf.Tensor]:
        """The terms of (3), each a mean over the batch; the loss is their `discriminator_sum`."""
        return generated.mean_costs(self.discriminator_costs(x, y, generated))

    def discriminator_sum(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """The sum (3) of its terms, in which those of reconstructions have their weight."""
        weight = self.reconstructed_weight
        return tf.add_n(
            [weight * it if name.endswith("reconstructed") else it for name, it in terms.items()]
        )

    def generator_loss(
        self, x: tf.Tensor, y: TensorLike | None, generated: Generated
    ) -> dict[str, tf.Tensor]:
        """The terms of (2), each a mean over the batch; the loss is their sum by `weighted`."""
        costs = self.generator_costs(x, y, generated)
        return generated.mean_costs(costs) | generated.label_terms()

    def weighted(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """The sum (2) of its terms, with their weights."""
        kl, reconstruction, drawn, reconstructed = (terms[name] for name in self.generator_terms)
        return (
            self.generator.kl_weight * kl
            + reconstruction
            + self.adversarial_weight * (drawn + self.reconstructed_weight * reconstructed)
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Generates, updates the discriminator on (3), then encoder and decoder on (2)."""
        seed = numbered_seed(self.generator.seed, batches_seen(self.optimizer))
        with replicas.filled(data) as (data, images):
            return self._train_on(data, images, replicas.own_seed(seed))

    def _train_on(self, data: Any, images: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            x, y, generated = self.prepare(data, seed)
            with tape.stop_recording():
                discriminator_loss, discriminator_terms, norms = self.update_discriminator(
                    x, y, generated, images
                )
            terms = self.generator_loss(x, y, generated)
            loss = self.weighted(terms)
        variables = self.generator.trainable_variables
        networks = {"encoder": self.generator.encoder, "decoder": self.generator.decoder}
        norms |= descend(self.optimizer, tape, loss, variables, images, networks)
        logs = {
            "loss": loss + discriminator_loss,
            "loss/generator": loss,
            "loss/discriminator": discriminator_loss,
            **{f"{self.generator_prefix}{name}": value for name, value in terms.items()},
            **{
                f"discriminator/{name.replace('/', '_')}": value
                for name, value in discriminator_terms.items()
            },
            **norms,
        }
        return replicas.logs(logs, images)

    def update_discriminator(
        self, x: tf.Tensor, y: TensorLike | None, generated: Generated, images: tf.Tensor | int = 1
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """One step of the discriminator on (3); gives the loss, its terms and what `descend` does.

        Args:
            x: the images.
            y: of each x~.
            generated: what is generated of them.
            images: how many there are, labelled or not.
        """
        with tf.GradientTape() as tape:
            terms = self.discriminator_loss(x, y, generated)
            loss = self.discriminator_sum(terms)
        variables = self.discriminator.trainable_variables
        networks = {"discriminator": self.discriminator}
        norms = descend(self.discriminator_optimizer, tape, loss, variables, images, networks)
        return loss, terms, norms

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer | None = None,
        discriminator_optimizer: str | keras.optimizers.Optimizer | None = None,
        *,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Sets the two optimizers, and what else Keras' ``compile`` sets.

        A callback that changes the learning rate changes that of ``optimizer``. If it is the only
        one given, the discriminator's optimizer has the same, and follows.

        Args:
            optimizer: that of encoder and decoder; Adam, with the rate of section 6, if None.
            discriminator_optimizer: that of the discriminator; None for one like the first.
            auto_scale_loss: whether the losses are scaled where a network computes in float16.
            **kwargs: those of `CompiledModel.compile`.
        """
        if discriminator_optimizer is not None and discriminator_optimizer is optimizer:
            raise UserError("one optimizer given twice; an object for each expected, or one alone")
        super().compile(optimizer, auto_scale_loss=auto_scale_loss, **kwargs)
        self._follows = discriminator_optimizer is None
        self.discriminator_optimizer = (
            self.optimizer.__class__.from_config(self.optimizer.get_config())
            if discriminator_optimizer is None
            else self.prepared(discriminator_optimizer, auto_scale_loss)
        )
        self.build_optimizers()

    def build_optimizers(self) -> None:
        """Makes the variables of the two optimizers."""
        self._build(self.optimizer, self.generator.trainable_variables)
        self._build(self.discriminator_optimizer, self.discriminator.trainable_variables)
        one, other = map(innermost, (self.optimizer, self.discriminator_optimizer))
        if self._follows:
            other._learning_rate = one._learning_rate
        if one.use_ema and not self._shares_weights():
            one.optimizers = [one, other]  # for `SwapEMAWeights`

    def _shares_weights(self) -> bool:
        """Whether the discriminator is a part of the generator."""
        own = {id(variable) for variable in self.generator.trainable_variables}
        return any(id(variable) in own for variable in self.discriminator.trainable_variables)

    def get_compile_config(self) -> dict[str, Any] | None:
        """What Keras saves of a compiled model, and the second optimizer; None if not compiled."""
        config = super().get_compile_config()
        if not config:
            return None
        other = None if self._follows else self.discriminator_optimizer
        return config | serialized({"discriminator_optimizer": other})

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """The ``fit`` of `CompiledModel`."""
        history = super().fit(*args, **kwargs)
        # With use_ema Keras ends by putting the averages into the weights, of one optimizer alone.
        if not self._shares_weights():
            weights = self.discriminator.trainable_weights
            self.discriminator_optimizer.finalize_variable_values(weights)
        return history

    # What follows is the generator's: adding a discriminator changes its training only.

    def encode(self, x: TensorLike, y: TensorLike | None = None) -> tfd.Distribution:
        """q(z | x, y) by the generator."""
        return self.generator.encode(x, y)

    def decode(self, z: TensorLike, y: TensorLike | None = None) -> tfd.Distribution:
        """p(x | z, y) by the generator."""
        return self.generator.decode(z, y)

    def sample(self, asked: TensorLike, seed: Seed = 0) -> tf.Tensor:
        """New images of the generator, see `VAE.sample`."""
        return self.generator.sample(asked, seed)

    def reconstruct(
        self, x: TensorLike, y: TensorLike | None = None, seed: Seed | None = None
    ) -> tf.Tensor:
        """Dec(Enc(x)) by the generator, see `VAE.reconstruct`."""
        return self.generator.reconstruct(x, y, seed)

    def elbo(self, x: TensorLike, y: TensorLike | None = None, seed: Seed = 0) -> Elbo:
        """The generator's bound (1) in nats, on pixels, although training is on (2)."""
        return self.generator.elbo(x, y, seed)

    def call(self, inputs: Any, y: TensorLike | None = None, training: bool = False) -> tf.Tensor:
        """The reconstructions of x, or of (x, y), by the generator."""
        return self.generator.call(inputs, y, training)

    def check(self, data: Any, training: bool) -> int:
        """The number of images in a batch, which the generator looks at."""
        return self.generator.check(data, training)

    def input_specs(self) -> list[tf.TensorSpec]:
        """The specifications of images and side information of the generator."""
        return self.generator.input_specs()

    def endpoints(self) -> dict[str, Endpoint]:
        """Those of the generator, and "discriminate"."""
        image, *_ = self.input_specs()
        return {**self.generator.endpoints(), "discriminate": Endpoint(self.discriminate, [image])}

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """What the generator's gives: no adversarial terms are in it, nor in its "loss"."""
        return self.generator.test_step(data)

    @property
    def metrics(self) -> list[keras.Metric]:
        """The metrics of the generator, for Keras to reset before each evaluation."""
        return self.generator.metrics


class SoftmaxVAEGAN(VAEGAN):
    """A `VAEGAN` whose discriminator has a softmax of k + 1 classes (section 3.2)."""

    def logits_expected(self) -> int:
        """The number k + 1: a logit for each of the k classes and one for generated images."""
        return self.generator.condition.size + 1

    def cost_of_real(self, logits: tf.Tensor, y: TensorLike | None) -> tf.Tensor:
        """CrossEntropy(D(x), y), [batch]."""
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)

    def cost_of_generated(self, logits: tf.Tensor) -> tf.Tensor:
        """CrossEntropy(D(x), y_fake), [batch]; y_fake is the last of the k + 1 classes."""
        fake = tf.fill(tf.shape(logits)[:1], logits.shape[-1] - 1)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=fake, logits=logits)

    def log_odds(self, logits: tf.Tensor) -> tf.Tensor:
        """The log-odds that images are real, log(1 - D_fake(x)) - log D_fake(x), [batch]."""
        return tf.reduce_logsumexp(logits[:, :-1], -1) - logits[:, -1]

    def discriminate(self, x: TensorLike) -> tf.Tensor:
        """D(x) in test mode: probabilities [batch, k + 1] of the classes and of "generated"."""
        return tf.nn.softmax(self.test_logits(x))


@registered
class CVAEGAN(SoftmaxVAEGAN):
    """A conditional VAE of labels trained against a k + 1 class discriminator (section 3.2).

    What an image costs the generator has two parts, "it is real" and "real, it is a y":

        CrossEntropy(D(x), y) = -log(1 - D(x)_fake) - log(D(x)_y / (1 - D(x)_fake)).

    The second goes on where the discriminator is surer of the class of generated images than of
    that of real ones, and so asks for the most usual kinds of each class. There, where its mean
    over the drawn images of a batch, or over the reconstructions, is below that over the real ones,
    it has the weight ``label_weight``.

    Args:
        generator: a `CVAE` whose side information is a label of k classes.
        discriminator: a network from images to features f_l and k + 1 logits.
        label_weight: the weight of the second part in (2) where generated images are plainer than
            real ones; (2) has 1 everywhere.
        **kwargs: those of `VAEGAN`.

    Raises:
        UserError: the generator is not one of labels, or the discriminator does not fit it.
    """

    arguments = (*SoftmaxVAEGAN.arguments, "label_weight")

    def __init__(
        self,
        generator: CVAE,
        discriminator: keras.Model,
        label_weight: float = 1.0,
        **kwargs: Any,
    ):
        if not isinstance(getattr(generator, "condition", None), LabelCondition):
            raise UserError("CVAE-GAN needs a generator conditioned on labels")
        check_weight("label_weight", label_weight)
        super().__init__(generator, discriminator, **kwargs)
        self.label_weight = label_weight

    @property
    def compares_logits(self) -> bool:
        """Whether the cost of generated images depends on the logits of real ones."""
        return self.label_weight != 1

    def adversarial_cost(
        self, logits: tf.Tensor, y: TensorLike | None, real: tf.Tensor | None = None
    ) -> tf.Tensor:
        """CrossEntropy(D(x), y), in which "real, it is a y" has its weight, [batch]."""
        whole = self.cost_of_real(logits, y)
        if real is None or not self.compares_logits:
            return whole
        label, of_real = (
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=each[:, :-1])
            for each in (logits, real)
        )
        means = [tf.reduce_mean(label), tf.reduce_mean(of_real)]
        mean, mean_of_real = replicas.mean(means, tf.shape(label)[0])
        weight = tf.where(mean < mean_of_real, float(self.label_weight), 1.0)
        return whole + (weight - 1) * label


@dataclass(frozen=True)
class GeneratedPairs(Generated):
    """The images that are generated of a semi-supervised batch, for each of its pairs (x, y).

    There are l + u * k of them: l labelled images, u others with each of k classes, see `Pairs`.
    So ``batch`` in the shapes of `Generated` is l + u * k here.
    """

    pairs: Pairs
    """The pairs as encoded, with q(y | x)."""

    def expand(self, values: tf.Tensor) -> tf.Tensor:
        """The values [l + u * k, ...] for each x~, of values [l + u, ...] for each image x."""
        return self.pairs.expand(values)

    def mean_costs(self, costs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Two means of each cost [l + u * k]: over the labelled images, and over the others.

        The cost of an image without label is the average over q(y | x). Names are "labelled/" or
        "unlabelled/" and the name of the cost.
        """
        means = {}
        for name, cost in costs.items():
            labelled, unlabelled = self.pairs.average(cost)
            means[f"labelled/{name}"] = tf.reduce_mean(labelled)
            means[f"unlabelled/{name}"] = tf.reduce_mean(unlabelled)
        return means

    def label_terms(self) -> dict[str, tf.Tensor]:
        """The mean of the entropy of q(y | x), and those of `Pairs.label_terms`."""
        return {
            "unlabelled/entropy": tf.reduce_mean(self.pairs.entropy()),
            **self.pairs.label_terms(),
        }


@registered
class SemiSupervisedVAEGAN(SoftmaxVAEGAN):
    """A semi-supervised VAE trained against a k + 1 class discriminator (section 3.3).

    With L_G(x, y) and L_D(x, y) the losses of section 3.2, a labelled image costs L_G(x, y) and
    L_D(x, y), and one without label

        sum_y q(y | x) L_G(x, y) - H(q(y | x))    and    sum_y q(y | x) L_D(x, y).

    All of L_G(x, y) depends on y, its L_KL too, and has its place under the sum. Section 3.3 prints
    + H in a loss that is minimised; as in section 2.3 the entropy enters with a minus. log p(y),
    which section 2.3 has in L(x, y), is not in the report's losses here, nor would its -log k have
    a gradient.

    The generator's ``objective`` weighs what the generator costs: the mean over the labelled
    images, the mean over the others, and that of -log q(y | x) over the labelled ones; its
    ``consistency`` may add a term. In this
    step gradients reach q(y | x) as a weight too, in the discriminator's it is a constant. The
    discriminator minimises the plain sum of its two means, as printed: only from the labelled
    images does it learn what the labels mean, whereas from the others it learns to agree with
    q(y | x); weighted by the number of images, 1000 labels of 55 000 would count for 2 % of it.

    `fit` takes the data that the generator's does, batches ((images, labels), unlabelled images).

    Args:
        generator: a `SemiSupervisedVAE` of k classes.
        discriminator: a network from images to features f_l and k + 1 logits.
        **kwargs: those of `VAEGAN`.

    Raises:
        UserError: the generator is not semi-supervised, or the discriminator does not fit it.
    """

    generator: SemiSupervisedVAE
    generator_prefix = (
        ""  # they are named after labelled and unlabelled, as the generator's own are
    )

    def __init__(self, generator: SemiSupervisedVAE, discriminator: keras.Model, **kwargs: Any):
        if not isinstance(generator, SemiSupervisedVAE):
            raise UserError("semi-supervised VAE-GAN needs a semi-supervised VAE as its generator")
        super().__init__(generator, discriminator, **kwargs)

    def prepare(self, data: Any, seed: Seed) -> tuple[tf.Tensor, tf.Tensor, GeneratedPairs]:
        """The images x [l + u, ...], the y [l + u * k] of each x~, and what is generated."""
        (x, y), unlabelled = self.generator.training_batch(data)
        pairs = self.generator.training_pairs(x, y, unlabelled, seed)
        generated = self.generator.generate_from(pairs.codes, pairs.y, seed)
        return pairs.images, pairs.y, GeneratedPairs(**vars(generated), pairs=pairs)

    def weighted(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """The generator's loss: the sum of its three kinds of terms, weighted by its objective."""
        labelled, unlabelled = (
            {name: terms[f"{kind}/{name}"] for name in self.generator_terms}
            for kind in ("labelled", "unlabelled")
        )
        weights = self.generator.objective
        return (
            weights.labelled * super().weighted(labelled)
            + weights.unlabelled * (super().weighted(unlabelled) - terms["unlabelled/entropy"])
            + self.generator.cost_of_classes(terms)
        )

    def classify(self, x: TensorLike) -> tfd.OneHotCategorical:
        """q(y | x) by the generator, see `SemiSupervisedVAE.classify`."""
        return self.generator.classify(x)


@registered
class JudgingVAEGAN(SemiSupervisedVAEGAN):
    """A semi-supervised VAE-GAN without a discriminator of its own: its classifier is one.

    As in Salimans et al. (2016), section 5: the logits of q(y | x) and a fixed 0 for "generated"
    are the k + 1 logits of D, so that

        D(x)_y = q(y | x) (1 - D(x)_fake),    D(x)_fake = 1 / (1 + sum_y exp(logit_y)).

    So the discriminator's step shapes the classifier by all images, labelled or not: the logits of
    real images are to be large, those of generated ones small. On an image without label, the
    cross-entropy of D_y, averaged over q(y | x), has the gradient of -log(1 - D_fake) alone, as
    that of the cross-entropy of q with itself is 0. An adversarial weight of 0 takes the adversary
    from the generator alone: the classifier goes on learning to tell its images from real ones.

    The trunk meets the real images of a step twice in training mode, as a part of the encoder,
    there beside the moved ones of `Consistency`, and as the discriminator; its averages for test
    time are of these, never of generated ones, and move twice.

    Args:
        generator: a `SemiSupervisedVAE` of k classes, in whose trunk the layer of the logits has
            the name "logits"; the features f_l are what that layer is given.
        **kwargs: those of `VAEGAN`, without a discriminator.
    """

    arguments = tuple(name for name in VAEGAN.arguments if name != "discriminator")

    def __init__(self, generator: SemiSupervisedVAE, **kwargs: Any):
        if not isinstance(generator, SemiSupervisedVAE):
            raise UserError("semi-supervised VAE-GAN needs a semi-supervised VAE as its generator")
        trunk = generator.trunk
        layer = next((each for each in trunk.layers if each.name == "logits"), None)
        if layer is None or layer.output is not trunk.outputs[2]:
            raise UserError(
                'a trunk given whose logits, its third output, are not those of a layer "logits"'
            )
        logits = keras.ops.pad(layer.output, [[0, 0], [0, 1]])
        discriminator = keras.Model(trunk.inputs, [layer.input, logits], name="discriminator")
        super().__init__(generator, discriminator, **kwargs)


def innermost(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer within one that scales the loss; else the optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def generator(model: VAE | VAEGAN) -> VAE:
    """The variational auto-encoder in a model: itself, or an adversarial model's generator."""
    return model.generator if isinstance(model, VAEGAN) else model
