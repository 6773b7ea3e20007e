"""Scores of generated images.

The judge is a small classifier of MNIST digits, trained on the 55 000 training images alone by
``python reproduce/classifier.py`` and shipped with the package; ``figures/classifier.json`` tells
its error. It has no part in the training of any model.
"""

import functools

import keras
import numpy as np
from keras import layers

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError

CLASSIFIER = "mnist-classifier"
"""The name under which the trained classifier is shipped."""


def mnist_classifier() -> keras.Model:
    """The classifier, not yet trained: images [batch, 28, 28, 1] to logits [batch, 10]."""
    model = keras.Sequential(name="classifier")
    model.add(keras.Input([28, 28, 1]))
    for filters in (32, 64, 128):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10))
    return model


@functools.cache
def digit_classifier() -> keras.Model:
    """The trained classifier that ships with the package."""
    return pretrained.load_pretrained(CLASSIFIER)


def label_accuracy(images, labels, classifier: keras.Model | None = None) -> float:
    """The share of images that the classifier reads as the asked labels.

    Args:
        images: [n, 28, 28, 1] in [0, 1].
        labels: integers [n].
        classifier: another judge, from images to logits; the shipped one by default.

    Raises:
        UserError: there are no images, they are of another shape or hold values outside of
            [0, 1], or there is not one label for each.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if images.shape[1:] != (28, 28, 1) or len(images) == 0:
        raise UserError(f"images of shape {list(images.shape)} given, [n, 28, 28, 1] expected")
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(
            f"{labels.dtype} labels of shape {list(labels.shape)} given for {len(images)} images, "
            "one integer for each expected"
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise UserError(
            f"the values of images must lie in [0, 1]; found {images.min()} to {images.max()}"
        )
    classifier = classifier or digit_classifier()
    logits = classifier.predict(images, batch_size=500, verbose=0)
    return float(np.mean(np.argmax(logits, axis=-1) == labels))
