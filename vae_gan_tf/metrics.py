"""Scores of models and of generated images.

The judge is a small classifier of MNIST digits, trained on the 55 000 training images alone by
``python reproduce/classifier.py`` and shipped with the package; ``figures/classifier.json`` tells
its error. It has no part in the training of any model.
"""

import functools
import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from vae_gan_tf import pretrained
from vae_gan_tf.datasets import Split, in_order
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE, stateless_seed

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


def checked_images(images, *shape: int | str) -> np.ndarray:
    """Images as an array.

    Args:
        images: to be checked.
        shape: what is expected of each axis: a size, or the name of one that may be any but 0.

    Raises:
        UserError: they are of another shape, or hold values outside [0, 1].
    """
    images = np.asarray(images)
    if (
        images.ndim != len(shape)
        or not images.size
        or any(
            size != expected
            for size, expected in zip(images.shape, shape, strict=True)
            if not isinstance(expected, str)
        )
    ):
        raise UserError(
            f"images of shape {list(images.shape)} given, [{', '.join(map(str, shape))}] expected"
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise UserError(
            f"the values of images must lie in [0, 1]; found {images.min()} to {images.max()}"
        )
    return images


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
    images, labels = checked_images(images, "n", 28, 28, 1), np.asarray(labels)
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(
            f"{labels.dtype} labels of shape {list(labels.shape)} given for {len(images)} images, "
            "one integer for each expected"
        )
    classifier = classifier or digit_classifier()
    logits = classifier.predict(images, batch_size=500, verbose=0)
    return float(np.mean(np.argmax(logits, axis=-1) == labels))


def importance_weighted(
    model: VAE,
    x,
    y=None,
    *,
    samples: int = 100,
    at_once: int = 10,
    pixels: np.ndarray | None = None,
    seed: int | tf.Tensor = 0,
) -> tf.Tensor:
    """The importance-weighted estimate of log p(x | y) for each image, [batch], in nats.

    With K codes z_k drawn from q(z | x, y) it is log (1/K) sum_k p(x | y, z_k) p(z_k) /
    q(z_k | x, y) (Burda, Grosse and Salakhutdinov 2016): in expectation a lower bound on
    log p(x | y), equal to the bound (1) for K = 1 and rising with K.

    Args:
        model: a `VAE` or one of its kind.
        x: images [batch, height, width, channels] in [0, 1].
        y: side information of a conditional model.
        samples: K.
        at_once: codes of an image decoded at the same time, which divide K; a matter of memory.
        pixels: truth values [height, width, 1], which pixels count; all of them if None.
        seed: the same seed draws the same codes.

    Raises:
        UserError: K is below 1 or not a multiple of ``at_once``, or the model cannot take x or y.
    """
    if samples < 1 or samples % at_once:
        raise UserError(f"{samples} samples asked for, a positive multiple of {at_once} expected")
    posterior, prior = model.encode(x, y), model.prior()
    x = tf.repeat(tf.cast(x, tf.float32), at_once, axis=0)
    y = None if y is None else tf.repeat(y, at_once, axis=0)
    mask = True if pixels is None else pixels

    def log_weights(seed: tf.Tensor) -> tf.Tensor:
        z = posterior.sample(at_once, seed=seed)
        codes = tf.reshape(tf.transpose(z, [1, 0, 2]), [-1, model.latent_size])
        log_pixels = model.decode(codes, y).distribution.log_prob(x)
        log_likelihood = tf.reduce_sum(tf.where(mask, log_pixels, 0.0), [1, 2, 3])
        log_ratio = prior.log_prob(z) - posterior.log_prob(z)
        return log_ratio + tf.transpose(tf.reshape(log_likelihood, [-1, at_once]))

    seeds = tf.random.split(stateless_seed(seed), samples // at_once)
    weights = tf.map_fn(log_weights, seeds, fn_output_signature=tf.float32)
    return tf.reduce_logsumexp(weights, [0, 1]) - math.log(samples)


def confusion(model: SemiSupervisedVAE, split: Split) -> np.ndarray:
    """How images of each class are classified, as a picture: [side, side, 1] in [0, 1].

    Row i, column j holds the share of the images of class i whose most probable class under
    q(y | x) is j; each is a square of several pixels, bright for 1.
    """
    classify = tf.function(lambda x: tf.argmax(model.classify(x).logits, -1))
    batches = in_order(split, min(500, len(split.images)))
    found = np.concatenate([classify(x) for x, _ in batches])
    counts = tf.math.confusion_matrix(split.labels, found, model.condition.classes).numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.kron(shares, np.ones([16, 16]))[..., None]
