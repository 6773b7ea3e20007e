import keras
import numpy as np
import pytest
from scipy.stats import norm

from vae_gan_tf.conditions import LabelCondition, NoCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import latent_space
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.vae import VAE, gaussian
from vae_gan_tf.networks import fully_connected_decoder, fully_connected_encoder

SHAPE = (4, 4, 1)


def vae(latent_size, **conditional):
    keras.utils.set_random_seed(0)
    sizes = {"latent_size": latent_size, "units": 6, **conditional}
    return fully_connected_encoder(SHAPE, **sizes), fully_connected_decoder(SHAPE, **sizes)


@pytest.fixture(scope="module")
def model():
    return VAE(*vae(2))


def images(count=3, seed=0):
    return np.random.default_rng(seed).random([count, *SHAPE], np.float32)


def test_interpolation_starts_and_ends_at_the_reconstructions(model):
    first, last = images(seed=0), images(seed=1)
    paths = latent_space.interpolate(model, first, last, steps=5)
    assert paths.shape == (3, 5, *SHAPE)
    np.testing.assert_allclose(paths[:, 0], model.reconstruct(first), rtol=1e-5)
    np.testing.assert_allclose(paths[:, -1], model.reconstruct(last), rtol=1e-5)
    z = 0.75 * model.encode(first).mean() + 0.25 * model.encode(last).mean()
    np.testing.assert_allclose(paths[:, 1], model.decode(z).mean(), rtol=1e-5)


def test_interpolation_takes_labels():
    model = CVAE(*vae(3, condition_size=10), LabelCondition(10))
    y = np.array([1, 2, 3])
    paths = latent_space.interpolate(model, images(seed=0), images(seed=1), 2, y)
    np.testing.assert_allclose(paths[:, 0], model.reconstruct(images(seed=0), y), rtol=1e-5)


def test_manifold_shows_the_quantiles_of_the_prior(model):
    pictures = latent_space.manifold(model, side=4)
    assert pictures.shape == (4, 4, *SHAPE)
    for row, up in enumerate([0.875, 0.625, 0.375, 0.125]):
        for column, right in enumerate([0.125, 0.375, 0.625, 0.875]):
            z = norm.ppf([[right, up]]).astype(np.float32)
            np.testing.assert_allclose(pictures[row, column], model.decode(z).mean()[0], rtol=1e-4)


def test_bad_input(model):
    with pytest.raises(UserError, match=r"1 steps .* at least 2"):
        latent_space.interpolate(model, images(), images(), 1)
    with pytest.raises(UserError, match="3 first images given with 2 last ones"):
        latent_space.interpolate(model, images(), images(2))
    with pytest.raises(UserError, match=r"\[batch, 4, 4, 1\] expected"):
        latent_space.interpolate(model, images()[:, :3], images()[:, :3])
    with pytest.raises(UserError, match="code of 2 numbers"):
        latent_space.manifold(VAE(*vae(3)))
    with pytest.raises(UserError, match="without side information"):
        latent_space.manifold(CVAE(*vae(2, condition_size=10), LabelCondition(10)))


def test_codes_in_use_are_those_that_tell_something():
    class Posterior:
        """Three numbers: one that is the prior's, one below and one above the threshold."""

        condition = NoCondition()

        def encode(self, images, y):
            mean = np.zeros([len(images), 3], np.float32)
            mean[:, 1], mean[:, 2] = np.sqrt(2 * 0.009), np.sqrt(2 * 0.011)  # KL = mean^2 / 2
            return gaussian(mean, np.zeros_like(mean))

    assert latent_space.codes_in_use(Posterior(), np.zeros([5, 2, 2, 1])) == 1


def test_codes_are_the_means_of_each_image(model):
    images = np.random.default_rng(0).random([3, *SHAPE], np.float32)
    codes = latent_space.codes(model, images)
    np.testing.assert_array_equal(codes, model.encode(images).mean())
    assert codes.shape == (3, 2)
