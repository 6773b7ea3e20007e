"""Images as a judge sees them, which is what every score takes."""

import functools
from typing import NamedTuple

import keras
import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges
from vae_gan_tf.evaluation.images import checked_images


class Judged(NamedTuple):
    """Images as a judge sees them."""

    images: np.ndarray
    """float32 [n, height, width, channels] in [0, 1]."""
    labels: np.ndarray | None
    """The labels asked for, or those of real images, integers [n]."""
    features: np.ndarray
    """float32 [n, size]: what the judge's last layer takes."""
    read: np.ndarray
    """The label that the judge reads in each image, [n]."""
    certainty: np.ndarray
    """The probability that the judge gives that label, [n]."""

    def at(self, places: np.ndarray | slice) -> "Judged":
        """The images at some places, with what belongs to them."""
        labels = None if self.labels is None else self.labels[places]
        features, read, certainty = (
            each[places] for each in (self.features, self.read, self.certainty)
        )
        return Judged(self.images[places], labels, features, read, certainty)


def judged(
    images: ArrayLike, labels: ArrayLike | None = None, judge: str | keras.Model | None = None
) -> Judged:
    """Images as a judge sees them.

    Args:
        images: [n, height, width, channels] in [0, 1].
        labels: integers [n], the digits asked for; None if there are none.
        judge: what reads the images: the name of a judge that ships (`judges.NETWORKS`), such as
            the ``judge`` of a data set, or a Keras model from images to logits, whose last layer's
            input is taken for the features. There must be one.

    Raises:
        UserError: there is no judge or none of this name, there are no images, the judge takes none
            of their shape, they hold values outside of [0, 1], there is not one label for each, or
            a label is none that the judge reads.
    """
    classifier = judges.chosen(judge)
    images = checked_images(images, "n", *classifier.inputs[0].shape[1:])
    images = images.astype(np.float32, copy=False)
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
            raise UserError(
                f"{labels.dtype} labels of shape {list(labels.shape)} given for {len(images)} "
                "images, one integer for each expected"
            )
        classes = classifier.outputs[0].shape[-1]
        if labels.min() < 0 or labels.max() >= classes:
            raise UserError(
                f"labels {labels.min()} to {labels.max()} given for a judge that reads 0 to "
                f"{classes - 1}"
            )
    features, logits = _with_features(classifier).predict(
        images, batch_size=min(500, len(images)), verbose=0
    )
    certainty = scipy.special.softmax(logits, axis=-1).max(axis=-1)
    return Judged(images, labels, features, np.argmax(logits, axis=-1), certainty)


@functools.cache
def _with_features(classifier: keras.Model) -> keras.Model:
    """The network to features and logits; it is kept, for Keras compiles what is new."""
    return keras.Model(classifier.inputs, [classifier.layers[-1].input, classifier.outputs[0]])


def labels_for(score: str, images: Judged) -> np.ndarray:
    """The labels of images, [n], which the score of this name needs.

    Raises:
        UserError: they have none.
    """
    if images.labels is None:
        raise UserError(f"the {score} needs the labels of the images, and none were given")
    return images.labels


def check_same_shape(generated: Judged, real: Judged) -> None:
    """Refuses images that are not of the shape of the real ones.

    Raises:
        UserError: they are of another height, width or number of channels.
    """
    one, other = (list(each.images.shape[1:]) for each in (generated, real))
    if one != other:
        raise UserError(f"images of shape {one} given to be compared with real ones of {other}")
