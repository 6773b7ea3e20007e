import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import special, stats
from support import models
from support.numeric import assert_same, check_draws, counts, gradient, norms
from tensorflow_probability import distributions as tfd

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.vae import VAE, gaussian

SHAPE, LATENT = models.SHAPE, models.LATENT


def images(count, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


def convolutional(**kwargs):
    """A small model with all that the large ones have, always with the same initial weights."""
    keras.utils.set_random_seed(0)
    return models.vae(**kwargs)


def linear(kind=VAE, **kwargs):
    """Images of 2 x 2, encoder and decoder of one linear layer, so that NumPy can follow."""
    image, code = keras.Input([2, 2, 1]), keras.Input([2])
    flat = layers.Flatten()(image)
    encoder = keras.Model(image, [layers.Dense(2)(flat), layers.Dense(2)(flat)])
    decoder = keras.Model(code, layers.Reshape([2, 2, 1])(layers.Dense(4)(code)))
    model, rng = kind(encoder, decoder, **kwargs), np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.5, size=variable.shape))
    return model


def posterior(weights, x):
    """Mean and standard deviation of q(z | x) of a linear model, in float64."""
    mean_kernel, mean_bias, variance_kernel, variance_bias, *_ = weights
    flat = x.reshape(len(x), -1)
    return flat @ mean_kernel + mean_bias, np.exp(0.5 * (flat @ variance_kernel + variance_bias))


def bound(weights, x, noise):
    """Equation (1) for a linear model in float64: reconstruction and KL divergence, [batch]."""
    mean, stddev = posterior(weights, x)
    p = special.expit((mean + stddev * noise) @ weights[4] + weights[5])
    flat = x.reshape(len(x), -1)
    reconstruction = (flat * np.log(p) + (1 - flat) * np.log(1 - p)).sum(-1)
    return reconstruction, 0.5 * (mean**2 + stddev**2 - 1 - np.log(stddev**2)).sum(-1)


def numpy_weights(model):
    return [variable.numpy().astype(np.float64) for variable in model.trainable_variables]


def test_the_bound_against_numpy(codes):
    model, x = linear(), images(5, (2, 2, 1))
    found = model.elbo(x, seed=3)
    weights = numpy_weights(model)
    mean, stddev = posterior(weights, x)
    reconstruction, kl = bound(weights, x, (codes[0] - mean) / stddev)
    np.testing.assert_allclose(found.reconstruction, reconstruction, rtol=1e-5)
    np.testing.assert_allclose(found.kl, kl, rtol=1e-5)
    np.testing.assert_allclose(found.elbo, reconstruction - kl, rtol=1e-5)


def test_encode_and_decode_against_numpy():
    model, x = linear(), images(5, (2, 2, 1))
    weights = numpy_weights(model)
    q = model.encode(x)
    assert (q.batch_shape, q.event_shape) == ([5], [2])
    mean, stddev = posterior(weights, x)
    np.testing.assert_allclose(q.mean(), mean, rtol=1e-5)
    np.testing.assert_allclose(q.stddev(), stddev, rtol=1e-5)
    p = special.expit(mean @ weights[4] + weights[5]).reshape(x.shape)
    np.testing.assert_allclose(model.decode(mean).mean(), p, rtol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x), p, rtol=1e-5)


def test_z_is_drawn_from_the_posterior_afresh_for_each_image(codes):
    model, x = linear(), images(20_000, (2, 2, 1))
    model.elbo(x)
    mean, stddev = posterior(numpy_weights(model), x)
    noise = (codes[0] - mean) / stddev
    # The standard error of each of these is 1 / sqrt(20 000) = 0.007 or less.
    np.testing.assert_allclose(noise.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(noise.T), np.eye(2), atol=0.04)
    assert abs(np.mean(noise[1:] * noise[:-1])) < 0.03


def test_the_prior_and_samples_from_it(codes):
    model = linear()
    z = np.float32([[0, 0], [1, -2]])
    expected = [-np.log(2 * np.pi), -np.log(2 * np.pi) - 2.5]
    np.testing.assert_allclose(model.prior().log_prob(z), expected, rtol=1e-6)
    drawn = model.sample(20_000, seed=1)
    assert drawn.shape == (20_000, 2, 2, 1)
    np.testing.assert_allclose(codes[0].mean(0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(codes[0].T), np.eye(2), atol=0.04)
    np.testing.assert_array_equal(drawn, model.decode(codes[0]).mean())


@pytest.mark.parametrize("kl_weight", [1.0, 0.25])
def test_a_step_follows_the_gradient_of_the_bound(kl_weight, codes):
    model, x = linear(kl_weight=kl_weight), images(5, (2, 2, 1))
    model.compile(keras.optimizers.SGD(1.0))
    weights = numpy_weights(model)
    logs = model.train_step((x,))
    mean, stddev = posterior(weights, x)
    noise = (codes[0] - mean) / stddev

    def loss(weights):
        reconstruction, kl = bound(weights, x, noise)
        return np.mean(kl_weight * kl - reconstruction)

    reconstruction, kl = bound(weights, x, noise)
    expected = {
        "loss": loss(weights),
        "elbo/elbo": np.mean(reconstruction - kl),
        "elbo/reconstruction": np.mean(reconstruction),
        "elbo/kl": np.mean(kl),
        **norms(gradient(loss, weights), **counts(model)),
    }
    assert {name: float(value) for name, value in logs.items()} == pytest.approx(expected, 1e-5)
    steps = [a - b for a, b in zip(weights, numpy_weights(model), strict=True)]
    assert_same(steps, gradient(loss, weights), rtol=1e-3, atol=1e-6)


class BetaTCVAE(VAE):
    """Chen et al. (2018): beta weighs the total correlation of z, estimated within a batch."""

    beta = 3.0

    def training_loss(self, x, y, seed):
        posterior, z, likelihood = self.infer(x, y, seed, training=True)
        of_pairs = posterior.distribution.log_prob(z[:, None])  # of code i by image j
        images = tf.math.log(tf.cast(tf.shape(x)[0], tf.float32))
        joint = tf.reduce_logsumexp(tf.reduce_sum(of_pairs, -1), 1) - images
        marginal = tf.reduce_sum(tf.reduce_logsumexp(of_pairs, 1) - images, -1)
        kl = posterior.log_prob(z) - self.prior().log_prob(z)
        loss = tf.reduce_mean(
            kl + (self.beta - 1) * (joint - marginal) - likelihood.log_prob(tf.cast(x, tf.float32))
        )
        return loss, {"total_correlation": tf.reduce_mean(joint - marginal)}


def test_a_model_with_another_loss_changes_one_method(codes):
    model, x = linear(kind=BetaTCVAE), images(5, (2, 2, 1))
    model.compile(keras.optimizers.SGD(1.0))
    weights = numpy_weights(model)
    logs = model.train_step((x,))
    mean, stddev = posterior(weights, x)
    noise = (codes[0] - mean) / stddev

    def total_correlation(weights):
        mean, stddev = posterior(weights, x)
        z = mean + stddev * noise
        found = []
        for code in z:  # log of q(z) less that of the product of q(z_1) and q(z_2)
            densities = stats.norm.pdf(code, mean, stddev)
            found.append(np.log(densities.prod(1).mean()) - np.log(densities.mean(0)).sum())
        return np.mean(found)

    def loss(weights):
        mean, stddev = posterior(weights, x)
        z = mean + stddev * noise
        kl = (stats.norm.logpdf(z, mean, stddev) - stats.norm.logpdf(z)).sum(1)
        reconstruction, _ = bound(weights, x, noise)
        return np.mean(kl - reconstruction) + 2 * total_correlation(weights)

    expected = {"loss": loss(weights), "total_correlation": total_correlation(weights)}
    expected |= norms(gradient(loss, weights), **counts(model))
    assert {name: float(value) for name, value in logs.items()} == pytest.approx(expected, 1e-4)
    steps = [a - b for a, b in zip(weights, numpy_weights(model), strict=True)]
    assert_same(steps, gradient(loss, weights), rtol=1e-3, atol=1e-5)


def test_a_step_reaches_every_variable_and_moves_the_averages():
    model = convolutional()
    model.compile(keras.optimizers.SGD(0.1))
    before = [np.copy(weight) for weight in model.get_weights()]
    model.train_step((images(8),))
    assert len(before) == len(model.encoder.weights) + len(model.decoder.weights)
    for weight, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        if "seed" not in weight.path:
            assert np.abs(new - old).max() > 0, weight.path


def test_networks_are_in_test_mode_outside_of_training():
    model, x = convolutional(), images(6)
    weights = model.get_weights()
    alone = [model.reconstruct(x[:1]), model.encode(x[:1]).mean(), model.elbo(x[:1]).kl]
    together = [model.reconstruct(x)[:1], model.encode(x).mean()[:1], model.elbo(x).kl[:1]]
    assert_same(alone, together, rtol=1e-4, atol=1e-6)
    model.sample(3)
    assert_same(weights, model.get_weights())


def test_the_same_seed_gives_the_same_and_another_seed_does_not():
    model, x = convolutional(), images(4)
    for draw in (lambda seed: model.sample(4, seed), lambda seed: model.elbo(x, seed=seed).elbo):
        np.testing.assert_array_equal(draw(7), draw(7))
        np.testing.assert_array_equal(draw(7), draw(tf.constant([7, 0])))
        for other in (8, tf.constant([7, 1])):
            assert np.abs(draw(7) - draw(other)).max() > 1e-4


def test_a_step_draws_by_the_run_seed_and_the_number_of_the_step(codes):
    check_draws(lambda seed: linear(seed=seed), (images(4, (2, 2, 1)),), codes)


def test_labels_in_the_data_are_not_looked_at():
    x = images(4)
    with_labels, without = convolutional(), convolutional()
    for model, data in ((with_labels, (x, np.arange(4))), (without, (x,))):
        model.compile(keras.optimizers.SGD(0.1))
        model.train_step(data)
    assert_same(with_labels.get_weights(), without.get_weights())


@pytest.mark.slow
def test_fit_raises_the_bound():
    model, x = linear(), np.repeat(images(1, (2, 2, 1)).round(), 20, 0)
    model.compile(keras.optimizers.Adam(0.1))
    before = float(tf.reduce_mean(model.elbo(x).elbo))
    history = model.fit(x, batch_size=2, epochs=3, verbose=0, validation_data=(x,)).history
    assert history["elbo/elbo"][-1] > before + 1
    assert history["val_elbo/elbo"][-1] > before + 1


MISTAKES = {
    "images without channels": (lambda m: m.encode(images(3)[..., 0]), r"\[3, 8, 8\] given"),
    "images of another size": (
        lambda m: m.encode(images(3, (8, 4, 1))),
        r"images: shape \[3, 8, 4, 1\] given, \[batch, 8, 8, 1\] expected",
    ),
    "a single image": (lambda m: m.elbo(images(1)[0]), r"\[8, 8, 1\] given, \[batch, 8, 8, 1\]"),
    "values above 1": (lambda m: m.elbo(images(3) * 255), r"images must lie in \[0, 1\]; found"),
    "values below 0": (lambda m: m.encode(images(3) - 1), r"images must lie in \[0, 1\]; found -"),
    "values that are no numbers": (lambda m: m.encode(images(3) * np.nan), "found nan"),
    "codes of another size": (
        lambda m: m.decode(np.zeros([5, LATENT + 1])),
        r"codes: shape \[5, 5\] given, \[batch, 4\] expected",
    ),
    "a single code": (lambda m: m.decode(np.zeros([LATENT])), r"codes: shape \[4\] given"),
    "side information to encode": (lambda m: m.encode(images(3), [0, 1, 2]), "must be None"),
    "side information to decode": (lambda m: m.decode(np.zeros([1, LATENT]), [0]), "must be None"),
    "side information to elbo": (lambda m: m.elbo(images(3), [0, 1, 2]), "must be None"),
    "images to reconstruct": (lambda m: m.reconstruct(images(3, (8, 4, 1))), "images: shape"),
    "side information to reconstruct": (
        lambda m: m.reconstruct(images(3), tf.constant([0, 1, 2])),
        "must be None",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake):
    call, message = MISTAKES[mistake]
    with pytest.raises(UserError, match=message) as error:
        call(convolutional())
    assert isinstance(error.value, ValueError)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_images_of_a_wrong_shape_are_found_when_a_step_is_compiled(jit_compile):
    model = convolutional()
    model.compile(jit_compile=jit_compile)
    data = tf.data.Dataset.from_tensor_slices(images(4, (8, 4, 1))).batch(4)
    with pytest.raises(UserError, match=r"\[batch, 8, 8, 1\] expected"):
        model.fit(data, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (images(4, (8, 4, 1)), r"\[4, 8, 4, 1\] given, \[batch, 8, 8, 1\] expected"),
        (255 * images(4), r"images must lie in \[0, 1\]; found"),
    ],
    ids=["shape", "values"],
)
def test_fit_refuses_arrays_before_it_starts(x, message):
    model = convolutional()
    model.compile()
    with pytest.raises(UserError, match=message) as error:
        model.fit(x, verbose=0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        ({"latent_size": 4}, {}, r"codes \[3\] given with an encoder to codes \[4\]"),
        ({"condition_size": 2}, {}, r"shapes \[\] given .* \[\(2,\)\]"),
        (
            {"condition_size": 2},
            {"condition_size": 2},
            r"side information of shapes \[\(2,\)\] given, \[\] expected",
        ),
        ({}, {"parameters": 2}, r"\[8, 8, 2\] given, \[8, 8, 1\] expected"),
    ],
    ids=["codes", "side information", "a condition", "likelihood"],
)
def test_networks_must_fit_together(encoder, decoder, message):
    with pytest.raises(UserError, match=message):
        VAE(
            networks.fully_connected_encoder(SHAPE, **{"latent_size": 3, "units": 4} | encoder),
            networks.fully_connected_decoder(SHAPE, **{"latent_size": 3, "units": 4} | decoder),
        )


def test_reconstruct_draws_its_code_where_a_seed_is_given():
    model, x = convolutional(), images(3)
    posterior = model.encode(x)
    z = posterior.sample(seed=tf.constant([5, 0]))
    np.testing.assert_array_equal(model.reconstruct(x, seed=5), model.decode(z).mean())
    mean = model.decode(posterior.mean()).mean()
    np.testing.assert_array_equal(model.reconstruct(x), mean)
    assert np.abs(model.reconstruct(x, seed=5) - mean).max() > 0


@pytest.mark.parametrize("log_variance", [-80.0, -30.0, 0.0, 30.0, 80.0, -1e4, 1e4])
def test_extreme_log_variances_have_a_finite_divergence_and_gradient(log_variance):
    mean = tf.constant([[0.5, -2.0]])
    given = tf.fill([1, 2], log_variance)
    prior = tfd.Independent(tfd.Normal(tf.zeros(2), 1.0), 1)
    with tf.GradientTape() as tape:
        tape.watch([mean, given])
        kl = tfd.kl_divergence(gaussian(mean, given), prior)
    cut = np.clip(log_variance, -80, 80)
    expected = np.sum(0.5 * (np.exp(cut) + np.float64(mean) ** 2 - 1 - cut))
    np.testing.assert_allclose(kl, [expected], rtol=1e-5)
    of_mean, of_log_variance = tape.gradient(kl, [mean, given])
    np.testing.assert_allclose(of_mean, mean, rtol=1e-5)
    inside = cut == log_variance
    np.testing.assert_allclose(
        of_log_variance, np.full([1, 2], inside * 0.5 * (np.exp(cut) - 1)), rtol=1e-4
    )


BAD_NETWORKS = {
    "another encoder": (
        lambda: (functional((8, 8, 1), (4,), (3,)), functional((4,), (8, 8, 1))),
        r"an encoder to means \[4\] and log-variances \[3\] given, \[latent_size\] expected",
    ),
    "an encoder to images": (
        lambda: (functional((8, 8, 1), (2, 2), (2, 2)), functional((2,), (8, 8, 1))),
        r"means \[2, 2\]",
    ),
    "an encoder of vectors": (
        lambda: (functional((64,), (4,), (4,)), functional((4,), (8, 8, 1))),
        r"an encoder of images \[64\] given, \[height, width, channels\] expected",
    ),
    "one output": (
        lambda: (functional((8, 8, 1), (4,)), functional((4,), (8, 8, 1))),
        "the encoder: 1 outputs given, 2 expected",
    ),
    "another decoder": (
        lambda: (functional((8, 8, 1), (4,), (4,)), functional((4,), (8, 8))),
        r"a decoder to \[8, 8\] given, \[8, 8, 1\] expected",
    ),
    "unbuilt": (
        lambda: (keras.Sequential([keras.layers.Dense(4)]), functional((4,), (8, 8, 1))),
        "the encoder: Sequential given",
    ),
}


def functional(shape, *outputs):
    x = keras.Input(shape)
    flat = keras.layers.Flatten()(x)
    made = [keras.layers.Reshape(it)(keras.layers.Dense(int(np.prod(it)))(flat)) for it in outputs]
    return keras.Model(x, made if made[1:] else made[0])


@pytest.mark.parametrize("mistake", BAD_NETWORKS)
def test_networks_of_ones_own_that_do_not_fit(mistake):
    make, message = BAD_NETWORKS[mistake]
    with pytest.raises(UserError, match=message) as error:
        VAE(*make())
    assert "\n" not in str(error.value)
