import numpy as np
import pytest
import tensorflow as tf
from scipy import special
from support import models
from support.numeric import assert_same, linear_semi_supervised
from tensorflow_probability import distributions as tfd

from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import JudgingVAEGAN
from vae_gan_tf.models.consistency import Consistency, disagreement
from vae_gan_tf.models.semi_supervised import Objective

IMAGES = np.random.default_rng(0).uniform(0.1, 1, [40, 2, 2, 1]).astype(np.float32)


def test_disagreement_by_hand_which_changes_the_moved_images_alone():
    logits, others = np.log(np.float32([[1, 3]])), np.log(np.float32([[1, 1]]))
    first, second = tf.Variable(logits), tf.Variable(others)
    with tf.GradientTape() as tape:
        cost = disagreement(tfd.OneHotCategorical(first), tfd.OneHotCategorical(second))
    np.testing.assert_allclose(cost, [np.log(2)], rtol=1e-6)
    gradients = tape.gradient(cost, [first, second])
    assert gradients[0] is None
    np.testing.assert_allclose(gradients[1], [[0.5 - 0.25, 0.5 - 0.75]], rtol=1e-6)


def test_each_image_has_a_move_of_its_own_by_the_seed():
    images = np.random.default_rng(0).uniform(0.1, 1, [60, 8, 8, 1]).astype(np.float32)
    consistency = Consistency(1.0, 2)
    found = set()
    for before, after in zip(images, consistency.moved(images, (0, 5)).numpy(), strict=True):
        padded = np.pad(before, [(2, 2), (2, 2), (0, 0)])
        found |= {
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(padded[2 - down :, 2 - right :][:8, :8], after)
        }
    assert {number for move in found for number in move} == {-2, -1, 0, 1, 2}
    assert len(found) > 15  # of 25
    again, other = (consistency.moved(images, seed).numpy() for seed in ((0, 5), (0, 6)))
    np.testing.assert_array_equal(again, consistency.moved(images, (0, 5)))
    assert np.any(again != other)


@pytest.mark.parametrize("judging", [False, True], ids=["M2", "M2 with GAN"])
def test_the_term_joins_the_loss_with_its_weight_and_changes_no_other(judging):
    """A trunk without batch normalisation, so that moved images change nothing else."""
    losses = []
    for consistency in (None, Consistency(3.0, 1)):
        generator = linear_semi_supervised(Objective(1, 1, 1), consistency=consistency)
        labelled, unlabelled = (IMAGES[:4], np.int32([0, 1, 2, 1])), IMAGES[4:]
        if judging:
            model = JudgingVAEGAN(generator)
            x, y, generated = model.prepare((labelled, unlabelled), (0, 1))
            terms = model.generator_loss(x, y, generated)
            losses.append((float(model.weighted(terms)), terms))
        else:
            loss, terms = generator.training_loss(labelled, unlabelled, (0, 1))
            losses.append((float(loss), terms))
    (before, without), (after, terms) = losses
    moved = consistency.moved(unlabelled, (0, 1))
    p, q = (generator.trunk(each)[2].numpy() for each in (unlabelled, moved))
    expected = -np.sum(special.softmax(p, -1) * special.log_softmax(q, -1), -1).mean()
    cost = terms.pop("consistency/loss")
    np.testing.assert_allclose(cost, expected, rtol=1e-5)
    assert after - before == pytest.approx(3 * expected, rel=1e-3)
    assert terms.keys() == without.keys()
    assert_same([terms[name] for name in terms], [without[name] for name in terms])


def test_moved_images_are_in_the_batch_of_the_trunk():
    model = models.KINDS["M2"](consistency=Consistency(1.0, 1))
    (x, y), unlabelled = models.arrays("M2", 6)
    pairs = model.training_pairs(x, y, unlabelled, (0, 1))
    seen = np.concatenate([x, unlabelled, model.consistency.moved(unlabelled, (0, 1))])
    logits = model.trunk(seen, training=True)[2].numpy()
    assert_same([pairs.labels.logits, pairs.moved.logits], [logits[:12], logits[12:]])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((-1.0, 2), "the weight of consistency"),
        ((1.0, 0), "shift=0 given"),
        ((1.0, 1.5), "1.5"),
        ((1.0, True), "shift=True given"),
    ],
)
def test_what_is_no_consistency_is_refused(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        Consistency(*arguments)


def test_a_model_refuses_another_consistency():
    with pytest.raises(UserError, match="consistency=3 given, a Consistency or None expected"):
        linear_semi_supervised(Objective(1, 1, 1), consistency=3)


def test_a_shift_may_be_a_number_of_numpy():
    first, again = Consistency(1.0, np.int64(1)), Consistency(1.0, 1)
    assert_same([first.moved(IMAGES, 0)], [again.moved(IMAGES, 0)])


def test_images_are_not_moved_out_of_sight():
    with pytest.raises(UserError, match="a move by 2 pixels given for images of 2 x 2"):
        linear_semi_supervised(Objective(1, 1, 1), consistency=Consistency(1.0, 2))


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [(IMAGES[:1], "1 moved images given for 3"), (IMAGES[:3] + 1, "must lie in")],
)
def test_moved_images_are_looked_at_as_others_are(moved, sentence):
    model = linear_semi_supervised(Objective(1, 1, 1))
    with pytest.raises(UserError, match=sentence):
        model.pairs(IMAGES[:1], [0], IMAGES[:3], moved=moved)
