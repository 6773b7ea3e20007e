import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import special
from support import models
from support.side_information import CONDITIONS, LABELS

from vae_gan_tf import networks
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.cvae import CVAE

SHAPE, HALF, LATENT = models.SHAPE, models.HALF, models.LATENT


def images(count, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


@pytest.fixture(scope="module")
def of_labels():
    return models.cvae()


@pytest.fixture(scope="module")
def of_images():
    return models.completing()


def linear(condition, **kwargs):
    """Images of 2 x 2, encoder and decoder of one linear layer, so that NumPy can follow."""
    image, code, y = keras.Input([2, 2, 1]), keras.Input([2]), keras.Input([condition.size])
    joined = layers.Concatenate()([layers.Flatten()(image), y])
    encoder = keras.Model([image, y], [layers.Dense(2)(joined), layers.Dense(2)(joined)])
    logits = layers.Dense(4)(layers.Concatenate()([code, y]))
    decoder = keras.Model([code, y], layers.Reshape([2, 2, 1])(logits))
    model, rng = CVAE(encoder, decoder, condition, **kwargs), np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.5, size=variable.shape))
    return model


def follow(model, x, vector, z=None):
    """A linear model in float64: mean and standard deviation of q, pixels at z or at the mean."""
    weights = [variable.numpy().astype(np.float64) for variable in model.trainable_variables]
    joined = np.concatenate([x.reshape(len(x), -1), vector], -1)
    mean, stddev = (
        joined @ weights[0] + weights[1],
        np.exp(0.5 * (joined @ weights[2] + weights[3])),
    )
    z = mean if z is None else z
    return mean, stddev, special.expit(np.concatenate([z, vector], -1) @ weights[4] + weights[5])


@pytest.fixture(params=CONDITIONS)
def conditioned(request):
    condition, y, vectors = CONDITIONS[request.param]
    return condition, y, np.array(vectors, np.float64)


def test_the_bound_against_numpy(conditioned):
    condition, y, vectors = conditioned
    model, x = linear(condition), images(4, (2, 2, 1))
    q = model.encode(x, y)
    mean, stddev, p = follow(model, x, vectors)
    np.testing.assert_allclose(q.mean(), mean, rtol=1e-5)
    np.testing.assert_allclose(q.stddev(), stddev, rtol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x, y), p.reshape(x.shape), rtol=1e-5)

    z = q.sample(seed=tf.constant([3, 0])).numpy()  # what the seed 3 draws
    *_, p = follow(model, x, vectors, z)
    flat = x.reshape(4, -1)
    reconstruction = (flat * np.log(p) + (1 - flat) * np.log(1 - p)).sum(-1)
    kl = 0.5 * (mean**2 + stddev**2 - 1 - np.log(stddev**2)).sum(-1)
    found = model.elbo(x, y, seed=3)
    np.testing.assert_allclose(found.reconstruction, reconstruction, rtol=1e-5)
    np.testing.assert_allclose(found.kl, kl, rtol=1e-5)
    np.testing.assert_allclose(found.elbo, reconstruction - kl, rtol=1e-5)


def test_a_step_lowers_the_loss_along_its_gradient(conditioned):
    condition, y, _ = conditioned
    model, x = linear(condition, kl_weight=0.5, seed=3), images(4, (2, 2, 1))
    model.compile(keras.optimizers.SGD(1e-3))

    def loss():
        part = model.elbo(x, y, seed=tf.constant([3, 0]), training=True)
        return float(tf.reduce_mean(0.5 * part.kl - part.reconstruction))

    before, old = loss(), [variable.numpy() for variable in model.trainable_variables]
    logs = model.train_step((x, y))
    assert float(logs["loss"]) == pytest.approx(before, 1e-5)
    moved = sum(np.sum((a - b) ** 2) for a, b in zip(old, model.trainable_variables, strict=True))
    # A small step of SGD gains (length of the step)^2 / learning rate.
    assert before - loss() == pytest.approx(moved / 1e-3, 0.05)


def test_samples_follow_their_side_information(conditioned):
    condition, y, vectors = conditioned
    model = linear(condition)
    drawn = model.sample(y, seed=1)
    assert drawn.shape == (4, 2, 2, 1)
    np.testing.assert_array_equal(drawn, model.sample(y, seed=tf.constant([1, 0])))
    assert np.abs(drawn - model.sample(y, seed=2)).min() > 0
    # Undo the decoder: what is left must be the same codes, whatever y.
    *_, kernel, bias = (it.numpy().astype(np.float64) for it in model.trainable_variables)

    def codes(pictures, vectors):
        logits = special.logit(np.asarray(pictures, np.float64)).reshape(4, -1)
        return (logits - bias - vectors @ kernel[2:]) @ np.linalg.pinv(kernel[:2])

    z = codes(drawn, vectors)
    np.testing.assert_allclose(z, codes(model.sample(y[::-1], seed=1), vectors[::-1]), atol=1e-4)
    assert len(np.unique(z.round(3), axis=0)) == 4


def test_a_code_can_be_decoded_with_other_labels():
    model, x = linear(LabelCondition(3)), images(4, (2, 2, 1))
    z, other = model.encode(x, LABELS).mean(), np.array([2, 2, 0, 0])
    *_, p = follow(model, x, np.eye(3)[other], z.numpy())
    np.testing.assert_allclose(model.decode(z, other).mean(), p.reshape(x.shape), rtol=1e-5)


BY_LABELS = {
    "no labels": (lambda m: m.encode(images(4)), "needs side information y, and none was given"),
    "no labels to decode": (lambda m: m.decode(np.zeros([4, LATENT])), "needs side information y"),
    "too few labels": (lambda m: m.encode(images(4), [0, 1, 2]), r"3 .*given .*4 images"),
    "too many labels": (lambda m: m.elbo(images(2), LABELS), r"4 .*given .*2 images"),
    "labels and codes": (
        lambda m: m.decode(np.zeros([2, LATENT]), LABELS),
        r"4 .*given .*2 .*codes",
    ),
    "a label too high": (lambda m: m.sample([0, 3]), r"labels must lie in \[0, 2\]; found 0 to 3"),
    "a label below 0": (lambda m: m.sample([-1, 1]), r"in \[0, 2\]; found -1 to 1"),
    "labels 1 to 3": (lambda m: m.encode(images(3), [1, 2, 3]), "found 1 to 3"),
    "labels that are floats": (
        lambda m: m.sample([0.0, 1.0]),
        r"float32 of shape \[2\] given, integers of shape \[batch\] expected",
    ),
    "labels that are truth values": (lambda m: m.sample([True, False]), "bool of shape"),
    "labels that are one-hot": (lambda m: m.sample(np.eye(3, dtype=int)), r"shape \[3, 3\] given"),
    "labels in a column": (lambda m: m.encode(images(4), LABELS[:, None]), r"\[4, 1\] given"),
    "images as of a VAE": (lambda m: m.encode(images(4)[..., 0], LABELS), r"\[4, 8, 8\] given"),
    "labels to reconstruct": (lambda m: m.reconstruct(images(4), LABELS + 1), "found 1 to 3"),
    "codes as of a VAE": (lambda m: m.decode(np.zeros([4, 2]), LABELS), r"codes: shape \[4, 2\]"),
}
BY_IMAGES = {
    "labels": (lambda m: m.encode(images(4), LABELS), r"\[4\] given, \[batch, 8, 4, 1\] expected"),
    "another shape": (lambda m: m.sample(images(4)), r"side information: shape \[4, 8, 8, 1\]"),
    "another batch": (lambda m: m.encode(images(4), images(3, HALF)), r"3 .*given .*4 images"),
    "values above 1": (
        lambda m: m.encode(images(4), 255 * images(4, HALF)),
        r"side information must lie in \[0, 1\]; found",
    ),
}


def refused(model, call, message):
    with pytest.raises(UserError, match=message) as error:
        call(model)
    assert isinstance(error.value, ValueError)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("mistake", BY_LABELS)
def test_mistakes_with_labels(mistake, of_labels):
    refused(of_labels, *BY_LABELS[mistake])


@pytest.mark.parametrize("mistake", BY_IMAGES)
def test_mistakes_with_images_as_side_information(mistake, of_images):
    refused(of_images, *BY_IMAGES[mistake])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "none was given"),
        (LABELS.astype(np.float32), "integers of shape"),
        (images(4, HALF), "integers of shape"),
    ],
    ids=["none", "floats", "images"],
)
def test_mistakes_are_found_when_a_step_is_compiled(y, message, of_labels):
    model = of_labels
    model.compile()
    data = images(4) if y is None else (images(4), y)
    data = tf.data.Dataset.from_tensor_slices(data).batch(4)
    with pytest.raises(UserError, match=message):
        model.fit(data, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "none was given"),
        (LABELS + 1, r"labels must lie in \[0, 2\]; found 1 to 3"),
        (LABELS.astype(np.float32), "integers of shape"),
        (LABELS[:3], "3 .*given .*4 images"),
    ],
    ids=["none", "values", "floats", "too few"],
)
def test_fit_refuses_arrays_before_it_starts(y, message, of_labels):
    model = of_labels
    model.compile()
    with pytest.raises(UserError, match=message) as error:
        model.fit(images(4), y, verbose=0)
    assert "\n" not in str(error.value)


def test_reconstruct_takes_labels_in_a_list(of_labels):
    x = images(4)
    np.testing.assert_array_equal(
        of_labels.reconstruct(x, LABELS.tolist()), of_labels.reconstruct(x, LABELS)
    )


@pytest.mark.parametrize("size", [0, 2])
def test_networks_must_take_the_condition(size):
    parts = [
        network((2, 2, 1), size, latent_size=2, units=4)
        for network in (networks.fully_connected_encoder, networks.fully_connected_decoder)
    ]
    with pytest.raises(UserError, match=r"\[\(3,\)\] expected"):
        CVAE(*parts, LabelCondition(3))
