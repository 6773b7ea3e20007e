"""The judge of generated images, and what models make of real ones, in nats.

The judge is a small classifier of digits, one for MNIST and one for svhn_small, each trained on the
training images of its data set alone by ``reproduce/classifier.py`` and shipped with the package;
``figures/classifier.json`` and ``classifier-svhn_small.json`` tell its error. It has no part in the
training of any model. `scores` has the scores by it.
"""

import functools
import math
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from vae_gan_tf import pretrained
from vae_gan_tf.datasets import Split, in_order
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.seeds import stateless_seed
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE

CLASSIFIERS = {(28, 28, 1): "mnist-classifier", (32, 32, 3): "svhn_small-classifier"}
"""The names under which the trained classifiers are shipped, by the shape of their images."""


def mnist_classifier(dtype: str = "float32") -> keras.Model:
    """The classifier, not yet trained: images [batch, 28, 28, 1] to logits [batch, 10]."""
    model = keras.Sequential([keras.Input([28, 28, 1])], name="classifier")
    for filters in (32, 64, 128):
        _add_convolution(model, filters, dtype)
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10))
    return model


def svhn_classifier(dtype: str = "float32") -> keras.Model:
    """The classifier, not yet trained: images [batch, 32, 32, 3] to logits [batch, 10]."""
    model = keras.Sequential([keras.Input([32, 32, 3])], name="classifier")
    for filters, dropout in ((32, 0.1), (64, 0.2), (128, 0.3)):
        _add_convolution(model, filters, dtype)
        _add_convolution(model, filters, dtype)
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(dropout))
    _add_convolution(model, 192, dtype)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10))
    return model


def _add_convolution(model: keras.Sequential, filters: int, dtype: str) -> None:
    """3 x 3, batch normalisation, ReLU, all in this precision."""
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False, dtype=dtype))
    model.add(layers.BatchNormalization(dtype=dtype))
    model.add(layers.ReLU(dtype=dtype))


@functools.cache
def digit_classifier(image_shape: tuple[int, int, int] = (28, 28, 1)) -> keras.Model:
    """The trained classifier of images of this shape that ships with the package.

    Raises:
        UserError: there is none for this shape.
    """
    if image_shape not in CLASSIFIERS:
        expected = " or ".join(str(list(shape)) for shape in CLASSIFIERS)
        raise UserError(
            f"no classifier ships for images of shape {list(image_shape)}; {expected} expected"
        )
    return pretrained.load_pretrained(CLASSIFIERS[image_shape])


class Score(NamedTuple):
    """A number with its standard error."""

    value: float
    error: float

    def scaled(self, factor: float) -> "Score":
        """The score in another unit."""
        return Score(self.value * factor, self.error * abs(factor))


def mean_score(values: np.ndarray) -> Score:
    """The mean of values [n], with what resampling them would give as its standard error."""
    values = np.asarray(values, np.float64)
    return Score(float(values.mean()), float(values.std() / math.sqrt(len(values))))


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
    log p(x | y), equal to the bound (1) for K = 1 and rising with K. The model gives the weights
    (`VAE.log_weights`), so that one of other codes serves as well.

    Args:
        model: a `VAE` or one of its kind.
        x: images [batch, height, width, channels] in [0, 1].
        y: side information of a conditional model; a semi-supervised one takes None as well, and
            gives log p(x) then, with y log p(x, y), which is what its bound is of.
        samples: K.
        at_once: codes of an image decoded at the same time, which divide K; a matter of memory.
        pixels: truth values [height, width, 1], which pixels count; all of them if None.
        seed: the same seed draws the same codes.

    Raises:
        UserError: K is below 1 or not a multiple of ``at_once``, or the model cannot take x or y.
    """
    if samples < 1 or samples % at_once:
        raise UserError(f"{samples} samples asked for, a positive multiple of {at_once} expected")
    seeds = tf.random.split(stateless_seed(seed), samples // at_once)
    # As plain Python, since the checks of x and y cannot be converted to a graph.
    weigh = tf.autograph.experimental.do_not_convert(
        lambda seed: model.log_weights(x, y, at_once, seed, pixels)
    )
    weights = tf.map_fn(weigh, seeds, fn_output_signature=tf.float32)
    return tf.reduce_logsumexp(weights, [0, 1]) - math.log(samples)


class Nats(NamedTuple):
    """What a model makes of images, in nats an image."""

    reconstruction: Score
    """-log p(x | z, y) at codes of q(z | x, y), the reconstruction error."""
    bound: Score
    """The bound, negative."""
    log_likelihood: Score
    """The importance-weighted estimate, negative: of -log p(x), or as the bound given y."""


def nats(model: VAE, images, y=None, *, samples: int = 100, seed: int = 0) -> Nats:
    """Reconstruction error, negative bound and negative log p(x | y), means over the images.

    The standard errors are those of the means over the images.

    Args:
        model: a `VAE` or one of its kind.
        images: [n, height, width, channels] in [0, 1].
        y: side information of a conditional model; a semi-supervised one takes None as well.
        samples: codes an image of the importance-weighted estimate.
        seed: the same seed draws the same codes.

    Raises:
        UserError: there are no images, or the model cannot take images or y.
    """
    images = checked_images(images, "n", *model.image_shape)
    if y is not None:
        model.condition.vector(y)  # values are not checked in a graph

    @tf.function(reduce_retracing=True, autograph=False)  # which would wrap a UserError
    def of_batch(seed, *batch) -> tuple:
        bound = model.elbo(*batch, seed=seed)
        estimate = importance_weighted(model, *batch, samples=samples, seed=seed)
        return bound.reconstruction, bound.elbo, estimate

    found = []
    for start in range(0, len(images), 100):
        batch = [each[start : start + 100] for each in (images, y) if each is not None]
        found.append(of_batch(tf.constant([seed, start]), *batch))
    return Nats(*(mean_score(-np.concatenate(part)) for part in zip(*found, strict=True)))


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
