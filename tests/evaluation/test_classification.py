import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.datasets import Split
from vae_gan_tf.evaluation.classification import confusion


class Classifier:
    """Reads the class off the first pixel."""

    condition = LabelCondition(3)

    def classify(self, x):
        classes = tf.cast(tf.round(x[:, 0, 0, 0] * 255), tf.int32)
        return tfp.distributions.OneHotCategorical(logits=5 * tf.one_hot(classes, 3))


def test_confusion_shows_shares_of_each_true_class():
    found = np.array([0, 0, 1, 2, 1, 1, 0], np.uint8)
    labels = np.array([0, 0, 0, 0, 1, 1, 1], np.int32)
    shares = confusion(Classifier(), Split(found.reshape(7, 1, 1, 1), labels))
    np.testing.assert_allclose(shares, [[1 / 2, 1 / 4, 1 / 4], [1 / 3, 2 / 3, 0], [0, 0, 0]])
