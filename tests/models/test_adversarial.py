import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import special
from support.numeric import assert_same, check_draws, follow, gradient, linear_semi_supervised

from vae_gan_tf import networks
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian
from vae_gan_tf.models.adversarial import (
    CVAEGAN,
    VAEGAN,
    CrossEntropy,
    JudgingVAEGAN,
    SemiSupervisedVAEGAN,
    SquaredError,
)
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.semi_supervised import Objective, SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE, Generated

SHAPE = (8, 8, 1)
LABELS = np.array([0, 1, 2, 1], np.int32)
KINDS = pytest.mark.parametrize("kind", [VAEGAN, CVAEGAN], ids=lambda it: it.__name__)


def images(count, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


def convolutional(kind, dtype="float32", seed=0, **kwargs):
    """A small model, of three classes if there are any, with all that the large ones have."""
    keras.utils.set_random_seed(0)
    conditional = kind is CVAEGAN
    sizes = {"latent_size": 3, "widen": 1 / 16, "dtype": dtype}
    if conditional:
        sizes["condition_size"] = 3
    parts = (
        networks.convolutional_encoder(SHAPE, **sizes),
        networks.convolutional_decoder(SHAPE, **sizes),
    )
    generator = (
        CVAE(*parts, LabelCondition(3), seed=seed) if conditional else VAE(*parts, seed=seed)
    )
    classes = 4 if conditional else 1
    discriminator = networks.discriminator(SHAPE, classes, widen=1 / 16, dtype=dtype)
    return kind(generator, discriminator, **kwargs)


def batch_of(kind, count=4):
    return (images(count), np.resize(LABELS, count)) if kind is CVAEGAN else (images(count), None)


def linear(kind, kl_weight=1.0, seed=0, **kwargs):
    """Images of 2 x 2, each network a layer or two, so that NumPy can follow.

    The codes have two numbers; the discriminator three features, each a tanh.
    """
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
    features = layers.Dense(3, activation="tanh")(flat)
    logits = layers.Dense(4 if conditional else 1)(features)
    discriminator = keras.Model(image, [features, logits])
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

    def judged(self, critic, pictures):
        """f_l, -log of "takes it for real (of its label)", -log of "takes it for generated"."""
        features = np.tanh(pictures @ critic[0] + critic[1])
        logits = features @ critic[2] + critic[3]
        if self.y is None:
            real = special.expit(logits[:, 0])
            return features, -np.log(real), -np.log(1 - real)
        p = special.softmax(logits, -1)
        return features, -np.log(p[np.arange(len(p)), self.y]), -np.log(p[:, 3])

    def critic_terms(self, critic, weights):
        """Equation (3)."""
        reconstructed, drawn, _ = self.generated(weights)
        return {
            "real": self.judged(critic, self.x)[1].mean(),
            "drawn": self.judged(critic, drawn)[2].mean(),
            "reconstructed": self.judged(critic, reconstructed)[2].mean(),
        }

    def terms(self, weights, critic, feature_variance, pixel=None):
        """Equation (2); with a loss on pixels, a function of x and x~, if one is given."""
        reconstructed, drawn, kl = self.generated(weights)
        difference = self.judged(critic, self.x)[0] - self.judged(critic, reconstructed)[0]
        again = (
            {"feature": (difference**2).sum(-1).mean() / (2 * feature_variance)}
            if pixel is None
            else {"pixel": pixel(self.x, reconstructed).sum(-1).mean()}
        )
        return {
            "kl": kl.mean(),
            **again,
            "drawn": self.judged(critic, drawn)[1].mean(),
            "reconstructed": self.judged(critic, reconstructed)[1].mean(),
        }


def numpy_weights(network):
    return [variable.numpy().astype(np.float64) for variable in network.trainable_variables]


def a_copy(network):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


@pytest.fixture
def codes(monkeypatch):
    """The codes z that generators give to their decoders, a call an item."""
    seen, decode = [], VAE.decode

    def spy(self, z, *args, **kwargs):
        seen.append(np.asarray(z))
        return decode(self, z, *args, **kwargs)

    monkeypatch.setattr(VAE, "decode", spy)
    return seen


def test_costs_of_two_classes_by_hand():
    model = linear(VAEGAN)
    logits = np.log(np.float32([[1 / 3], [1], [3]]))  # the odds of D = 1/4, 1/2, 3/4
    np.testing.assert_allclose(model.cost_of_real(logits, None), np.log([4, 2, 4 / 3]), rtol=1e-6)
    np.testing.assert_allclose(model.cost_of_generated(logits), np.log([4 / 3, 2, 4]), rtol=1e-6)


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
    ("kl_weight", "feature_variance", "adversarial_weight", "reconstruction", "pixel"),
    [
        (1, 1, 1, None, None),
        (0.5, 4, 3, None, None),
        (0.5, 1, 3, SquaredError(), lambda x, p: (x - p) ** 2),
        (2, 1, 1, CrossEntropy(), lambda x, p: -x * np.log(p) - (1 - x) * np.log(1 - p)),
    ],
)
def test_a_step_is_one_of_the_discriminator_then_one_of_the_generator_against_it(
    kind, kl_weight, feature_variance, adversarial_weight, reconstruction, pixel, codes
):
    model = linear(
        kind,
        kl_weight,
        feature_variance=feature_variance,
        adversarial_weight=adversarial_weight,
        reconstruction=reconstruction,
    )
    x, y = images(4, (2, 2, 1)), LABELS if kind is CVAEGAN else None
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.5))
    weights, critic = numpy_weights(model.generator), numpy_weights(model.discriminator)
    logs = {name: float(value) for name, value in model.train_step((x, y)).items()}
    weights_after, critic_after = map(numpy_weights, (model.generator, model.discriminator))

    (z,) = codes
    followed = Followed(weights, x, y, z)

    # The discriminator steps on (3).
    def critic_loss(critic):
        return sum(followed.critic_terms(critic, weights).values())

    steps = [(a - b) / 0.5 for a, b in zip(critic, critic_after, strict=True)]
    assert_same(steps, gradient(critic_loss, critic), rtol=1e-3, atol=1e-5)

    # The generator steps on (2), as the discriminator sees it after its own step.
    def loss(weights, critic=critic_after):
        terms = followed.terms(weights, critic, feature_variance, pixel)
        adversarial = terms["drawn"] + terms["reconstructed"]
        again = terms["pixel" if pixel else "feature"]
        return kl_weight * terms["kl"] + again + adversarial_weight * adversarial

    steps = [a - b for a, b in zip(weights, weights_after, strict=True)]
    assert_same(steps, gradient(loss, weights), rtol=1e-3, atol=1e-5)

    critic_terms = followed.critic_terms(critic, weights)
    terms = followed.terms(weights, critic_after, feature_variance, pixel)
    expected = {
        "loss/generator": loss(weights),
        "loss/discriminator": critic_loss(critic),
        **{f"generator/{name}": value for name, value in terms.items()},
        **{f"discriminator/{name}": value for name, value in critic_terms.items()},
    }
    assert logs == pytest.approx(expected, 1e-4)
    # The test can tell the updated discriminator from the one before.
    assert abs(loss(weights) - loss(weights, critic)) > 0.01


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(None), Categorical(4)])
def test_what_is_generated_comes_with_the_likelihood_of_the_reconstructions(likelihood):
    networks_of = {"latent_size": 3, "widen": 1 / 16}
    model = VAE(
        networks.convolutional_encoder(SHAPE, **networks_of),
        networks.convolutional_decoder(SHAPE, parameters=likelihood.parameters, **networks_of),
        likelihood,
    )
    generated = tf.function(model.generate)(images(4), None, tf.constant([0, 0]))
    np.testing.assert_array_equal(generated.likelihood.mean(), generated.reconstructed)
    x = images(4).round()
    assert generated.likelihood.log_prob(x).shape == [4]
    assert np.isfinite(CrossEntropy()(x, generated.likelihood)).all()


@KINDS
def test_the_generator_step_changes_nothing_of_the_discriminator(kind, monkeypatch):
    model, (x, y) = convolutional(kind), batch_of(kind)
    monkeypatch.setattr(kind, "update_discriminator", lambda *_: (tf.constant(0.0), {}))
    model.compile(keras.optimizers.SGD(0.1))
    discriminator = model.discriminator.get_weights()
    generator = [variable.numpy() for variable in model.generator.trainable_variables]
    model.train_step((x, y))
    assert_same(discriminator, model.discriminator.get_weights())
    for old, variable in zip(generator, model.generator.trainable_variables, strict=True):
        assert np.abs(old - variable.numpy()).max() > 0, variable.path


@KINDS
def test_the_discriminator_step_changes_nothing_of_the_generator(kind):
    model, (x, y) = convolutional(kind), batch_of(kind)
    model.compile(keras.optimizers.SGD(0.1))
    generated = model.generator.generate(x, y, tf.constant([0, 0]))
    generator, discriminator = model.generator.get_weights(), model.discriminator.get_weights()
    model.update_discriminator(x, y, generated)
    assert_same(generator, model.generator.get_weights())
    for old, variable in zip(discriminator, model.discriminator.weights, strict=True):
        assert np.abs(old - variable.numpy()).max() > 0, variable.path


@KINDS
def test_a_step_decodes_once_and_reconstructions_and_drawn_images_together(kind, codes):
    model, (x, y) = convolutional(kind), batch_of(kind)
    encoder, decoder = a_copy(model.generator.encoder), a_copy(model.generator.decoder)
    model.compile(keras.optimizers.SGD(0.1))
    model.train_step((x, y))
    (z,) = codes
    assert z.shape == (8, 3)
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
    judged = [
        [np.asarray(it, np.float64) for it in a_copy(model.discriminator)(pictures, training=True)]
        for pictures in (x, generated.drawn, generated.reconstructed)
    ]
    (real_features, real), (_, drawn), (again_features, reconstructed) = judged
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


@pytest.mark.parametrize(
    ("kind", "build", "shape"), [(VAEGAN, linear, (2, 2, 1)), (CVAEGAN, convolutional, SHAPE)]
)
def test_fit_does_what_a_loop_over_train_step_does(kind, build, shape):
    x, y = images(12, shape), np.resize(LABELS, 12) if kind is CVAEGAN else None
    fitted, looped = build(kind, seed=5), build(kind, seed=5)
    for model in (fitted, looped):
        model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    history = fitted.fit(x, y, batch_size=4, shuffle=False, verbose=0).history
    step = tf.function(looped.train_step)
    for number in range(0, 12, 4):
        rows = slice(number, number + 4)
        logs = step((x[rows],) if y is None else (x[rows], y[rows]))
    assert_same(fitted.get_weights(), looped.get_weights(), rtol=1e-3, atol=1e-4)
    assert set(history) == set(logs)
    assert int(looped.optimizer.iterations) == 3
    assert int(looped.discriminator_optimizer.iterations) == 3


@KINDS
def test_what_is_not_training_is_the_generator(kind):
    model, (x, y) = convolutional(kind), batch_of(kind)
    generator, drawn_for = model.generator, y if kind is CVAEGAN else 4
    z = np.zeros([4, 3], np.float32)
    weights = model.get_weights()
    assert_same(model.elbo(x, y, seed=1), generator.elbo(x, y, seed=1))
    for one, other in (
        (model.encode(x, y).mean(), generator.encode(x, y).mean()),
        (model.decode(z, y).mean(), generator.decode(z, y).mean()),
        (model.sample(drawn_for, 1), generator.sample(drawn_for, 1)),
        (model.reconstruct(x, y), generator.reconstruct(x, y)),
    ):
        np.testing.assert_array_equal(one, other)
    model.discriminate(x)
    assert_same(weights, model.get_weights())
    inputs = x if y is None else (x, y)
    np.testing.assert_allclose(
        model.predict(inputs, verbose=0), generator.reconstruct(x, y), rtol=1e-5
    )


def test_evaluate_averages_the_bound_over_the_images_of_unequal_batches():
    model, x, y = linear(CVAEGAN), images(7, (2, 2, 1)), np.array([0, 1, 2, 0, 1, 2, 0])
    model.compile()
    rows = slice(0, 3), slice(3, 6), slice(6, 7)
    parts = [model.elbo(x[row], y[row], seed=[0, row.start]) for row in rows]
    expected = {
        f"elbo/{name}": np.mean(np.concatenate([getattr(part, name) for part in parts]))
        for name in ("elbo", "reconstruction", "kl")
    }
    for _ in range(2):  # the second time, nothing is left of the first
        found = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True)
        assert found == pytest.approx(expected, 1e-5)


@KINDS
def test_discriminate(kind):
    model, x = linear(kind), images(5, (2, 2, 1))
    logits = np.asarray(model.discriminator(x)[1], np.float64)
    expected = special.expit(logits[:, 0]) if kind is VAEGAN else special.softmax(logits, -1)
    np.testing.assert_allclose(model.discriminate(x), expected, rtol=1e-5)


@KINDS
def test_an_image_is_judged_as_beside_real_images_whatever_is_beside_it(kind):
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


@KINDS
def test_a_saved_model_gives_equal_outputs_and_is_trained_further(kind, tmp_path):
    model, (x, y) = (
        convolutional(
            kind, feature_variance=2.0, adversarial_weight=3.0, reconstruction=SquaredError()
        ),
        batch_of(kind),
    )
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.RMSprop(0.005))
    model.train_step((x, y))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is kind
    assert (again.feature_variance, again.adversarial_weight) == (2, 3)
    assert type(again.reconstruction) is SquaredError
    optimizers = [(it.optimizer, it.discriminator_optimizer) for it in (model, again)]
    for one, other in zip(*optimizers, strict=True):
        assert type(one) is type(other) and one.get_config() == other.get_config()
        assert int(other.iterations) == 1
        assert_same([it.numpy() for it in one.variables], [it.numpy() for it in other.variables])

    drawn_for = y if kind is CVAEGAN else 3
    for one, other in (
        (model.reconstruct(x, y), again.reconstruct(x, y)),
        (model.sample(drawn_for, 1), again.sample(drawn_for, 1)),
        (model.discriminate(x), again.discriminate(x)),
        *zip(model.elbo(x, y, seed=2), again.elbo(x, y, seed=2), strict=True),
    ):
        np.testing.assert_array_equal(one, other)

    for it in (model, again):
        it.train_step((x, y))
    assert_same(model.get_weights(), again.get_weights(), rtol=1e-3, atol=1e-4)
    assert int(again.discriminator_optimizer.iterations) == 2


@KINDS
def test_mixed_precision_has_its_losses_in_float32(kind):
    batch = batch_of(kind, 16)
    full, mixed = convolutional(kind), convolutional(kind, dtype="mixed_bfloat16")
    logs = []
    for model in (full, mixed):
        model.compile(keras.optimizers.SGD(0.001))
        logs.append(model.train_step(batch))
    assert {value.dtype for value in logs[1].values()} == {tf.float32}
    for name, value in logs[1].items():
        np.testing.assert_allclose(value, logs[0][name], rtol=0.1, atol=0.01)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [(VAEGAN, 2, 1), (VAEGAN, 11, 1), (CVAEGAN, 3, 4), (CVAEGAN, 1, 4), (CVAEGAN, 5, 4)],
)
def test_the_discriminator_must_have_the_right_number_of_logits(kind, given, expected):
    generator = linear(kind).generator
    with pytest.raises(UserError, match=f"{given} logits given, one of {expected} expected"):
        kind(generator, networks.discriminator((2, 2, 1), given, widen=1 / 16))


@pytest.mark.parametrize("condition", [None, ImageCondition((2, 1, 1))], ids=["none", "image"])
def test_cvae_gan_needs_a_generator_of_labels(condition):
    sizes = {"latent_size": 2, "units": 4, "condition_size": condition.size if condition else 0}
    parts = [
        network((2, 2, 1), **sizes)
        for network in (networks.fully_connected_encoder, networks.fully_connected_decoder)
    ]
    generator = CVAE(*parts, condition) if condition else VAE(*parts)
    with pytest.raises(UserError, match="needs a generator conditioned on labels"):
        CVAEGAN(generator, networks.discriminator((2, 2, 1), 4, widen=1 / 16))


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
    value = np.zeros([4, 3], np.float32) if call == "decode" else images(4)
    with pytest.raises(UserError, match="must be None"):
        getattr(model, call)(value, LABELS)


def test_a_discriminator_of_other_images_is_refused():
    parts = [
        network((4, 4, 1), latent_size=2, units=4)
        for network in (networks.fully_connected_encoder, networks.fully_connected_decoder)
    ]
    with pytest.raises(UserError, match=r"images \[8, 8, 1\] given, \[4, 4, 1\] expected"):
        VAEGAN(VAE(*parts), networks.discriminator((8, 8, 1), 1, widen=1 / 16))


def test_discriminate_refuses_what_is_no_image():
    model = convolutional(VAEGAN)
    for x, sentence in ((images(2) * 255, "must lie in"), (images(2)[:, :1], "images: shape")):
        with pytest.raises(UserError, match=sentence):
            model.discriminate(x)


# Section 3.3. Three labelled images and four without a label make 3 + 4 * 3 pairs (x, y).

EVEN = Objective(1.0, 1.0, 1.0)
OF_FEW = pytest.mark.parametrize(
    "kind", [SemiSupervisedVAEGAN, JudgingVAEGAN], ids=lambda it: it.__name__
)


def few(shape=SHAPE):
    return (images(3, shape), np.array([0, 2, 1], np.int32)), images(4, shape, seed=1)


def semi_supervised(objective=EVEN, dtype="float32", seed=0, kind=SemiSupervisedVAEGAN, **kwargs):
    """A small model with all that the large ones have."""
    keras.utils.set_random_seed(0)
    sizes = {"latent_size": 3, "units": 6, "dtype": dtype}
    generator = SemiSupervisedVAE(
        networks.fully_connected_trunk(SHAPE, 3, **sizes),
        networks.mean_head(3, activation="softplus", **sizes),
        networks.fully_connected_decoder(SHAPE, 3, **sizes),
        LabelCondition(3),
        objective,
        seed=seed,
    )
    if kind is JudgingVAEGAN:
        return kind(generator, **kwargs)
    discriminator = networks.discriminator(SHAPE, 4, widen=1 / 16, dtype=dtype)
    return kind(generator, discriminator, **kwargs)


def linear_few(objective=EVEN, kl_weight=1.0, seed=0, kind=SemiSupervisedVAEGAN, **kwargs):
    """A generator of a layer or two a network; the discriminator of `linear`, if it has its own."""
    generator = linear_semi_supervised(objective, kl_weight=kl_weight, seed=seed)
    parts = [] if kind is JudgingVAEGAN else [linear(CVAEGAN).discriminator]
    return kind(generator, *parts, **kwargs)


def judged_by_linear(picture, critic):
    """Features and -log D of the discriminator of `linear`."""
    features = np.tanh(picture @ critic[0] + critic[1])
    return features, -special.log_softmax(features @ critic[2] + critic[3])


def judged_by_classifier(picture, critic):
    """Those of the classifier in `linear_semi_supervised` as a discriminator."""
    return picture, -special.log_softmax([*(picture @ critic[0] + critic[1]), 0])


def generator_weights(model):
    parts = (model.generator.trunk, model.generator.head, model.generator.decoder)
    return [weight for part in parts for weight in numpy_weights(part)]


def every_pair(data):
    """Labelled pairs, then every unlabelled image with every one of three classes."""
    (x, y), unlabelled = data
    return [*zip(x, y, strict=True), *((image, k) for image in unlabelled for k in range(3))]


def costs_of_pair(weights, judged, x, y, noise, prior, feature_variance):
    """Section 3.2 for one image and one label in float64; gives q(y | x) too."""
    q, mean, stddev = follow(weights, x, y)

    def decoded(z):
        return special.expit(np.concatenate([z, np.eye(3)[y]]) @ weights[-2] + weights[-1])

    features, real = judged(x.reshape(-1))
    _, drawn = judged(decoded(prior))
    features_again, reconstructed = judged(decoded(mean + stddev * noise))
    generator = {
        "kl": 0.5 * np.sum(mean**2 + stddev**2 - 1 - np.log(stddev**2)),
        "feature": np.sum((features - features_again) ** 2) / (2 * feature_variance),
        "drawn": drawn[y],
        "reconstructed": reconstructed[y],
    }
    return q, generator, {"real": real[y], "drawn": drawn[3], "reconstructed": reconstructed[3]}


def terms_of_few(costs, data):
    """The terms of section 3.3, a pair after the other.

    ``costs(number, x, y)`` gives q(y | x) and the costs of a pair, to be summed up over the labels
    of an image with the weights q(y | x), and averaged over the images.
    """
    (x, y), unlabelled = data
    sums = {}

    def add(name, value):
        sums[name] = sums.get(name, 0) + value

    numbers = iter(range(15))
    for image, label in zip(x, y, strict=True):
        q, found = costs(next(numbers), image, label)
        for name, value in found.items():
            add(f"labelled/{name}", value / len(x))
        add("classification/loss", -np.log(q[label]) / len(x))
    for image in unlabelled:
        for label in range(3):
            q, found = costs(next(numbers), image, label)
            for name, value in found.items():
                add(f"unlabelled/{name}", q[label] * value / len(unlabelled))
        add("unlabelled/entropy", -np.sum(q * np.log(q)) / len(unlabelled))
    assert next(numbers, None) is None
    return sums


def as_discriminators(terms):
    """Those terms of section 3.3 that the discriminator has, by their names in its loss."""
    parts = (name.split("/") for name in terms)
    return {
        f"{kind}_{name}": terms[f"{kind}/{name}"]
        for kind, name in parts
        if name in ("real", "drawn", "reconstructed")
    }


@pytest.mark.parametrize(
    ("kind", "judged"),
    [(SemiSupervisedVAEGAN, judged_by_linear), (JudgingVAEGAN, judged_by_classifier)],
    ids=["discriminator", "classifier"],
)
@pytest.mark.parametrize(
    ("objective", "kl_weight", "feature_variance", "adversarial_weight"),
    [
        (EVEN, 1, 1, 1),
        (Objective(0.25, 0.75, 2.0), 0.5, 4, 3),
        (Objective(0.0, 1.0, 0.0), 1, 1, 2),
        (Objective(0.25, 0.75, 2.0), 1, 0.5, 0),
    ],
)
def test_a_semi_supervised_step_against_a_plain_sum(
    objective, kl_weight, feature_variance, adversarial_weight, kind, judged, codes
):
    model, data = (
        linear_few(
            objective,
            kl_weight,
            kind=kind,
            feature_variance=feature_variance,
            adversarial_weight=adversarial_weight,
        ),
        few((2, 2, 1)),
    )
    model.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.5))
    weights, critic = generator_weights(model), numpy_weights(model.discriminator)
    logs = {name: float(value) for name, value in model.train_step(data).items()}
    weights_after = generator_weights(model)

    (z,) = codes
    posteriors = [follow(weights, x, y)[1:] for x, y in every_pair(data)]
    noise = [(code - mean) / stddev for code, (mean, stddev) in zip(z, posteriors, strict=False)]
    prior = z[15:]
    assert (len(noise), len(prior)) == (15, 15)

    def terms(weights, critic, which):
        def costs(number, x, y):
            rest = noise[number], prior[number], feature_variance
            q, *found = costs_of_pair(weights, lambda it: judged(it, critic), x, y, *rest)
            return q, found[which]

        return terms_of_few(costs, data)

    # The discriminator minimises the sum of all its terms, labelled and unlabelled.
    def critic_terms(critic):
        return as_discriminators(terms(weights, critic, 1))

    def critic_loss(critic):
        return sum(critic_terms(critic).values())

    its_steps = [0.5 * it for it in gradient(critic_loss, critic)]
    critic_after = [a - b for a, b in zip(critic, its_steps, strict=True)]
    if kind is not JudgingVAEGAN:
        assert_same(numpy_weights(model.discriminator), critic_after, rtol=1e-3, atol=1e-5)

    # The generator's loss is that of section 3.3, its entropy with a minus.
    def loss(weights, critic=critic_after):
        found = terms(weights, critic, 0)
        labelled, unlabelled = (
            kl_weight * found[f"{kind}/kl"]
            + found[f"{kind}/feature"]
            + adversarial_weight * (found[f"{kind}/drawn"] + found[f"{kind}/reconstructed"])
            for kind in ("labelled", "unlabelled")
        )
        return (
            objective.labelled * labelled
            + objective.unlabelled * (unlabelled - found["unlabelled/entropy"])
            + objective.classification * found["classification/loss"]
        )

    # A classifier that judges takes both steps; in this one its judgement is a constant.
    steps = gradient(loss, weights)
    if kind is JudgingVAEGAN:
        for step, its in zip(steps[3:5], its_steps, strict=True):
            step += its
    assert_same(
        [a - b for a, b in zip(weights, weights_after, strict=True)], steps, rtol=1e-3, atol=1e-5
    )

    assert logs == pytest.approx(
        {
            "loss/generator": loss(weights),
            "loss/discriminator": critic_loss(critic),
            **terms(weights, critic_after, 0),
            **{f"discriminator/{name}": value for name, value in critic_terms(critic).items()},
        },
        1e-4,
    )
    # The test can tell the updated discriminator from the one before.
    if adversarial_weight or kind is not JudgingVAEGAN:
        assert abs(loss(weights) - loss(weights, critic)) > 0.001


def test_more_entropy_costs_less():
    model = linear_few(Objective(1.0, 0.5, 2.0))
    names = ("kl", "feature", "drawn", "reconstructed")
    terms = {f"{kind}/{name}": 1.0 for kind in ("labelled", "unlabelled") for name in names}
    terms |= {"unlabelled/entropy": 0.0, "classification/loss": 1.0}
    assert float(model.weighted(terms)) == 4 + 0.5 * 4 + 2
    assert float(model.weighted(terms | {"unlabelled/entropy": 1.0})) == 4 + 0.5 * 3 + 2


@pytest.mark.parametrize("term", ["labelled", "unlabelled", "classification"])
def test_which_networks_a_part_of_the_objective_reaches(term):
    objective = Objective(**{"labelled": 0.0, "unlabelled": 0.0, "classification": 0.0, term: 1.0})
    model = semi_supervised(objective)
    model.compile(keras.optimizers.SGD(0.1))
    generator = model.generator
    variables = {
        f"{part.name}/{variable.path}": variable
        for part in (generator.trunk, generator.head, generator.decoder)
        for variable in part.trainable_variables
    }
    assert len(variables) == len(generator.trainable_variables)
    before = {name: variable.numpy() for name, variable in variables.items()}
    model.train_step(few())
    moved = {name for name, it in variables.items() if np.abs(it.numpy() - before[name]).max() > 0}
    expected = {
        "labelled": {name for name in variables if "/logits/" not in name},
        "unlabelled": set(variables),  # that of q(y | x) too
        "classification": {
            name
            for name in variables
            if name.startswith(("trunk/dense1", "trunk/dense2", "trunk/logits"))
        },
    }
    assert moved == expected[term]


def test_a_semi_supervised_generator_step_changes_nothing_of_the_discriminator(monkeypatch):
    model = semi_supervised()
    monkeypatch.setattr(
        SemiSupervisedVAEGAN, "update_discriminator", lambda *_: (tf.constant(0.0), {})
    )
    model.compile(keras.optimizers.SGD(0.1))
    before, generator = model.discriminator.get_weights(), model.generator.get_weights()
    model.train_step(few())
    assert_same(before, model.discriminator.get_weights())
    for old, new in zip(generator, model.generator.get_weights(), strict=True):
        assert np.abs(old - new).max() > 0


def test_a_semi_supervised_discriminator_step_changes_nothing_of_the_generator():
    model = semi_supervised()
    model.compile(keras.optimizers.SGD(0.1))
    prepared = model.prepare(few(), tf.constant([0, 0]))
    generator, discriminator = model.generator.get_weights(), model.discriminator.get_weights()
    model.update_discriminator(*prepared)
    assert_same(generator, model.generator.get_weights())
    for old, variable in zip(discriminator, model.discriminator.weights, strict=True):
        assert np.abs(old - variable.numpy()).max() > 0, variable.path


def test_a_semi_supervised_step_passes_each_network_as_seldom_as_it_can(codes, monkeypatch):
    model, data = semi_supervised(), few()
    (x, _), unlabelled = data
    together = np.concatenate([x, unlabelled])
    trunk, decoder = a_copy(model.generator.trunk), a_copy(model.generator.decoder)
    discriminator = a_copy(model.discriminator)
    model.compile(keras.optimizers.SGD(0.1))
    judged, judge = [], SemiSupervisedVAEGAN.judge

    def spy(self, pictures, **kwargs):
        judged.append(len(pictures))
        return judge(self, pictures, **kwargs)

    monkeypatch.setattr(SemiSupervisedVAEGAN, "judge", spy)
    model.train_step(data)
    # Drawn and reconstructed images of all pairs; then real images, each once, and those again.
    assert judged == [15, 15, 7, 15, 15]
    (z,) = codes
    assert z.shape == (30, 3)
    # A single pass leaves the averages that the copies have now; real images those of D.
    trunk(together, training=True)
    decoder([z, np.tile(np.eye(3)[[y for _, y in every_pair(data)]], [2, 1])], training=True)
    discriminator(together, training=True)
    for copy, network in (
        (trunk, model.generator.trunk),
        (decoder, model.generator.decoder),
        (discriminator, model.discriminator),
    ):
        averages = [it.numpy() for it in network.non_trainable_variables]
        assert_same(averages, [it.numpy() for it in copy.non_trainable_variables], 1e-4, 1e-6)


def test_losses_of_given_images_average_what_the_networks_say_of_each_pair():
    model, data = semi_supervised(feature_variance=2.0), few()
    x, y, generated = model.prepare(data, tf.constant([0, 0]))
    assert np.asarray(y).tolist() == [label for _, label in every_pair(data)]
    np.testing.assert_array_equal(x, np.concatenate([data[0][0], data[1]]))
    q = special.softmax(np.asarray(generated.pairs.labels.logits, np.float64), -1)
    (features, real), (_, drawn), (features_again, reconstructed) = (
        [np.asarray(it, np.float64) for it in a_copy(model.discriminator)(pictures, training=True)]
        for pictures in (x, generated.drawn, generated.reconstructed)
    )
    place = [*range(3), *np.repeat(range(3, 7), 3)]  # of the image of each pair

    def cost(logits, label):
        return -special.log_softmax(logits)[label]

    def generator_costs(number, _, label):
        difference = features[place[number]] - features_again[number]
        return q[place[number]], {
            "kl": float(generated.kl[number]),
            "feature": np.sum(difference**2) / 4,
            "drawn": cost(drawn[number], label),
            "reconstructed": cost(reconstructed[number], label),
        }

    def critic_costs(number, _, label):
        return q[place[number]], {
            "real": cost(real[place[number]], label),
            "drawn": cost(drawn[number], 3),
            "reconstructed": cost(reconstructed[number], 3),
        }

    found = model.generator_loss(x, y, generated)
    expected = terms_of_few(generator_costs, data)
    assert {name: float(it) for name, it in found.items()} == pytest.approx(expected, 1e-4)
    found = model.discriminator_loss(x, y, generated)
    expected = as_discriminators(terms_of_few(critic_costs, data))
    assert {name: float(it) for name, it in found.items()} == pytest.approx(expected, 1e-4)


def test_a_semi_supervised_step_draws_by_the_run_seed_and_the_number_of_the_step(codes):
    drawn = check_draws(lambda seed: linear_few(seed=seed), few((2, 2, 1)), codes)
    # Every pair has a code of its own from the prior.
    assert len({tuple(code) for code in drawn[15:]}) == 15


def test_semi_supervised_fit_does_what_a_loop_over_train_step_does():
    fitted, looped = (linear_few(seed=5) for _ in range(2))
    for model in (fitted, looped):
        model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    (x, y), unlabelled = few((2, 2, 1))
    data = tf.data.Dataset.zip(
        (
            tf.data.Dataset.from_tensor_slices((x, y)).batch(3).repeat(),
            tf.data.Dataset.from_tensor_slices(unlabelled).batch(2),
        )
    )
    history = fitted.fit(data, shuffle=False, verbose=0).history
    for rows in (slice(0, 2), slice(2, 4)):
        logs = looped.train_step(((x, y), unlabelled[rows]))
    assert_same(fitted.get_weights(), looped.get_weights(), rtol=1e-3, atol=1e-4)
    assert set(history) == set(logs)
    assert int(looped.discriminator_optimizer.iterations) == 2


def test_without_adversarial_terms_labels_are_learned_and_pass_to_images_without():
    """Two kinds of images, of which one each is labelled; the third class has none."""
    rng, kinds = np.random.default_rng(0), np.float32([[1, 1, 0, 0], [0, 0, 1, 1]])
    labels = np.tile(np.int32([0, 1]), 40)
    x = np.abs(kinds[labels] - 0.2 * rng.random((80, 4))).astype(np.float32).reshape(80, 2, 2, 1)
    objective = Objective.per_image(2, 80, classification=1)
    model = linear_few(objective, adversarial_weight=0.0)
    model.compile(keras.optimizers.Adam(0.05), keras.optimizers.Adam(0.01))
    step = tf.function(model.train_step)
    assert (np.argmax(model.classify(x).logits, -1) == labels).mean() < 0.6
    first = step(((x[:2], labels[:2]), x))
    for _ in range(100):
        logs = step(((x[:2], labels[:2]), x))
    assert np.isfinite([float(value) for value in logs.values()]).all()
    assert (np.argmax(model.classify(x).logits, -1) == labels).mean() == 1
    for name in ("classification/loss", "loss/discriminator"):
        assert float(logs[name]) < 0.7 * float(first[name]), name


def test_what_is_not_semi_supervised_training_is_the_generator():
    model, ((x, y), unlabelled) = semi_supervised(), few()
    generator, weights = model.generator, model.get_weights()
    for one, other in (
        (model.classify(x).logits, generator.classify(x).logits),
        (model.encode(x, y).mean(), generator.encode(x, y).mean()),
        (model.sample(y, 1), generator.sample(y, 1)),
        (model.reconstruct(x, y), generator.reconstruct(x, y)),
        *zip(model.elbo(x, y, seed=1), generator.elbo(x, y, seed=1), strict=True),
        *zip(model.elbo(unlabelled), generator.elbo(unlabelled), strict=True),
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(tf.reduce_sum(model.discriminate(x), -1), np.ones(3), rtol=1e-5)
    assert model.discriminate(x).shape == (3, 4)
    model.compile(run_eagerly=True)
    generator.compile(run_eagerly=True)
    found, expected = (
        it.evaluate(x, y, batch_size=2, verbose=0, return_dict=True) for it in (model, generator)
    )
    assert found == pytest.approx(expected, 1e-6)
    assert set(found) >= {"elbo/elbo", "elbo/labelled", "classification/error"}
    assert_same(weights, model.get_weights())


@OF_FEW
def test_a_saved_semi_supervised_model_gives_equal_outputs_and_is_trained_further(kind, tmp_path):
    objective = Objective(0.25, 0.75, 2.0)
    weights = {"feature_variance": 2.0, "adversarial_weight": 3.0}
    model = semi_supervised(objective, seed=9, kind=kind, **weights)
    (x, y), unlabelled = few()
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.RMSprop(0.005))
    model.train_step(few())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is kind and type(again.generator) is SemiSupervisedVAE
    assert (again.feature_variance, again.adversarial_weight) == (2, 3)
    assert (again.generator.objective, again.generator.seed) == (objective, 9)
    for name in ("optimizer", "discriminator_optimizer"):
        one, other = getattr(model, name), getattr(again, name)
        assert type(one) is type(other) and one.get_config() == other.get_config()
        assert_same([it.numpy() for it in one.variables], [it.numpy() for it in other.variables])
    for one, other in (
        *zip(model.get_weights(), again.get_weights(), strict=True),
        (model.reconstruct(x, y), again.reconstruct(x, y)),
        (model.sample(y, 1), again.sample(y, 1)),
        (model.classify(x).logits, again.classify(x).logits),
        (model.discriminate(x), again.discriminate(x)),
        *zip(model.elbo(unlabelled, seed=2), again.elbo(unlabelled, seed=2), strict=True),
    ):
        np.testing.assert_array_equal(one, other)
    for it in (model, again):
        it.train_step(few())
    assert_same(model.get_weights(), again.get_weights(), rtol=1e-3, atol=1e-4)


def test_the_classifier_judges_by_its_own_weights(tmp_path):
    model, ((x, _), unlabelled) = semi_supervised(kind=JudgingVAEGAN), few()
    model.compile(keras.optimizers.SGD(0.1))
    model.train_step(few())
    model.save(tmp_path / "model.keras")
    for it in (model, keras.saving.load_model(tmp_path / "model.keras")):
        it.update_discriminator(*it.prepare(few(), tf.constant([0, 0])))
        q, judged = it.classify(unlabelled).probs_parameter(), it.discriminate(unlabelled)
        np.testing.assert_allclose(judged[:, :-1], q * (1 - judged[:, -1:]), rtol=1e-5)
        fake = 1 / (1 + np.sum(np.exp(it.classify(x).logits), -1))
        np.testing.assert_allclose(it.discriminate(x)[:, -1], fake, rtol=1e-5)
        assert len(it.trainable_variables) == len(it.generator.trainable_variables)


def test_semi_supervised_mixed_precision_has_its_losses_in_float32():
    logs = []
    for dtype in ("float32", "mixed_bfloat16"):
        model = semi_supervised(dtype=dtype)
        model.compile(keras.optimizers.SGD(0.001))
        logs.append(model.train_step(few()))
    assert {value.dtype for value in logs[1].values()} == {tf.float32}
    for name, value in logs[1].items():
        np.testing.assert_allclose(value, logs[0][name], rtol=0.1, atol=0.01)


@pytest.mark.parametrize("kind", [VAEGAN, CVAEGAN], ids=["vae", "cvae"])
def test_semi_supervised_vae_gan_needs_a_semi_supervised_generator(kind):
    model = linear(kind)
    with pytest.raises(UserError, match="needs a semi-supervised VAE as its generator"):
        SemiSupervisedVAEGAN(model.generator, linear(CVAEGAN).discriminator)


@pytest.mark.parametrize(
    ("shape", "logits", "message"),
    [
        (SHAPE, 3, "3 logits given, one of 4 expected"),
        (SHAPE, 1, "1 logits given, one of 4 expected"),
        ((4, 4, 1), 4, r"images \[4, 4, 1\] given, \[8, 8, 1\] expected"),
    ],
)
def test_a_discriminator_must_fit_the_semi_supervised_generator(shape, logits, message):
    with pytest.raises(UserError, match=message):
        SemiSupervisedVAEGAN(
            semi_supervised().generator, networks.discriminator(shape, logits, widen=1 / 16)
        )


UNFIT = {
    "a batch as of a CVAE": (*few()[0],),
    "labelled images alone": (few()[0], None),
    "the label of generated images": ((images(3), np.int32([0, 1, 3])), images(4)),
    "labels that are floats": ((images(3), np.float32([0, 1, 2])), images(4)),
    "too few labels": ((images(3), np.int32([0, 1])), images(4)),
    "values above 1": ((images(3), LABELS[:3]), images(4) * 255),
    "images of another size": ((images(3), LABELS[:3]), images(4, (4, 4, 1))),
}
SENTENCES = {
    "a batch as of a CVAE": r"takes batches \(\(images, labels\), unlabelled images\)",
    "labelled images alone": "semi-supervised training takes",
    "the label of generated images": "found 0 to 3",
    "labels that are floats": "integers of shape",
    "too few labels": r"2 .*given .*3 images",
    "values above 1": r"images must lie in \[0, 1\]",
    "images of another size": r"\[4, 4, 4, 1\] given, \[batch, 8, 8, 1\] expected",
}


@pytest.mark.parametrize("mistake", UNFIT)
def test_mistakes_in_a_semi_supervised_batch(mistake):
    model = semi_supervised()
    model.compile(keras.optimizers.SGD(0.1))
    before = [np.copy(weight) for weight in model.get_weights()]
    calls = [lambda batch: model.train_step(batch)]
    if mistake != "labelled images alone":  # to fit, those are not arrays but a data set's
        calls.append(lambda batch: model.fit(*batch, verbose=0))
    for call in calls:
        with pytest.raises(UserError, match=SENTENCES[mistake]) as error:
            call(UNFIT[mistake])
        assert "\n" not in str(error.value)
    assert_same(before, model.get_weights())
