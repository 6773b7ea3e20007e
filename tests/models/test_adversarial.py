import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import special
from support import models
from support.numeric import (
    a_copy,
    assert_same,
    check_draws,
    counts,
    gradient,
    linear_discriminator,
    norms,
    numpy_weights,
)

from vae_gan_tf import networks, replicas
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian
from vae_gan_tf.models.adversarial import CVAEGAN, VAEGAN, CrossEntropy, SquaredError
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.vae import VAE, Generated

SHAPE = models.SHAPE
LABELS = np.array([0, 1, 2, 1], np.int32)
KINDS = pytest.mark.parametrize(
    "kind", [pytest.param(VAEGAN, marks=pytest.mark.slow), CVAEGAN], ids=["VAEGAN", "CVAEGAN"]
)
ALL = pytest.mark.parametrize(
    "name",
    [
        pytest.param("VAE-GAN", marks=pytest.mark.slow),
        "CVAE-GAN",
        pytest.param("M2 with GAN", marks=pytest.mark.slow),
    ],
)
"""Models of sections 3.1, 3.2 and 3.3, for what the three have in common."""


def images(count, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


def built(name, **kwargs):
    """A small model with all that the large ones have, always with the same initial weights."""
    keras.utils.set_random_seed(0)
    return models.KINDS[name](**kwargs)


def convolutional(kind, **kwargs):
    return built("CVAE-GAN" if kind is CVAEGAN else "VAE-GAN", **kwargs)


def batch_of(kind, count=4):
    return (images(count), np.resize(LABELS, count)) if kind is CVAEGAN else (images(count), None)


def linear(kind, kl_weight=1.0, seed=0, **kwargs):
    """Images of 2 x 2, codes of two numbers, each network a layer or two: NumPy can follow."""
    conditional = kind is CVAEGAN
    image, code = keras.Input([2, 2, 1]), keras.Input([2])
    condition = [keras.Input([3])] if conditional else []
    flat = layers.Flatten()(image)
    x, z = (layers.Concatenate()([it, *condition]) if condition else it for it in (flat, code))
    encoder = keras.Model(
        [image, *condition] if condition else image, [layers.Dense(2)(x), layers.Dense(2)(x)]
    )
    pixels = layers.Reshape([2, 2, 1])(layers.Dense(4)(z))
    decoder = keras.Model([code, *condition] if condition else code, pixels)
    discriminator = linear_discriminator(4 if conditional else 1)
    settings = {"kl_weight": kl_weight, "seed": seed}
    generator = (
        CVAE(encoder, decoder, LabelCondition(3), **settings)
        if conditional
        else VAE(encoder, decoder, **settings)
    )
    model, rng = kind(generator, discriminator, **kwargs), np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.7, size=variable.shape))
    return model


class Followed:
    """What sections 3.1 and 3.2 say of a linear model, in float64, term by term.

    z are the codes that the model drew: first those of the reconstructions, then the prior's.
    """

    def __init__(self, weights, x, y, z):
        self.x, self.y = x.reshape(len(x), -1).astype(np.float64), y
        self.vector = np.zeros([len(x), 0]) if y is None else np.eye(3)[y]
        mean, stddev = self.posterior(weights)
        self.noise, self.prior = (z[: len(x)] - mean) / stddev, z[len(x) :]

    def posterior(self, weights):
        joined = np.concatenate([self.x, self.vector], -1)
        return joined @ weights[0] + weights[1], np.exp(0.5 * (joined @ weights[2] + weights[3]))

    def generated(self, weights):
        """Reconstructed images, drawn images, and the KL divergence from N(0, I)."""
        mean, stddev = self.posterior(weights)
        pictures = [
            special.expit(np.concatenate([z, self.vector], -1) @ weights[4] + weights[5])
            for z in (mean + stddev * self.noise, self.prior)
        ]
        return *pictures, 0.5 * (mean**2 + stddev**2 - 1 - np.log(stddev**2)).sum(-1)

    def seen_by(self, critic, pictures):
        """f_l, -log of "takes it for real (of its label)", -log of "takes it for generated"."""
        features = np.tanh(pictures @ critic[0] + critic[1])
        logits = features @ critic[2] + critic[3]
        if self.y is None:
            real = special.expit(logits[:, 0])
            return features, -np.log(real), -np.log(1 - real)
        p = special.softmax(logits, -1)
        return features, -np.log(p[np.arange(len(p)), self.y]), -np.log(p[:, 3])

    def critic_terms(self, critic, weights, gamma=0):
        """Equation (3), with the penalty R1 where gamma is not 0."""
        reconstructed, drawn, _ = self.generated(weights)
        terms = {
            "real": self.seen_by(critic, self.x)[1].mean(),
            "drawn": self.seen_by(critic, drawn)[2].mean(),
            "reconstructed": self.seen_by(critic, reconstructed)[2].mean(),
        }
        return terms | ({"penalty": gamma / 2 * self.slopes(critic).mean()} if gamma else {})

    def slopes(self, critic):
        """The squared norm of the gradient, at each image, of log D - log(1 - D)."""
        features = np.tanh(self.x @ critic[0] + critic[1])
        logits = features @ critic[2] + critic[3]
        of_logits = np.ones_like(logits)
        if self.y is not None:
            of_logits = np.concatenate(
                [special.softmax(logits[:, :3], -1), -np.ones([len(logits), 1])], -1
            )
        of_features = of_logits @ critic[2].T * (1 - features**2)
        return ((of_features @ critic[0].T) ** 2).sum(-1)

    def terms(self, weights, critic, feature_variance, pixel=None):
        """Equation (2); with a loss on pixels, a function of x and x~, if one is given."""
        reconstructed, drawn, kl = self.generated(weights)
        difference = self.seen_by(critic, self.x)[0] - self.seen_by(critic, reconstructed)[0]
        again = (
            {"feature": (difference**2).sum(-1).mean() / (2 * feature_variance)}
            if pixel is None
            else {"pixel": pixel(self.x, reconstructed).sum(-1).mean()}
        )
        return {
            "kl": kl.mean(),
            **again,
            "drawn": self.seen_by(critic, drawn)[1].mean(),
            "reconstructed": self.seen_by(critic, reconstructed)[1].mean(),
        }


def test_costs_of_two_classes_by_hand():
    model = linear(VAEGAN)
    logits = np.log(np.float32([[1 / 3], [1], [3]]))  # the odds of D = 1/4, 1/2, 3/4
    np.testing.assert_allclose(model.cost_of_real(logits, None), np.log([4, 2, 4 / 3]), rtol=1e-6)
    np.testing.assert_allclose(model.cost_of_generated(logits), np.log([4 / 3, 2, 4]), rtol=1e-6)


@pytest.mark.parametrize(("of_real", "weight"), [(1.0, 1.0), (0.01, 0.25)])
def test_a_label_of_less_weight_by_hand(of_real, weight):
    """Of generated images the mean is 1.7 nats, of real ones 1.1 or 5.3: log(1 + 2 / of_real)."""
    model = linear(CVAEGAN, label_weight=0.25)
    logits, y = np.log(np.float32([[1, 2, 3, 4], [4, 3, 2, 1], [7, 1, 1, 1]])), np.array([0, 1, 2])
    real, asked = np.array([0.6, 0.9, 0.9]), np.array([1 / 6, 1 / 3, 1 / 9])
    others = np.log(np.where(np.eye(3, 4), of_real, 1)).astype(np.float32)
    cost = model.adversarial_cost(logits, y, others)
    np.testing.assert_allclose(cost, -np.log(real) - weight * np.log(asked), rtol=1e-5)
    whole = model.cost_of_real(logits, y)  # that of the discriminator is not changed
    np.testing.assert_allclose(whole, -np.log(real) - np.log(asked), rtol=1e-5)


def test_a_label_weighs_by_the_images_of_all_replicas(monkeypatch):
    model, y = linear(CVAEGAN, label_weight=0.25), np.array([0, 1])
    plain, sure = np.float32([[3, 0, 0, 0], [0, 3, 0, 0]]), np.float32([[9, 0, 0, 0], [0, 9, 0, 0]])
    alone = model.adversarial_cost(plain, y, sure)
    np.testing.assert_allclose(alone, model.cost_of_real(plain, y), rtol=1e-5)
    # With those of another replica, which are surer than real ones, the mean is less.
    monkeypatch.setattr(replicas, "mean", lambda means, images: [means[0] / 1e6, means[1]])
    label = special.logsumexp(plain[0, :-1]) - 3
    cost = model.adversarial_cost(plain, y, sure)
    np.testing.assert_allclose(cost, alone - 0.75 * label, rtol=1e-5)


@pytest.mark.parametrize("reconstruction", [None, CrossEntropy()], ids=["features", "pixels"])
def test_a_label_of_less_weight_is_in_both_adversarial_terms_of_the_generator(reconstruction):
    model, lighter = (
        built("CVAE-GAN", reconstruction=reconstruction, label_weight=each) for each in (1, 0.25)
    )
    x, y, generated = model.prepare(models.arrays("CVAE-GAN", 3), seed=(0, 1))
    before, after = (each.generator_costs(x, y, generated) for each in (model, lighter))

    def label(images):
        _, logits = model.features_and_logits(images)
        return -special.log_softmax(logits.numpy()[:, :-1], -1)[np.arange(len(y)), y]

    for term in ("drawn", "reconstructed"):
        cost = label(getattr(generated, term))
        less = 0.75 * cost * (cost.mean() < label(x).mean())
        assert_same([before[term] - after[term]], [less], rtol=1e-3, atol=1e-5)


def test_costs_of_k_plus_1_classes_by_hand():
    model = linear(CVAEGAN)
    logits = np.log(np.float32([[1, 2, 3, 4], [4, 3, 2, 1], [7, 1, 1, 1]]))
    np.testing.assert_allclose(
        model.cost_of_real(logits, np.array([0, 1, 2])), -np.log([0.1, 0.3, 0.1]), rtol=1e-5
    )
    np.testing.assert_allclose(model.cost_of_generated(logits), -np.log([0.4, 0.1, 0.1]), rtol=1e-5)


@KINDS
def test_costs_are_finite_where_a_probability_rounds_to_0(kind):
    model = linear(kind)
    for sign in (1, -1):
        logits = np.float32([[sign * 1000]] if kind is VAEGAN else [[0, 0, 0, sign * 1000]])
        costs = [model.cost_of_real(logits, np.array([0])), model.cost_of_generated(logits)]
        np.testing.assert_allclose(np.max(costs), 1000, atol=2)


@KINDS
@pytest.mark.parametrize(
    ("kl_weight", "feature_variance", "adversarial_weight", "reconstruction", "pixel", "more"),
    [
        (1, 1, 1, None, None, {}),
        (0.5, 4, 3, None, None, {"reconstructed_weight": 0.25, "gradient_penalty": 5.0}),
        (0.5, 1, 3, SquaredError(), lambda x, p: (x - p) ** 2, {}),
        (2, 1, 1, CrossEntropy(), lambda x, p: -x * np.log(p) - (1 - x) * np.log(1 - p), {}),
    ],
)
def test_a_step_is_one_of_the_discriminator_then_one_of_the_generator_against_it(
    kind, kl_weight, feature_variance, adversarial_weight, reconstruction, pixel, more, codes
):
    model = linear(
        kind,
        kl_weight,
        feature_variance=feature_variance,
        adversarial_weight=adversarial_weight,
        reconstruction=reconstruction,
        **more,
    )
    gamma, share = more.get("gradient_penalty", 0), more.get("reconstructed_weight", 1)
    x, y = images(4, (2, 2, 1)), LABELS if kind is CVAEGAN else None
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.5))
    weights, critic = numpy_weights(model.generator), numpy_weights(model.discriminator)
    logs = {name: float(value) for name, value in model.train_step((x, y)).items()}
    weights_after, critic_after = map(numpy_weights, (model.generator, model.discriminator))

    (z,) = codes
    followed = Followed(weights, x, y, z)

    # The discriminator steps on (3).
    def critic_loss(critic):
        terms = followed.critic_terms(critic, weights, gamma)
        return sum(terms.values()) - (1 - share) * terms["reconstructed"]

    steps = [(a - b) / 0.5 for a, b in zip(critic, critic_after, strict=True)]
    assert_same(steps, gradient(critic_loss, critic), rtol=1e-3, atol=1e-5)

    # The generator steps on (2), as the discriminator sees it after its own step.
    def loss(weights, critic=critic_after):
        terms = followed.terms(weights, critic, feature_variance, pixel)
        adversarial = terms["drawn"] + share * terms["reconstructed"]
        again = terms["pixel" if pixel else "feature"]
        return kl_weight * terms["kl"] + again + adversarial_weight * adversarial

    steps = [a - b for a, b in zip(weights, weights_after, strict=True)]
    assert_same(steps, gradient(loss, weights), rtol=1e-3, atol=1e-5)

    critic_terms = followed.critic_terms(critic, weights, gamma)
    terms = followed.terms(weights, critic_after, feature_variance, pixel)
    expected = {
        "loss": loss(weights) + critic_loss(critic),
        "loss/generator": loss(weights),
        "loss/discriminator": critic_loss(critic),
        **{f"generator/{name}": value for name, value in terms.items()},
        **{f"discriminator/{name}": value for name, value in critic_terms.items()},
        **norms(gradient(loss, weights), **counts(model.generator)),
        **norms(gradient(critic_loss, critic), discriminator=len(critic)),
    }
    assert logs == pytest.approx(expected, 1e-4)
    # The test can tell the updated discriminator from the one before.
    assert abs(loss(weights) - loss(weights, critic)) > 0.01


@ALL
def test_the_penalty_against_differences_of_pixels(name):
    model = built(name, gradient_penalty=3.0)
    x, y, generated = model.prepare(models.arrays(name, 3), seed=(0, 1))

    @tf.function  # some hundred calls, of which each takes long without it
    def log_odds(x):
        return tf.reduce_sum(model.log_odds(model.features_and_logits(x)[1]))

    slopes = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        step = np.zeros(x.shape, np.float32)
        step[place] = 3e-4
        slopes[place] = (log_odds(x + step) - log_odds(x - step)) / 6e-4
    penalties = 1.5 * np.float32((slopes**2).sum((1, 2, 3)))
    expected = generated.mean_costs({"penalty": generated.expand(penalties)})
    terms = model.discriminator_loss(x, y, generated)
    assert len(expected) == (2 if name == "M2 with GAN" else 1)
    for place, value in expected.items():
        np.testing.assert_allclose(terms[place], value, rtol=0.02)
        assert value > 0


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(None), Categorical(4)])
def test_what_is_generated_comes_with_the_likelihood_of_the_reconstructions(likelihood):
    keras.utils.set_random_seed(0)
    model = models.vae(likelihood)
    generated = tf.function(model.generate)(images(4), None, tf.constant([0, 0]))
    np.testing.assert_array_equal(generated.likelihood.mean(), generated.reconstructed)
    x = images(4).round()
    assert generated.likelihood.log_prob(x).shape == [4]
    assert np.isfinite(CrossEntropy()(x, generated.likelihood)).all()


@ALL
def test_the_generator_step_changes_nothing_of_the_discriminator(name, monkeypatch):
    model = built(name)
    monkeypatch.setattr(type(model), "update_discriminator", lambda *_: (tf.constant(0.0), {}, {}))
    model.compile(keras.optimizers.SGD(0.1))
    discriminator = model.discriminator.get_weights()
    generator = [variable.numpy() for variable in model.generator.trainable_variables]
    model.train_step(models.arrays(name, 4))
    assert_same(discriminator, model.discriminator.get_weights())
    for old, variable in zip(generator, model.generator.trainable_variables, strict=True):
        assert np.abs(old - variable.numpy()).max() > 0, variable.path


@ALL
def test_the_discriminator_step_changes_nothing_of_the_generator(name):
    model = built(name)
    model.compile(keras.optimizers.SGD(0.1))
    prepared = model.prepare(models.arrays(name, 4), tf.constant([0, 0]))
    generator, discriminator = model.generator.get_weights(), model.discriminator.get_weights()
    model.update_discriminator(*prepared)
    assert_same(generator, model.generator.get_weights())
    for old, variable in zip(discriminator, model.discriminator.weights, strict=True):
        assert np.abs(old - variable.numpy()).max() > 0, variable.path


@ALL
def test_what_is_not_training_is_the_generator(name):
    model, x, y = built(name), models.images(4), models.side_information(name, 4)
    generator, asked = model.generator, 4 if y is None else y
    z = np.zeros([4, models.LATENT], np.float32)
    weights = model.get_weights()
    assert_same(model.elbo(x, y, seed=1), generator.elbo(x, y, seed=1))
    for one, other in (
        (model.encode(x, y).mean(), generator.encode(x, y).mean()),
        (model.decode(z, y).mean(), generator.decode(z, y).mean()),
        (model.sample(asked, 1), generator.sample(asked, 1)),
        (model.reconstruct(x, y), generator.reconstruct(x, y)),
    ):
        np.testing.assert_array_equal(one, other)
    if name == "M2 with GAN":
        assert_same(model.elbo(x), generator.elbo(x))
        np.testing.assert_array_equal(model.classify(x).logits, generator.classify(x).logits)
    model.discriminate(x)
    for it in (model, generator):
        it.compile(run_eagerly=True)
    found, expected = (
        it.evaluate(x, y, batch_size=2, verbose=0, return_dict=True) for it in (model, generator)
    )
    assert found == pytest.approx(expected, 1e-6)
    assert_same(weights, model.get_weights())


@KINDS
def test_a_step_decodes_once_and_reconstructions_and_drawn_images_together(kind, codes):
    model, (x, y) = convolutional(kind), batch_of(kind)
    encoder, decoder = a_copy(model.generator.encoder), a_copy(model.generator.decoder)
    model.compile(keras.optimizers.SGD(0.1))
    model.train_step((x, y))
    (z,) = codes
    assert z.shape == (8, models.LATENT)
    # A single pass over all of them leaves the averages that the copies have now.
    vectors = [] if y is None else [np.eye(3, dtype=np.float32)[y]]
    encoder([x, *vectors], training=True)
    decoder([z, *(np.tile(it, [2, 1]) for it in vectors)], training=True)
    for copy, network in ((encoder, model.generator.encoder), (decoder, model.generator.decoder)):
        averages = [it.numpy() for it in network.non_trainable_variables]
        assert_same(averages, [it.numpy() for it in copy.non_trainable_variables], 1e-4, 1e-6)


@KINDS
def test_the_discriminator_keeps_averages_of_real_images_only(kind):
    model, (x, y) = convolutional(kind), batch_of(kind)
    copy = a_copy(model.discriminator)
    model.compile(keras.optimizers.SGD(0.1))
    model.train_step((x, y))
    copy(x, training=True)
    averages = [it.numpy() for it in model.discriminator.non_trainable_variables]
    assert_same(averages, [it.numpy() for it in copy.non_trainable_variables], 1e-4, 1e-6)


@KINDS
def test_each_batch_of_images_is_normalised_by_itself(kind):
    model, (x, y) = convolutional(kind, feature_variance=2.0), batch_of(kind)
    generated = Generated(
        images(4, seed=1) / 2, images(4, seed=2) ** 2, np.float32([1, 2, 3, 6]), None
    )
    outputs = [
        [np.asarray(it, np.float64) for it in a_copy(model.discriminator)(pictures, training=True)]
        for pictures in (x, generated.drawn, generated.reconstructed)
    ]
    (real_features, real), (_, drawn), (again_features, reconstructed) = outputs
    before = model.discriminator.get_weights()
    found = model.generator_loss(x, y, generated)
    assert_same(before, model.discriminator.get_weights())
    found_critic = model.discriminator_loss(x, y, generated)

    def cost(logits, label):
        if kind is VAEGAN:
            return np.log1p(np.exp(-logits if label is None else logits)).mean()
        return -special.log_softmax(logits, -1)[np.arange(4), label].mean()

    fake = np.array([3, 3, 3, 3])
    expected_critic = {
        "real": cost(real, y),
        "drawn": cost(drawn, fake),
        "reconstructed": cost(reconstructed, fake),
    }
    expected = {
        "kl": 3.0,
        "feature": ((real_features - again_features) ** 2).sum(-1).mean() / 4,
        "drawn": cost(drawn, y),
        "reconstructed": cost(reconstructed, y),
    }
    assert {name: float(it) for name, it in found_critic.items()} == pytest.approx(
        expected_critic, 1e-4
    )
    assert {name: float(it) for name, it in found.items()} == pytest.approx(expected, 1e-4)


def test_codes_of_a_step_are_independent_normal_draws(codes):
    model, x = linear(VAEGAN), images(20_000, (2, 2, 1))
    model.generator.generate(x, None, tf.constant([0, 0]))
    followed = Followed(numpy_weights(model.generator), x, None, codes[0].astype(np.float64))
    together = np.concatenate([followed.noise, followed.prior], -1)
    # The standard error of each of these is 1 / sqrt(20 000) = 0.007 or a little more.
    np.testing.assert_allclose(together.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(together.T), np.eye(4), atol=0.04)


def test_a_step_draws_by_the_run_seed_and_the_number_of_the_step(codes):
    check_draws(lambda seed: linear(VAEGAN, seed=seed), (images(4, (2, 2, 1)),), codes)


@KINDS
def test_discriminate(kind):
    model, x = linear(kind), images(5, (2, 2, 1))
    logits = np.asarray(model.discriminator(x)[1], np.float64)
    expected = special.expit(logits[:, 0]) if kind is VAEGAN else special.softmax(logits, -1)
    np.testing.assert_allclose(model.discriminate(x), expected, rtol=1e-5)


@KINDS
def test_an_image_is_seen_as_beside_real_images_whatever_is_beside_it(kind):
    model, x = convolutional(kind), images(6)
    np.testing.assert_allclose(model.discriminate(x)[:1], model.discriminate(x[:1]), rtol=1e-4)


def test_the_optimizer_of_the_discriminator():
    model = linear(VAEGAN)
    model.compile(keras.optimizers.Adam(0.02, beta_1=0.5))
    one, other = model.optimizer, model.discriminator_optimizer
    assert one is not other and one.get_config() == other.get_config()
    model.compile(keras.optimizers.Adam(0.02), keras.optimizers.SGD(0.3))
    assert isinstance(model.discriminator_optimizer, keras.optimizers.SGD)
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(0.3)
    model.compile("sgd", "adam")
    assert isinstance(model.discriminator_optimizer, keras.optimizers.Adam)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [(VAEGAN, 2, 1), (VAEGAN, 11, 1), (CVAEGAN, 3, 4), (CVAEGAN, 1, 4), (CVAEGAN, 5, 4)],
)
def test_the_discriminator_must_have_the_right_number_of_logits(kind, given, expected):
    generator = linear(kind).generator
    with pytest.raises(UserError, match=f"{given} logits given, one of {expected} expected"):
        kind(generator, models.small_discriminator(given, (2, 2, 1)))


@pytest.mark.parametrize("condition", [None, ImageCondition((2, 1, 1))], ids=["none", "image"])
def test_cvae_gan_needs_a_generator_of_labels(condition):
    sizes = {"latent_size": 2, "units": 4, "condition_size": condition.size if condition else 0}
    parts = [
        network((2, 2, 1), **sizes)
        for network in (networks.fully_connected_encoder, networks.fully_connected_decoder)
    ]
    generator = CVAE(*parts, condition) if condition else VAE(*parts)
    with pytest.raises(UserError, match="needs a generator conditioned on labels"):
        CVAEGAN(generator, models.small_discriminator(4, (2, 2, 1)))


MISTAKES = {
    "images of another size": (
        CVAEGAN,
        (images(4, (8, 4, 1)), LABELS),
        r"images: shape \[4, 8, 4, 1\] given, \[batch, 8, 8, 1\] expected",
    ),
    "values above 1": (VAEGAN, (images(4) * 2,), r"images must lie in \[0, 1\]"),
    "no labels": (CVAEGAN, (images(4),), "none was given"),
    "the label of generated images": (CVAEGAN, (images(4), LABELS + 1), "found 1 to 3"),
    "labels that are floats": (CVAEGAN, (images(4), LABELS / 1), "integers of shape"),
    "too few labels": (CVAEGAN, (images(4), LABELS[:3]), r"3 .*given .*4 images"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_a_step(mistake):
    kind, batch, message = MISTAKES[mistake]
    model = convolutional(kind)
    model.compile(keras.optimizers.SGD(0.1))
    before = [np.copy(weight) for weight in model.get_weights()]
    with pytest.raises(UserError, match=message) as error:
        model.train_step(batch)
    assert isinstance(error.value, ValueError)
    assert "\n" not in str(error.value)
    assert_same(before, model.get_weights())


@pytest.mark.parametrize("mistake", MISTAKES)
def test_fit_refuses_arrays_before_it_starts(mistake):
    kind, batch, message = MISTAKES[mistake]
    model = convolutional(kind)
    model.compile("sgd")
    with pytest.raises(UserError, match=message) as error:
        model.fit(*batch, verbose=0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("call", ["encode", "decode", "elbo"])
def test_side_information_given_to_a_model_without(call):
    model = convolutional(VAEGAN)
    value = np.zeros([4, models.LATENT], np.float32) if call == "decode" else images(4)
    with pytest.raises(UserError, match="must be None"):
        getattr(model, call)(value, LABELS)


def test_a_discriminator_of_other_images_is_refused():
    parts = [
        network((4, 4, 1), latent_size=2, units=4)
        for network in (networks.fully_connected_encoder, networks.fully_connected_decoder)
    ]
    with pytest.raises(UserError, match=r"images \[8, 8, 1\] given, \[4, 4, 1\] expected"):
        VAEGAN(VAE(*parts), models.small_discriminator(1))


def test_discriminate_refuses_what_is_no_image():
    model = convolutional(VAEGAN)
    for x, sentence in ((images(2) * 255, "must lie in"), (images(2)[:, :1], "images: shape")):
        with pytest.raises(UserError, match=sentence):
            model.discriminate(x)


def test_a_discriminator_of_two_inputs_is_refused():
    gan = models.vae_gan()
    image, more = keras.Input((28, 28, 1)), keras.Input((1,))
    hidden = keras.layers.Concatenate()([keras.layers.Flatten()(image), more])
    critic = keras.Model([image, more], [hidden, keras.layers.Dense(1)(hidden)])
    with pytest.raises(UserError, match="a discriminator of 2 inputs, not of images"):
        VAEGAN(gan.generator, critic)
