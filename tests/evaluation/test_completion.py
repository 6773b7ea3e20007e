import keras
import numpy as np
import pytest
from support import data

from vae_gan_tf import datasets
from vae_gan_tf.conditions import ImageCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import completion
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.networks import fully_connected_decoder, fully_connected_encoder

SHAPE = (4, 6, 1)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    condition = ImageCondition((4, 3, 1))
    sizes = {"condition_size": condition.size, "latent_size": 2, "units": 5}
    return CVAE(
        fully_connected_encoder(SHAPE, **sizes), fully_connected_decoder(SHAPE, **sizes), condition
    )


def halves(count=3):
    return np.random.default_rng(1).random([count, 4, 3, 1], np.float32)


def test_parts_of_images_are_at_hand():
    assert completion.part_of is datasets.part_of


def test_complete_draws_different_images_for_each_part(model):
    images = completion.complete(model, halves(), count=4, seed=2)
    assert images.shape == (3, 4, *SHAPE)
    for number in range(4):
        z = model.prior().sample(3, seed=(2, number))
        expected = model.decode(z, halves()).mean()
        np.testing.assert_allclose(images[:, number], expected, rtol=1e-5)
    assert np.all(np.std(images, axis=1).max(axis=(1, 2, 3)) > 0)
    np.testing.assert_array_equal(images, completion.complete(model, halves(), count=4, seed=2))


def test_a_part_of_the_wrong_size_and_too_few_parts(model):
    with pytest.raises(UserError, match=r"\[3, 4, 2, 1\] given, \[batch, 4, 3, 1\] expected"):
        completion.complete(model, halves()[:, :, :2])
    with pytest.raises(UserError, match="2 pieces of side information given for 3 images"):
        model.reconstruct(np.zeros([3, *SHAPE]), halves(2))
    with pytest.raises(UserError, match=r"must lie in \[0, 1\]"):
        completion.complete(model, halves() * 255)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def bernoulli(x, logits):
    return x * np.log(sigmoid(logits)) + (1 - x) * np.log(1 - sigmoid(logits))


def test_missing_nats_count_the_missing_pixels_alone(model):
    split = datasets.conditioned(data.dataset(data.noise(3, SHAPE)), "left", False, seed=0).test
    x, given = split.arrays()
    for name in ("mean", "log_variance"):  # q(z | x, y) = N(0, I): with a narrower one the estimate
        layer = model.encoder.get_layer(name)  # would need far more samples
        layer.set_weights([np.zeros_like(each) for each in layer.get_weights()])
    again = completion.missing_nats(model, split, "left", samples=5000)
    # Independently: a plain mean of p(missing | y, z) over codes of the prior.
    z = np.random.default_rng(0).normal(size=[20_000, 2]).astype(np.float32)
    for number in range(3):
        y = np.repeat(given[number : number + 1], len(z), 0)
        logits = model.decoder([z, y.reshape(len(z), -1)], training=False).numpy()
        log_p = bernoulli(x[number], logits)[:, :, 3:].sum(axis=(1, 2, 3))
        expected = -np.log(np.mean(np.exp(log_p)))
        assert again[number] == pytest.approx(expected, abs=0.05)


@pytest.mark.slow
def test_the_network_without_z_learns_the_missing_pixels():
    images = np.zeros([64, *SHAPE], np.uint8)
    images[:, :, :3] = np.random.default_rng(0).integers(0, 2, [64, 4, 3, 1]) * 255
    images[:, :, 3:] = images[:, :, :3]  # the right half repeats the left one
    split = datasets.Split(images, np.zeros(64, np.int32), images[:, :, :3])
    keras.utils.set_random_seed(0)
    network = completion.deterministic(SHAPE, "left", units=50, learning_rate=0.01)
    before = completion.deterministic_nats(network, split, "left")
    x, given = split.arrays()
    logits = network(given, training=False).numpy()
    np.testing.assert_allclose(
        before, -bernoulli(x, logits)[:, :, 3:].sum(axis=(1, 2, 3)), rtol=1e-4
    )
    repeated = (np.tile(each, [60, 1, 1, 1]) for each in (given, x))
    network.fit(*repeated, batch_size=16, verbose=0)
    after = completion.deterministic_nats(network, split, "left")
    assert before.mean() > 12 * np.log(2) * 0.9
    assert after.mean() < 1.5
