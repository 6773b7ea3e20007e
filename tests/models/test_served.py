"""Models served by TensorFlow alone: by Keras' own export and by the package's."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import models

import vae_gan_tf

pytestmark = pytest.mark.every_kind


CLASSIFYING = models.SEMI_SUPERVISED
ADVERSARIAL = [kind for kind in models.KINDS if kind.endswith("GAN") or kind in CLASSIFYING[1:]]


@pytest.fixture(scope="module")
def trained():
    """Gives a model of a kind after a step of training, one for all tests."""
    made = {}

    def of(kind):
        if kind not in made:
            keras.utils.set_random_seed(0)
            made[kind] = models.KINDS[kind]()
            made[kind].compile(keras.optimizers.SGD(0.01), run_eagerly=True)
            made[kind].fit(models.dataset(kind, 10), verbose=0)
        return made[kind]

    return of


def given(kind, count=4):
    """Images and, for a model that takes it, side information."""
    x, y = models.images(count, seed=3), models.side_information(kind, count)
    return [x] if y is None else [x, y]


@pytest.mark.slow
@pytest.mark.parametrize("kind", models.KINDS)
def test_keras_exports_a_trained_model(kind, tmp_path, trained):
    model = trained(kind)
    model.export(tmp_path, format="tf_saved_model", verbose=False)
    serve = tf.saved_model.load(tmp_path).signatures["serving_default"]
    arrays = given(kind)
    _, wanted = serve.structured_input_signature
    answer = serve(
        **{
            name: tf.cast(
                next(it for it in arrays if spec.shape.is_compatible_with(it.shape)), spec.dtype
            )
            for name, spec in wanted.items()
        }
    )
    (images,) = answer.values()
    np.testing.assert_allclose(images, model.reconstruct(*arrays), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_an_exported_gan_reconstructs_and_discriminates(kind, tmp_path, trained):
    model = trained(kind)
    vae_gan_tf.export(model, tmp_path)
    served, (x, *y) = tf.saved_model.load(tmp_path), given(kind)
    for found, expected in [
        (served.reconstruct(tf.constant(x), *map(tf.constant, y)), model.reconstruct(x, *y)),
        (served.discriminate(tf.constant(x)), model.discriminate(x)),
    ]:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSIFYING)
def test_an_exported_semi_supervised_model_classifies(kind, tmp_path, trained):
    model = trained(kind)
    vae_gan_tf.export(model, tmp_path)
    served, x = tf.saved_model.load(tmp_path), models.images(4, seed=3)
    np.testing.assert_allclose(
        served.classify(tf.constant(x)),
        model.classify(x).probs_parameter(),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.slow
def test_an_export_takes_labels_of_64_bits(tmp_path, trained):
    model = trained("CVAE of labels")
    vae_gan_tf.export(model, tmp_path)
    served, (x, y) = tf.saved_model.load(tmp_path), given("CVAE of labels")
    np.testing.assert_allclose(
        served.reconstruct(tf.constant(x), tf.constant(y, tf.int64)),
        model.reconstruct(x, y),
        rtol=1e-5,
        atol=1e-6,
    )
