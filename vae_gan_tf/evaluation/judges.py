"""Judges: small classifiers that read generated images.

Two ship with the package, one of MNIST's digits and one of svhn_small's, each trained on the
training images of its data set alone by ``reproduce/classifier.py``; ``figures/classifier.json``
and ``classifier-svhn_small.json`` tell their errors. That script trains one for any labelled data
set, which is kept with its decoded images. A judge has no part in the training of any model.
`scores` has the scores by it.
"""

import functools
from pathlib import Path

import keras
from keras import layers

from vae_gan_tf import pretrained
from vae_gan_tf.catalogue import Catalogue
from vae_gan_tf.datasets.splits import Dataset
from vae_gan_tf.errors import UserError


def mnist_classifier(
    dtype: str = "float32", image_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10
) -> keras.Model:
    """The classifier of MNIST's digits, not yet trained; for other grey images too.

    From images [batch, height, width, channels] to logits [batch, classes].

    Args:
        dtype: the precision of its convolutions, as Keras names it.
        image_shape: height, width and channels.
        classes: the number of labels.
    """
    model = keras.Sequential([keras.Input(image_shape)], name="classifier")
    for filters in (32, 64, 128):
        _add_convolution(model, filters, dtype)
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(classes))
    return model


def svhn_classifier(
    dtype: str = "float32", image_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10
) -> keras.Model:
    """The classifier of SVHN's digits, not yet trained; for other colour images too.

    From images [batch, height, width, channels] to logits [batch, classes].

    Args:
        dtype: the precision of its convolutions, as Keras names it.
        image_shape: height, width and channels.
        classes: the number of labels.
    """
    model = keras.Sequential([keras.Input(image_shape)], name="classifier")
    for filters, dropout in ((32, 0.1), (64, 0.2), (128, 0.3)):
        _add_convolution(model, filters, dtype)
        _add_convolution(model, filters, dtype)
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(dropout))
    _add_convolution(model, 192, dtype)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(classes))
    return model


def _add_convolution(model: keras.Sequential, filters: int, dtype: str) -> None:
    """3 x 3, batch normalisation, ReLU, all in this precision."""
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False, dtype=dtype))
    model.add(layers.BatchNormalization(dtype=dtype))
    model.add(layers.ReLU(dtype=dtype))


NETWORKS = Catalogue(
    "judge",
    {"mnist-classifier": mnist_classifier, "svhn_small-classifier": svhn_classifier},
)
"""The network of each judge that ships with the package."""


@functools.cache
def load(name: str) -> keras.Model:
    """The trained judge of a name, from images [batch, height, width, channels] to logits.

    Args:
        name: of a judge that ships, or the file of another.

    Raises:
        UserError: no judge of that name ships, or its file is damaged.
    """
    if name.endswith(".npz"):
        try:
            return pretrained.load_file(file(name))
        except UserError as error:
            again = "delete it, or train it anew by reproduce/classifier.py"
            raise UserError(f"the judge cannot be loaded, {again}: {error}") from error
    NETWORKS[name]  # refuses the names of models that are no judges
    return pretrained.load_pretrained(name)


def check(data: Dataset) -> None:
    """Raises a UserError unless the judge of a data set reads its images and its classes."""
    judge = load(str(data.judge))
    read, given = (getattr(judge, name, None) or [] for name in ("inputs", "outputs"))
    shapes = [tuple(it.shape[1:]) for it in (*read, *given)]
    if shapes != [data.image_shape, (data.num_classes,)]:
        raise UserError(
            f"{data.judge} is no classifier of {data.num_classes} classes of images of "
            f"{' x '.join(map(str, data.image_shape))}; delete it, or train one by "
            "reproduce/classifier.py"
        )


def file(name: str) -> Path:
    """The weights of a judge that ships, by its name, or the file that is named."""
    return Path(name) if name.endswith(".npz") else pretrained.path(name)


def chosen(judge: str | keras.Model | None) -> keras.Model:
    """The classifier that is named or given as a judge.

    Args:
        judge: the name of a judge that ships, or a Keras model from images to logits; None, which
            is what a data set without a judge has, is refused.

    Raises:
        UserError: there is no judge, or none of that name ships.
    """
    if judge is None:
        raise UserError(
            "no judge given to read the images, the name of one that ships "
            f"({', '.join(NETWORKS)}) or a Keras classifier expected"
        )
    return load(judge) if isinstance(judge, str) else judge
