import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import special
from support.numeric import assert_same, check_draws, gradient

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian
from vae_gan_tf.models.seeds import split_seed, stateless_seed
from vae_gan_tf.models.vae import VAE

SHAPE = (8, 8, 1)


def images(count, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


def convolutional(weights_seed=0, likelihood=None, dtype="float32", **kwargs):
    """A small model with all that the large ones have."""
    keras.utils.set_random_seed(weights_seed)
    sizes = {"latent_size": 3, "widen": 1 / 16, "dtype": dtype}
    parameters = likelihood.parameters if likelihood else 1
    return VAE(
        networks.convolutional_encoder(SHAPE, **sizes),
        networks.convolutional_decoder(SHAPE, parameters=parameters, **sizes),
        likelihood,
        **kwargs,
    )


def linear(**kwargs):
    """Images of 2 x 2, encoder and decoder of one linear layer, so that NumPy can follow."""
    image, code = keras.Input([2, 2, 1]), keras.Input([2])
    flat = layers.Flatten()(image)
    encoder = keras.Model(image, [layers.Dense(2)(flat), layers.Dense(2)(flat)])
    decoder = keras.Model(code, layers.Reshape([2, 2, 1])(layers.Dense(4)(code)))
    model, rng = VAE(encoder, decoder, **kwargs), np.random.default_rng(0)
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


@pytest.fixture
def codes(monkeypatch):
    """The codes z that models give to their decoders, a call an item."""
    seen, decode = [], VAE.decode

    def spy(self, z, *args, **kwargs):
        seen.append(np.asarray(z, np.float64))
        return decode(self, z, *args, **kwargs)

    monkeypatch.setattr(VAE, "decode", spy)
    return seen


def loop(model, *batches):
    """Training without Keras' ``fit``."""
    step = tf.function(model.train_step)
    for batch in batches:
        logs = step(batch)
    return logs


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
    }
    assert {name: float(value) for name, value in logs.items()} == pytest.approx(expected, 1e-5)
    steps = [a - b for a, b in zip(weights, numpy_weights(model), strict=True)]
    assert_same(steps, gradient(loss, weights), rtol=1e-3, atol=1e-6)


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


def test_seeds():
    np.testing.assert_array_equal(stateless_seed(5), [5, 0])
    np.testing.assert_array_equal(stateless_seed(tf.constant([5, 6])), [5, 6])
    seeds = np.array([split_seed(seed, 3) for seed in (0, 1, tf.constant([0, 1]))]).reshape(9, 2)
    assert len({tuple(seed) for seed in seeds}) == 9
    np.testing.assert_array_equal(split_seed(1, 3), seeds[3:6])


def test_a_step_draws_by_the_run_seed_and_the_number_of_the_step(codes):
    check_draws(lambda seed: linear(seed=seed), (images(4, (2, 2, 1)),), codes)


def test_fit_does_what_a_loop_over_train_step_does():
    x = images(12)
    fitted, looped = convolutional(seed=5), convolutional(seed=5)
    for model in (fitted, looped):
        model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    history = fitted.fit(x, batch_size=4, shuffle=False, verbose=0).history
    logs = loop(looped, *np.split(x, 3))
    assert_same(fitted.get_weights(), looped.get_weights(), rtol=1e-4, atol=1e-5)
    assert set(history) == set(logs) == {"loss", "elbo/elbo", "elbo/reconstruction", "elbo/kl"}
    for name, value in logs.items():
        np.testing.assert_allclose(history[name], [value], rtol=1e-4, atol=1e-5)


def test_labels_in_the_data_are_not_looked_at():
    x = images(4)
    with_labels, without = convolutional(), convolutional()
    for model, data in ((with_labels, (x, np.arange(4))), (without, (x,))):
        model.compile(keras.optimizers.SGD(0.1))
        model.train_step(data)
    assert_same(with_labels.get_weights(), without.get_weights())


def test_fit_raises_the_bound():
    model, x = linear(), np.repeat(images(1, (2, 2, 1)).round(), 20, 0)
    model.compile(keras.optimizers.Adam(0.1))
    before = float(tf.reduce_mean(model.elbo(x).elbo))
    history = model.fit(x, batch_size=2, epochs=3, verbose=0, validation_data=(x,)).history
    assert history["elbo/elbo"][-1] > before + 1
    assert history["val_elbo/elbo"][-1] > before + 1


def test_evaluate_averages_over_the_images_of_unequal_batches():
    model, x = convolutional(seed=4), images(7)
    model.compile()
    # Noise of its own for each batch: by the images before it.
    parts = [model.elbo(x[at : at + 3], seed=[4, at]) for at in (0, 3, 6)]
    expected = {
        f"elbo/{name}": np.mean(np.concatenate([getattr(part, name) for part in parts]))
        for name in ("elbo", "reconstruction", "kl")
    }
    for _ in range(2):  # the second time, nothing is left of the first
        found = model.evaluate(x, batch_size=3, verbose=0, return_dict=True)
        assert found == pytest.approx(expected, 1e-5)


def test_predict_reconstructs():
    model, x = convolutional(), images(5)
    np.testing.assert_allclose(
        model.predict(x, batch_size=2, verbose=0), model.reconstruct(x), rtol=1e-5
    )


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(None), Categorical(4)])
def test_a_saved_model_gives_equal_outputs(likelihood, tmp_path):
    model = convolutional(likelihood=likelihood, kl_weight=0.5, seed=9, name="mine")
    x = (images(4) * 3).round() / np.float32(3)
    model.compile(keras.optimizers.SGD(0.0001))
    model.train_step((x,))  # moves the averages
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is VAE
    assert (again.kl_weight, again.seed, again.name) == (0.5, 9, "mine")
    assert (again.image_shape, again.latent_size) == (SHAPE, 3)
    for one, other in (
        (model.reconstruct(x), again.reconstruct(x)),
        (model.sample(3, 1), again.sample(3, 1)),
        *zip(model.elbo(x, seed=2), again.elbo(x, seed=2), strict=True),
    ):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()


def test_a_saved_model_is_trained_further_as_if_it_had_never_been_saved(tmp_path):
    model, x = convolutional(), images(16)
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    model.fit(x[:8], batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert int(again.optimizer.iterations) == 2
    for one in (model, again):
        one.fit(x[8:], batch_size=4, shuffle=False, verbose=0)
    for one, other in ((model, again), (model.optimizer, again.optimizer)):
        assert_same(
            [it.numpy() for it in one.variables],
            [it.numpy() for it in other.variables],
            rtol=1e-4,
            atol=1e-6,
        )


def test_mixed_precision_has_its_losses_in_float32():
    x = images(8)
    full, mixed = convolutional(), convolutional(dtype="mixed_bfloat16")
    for model in (full, mixed):
        model.compile(keras.optimizers.SGD(0.01))
    assert {part.dtype for part in mixed.elbo(x)} == {tf.float32}
    expected, found = full.train_step((x,)), mixed.train_step((x,))
    assert {value.dtype for value in found.values()} == {tf.float32}
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=0.02)
    assert mixed.sample(2).dtype == mixed.reconstruct(x).dtype == tf.float32


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
        lambda m: m.decode(np.zeros([4, 5])),
        r"codes: shape \[4, 5\] given, \[batch, 3\] expected",
    ),
    "a single code": (lambda m: m.decode(np.zeros([3])), r"codes: shape \[3\] given"),
    "side information to encode": (lambda m: m.encode(images(3), [0, 1, 2]), "must be None"),
    "side information to decode": (lambda m: m.decode(np.zeros([1, 3]), [0]), "must be None"),
    "side information to elbo": (lambda m: m.elbo(images(3), [0, 1, 2]), "must be None"),
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
        ((255 * images(4)).astype(np.uint8), r"found \d+\.0 to 2\d\d\.0"),
    ],
    ids=["shape", "values", "8 bits"],
)
def test_fit_refuses_arrays_before_it_starts(x, message):
    model = convolutional()
    model.compile()
    with pytest.raises(UserError, match=message) as error:
        model.fit(x, verbose=0)
    assert "\n" not in str(error.value)


def test_reconstruct_says_its_mistake_in_one_sentence():
    with pytest.raises(UserError, match="images: shape") as error:
        convolutional().reconstruct(images(3, (8, 4, 1)))
    assert "\n" not in str(error.value)


def test_reconstruct_refuses_side_information():
    with pytest.raises(UserError, match="must be None"):
        convolutional().reconstruct(images(3), tf.constant([0, 1, 2]))


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        ({"latent_size": 4}, {}, r"codes \[3\] given with an encoder to codes \[4\]"),
        ({"condition_size": 2}, {}, r"shapes \[\] given .* \[\(2,\)\]"),
        ({}, {"parameters": 2}, r"\[8, 8, 2\] given, \[8, 8, 1\] expected"),
    ],
    ids=["codes", "side information", "likelihood"],
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
