"""Images that models make: new ones, and real ones reconstructed."""

from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike

from vae_gan_tf.conditions import LabelCondition, NoCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.images import checked_images
from vae_gan_tf.evaluation.score import Score, mean_score
from vae_gan_tf.evaluation.scores.fidelity import label_accuracy
from vae_gan_tf.evaluation.scores.judged_images import judged
from vae_gan_tf.models.adversarial import VAEGAN, generator
from vae_gan_tf.models.vae import VAE


def samples(
    model: VAE | VAEGAN, count: int, seed: int = 0, at_once: int = 500
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images sampled from a model, and the labels they were asked for.

    Args:
        model: with labels, or without side information.
        count: how many images.
        seed: the same seed samples the same images.
        at_once: images sampled at the same time, a matter of memory; other numbers sample others.

    Returns:
        Images [count, height, width, channels], and labels, integers [count], asked for evenly: 0,
        1, ... in turn. The labels are None for a model without any.

    Raises:
        UserError: the model's side information is not a label, or no images are asked for.
    """
    if count < 1:
        raise UserError(f"{count} images asked for, at least one expected")
    generating = generator(model)
    condition = _of_labels_at_most(generating)
    labels = np.arange(count) % condition.classes if condition else None
    batches = []
    for start in range(0, count, at_once):
        size = min(at_once, count - start)
        asked = size if labels is None else labels[start : start + size]
        batches.append(generating.sample(asked, seed=np.array([seed, start], np.int32)))
    return np.concatenate(batches), labels


def _of_labels_at_most(model: VAE) -> LabelCondition | None:
    """The labels that a model is given, or None if it is given nothing.

    Raises:
        UserError: its side information is something else.
    """
    condition = model.condition
    if isinstance(condition, LabelCondition):
        return condition
    if isinstance(condition, NoCondition):
        return None
    raise UserError(
        "scores are for models of labels or of images alone, and this one is given another side "
        "information"
    )


class Reconstructions(NamedTuple):
    """How well a model reconstructs images."""

    accuracy: Score
    """The share of reconstructions that the judge reads as the label of the image."""
    squared_error: Score
    """||x - x~||^2, summed over pixels and channels, a mean over the images."""


def reconstructions(
    model: VAE | VAEGAN,
    images: ArrayLike,
    labels: ArrayLike,
    judge: str | keras.Model | None = None,
    at_once: int = 500,
) -> Reconstructions:
    """How well images are reconstructed, with codes z sampled from q(z | x, y).

    A model that takes labels is given those of the images.

    Args:
        model: with labels, or without side information.
        images: [n, height, width, channels] in [0, 1].
        labels: integers [n].
        judge: what reads the reconstructions, as in `judged`. There must be one.
        at_once: images reconstructed at the same time; a matter of memory.

    Raises:
        UserError: the model's side information is not a label, it cannot take the images, or the
            judge cannot.
    """
    generating = generator(model)
    images = checked_images(images, "n", *generating.image_shape)
    given = np.asarray(labels) if _of_labels_at_most(generating) else None
    reconstructed = np.concatenate(
        [
            generating.reconstruct(images[some], None if given is None else given[some], some.start)
            for some in (slice(at, at + at_once) for at in range(0, len(images), at_once))
        ]
    )
    accuracy = label_accuracy(judged(reconstructed, labels, judge))
    squared_errors = np.square(images - reconstructed).sum(axis=(1, 2, 3))
    return Reconstructions(accuracy, mean_score(squared_errors))
