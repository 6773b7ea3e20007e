"""Section 4.5: how a semi-supervised model classifies images."""

import numpy as np
import tensorflow as tf

from vae_gan_tf.datasets import Split, in_order
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE


def confusion(model: SemiSupervisedVAE, split: Split) -> np.ndarray:
    """The shares of images of each class by what they are classified as.

    Args:
        model: classifies the images by q(y | x).
        split: images with labels.

    Returns:
        [classes, classes]: row i, column j holds the share of the images of class i whose most
        probable class is j; a class without images has zeros.
    """
    batches = in_order(split, min(500, len(split.images)))
    classified = np.concatenate([tf.argmax(model.classify(x).logits, -1) for x, _ in batches])
    counts = tf.math.confusion_matrix(split.labels, classified, model.condition.classes).numpy()
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
