import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special
from support import models

from vae_gan_tf.errors import UserError
from vae_gan_tf.models.classifying import ClassifyingVAEGAN, uninformed

KIND = "DRAW-GAN of classes"
LOGITS = np.log(np.float32([[1, 2, 3, 4], [4, 3, 2, 1], [7, 1, 1, 1]]))


def built(**kwargs):
    keras.utils.set_random_seed(0)
    return models.KINDS[KIND](**kwargs)


def test_costs_by_hand():
    model = built()
    real = model.cost_of_real(LOGITS, np.array([0, 1, 2]))
    np.testing.assert_allclose(real, -np.log([0.1, 0.3, 0.1]), rtol=1e-5)
    np.testing.assert_allclose(model.cost_of_generated(LOGITS), -np.log([0.4, 0.1, 0.1]), rtol=1e-5)
    # The generator pays for images that are none of the three classes, whatever the label.
    real = model.adversarial_cost(LOGITS, np.array([0, 1, 2]))
    np.testing.assert_allclose(real, -np.log([0.6, 0.9, 0.9]), rtol=1e-5)


def test_costs_are_finite_where_a_probability_rounds_to_0():
    model = built()
    for sign in (1, -1):
        logits = np.float32([[0, 0, 0, sign * 1000]])
        costs = [model.adversarial_cost(logits, None), model.cost_of_generated(logits)]
        np.testing.assert_allclose(np.max(costs), 1000, atol=2)


@pytest.mark.parametrize(
    ("logits", "lacking"),
    [
        (50 * np.eye(3), 0),  # each class for certain, as often as the others
        (np.zeros([4, 3]), np.log(3)),  # nothing is known of any image
        (50 * np.eye(3)[[1, 1, 1, 1]], np.log(3)),  # all are of one class
        (50 * np.eye(3)[[0, 1, 0, 1]], np.log(3) - np.log(2)),
        (np.full([2, 3], -1e4) + 1e4 * np.eye(3)[:2], np.log(3) - np.log(2)),
    ],
)
def test_what_the_classes_lack_of_even_and_certain(logits, lacking):
    np.testing.assert_allclose(uninformed(tf.constant(logits, tf.float32)), lacking, atol=1e-6)


def test_what_the_classes_lack_against_numpy():
    logits = np.random.default_rng(0).normal(size=[5, 4])
    p = special.softmax(logits, -1)
    mutual = special.entr(p.mean(0)).sum() - special.entr(p).sum(-1).mean()
    found = uninformed(tf.constant(logits, tf.float32))
    np.testing.assert_allclose(found, np.log(4) - mutual, rtol=1e-5)


def test_the_losses_are_those_of_what_is_generated_without_labels():
    model = built(adversarial_weight=3.0, kl_weight=0.5)
    x, y = models.arrays(KIND, 6)
    images, labels, generated = model.prepare((x, y), seed=(1, 2))
    np.testing.assert_array_equal(labels, y)
    p = {
        name: special.softmax(model.features_and_logits(each)[1], -1)
        for name, each in (
            ("real", images),
            ("drawn", generated.drawn),
            ("reconstructed", generated.reconstructed),
        )
    }
    of_drawn = p["drawn"][:, :3] / p["drawn"][:, :3].sum(-1, keepdims=True)
    mutual = special.entr(of_drawn.mean(0)).sum() - special.entr(of_drawn).sum(-1).mean()
    terms = model.generator_loss(images, labels, generated)
    expected = {
        "kl": np.mean(generated.kl),
        "pixel": np.square(x - generated.reconstructed.numpy()).sum((1, 2, 3)).mean(),
        "drawn": -np.log(p["drawn"][:, :3].sum(-1)).mean(),
        "reconstructed": -np.log(p["reconstructed"][:, :3].sum(-1)).mean(),
        "classes": np.log(3) - mutual,
    }
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4, err_msg=name)
    adversarial = sum(expected[name] for name in ("drawn", "reconstructed"))
    adversarial += 0.5 * expected["classes"]
    loss = 0.5 * expected["kl"] + expected["pixel"] + 3 * adversarial
    np.testing.assert_allclose(model.weighted(terms), loss, rtol=1e-4)
    expected = {
        "real": -np.log(p["real"][np.arange(6), y]).mean(),
        "drawn": -np.log(p["drawn"][:, 3]).mean(),
        "reconstructed": -np.log(p["reconstructed"][:, 3]).mean(),
    }
    terms = model.discriminator_loss(images, labels, generated)
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4, err_msg=name)


def test_only_training_takes_labels():
    model = built()
    model.compile(keras.optimizers.Adam(1e-3))
    x, y = models.arrays(KIND, 8)
    before = [each.numpy() for each in model.generator.trainable_variables]
    history = model.fit(x, y, batch_size=4, verbose=0).history
    assert {"generator/classes", "discriminator/real"} <= history.keys()
    moved = [
        np.abs(new - old).max()
        for new, old in zip(model.generator.trainable_variables, before, strict=True)
    ]
    assert min(moved) > 0
    assert model.sample(3).shape == model.reconstruct(x[:3]).shape == (3, *models.SHAPE)
    alone, beside = (model.evaluate(*each, verbose=0) for each in ((x,), (x, y)))
    assert alone == beside
    np.testing.assert_allclose(np.sum(model.discriminate(x), -1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (None, "a batch of images alone given"),
        (np.array([0, 1, 3, 0]), "labels"),
        (np.array([0, 1, 2]), "3 .* 4|4 .* 3"),
    ],
)
def test_training_data_without_right_labels_are_refused(y, sentence):
    model = built()
    with pytest.raises(UserError, match=sentence):
        model.check((models.images(4), y), training=True)


def trained_on(data):
    model = built()
    model.compile()
    return float(model.train_step(data)["loss"])


def test_a_pair_in_a_nest_of_one_is_the_pair():
    batch = models.arrays(KIND, 8)
    first, second = (trained_on(data) for data in (batch, (batch,)))
    assert first == second


def test_what_does_not_fit_is_refused():
    with pytest.raises(UserError, match="without labels"):
        ClassifyingVAEGAN(models.cvae(), models.small_discriminator(4))
    with pytest.raises(UserError, match="logits given"):
        ClassifyingVAEGAN(models.vae(), models.small_discriminator(1))
    with pytest.raises(UserError, match="information must be a number of at least 0"):
        built(information=-1.0)
