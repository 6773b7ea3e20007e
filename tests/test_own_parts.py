"""Likelihoods and conditions of a user's own, as the docstrings of the base classes show them."""

import inspect
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from support import models

import vae_gan_tf
from vae_gan_tf import networks


def example(cls):
    """The class that the docstring of a base class defines."""
    code = textwrap.dedent(inspect.getdoc(cls).split("::\n", 1)[1])
    names = {"keras": keras, "tf": tf, "tfp": tfp, "vae_gan_tf": vae_gan_tf}
    exec(code, names)
    return next(it for it in names.values() if inspect.isclass(it) and issubclass(it, cls))


ATTRIBUTES = example(vae_gan_tf.Condition)
LAPLACE = example(vae_gan_tf.Likelihood)


@keras.saving.register_keras_serializable()
class LabelAndImage(vae_gan_tf.Condition):
    """A label and a part of the image together: y is a pair."""

    arguments = ("label", "image")

    def __init__(self, label, image):
        self.label, self.image = label, image
        self.size = label.size + image.size

    def vector(self, y):
        labels, images = y
        return tf.concat([self.label.vector(labels), self.image.vector(images)], -1)

    def specs(self):
        label, image = self.label.specs() + self.image.specs()
        return [tf.TensorSpec(label.shape, label.dtype, name="label"), image]


def build(condition, likelihood=None):
    keras.utils.set_random_seed(0)
    size = {"latent_size": 4, "units": 8}
    model = vae_gan_tf.CVAE(
        networks.fully_connected_encoder(models.SHAPE, condition.size, **size),
        networks.fully_connected_decoder(models.SHAPE, condition.size, **size),
        condition,
        likelihood=likelihood,
    )
    model.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    return model


BOTH = LabelAndImage(
    vae_gan_tf.LabelCondition(models.CLASSES), vae_gan_tf.ImageCondition(models.HALF)
)
CASES = {
    "attributes": (lambda: ATTRIBUTES(5), np.random.default_rng(0).random([10, 5], np.float32)),
    "label and image": (
        lambda: BOTH,
        (models.labels(10), models.images(10)[:, :, : models.HALF[1]]),
    ),
}


def some(y, where):
    return tf.nest.map_structure(lambda values: values[where], y)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_condition_of_ones_own(case, tmp_path):
    make, y = CASES[case]
    model, x = build(make()), models.images(10)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(5)
    shown = model.fit(data, validation_data=data, verbose=0).history
    assert np.all(np.isfinite([*shown.values()]))
    assert model.sample(y).shape == x.shape
    assert model.log_weights(x, y, count=3).shape == (3, 10)
    generated = model.generate(tf.constant(x), tf.nest.map_structure(tf.constant, y), 0)
    assert generated.drawn.shape == x.shape
    np.testing.assert_allclose(
        model.predict(data, verbose=0), model.reconstruct(x, y), rtol=1e-4, atol=1e-6
    )
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.sample(y, 1), model.sample(y, 1), rtol=1e-6)
    vae_gan_tf.export(model, tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    given = [tf.constant(each) for each in tf.nest.flatten(some(y, slice(3)))]
    np.testing.assert_allclose(
        served.sample(*given, tf.constant([1, 0])), model.sample(some(y, slice(3)), 1), rtol=1e-5
    )


@pytest.mark.slow
def test_a_likelihood_of_ones_own(tmp_path):
    model, x = build(vae_gan_tf.LabelCondition(3), LAPLACE(0.5)), models.images(10)
    y = models.labels(10)
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
    z = model.encode(x, y).mean()
    mean = np.float64(model.decode(z, y).mean())
    expected = np.sum(-np.abs(x - mean) / 0.5 - np.log(2 * 0.5), (1, 2, 3))
    np.testing.assert_allclose(model.decode(z, y).log_prob(x), expected, rtol=1e-4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.likelihood.scale == 0.5
