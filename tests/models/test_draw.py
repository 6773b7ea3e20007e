"""DRAW against a version in NumPy, written after section 2.4 and Gregor et al. (2015)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from support.models import small_discriminator
from support.numeric import assert_same, gradient
from test_attention import read as numpy_read
from test_attention import write as numpy_write

from vae_gan_tf import networks
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Categorical, Gaussian
from vae_gan_tf.models.adversarial import CVAEGAN, VAEGAN, SquaredError
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.vae import VAE

SHAPE = (5, 4, 2)
STEPS, LATENT, UNITS = 3, 2, 3
LABELS = np.array([0, 2, 1])
KINDS = pytest.mark.parametrize("kind", [pytest.param(DRAW, marks=pytest.mark.slow), CDRAW])
WINDOWS = pytest.mark.parametrize(
    "windows",
    [
        (2, 3),
        pytest.param((None, None), marks=pytest.mark.slow),
        pytest.param((2, None), marks=pytest.mark.slow),
    ],
)


def images(count=3, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


def small(kind=DRAW, windows=(2, 3), likelihood=None, steps=STEPS, dtype="float32", **kwargs):
    """A small model with random weights, of three classes if it is conditional."""
    keras.utils.set_random_seed(0)
    conditional = kind is CDRAW
    sizes = {
        "condition_size": 3 if conditional else 0,
        "latent_size": LATENT,
        "units": UNITS,
        "dtype": dtype,
    }
    parameters = likelihood.parameters if likelihood else 1
    parts = [
        networks.draw_encoder(SHAPE, read_size=windows[0], **sizes),
        networks.draw_decoder(SHAPE, write_size=windows[1], parameters=parameters, **sizes),
        *([LabelCondition(3)] if conditional else []),
    ]
    model = kind(*parts, steps=steps, likelihood=likelihood, **kwargs)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.4, size=variable.shape))
    return model


def labels_of(kind):
    return LABELS if kind is CDRAW else None


def batch_of(kind):
    return (images(), LABELS) if kind is CDRAW else (images(),)


def lstm(x, hidden, cell, kernel, recurrent, bias):
    update, forget, new, output = np.split(x @ kernel + hidden @ recurrent + bias, 4, -1)
    cell = special.expit(forget) * cell + special.expit(update) * np.tanh(new)
    return special.expit(output) * np.tanh(cell), cell


class Followed:
    """A small model in float64. ``paths`` are of its trainable variables, in their order."""

    def __init__(self, model, windows, y=None):
        self.read_size, self.write_size = windows
        layers = [
            (f"{network.name}/{layer.name}/{variable.name}", variable)
            for network in (model.encoder, model.decoder)
            for layer in network.layers
            for variable in layer.trainable_variables
        ]
        own = [(name, variable) for name, variable in model.first.items()]
        names = {id(variable): name for name, variable in [*layers, *own]}
        self.names = [names[id(variable)] for variable in model.trainable_variables]
        self.weights = numpy_weights(model)
        self.vector = np.zeros([0]) if y is None else np.eye(3)[y]

    def one(self, weights, x, noise, vector):
        """An image, or with x None a code: means, log-variances, canvases, windows."""
        w = dict(zip(self.names, weights, strict=True))

        def dense(path, inputs):
            return inputs @ w[f"{path}/kernel"] + w[f"{path}/bias"]

        def recurrent(network, inputs, hidden, cell):
            names = ("kernel", "recurrent_kernel", "bias")
            return lstm(inputs, hidden, cell, *(w[f"{network}/lstm/{name}"] for name in names))

        canvas = w["canvas"]
        hidden_e, cell_e = w["encoder_hidden"], w["encoder_cell"]
        hidden, cell = w["decoder_hidden"], w["decoder_cell"]
        found = []
        for each in noise:
            mean = log_variance = np.zeros(LATENT)
            z = each
            if x is not None:
                seen = np.concatenate([x, x - special.expit(canvas)], -1)
                if self.read_size:
                    seen = numpy_read(seen, dense("encoder/window", hidden), self.read_size)
                inputs = np.concatenate([seen.ravel(), hidden, vector])
                hidden_e, cell_e = recurrent("encoder", inputs, hidden_e, cell_e)
                mean = dense("encoder/mean", hidden_e)
                log_variance = dense("encoder/log_variance", hidden_e)
                z = mean + np.exp(log_variance / 2) * each
            hidden, cell = recurrent("decoder", np.concatenate([z, vector]), hidden, cell)
            size = (self.write_size,) * 2 if self.write_size else SHAPE[:2]
            patch = dense("decoder/patch", hidden).reshape(*size, SHAPE[-1])
            if self.write_size:
                patch = numpy_write(patch, dense("decoder/window", hidden), *SHAPE[:2])
            canvas = canvas + patch
            found.append((mean, log_variance, canvas, z))
        return [np.array(part) for part in zip(*found, strict=True)]

    def all(self, weights, x, noise):
        """Of a batch, [batch, T, ...] each."""
        vectors = np.broadcast_to(self.vector, [len(noise), self.vector.shape[-1]])
        images = [None] * len(noise) if x is None else np.asarray(x, np.float64)
        found = [self.one(weights, *each) for each in zip(images, noise, vectors, strict=True)]
        return [np.stack(part) for part in zip(*found, strict=True)]

    def bound(self, weights, x, noise):
        """log p(x | c_T) and the KL divergence, [batch]."""
        mean, log_variance, canvas, _ = self.all(weights, x, noise)
        kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum((1, 2))
        p = special.expit(canvas[:, -1])
        return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum((1, 2, 3)), kl


def numpy_weights(model):
    return [variable.numpy().astype(np.float64) for variable in model.trainable_variables]


def noise_of(inference):
    """What was drawn from N(0, I) for the codes of an inference."""
    posterior = inference.posterior
    return (inference.z - posterior.mean()) / posterior.stddev()


@KINDS
@WINDOWS
def test_the_bound_against_numpy(kind, windows):
    model, x, y = small(kind, windows), images(), labels_of(kind)
    followed = Followed(model, windows, y)
    inference = model.infer(x, y, seed=3)
    noise = np.asarray(noise_of(inference), np.float64)
    mean, log_variance, canvas, z = followed.all(followed.weights, x, noise)
    posterior = model.encode(x, y, seed=3)
    assert (posterior.batch_shape, posterior.event_shape) == ([3], [STEPS, LATENT])
    np.testing.assert_allclose(posterior.mean(), mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(posterior.stddev(), np.exp(log_variance / 2), rtol=1e-4)
    np.testing.assert_allclose(inference.z, z, rtol=1e-4, atol=1e-5)
    steps = model.reconstruct_steps(x, y, seed=3)
    np.testing.assert_allclose(steps.canvases, canvas, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(steps.images, special.expit(canvas), rtol=1e-4)
    found = model.elbo(x, y, seed=3)
    reconstruction, kl = followed.bound(followed.weights, x, noise)
    np.testing.assert_allclose(found.reconstruction, reconstruction, rtol=1e-5)
    np.testing.assert_allclose(found.kl, kl, rtol=1e-4)
    np.testing.assert_allclose(found.elbo, reconstruction - kl, rtol=1e-5)


@KINDS
@WINDOWS
def test_codes_are_decoded_as_in_numpy(kind, windows):
    model, y = small(kind, windows), labels_of(kind)
    followed = Followed(model, windows, y)
    z = np.random.default_rng(2).normal(size=[3, STEPS, LATENT])
    canvas = followed.all(followed.weights, None, z)[2]
    np.testing.assert_allclose(model.decode_steps(z, y).canvases, canvas, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.decode(z, y).mean(), special.expit(canvas[:, -1]), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "windows"), [(DRAW, (None, None)), (CDRAW, (2, 3))])
def test_a_step_follows_the_gradient_of_the_bound(kind, windows):
    model = small(kind, windows, kl_weight=0.5)
    model.compile(keras.optimizers.SGD(1.0))
    x, y = images(), labels_of(kind)
    followed = Followed(model, windows, y)
    noise = np.asarray(noise_of(model.infer(x, y, model.step_seed(), training=True)), np.float64)

    def loss(weights):
        reconstruction, kl = followed.bound(weights, x, noise)
        return np.mean(0.5 * kl - reconstruction)

    found = tf.function(model.train_step)(batch_of(kind))
    np.testing.assert_allclose(found["loss"], loss(followed.weights), rtol=1e-5)
    steps = [a - b for a, b in zip(followed.weights, numpy_weights(model), strict=True)]
    assert_same(steps, gradient(loss, followed.weights), rtol=1e-2, atol=1e-4)


def test_the_kl_divergence_of_a_known_posterior():
    """The same N(mu, sigma^2) in every step: T times its divergence, and the constant T times."""
    model = small()
    mean, variance = np.array([0.5, -2.0]), np.array([0.25, 3.0])
    for name, bias in (("mean", mean), ("log_variance", np.log(variance))):
        layer = model.encoder.get_layer(name)
        layer.kernel.assign(tf.zeros_like(layer.kernel))
        layer.bias.assign(bias)
    expected = 0.5 * STEPS * np.sum(mean**2 + variance - np.log(variance)) - STEPS * LATENT / 2
    np.testing.assert_allclose(model.elbo(images()).kl, [expected] * 3, rtol=1e-5)


@KINDS
def test_importance_weights(kind):
    """log p(x | z) + log p(z) - log q(z | x) at the codes of the same seed, by SciPy."""
    model, x, y = small(kind), images(), labels_of(kind)
    found = model.log_weights(x, y, count=2, seed=5)
    again = [None if each is None else np.repeat(each, 2, axis=0) for each in (x, y)]
    posterior, z, likelihood = model.infer(*again, seed=5)
    chances = np.float64(likelihood.mean())
    pixels = again[0] * np.log(chances) + (1 - again[0]) * np.log1p(-chances)
    q = stats.norm(posterior.mean(), posterior.stddev())
    codes = (stats.norm.logpdf(z) - q.logpdf(z)).sum((1, 2))
    expected = (pixels.sum((1, 2, 3)) + codes).reshape(3, 2)
    np.testing.assert_allclose(found, expected.T, rtol=1e-4)


@KINDS
def test_canvases_add_up(kind):
    """A decoder that writes the same in every step, to all of the image."""
    model = small(kind, (2, None))
    patch = model.decoder.get_layer("patch")
    patch.kernel.assign(tf.zeros_like(patch.kernel))
    added = patch.bias.numpy().reshape(SHAPE)
    steps = model.sample_steps(LABELS if kind is CDRAW else 3)
    expected = [model.first["canvas"].numpy() + (t + 1) * added for t in range(STEPS)]
    np.testing.assert_allclose(steps.canvases, [expected] * 3, rtol=1e-4, atol=1e-6)


@KINDS
def test_steps_end_in_the_image(kind):
    model, x, y = small(kind), images(), labels_of(kind)
    drawn_for = 3 if y is None else y
    drawn, again = model.sample_steps(drawn_for, seed=5), model.reconstruct_steps(x, y, seed=5)
    np.testing.assert_array_equal(drawn.images[:, -1], model.sample(drawn_for, seed=5))
    np.testing.assert_array_equal(again.images[:, -1], model.reconstruct(x, y, seed=5))
    assert drawn.images.shape == again.images.shape == (3, STEPS, *SHAPE)
    np.testing.assert_allclose(
        model.decode(model.encode(x, y).mean(), y).mean(), model.reconstruct(x, y), rtol=1e-5
    )
    np.testing.assert_allclose(model((x, y) if y is not None else x), model.reconstruct(x, y))


@pytest.mark.slow
def test_windows_are_given_where_there_are_any():
    x = images()
    for windows in ((2, 3), (2, None), (None, 3), (None, None)):
        model = small(windows=windows)
        drawn, again = model.sample_steps(3), model.reconstruct_steps(x)
        assert drawn.read is None
        assert (again.read is None) == (windows[0] is None)
        assert (drawn.write is None) == (again.write is None) == (windows[1] is None)
    model = small()
    window = model.reconstruct_steps(x).read
    assert window.x.shape == window.stride.shape == window.variance.shape == (3, STEPS)
    # The first is read where the first state says, the same for all images.
    layer = model.encoder.get_layer("window")
    outputs = model.first["decoder_hidden"].numpy() @ layer.kernel.numpy() + layer.bias.numpy()
    height, width, _ = SHAPE
    np.testing.assert_allclose(window.x[:, 0], [(width + 1) / 2 * (outputs[0] + 1)] * 3, rtol=1e-5)
    np.testing.assert_allclose(window.y[:, 0], [(height + 1) / 2 * (outputs[1] + 1)] * 3, rtol=1e-5)
    np.testing.assert_allclose(window.variance[:, 0], [np.exp(outputs[2])] * 3, rtol=1e-5)


def test_a_label_changes_what_is_drawn():
    model = small(CDRAW)
    assert isinstance(model, CVAE)
    z = tf.zeros([3, STEPS, LATENT])
    drawn = model.decode(z, LABELS).mean()
    assert np.abs(np.diff(drawn, axis=0)).max() > 1e-3
    np.testing.assert_allclose(model.decode(z, LABELS[[1, 1, 1]]).mean()[0], drawn[1], rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "likelihood"),
    [
        (DRAW, Gaussian(None)),
        pytest.param(CDRAW, Categorical(4), marks=pytest.mark.slow),
    ],
)
def test_other_likelihoods(kind, likelihood):
    model = small(kind, likelihood=likelihood)
    model.compile(keras.optimizers.Adam(0.01))
    x = (images() * 3).round() / np.float32(3)
    data = (x, *batch_of(kind)[1:])
    assert np.isfinite(model.train_step(data)["loss"])
    assert model.sample(LABELS if kind is CDRAW else 3).shape == x.shape
    steps = model.reconstruct_steps(x, labels_of(kind))
    assert steps.canvases.shape == (3, STEPS, *SHAPE[:2], SHAPE[2] * likelihood.parameters)


@KINDS
def test_a_step_reaches_every_variable(kind):
    model = small(kind)
    model.compile(keras.optimizers.SGD(0.1))
    before = numpy_weights(model)
    model.train_step(batch_of(kind))
    names = Followed(model, (2, 3)).names
    for name, old, new in zip(names, before, numpy_weights(model), strict=True):
        assert np.abs(new - old).max() > 0, name


@KINDS
def test_draw_gan_is_an_adversarial_model_with_draw_as_its_generator(kind):
    conditional = kind is CDRAW
    discriminator = small_discriminator(4 if conditional else 1, SHAPE)
    model = (CVAEGAN if conditional else VAEGAN)(
        small(kind), discriminator, reconstruction=SquaredError()
    )
    model.compile(keras.optimizers.Adam(0.01))
    x, y = images(), labels_of(kind)
    generated = model.generator.generate(x, y, tf.constant([0, 0]))
    assert generated.drawn.shape == generated.reconstructed.shape == x.shape
    assert np.abs(generated.drawn - generated.reconstructed).max() > 0.01
    before = numpy_weights(model.generator)
    terms = model.train_step(batch_of(kind))
    assert {name.split("/")[1] for name in terms if name.startswith("generator/")} == {
        "kl",
        "pixel",
        "drawn",
        "reconstructed",
    }
    for old, new in zip(before, numpy_weights(model.generator), strict=True):
        assert np.abs(new - old).max() > 0


def test_the_codes_of_generated_images_are_drawn_by_the_seed():
    model, x = small(), images()
    one, same, other = (model.generate(x, None, tf.constant([0, seed])) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.drawn, same.drawn)
    np.testing.assert_array_equal(one.reconstructed, same.reconstructed)
    assert np.abs(one.drawn - other.drawn).max() > 1e-3
    assert np.abs(one.reconstructed - other.reconstructed).max() > 1e-3


@pytest.mark.parametrize(
    ("kind", "judged"),
    [
        (DRAW, 2),
        *(
            pytest.param(kind, judged, marks=pytest.mark.slow)
            for kind, judged in ((CDRAW, 1), (CDRAW, 2), (DRAW, STEPS))
        ),
    ],
)
def test_the_discriminator_is_shown_one_of_the_last_canvases(kind, judged):
    model, y = small(kind, judged=judged), np.repeat(LABELS, 20) if kind is CDRAW else None
    generated = model.generate(images(60), y, tf.constant([0, 5]))
    for_posterior, for_prior, *_ = tf.unstack(tf.random.split([0, 5], 4))
    drawn = model.prior().sample(60, seed=for_prior)
    last = model.infer(images(60), y, for_posterior).likelihood.mean()
    np.testing.assert_allclose(generated.likelihood.mean(), last, rtol=1e-5)
    for shown, steps in (
        (generated.reconstructed, model.reconstruct_steps(images(60), y, for_posterior)),
        (generated.drawn, model.decode_steps(drawn, y)),
    ):
        apart = np.abs(np.asarray(shown)[:, None] - steps.images).max((2, 3, 4))
        np.testing.assert_allclose(apart.min(1), np.zeros(60), atol=1e-5)
        assert set(apart.argmin(1)) == set(range(STEPS - judged, STEPS))


def of(encoder=(), decoder=(), steps=STEPS):
    """A model of networks with other arguments than `small` has."""
    sizes = {"image_shape": SHAPE, "latent_size": LATENT, "units": UNITS}
    return DRAW(
        networks.draw_encoder(**sizes | {"read_size": 2} | dict(encoder)),
        networks.draw_decoder(**sizes | {"write_size": 3} | dict(decoder)),
        steps=steps,
    )


MISTAKES = {
    "no steps": (lambda: of(steps=0), "DRAW of 0 steps asked for, at least 1 expected"),
    "no canvas to judge": (
        lambda: small(judged=0),
        "0 canvases of 3 to be judged, 1 to 3 expected",
    ),
    "more canvases to judge than there are": (
        lambda: small(judged=4),
        "4 canvases of 3 to be judged, 1 to 3 expected",
    ),
    "a window larger than the image": (
        lambda: of({"read_size": 5}),
        "a window of 5 x 5 given for images of 5 x 4; a size from 1 to 4 expected",
    ),
    "no window": (lambda: of(decoder={"write_size": -1}), "a window of -1 x -1 given"),
    "other codes": (lambda: of({"latent_size": 4}), r"decoder of codes \[2\] given with an enc"),
    "other units": (lambda: of({"units": 5}), "decoder of 3 units given with an encoder .* of 5"),
    "other images": (
        lambda: of(decoder={"image_shape": (6, 6, 2)}),
        r"a decoder to \[6, 6, 2\] given, \[5, 4, 2\] expected",
    ),
    "one network with a label": (
        lambda: of(decoder={"condition_size": 3}),
        r"side information of shapes \[\(3,\)\] given with an encoder with \[\]",
    ),
    "networks of a VAE": (
        lambda: DRAW(
            networks.fully_connected_encoder(SHAPE),
            networks.fully_connected_decoder(SHAPE),
            steps=3,
        ),
        "the encoder: 2 outputs given, 4 or 5 expected",
    ),
    "networks of a step for a VAE": (
        lambda: VAE(of().encoder, of().decoder),
        "the encoder: 5 outputs given, 2 expected",
    ),
    "images of another size": (
        lambda: small().reconstruct(images(shape=(4, 4, 2))),
        r"images: shape \[3, 4, 4, 2\] given, \[batch, 5, 4, 2\] expected",
    ),
    "codes of one step": (
        lambda: small().decode(np.zeros([3, LATENT])),
        r"codes: shape \[3, 2\] given, \[batch, 3, 2\] expected",
    ),
    "a label for a model without": (lambda: small().elbo(images(), LABELS), "must be None"),
    "no label for a model with": (lambda: small(CDRAW).elbo(images()), "none was given"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake):
    call, message = MISTAKES[mistake]
    with pytest.raises(UserError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


def test_networks_of_no_step_are_refused():
    values = keras.Input((4,))
    network = keras.Model(values, [keras.layers.Dense(4)(values) for _ in range(4)])
    with pytest.raises(UserError, match="an encoder of 1 inputs and a decoder of 1 given"):
        DRAW(network, network, steps=3)
