"""Section 2.3: the semi-supervised variational auto-encoder, "M2" of Kingma et al. (2014).

Model: y ~ Cat(1/k, ..., 1/k), z ~ N(0, I), x | y, z ~ f(x; y, z, theta), where only some images
come with their label y. For a labelled and for an unlabelled image

    log p(x, y) >= E_{z ~ q(z | x, y)} [log p(x | y, z)] + log p(y) - KL(q(z | x, y) || p(z))
                 = -L(x, y),
    log p(x)    >= sum_y q(y | x) (-L(x, y)) + H(q(y | x)) = -U(x).

The sum over the labels is exact: every class is decoded, none is sampled. Since q(y | x) would
learn from unlabelled images only, -log q(y | x) of the labelled ones joins the loss, see
`Objective`.

What does not depend on y is computed once an image: section 4.5 has h_1(x), Sigma(x) and pi(x)
without y, and a fully connected layer on [h_1, y] is the sum of a product with h_1 and one with y.
So the network ``trunk`` gives the first product, and ``head`` adds the second and goes on.

Batch normalisation. A step takes labelled and unlabelled images through each network together. The
batch of the trunk is all images, each once; that of head and decoder is the labelled pairs (x, y)
and every unlabelled x with every class. There each pair counts the same, however unlikely q(y | x)
takes the class to be, both in the statistics of the batch and in the averages kept for test time.
Where q(y | x) is to agree on moved images (`Consistency`, not in the report), these are in the
batch of the trunk too.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vae_gan_tf import replicas
from vae_gan_tf.checks import TensorLike, check_network, check_weight, shapes
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.compiled import unpack
from vae_gan_tf.models.consistency import Consistency, disagreement
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.seeds import Seed, stateless_seed
from vae_gan_tf.models.vae import VAE, Elbo, Endpoint, check_one_for_each, gaussian
from vae_gan_tf.moves import check_move
from vae_gan_tf.serialization import Configured, registered


@registered
@dataclass(frozen=True)
class Objective(Configured):
    """The weights of the three terms of the loss, each of which is a mean over its batch.

    Args:
        labelled: the weight of the mean of L(x, y) over the labelled images.
        unlabelled: the weight of the mean of U(x) over the unlabelled images.
        classification: the weight of the mean of -log q(y | x) over the labelled images.

    Raises:
        UserError: a weight is negative or not finite.
    """

    labelled: float
    unlabelled: float
    classification: float

    arguments = ("labelled", "unlabelled", "classification")

    def __post_init__(self) -> None:
        for name in self.arguments:
            check_weight(f"the weight {name}", getattr(self, name))

    @classmethod
    def per_image(cls, labelled: int, unlabelled: int, classification: float = 0.1) -> "Objective":
        """The objective of Kingma et al., divided by the number of training images N.

        They minimise sum L + sum U + alpha * mean(-log q(y | x)), sums over all labelled and all
        unlabelled images, the mean over the labelled, with alpha = 0.1 N. A sum is the count times
        the mean, and a batch estimates the mean; so the weights are N_l / N, N_u / N and alpha / N.

        Args:
            labelled: N_l, the number of labelled training images.
            unlabelled: N_u, the number of unlabelled ones; N = N_l + N_u.
            classification: alpha / N.

        Raises:
            UserError: one of the counts is below 1.
        """
        if not (labelled >= 1 and unlabelled >= 1):
            raise UserError(
                f"{labelled} labelled and {unlabelled} unlabelled images given, at least one of "
                "each expected"
            )
        total = labelled + unlabelled
        return cls(labelled / total, unlabelled / total, classification)

    @classmethod
    def originals(cls) -> "Objective":
        """The weights of the report's own programs: 1, 1 and 5500.

        5500 is the alpha = 0.1 N of Kingma et al. for N = 55 000, but beside means over a batch
        instead of sums over N images: against U, the classification weighs N times as much as
        theirs. And mean beside mean, a labelled image's L counts N_u / N_l times as much as an
        unlabelled one's U, 54 times with 1000 labels.
        """
        return cls(1.0, 1.0, 5500.0)


@dataclass(frozen=True)
class Bound(Elbo):
    """The bound on log p(x, y), or without y on log p(x), and its terms, in nats an image.

    The bound itself, ``elbo``, is ``reconstruction - kl + entropy`` and log p(y), which is -log k.
    Without y ``reconstruction`` and ``kl`` are averages over q(y | x).
    """

    entropy: tf.Tensor
    """H(q(y | x)); 0 where y is given."""


class Pairs(NamedTuple):
    """A batch as encoded: l labelled images, u unlabelled ones, and l + u * k pairs (x, y).

    The pairs are the labelled images with their labels, then the first unlabelled image with
    class 0, with class 1, and so on to the last unlabelled image with class k - 1.
    """

    images: tf.Tensor
    """The images x, the labelled ones first, [l + u, height, width, channels]."""
    labelled: tf.Tensor
    """The number l of labelled images."""
    y: tf.Tensor
    """The label of each pair, int32 [l + u * k]."""
    codes: tfd.Distribution
    """q(z | x, y), batch shape [l + u * k], event shape [latent_size]."""
    labels: tfd.OneHotCategorical
    """q(y | x), batch shape [l + u], event shape [k]."""
    moved: tfd.OneHotCategorical | None
    """q(y | x'), batch shape [u], of the unlabelled images moved; None where none are."""

    def expand(self, values: tf.Tensor) -> tf.Tensor:
        """The values [l + u * k, ...] of each pair, of values [l + u, ...] of each image."""
        return _expand(values, self.labelled, self.labels.event_shape[0])

    def average(self, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The values [l] of labelled pairs, and averages [u] of the others over q(y | x).

        The average is the sum over y of q(y | x) times the value; gradients reach both.

        Args:
            values: a value of each pair, [l + u * k].
        """
        probabilities = self.labels.probs_parameter()[self.labelled :]
        values, every_class = values[: self.labelled], values[self.labelled :]
        every_class = tf.reshape(every_class, tf.shape(probabilities))
        return values, tf.reduce_sum(probabilities * every_class, -1)

    def entropy(self) -> tf.Tensor:
        """H(q(y | x)) of the unlabelled images, [u], in nats."""
        return self.labels.entropy()[self.labelled :]

    def cost_of_labels(self) -> tf.Tensor:
        """-log q(y | x), [l]: what it costs to take the labelled images for their labels."""
        labels = tf.one_hot(self.y[: self.labelled], self.labels.event_shape[0])
        return -self.labels[: self.labelled].log_prob(labels)

    def label_terms(self) -> dict[str, tf.Tensor]:
        """The means of -log q(y | x) where the label is known, and of what `Consistency` costs."""
        terms = {"classification/loss": tf.reduce_mean(self.cost_of_labels())}
        if self.moved is not None:
            costs = disagreement(self.labels[self.labelled :], self.moved)
            terms["consistency/loss"] = tf.reduce_mean(costs)
        return terms


def _expand(values: tf.Tensor, labelled: tf.Tensor, classes: int) -> tf.Tensor:
    """The values [l + u * classes, ...] of `Pairs`, of values [l + u, ...] of their images."""
    return tf.concat([values[:labelled], tf.repeat(values[labelled:], classes, 0)], 0)


@registered
class SemiSupervisedVAE(CVAE):
    """A variational auto-encoder that learns to classify from few labels (section 2.3, figure 3).

    After ``model.compile(optimizer)``, ``model.fit`` trains it on a data set of batches
    ((images, labels), unlabelled images), for example of
    ``tf.data.Dataset.zip((labelled.repeat(), unlabelled))``; validation data are pairs
    (images, labels). `encode`, `decode`, `sample` and `reconstruct` are those of a `CVAE`, whose
    encoder is made of trunk and head.

    Args:
        trunk: a network from images to the product [batch, units] of h_1(x) with its weights in
            the head, the log-variance of q(z | x, y), and the logits of q(y | x).
        head: a network from pairs (product, vectors of y) to the mean of q(z | x, y).
        decoder: a network from pairs (codes z, vectors of y) to the likelihood's parameters.
        condition: the labels.
        objective: the weights of the terms of the loss.
        consistency: a further term, of unlabelled images that are moved; None, as in the report,
            for none.
        **kwargs: those of `VAE`.

    Raises:
        UserError: the networks do not fit together, or the condition is not one of labels.
    """

    arguments = (
        "trunk",
        "head",
        "decoder",
        "condition",
        "objective",
        "consistency",
        "likelihood",
        "kl_weight",
        "seed",
        "name",
    )

    condition: LabelCondition

    validated = (
        *VAE.validated,
        "elbo/labelled",
        "classification/error",
        "classification/entropy",
    )
    validates_loss = False  # all validation images have labels

    def __init__(
        self,
        trunk: keras.Model,
        head: keras.Model,
        decoder: keras.Model,
        condition: LabelCondition,
        objective: Objective,
        consistency: Consistency | None = None,
        **kwargs: Any,
    ):
        encoder = _composed(trunk, head, condition)
        if not isinstance(objective, Objective):
            raise UserError(f"an objective {objective!r} given, an Objective expected")
        if not (consistency is None or isinstance(consistency, Consistency)):
            raise UserError(f"consistency={consistency!r} given, a Consistency or None expected")
        super().__init__(encoder, decoder, condition, **kwargs)
        if consistency:
            check_move(consistency.shift, *self.image_shape[:2])
        self.objective = objective
        self.consistency = consistency

    # Trunk and head are layers of the encoder. As attributes of their own Keras would count them
    # among the model's layers a second time.

    @property
    def trunk(self) -> keras.Model:
        """The part of the encoder that does not see y."""
        return _parts(self.encoder)[0]

    @property
    def head(self) -> keras.Model:
        """The part of the encoder that sees y."""
        return _parts(self.encoder)[1]

    def pair_bytes(self) -> int:
        """About the memory that a pair (x, y) takes in a step, in bytes.

        Three numbers of 32 bits for each output of a layer of head and decoder: the output, what is
        kept for its gradient, and the gradient.
        """
        outputs = [layer.output for part in (self.head, self.decoder) for layer in part.layers]
        return 12 * sum(math.prod(each.shape[1:]) for each in outputs)

    def label_prior(self) -> tfd.OneHotCategorical:
        """p(y), uniform over the classes."""
        return tfd.OneHotCategorical(logits=tf.zeros([self.condition.classes]))

    def classify(self, x: TensorLike, training: bool = False) -> tfd.OneHotCategorical:
        """q(y | x), batch shape [batch]: ``probs_parameter()`` are its probabilities [batch, k].

        Args:
            x: images [batch, height, width, channels] with values in [0, 1].
            training: whether batch normalisation uses the statistics of this batch.

        Raises:
            UserError: x is of the wrong shape or holds values outside of [0, 1].
        """
        *_, logits = self.trunk(self.checked_images(x), training=training)
        return tfd.OneHotCategorical(logits=tf.cast(logits, tf.float32))

    def pairs(
        self,
        x: TensorLike,
        y: TensorLike,
        unlabelled: TensorLike,
        training: bool = False,
        moved: TensorLike | None = None,
    ) -> Pairs:
        """A batch as encoded: each image once by the trunk, each pair by the head.

        Args:
            x: labelled images [l, height, width, channels]; there may be none, l = 0.
            y: their labels [l].
            unlabelled: images [u, height, width, channels]; u = 0 is possible too.
            training: whether batch normalisation uses the statistics of this batch.
            moved: the unlabelled images once more, moved, for `Pairs.moved`; None for none.

        Raises:
            UserError: images or labels are not of the expected shape, type or range.
        """
        x, y = self.checked_images(x), self.condition.given(y)
        check_one_for_each(y, x)
        unlabelled = self.checked_images(unlabelled)
        images, labelled = tf.concat([x, unlabelled], 0), tf.shape(x)[0]
        seen = images
        if moved is not None:
            moved = self.checked_images(moved)
            check_one_for_each(moved, unlabelled, "moved images")
            seen = tf.concat([images, moved], 0)
        classes = self.condition.classes
        every_class = tf.tile(tf.range(classes), [tf.shape(images)[0] - labelled])
        y = tf.concat([y, every_class], 0)

        product, log_variance, logits = self.trunk(seen, training=training)
        count = tf.shape(images)[0]
        product, log_variance = (
            _expand(each[:count], labelled, classes) for each in (product, log_variance)
        )
        mean = self.head([product, self.condition.vector(y)], training=training)
        labels = tfd.OneHotCategorical(logits=tf.cast(logits, tf.float32))
        return Pairs(
            images,
            labelled,
            y,
            gaussian(mean, log_variance),
            labels if moved is None else labels[:count],
            None if moved is None else labels[count:],
        )

    def training_pairs(
        self, x: TensorLike, y: TensorLike, unlabelled: TensorLike, seed: Seed
    ) -> Pairs:
        """The `pairs` of a step in training mode, with moved images where they are in the loss."""
        moved = None
        if self.consistency:
            moved = self.consistency.moved(self.checked_images(unlabelled), seed)
        return self.pairs(x, y, unlabelled, training=True, moved=moved)

    def cost_of_classes(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """What `Pairs.label_terms` add to the loss, with their weights."""
        cost = self.objective.classification * terms["classification/loss"]
        if self.consistency:
            cost += self.consistency.weight * terms["consistency/loss"]
        return cost

    def bounds(self, pairs: Pairs, seed: Seed, training: bool = False) -> tuple[Bound, Bound]:
        """-L(x, y) of the labelled images and -U(x) of the unlabelled ones, a z for each pair.

        Args:
            pairs: a batch as encoded.
            seed: the same seed samples the same codes.
            training: whether batch normalisation uses the statistics of this batch.
        """
        z = pairs.codes.sample(seed=stateless_seed(seed))
        images = pairs.expand(pairs.images)
        reconstruction = self.decode(z, pairs.y, training).log_prob(images)
        kl = tfd.kl_divergence(pairs.codes, self.prior())
        label = self.label_prior().log_prob(self.condition.vector(pairs.y))
        terms = (reconstruction - kl + label, reconstruction, kl)
        labelled, unlabelled = (
            Elbo(*kind) for kind in zip(*map(pairs.average, terms), strict=True)
        )
        entropy = pairs.entropy()
        return (
            Bound(**vars(labelled), entropy=tf.zeros_like(labelled.elbo)),
            Bound(unlabelled.elbo + entropy, unlabelled.reconstruction, unlabelled.kl, entropy),
        )

    def elbo(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        seed: Seed = 0,
        training: bool = False,
    ) -> Bound:
        """The bound on log p(x, y) for each image; without labels y that on log p(x).

        One z is sampled by the seed for each image, without labels for each image and class.
        Arguments and errors else are those of `encode`.
        """
        x = self.checked_images(x)
        if y is None:
            pairs = self.pairs(x[:0], tf.zeros([0], tf.int32), x, training)
            return self.bounds(pairs, seed, training)[1]
        return self.bounds(self.pairs(x, y, x[:0], training), seed, training)[0]

    def log_weights(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        count: int = 1,
        seed: Seed = 0,
        pixels: TensorLike | None = None,
    ) -> tf.Tensor:
        """The log-weights of `VAE.log_weights` for p(x, y); without labels y for p(x).

        Without labels the weights of a code of every label are summed.
        """
        if y is not None:
            label = -math.log(self.condition.classes)  # log p(y)
            return super().log_weights(x, y, count, seed, pixels) + label
        every_class = [
            self.log_weights(x, tf.fill(tf.shape(x)[:1], label), count, seed, pixels)
            for label in range(self.condition.classes)
        ]
        return tf.reduce_logsumexp(every_class, 0)

    def training_batch(self, data: Any) -> tuple[Any, Any]:
        """The pair (images, labels) and the unlabelled images of what Keras passes as data."""
        return unpack_batch(data)

    def training_loss(
        self, labelled: tuple[TensorLike, TensorLike], unlabelled: TensorLike, seed: Seed
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The sum of the means of L(x, y), U(x) and -log q(y | x), weighted by the objective.

        Where there is one, the term of `Consistency` joins it.

        Args:
            labelled: images [l, height, width, channels] and their labels [l].
            unlabelled: images [u, height, width, channels].
            seed: that of the step.

        Returns:
            The loss, and its terms by name.
        """
        x, y = labelled
        pairs = self.training_pairs(x, y, unlabelled, seed)
        bounds = self.bounds(pairs, seed, training=True)
        with_label, without_label = (  # L(x, y) and U(x)
            tf.reduce_mean((self.kl_weight - 1) * bound.kl - bound.elbo) for bound in bounds
        )
        of_classes = pairs.label_terms()
        loss = (
            self.objective.labelled * with_label
            + self.objective.unlabelled * without_label
            + self.cost_of_classes(of_classes)
        )
        terms = bounds[0].means("labelled") | bounds[1].means("unlabelled")
        del terms["labelled/entropy"]  # that of a known label: 0
        return loss, terms | of_classes

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """The bounds and the errors of classification on (images, labels), in test mode.

        Each is an average over the images since the metrics were reset: "loss", what the loss has
        of labelled images, L(x, y) and -log q(y | x), weighted as there; "elbo/elbo",
        "elbo/reconstruction" and "elbo/kl" of the bound on log p(x), which does not look at the
        labels; "elbo/labelled", the bound on log p(x, y); "classification/error", the share of
        images whose most probable class is not y; "classification/entropy", of q(y | x).
        """
        with replicas.filled(data) as (data, images):
            return self._test_on(*self.unpack(data), images)

    def _test_on(self, x: tf.Tensor, y: tf.Tensor, images: tf.Tensor) -> dict[str, tf.Tensor]:
        seed = self.test_seed()
        bound, labelled = self.elbo(x, seed=seed), self.elbo(x, y, seed)
        labels = self.classify(x)
        classes = tf.argmax(labels.logits, -1, output_type=tf.int32)
        with_label = (self.kl_weight - 1) * labelled.kl - labelled.elbo  # L(x, y)
        cost_of_label = -labels.log_prob(self.condition.vector(y))
        values = {
            "loss": self.objective.labelled * with_label
            + self.objective.classification * cost_of_label,
            "elbo/elbo": bound.elbo,
            "elbo/reconstruction": bound.reconstruction,
            "elbo/kl": bound.kl,
            "elbo/labelled": labelled.elbo,
            "classification/error": tf.not_equal(classes, y),
            "classification/entropy": bound.entropy,
        }
        return self.validation.update(values, images)

    def endpoints(self) -> dict[str, Endpoint]:
        """Those of a `VAE`, and "classify": the probabilities q(y | x), [batch, k]."""
        image, *_ = self.input_specs()
        classify = Endpoint(lambda x: self.classify(x).probs_parameter(), [image])
        return {**super().endpoints(), "classify": classify}

    def check(self, data: Any, training: bool) -> int:
        """The number of images in a batch, which is looked at; see `CompiledModel.check`."""
        if not training:
            return super().check(data, training)
        (x, y), unlabelled = self.training_batch(data)
        count = self.checked_images(unlabelled).shape[0]
        if not count:
            raise UserError("a batch without unlabelled images given, at least one expected")
        return super().check((x, y), training) + count


def unpack_batch(data: Any) -> tuple[Any, Any]:
    """The pair (images, labels) and the unlabelled images, of what Keras passes as data.

    Raises:
        UserError: there are no such two.
    """
    labelled, unlabelled = unpack(data)
    if not (isinstance(labelled, tuple | list) and len(labelled) == 2) or unlabelled is None:
        raise UserError(
            "semi-supervised training takes batches ((images, labels), unlabelled images), and "
            "other ones were given"
        )
    return labelled, unlabelled


def _parts(encoder: keras.Model) -> list[keras.Model]:
    """Trunk and head within the encoder that `_composed` made of them."""
    return [layer for layer in encoder.layers if isinstance(layer, keras.Model)]


def _composed(trunk: keras.Model, head: keras.Model, condition: LabelCondition) -> keras.Model:
    """Trunk and head as one network from images and vectors of y to mean and log-variance.

    Raises:
        UserError: they do not fit together, or do not fit the labels.
    """
    if not isinstance(condition, LabelCondition):
        raise UserError("a semi-supervised model needs labels (a LabelCondition) as its condition")
    check_network("the trunk, to the product for the head, log-variance and logits", trunk, [3])
    check_network("the head", head, [1])
    product, log_variance, logits = shapes(trunk.outputs)
    if logits != (condition.classes,):
        raise UserError(
            f"a trunk of logits {list(logits)} given, [{condition.classes}] expected, one for each "
            "class"
        )
    inputs, means = shapes(head.inputs), tuple(head.outputs[0].shape[1:])
    if inputs != [product, logits]:
        raise UserError(f"a head of inputs {inputs} given, {[product, logits]} expected")
    if means != log_variance:
        raise UserError(
            f"a head to means {list(means)} given with a trunk to log-variances "
            f"{list(log_variance)}"
        )
    image = keras.Input(trunk.inputs[0].shape[1:], name="image")
    y = keras.Input([condition.classes], name="condition")
    product, log_variance, _ = trunk(image)
    return keras.Model([image, y], [head([product, y]), log_variance], name="encoder")
