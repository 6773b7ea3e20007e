"""All scores of a set of images."""

import math

import keras
import numpy as np

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.score import Score
from vae_gan_tf.evaluation.scores.distances import FRECHET_RESAMPLES, frechet_distance, neighbours
from vae_gan_tf.evaluation.scores.fidelity import (
    accepted,
    class_shares,
    colour_variety,
    diversity,
    label_accuracy,
    sharpness,
)
from vae_gan_tf.evaluation.scores.judged_images import Judged, judged
from vae_gan_tf.evaluation.scores.sampled import samples
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.vae import VAE

OF_REAL_IMAGES = ("recall", "coverage")
"""The scores that are shares of the real images, and whose errors are of these."""


def all_scores(
    generated: Judged,
    real: Judged,
    subset_size: int | None = None,
    frechet_resamples: int = FRECHET_RESAMPLES,
) -> dict[str, Score]:
    """All scores of a set of images beside real ones, by name.

    Where the generated images have no labels, shares of the classes take the place of label
    accuracy, and the diversity is that of the classes that the judge reads in generated and real
    images. Colours are those of images with three channels.

    Args:
        generated: images of a model, or real ones to see what is the best that can be had.
        real: images with labels.
        subset_size: how many images of each set are compared at a time by the Frechet distance and
            the neighbours, which depend on it; the scores are means over all such subsets. By
            default as many as the smaller of the two sets has.
        frechet_resamples: resampled sets behind the standard error of a Frechet distance.

    Raises:
        UserError: as the scores themselves; or a set has fewer images than a subset, or that none.
    """
    sizes = len(generated.images), len(real.images)
    size = min(sizes) if subset_size is None else subset_size
    if not 0 < size <= min(sizes):
        raise UserError(f"subsets of {size} images asked for, and a set has {min(sizes)}")
    scores: dict[str, Score] = {}
    if generated.labels is None:
        classes = 1 + max(int(each.read.max()) for each in (generated, real))
        shares = class_shares(generated, classes)
        scores |= {"rarest_class": shares.rarest, "commonest_class": shares.commonest}
        generated, real = (each._replace(labels=each.read) for each in (generated, real))
    else:
        scores["label_accuracy"] = label_accuracy(generated)
    sharp, diverse = sharpness(generated, real), diversity(generated, real)
    scores |= {
        "accepted": accepted(generated),
        "sharpness_gradient": sharp.gradient,
        "sharpness_laplacian": sharp.laplacian,
        "diversity": diverse.overall,
        "diversity_worst_class": diverse.worst,
    }
    if generated.images.shape[-1] == 3:
        colours = colour_variety(generated, real)
        scores |= {"colour_variety": colours.overall, "colour_variety_worst_axis": colours.worst}
    counts = [each // size for each in sizes]
    comparisons = []
    for number in range(max(counts)):
        one, other = (
            images.at(slice(number % count * size, (number % count + 1) * size))
            for images, count in zip((generated, real), counts, strict=True)
        )
        distance = frechet_distance(one, other, number, frechet_resamples)
        comparisons.append({"frechet_distance": distance} | neighbours(one, other)._asdict())
    for name in comparisons[0]:
        values, errors = np.transpose([each[name] for each in comparisons])
        # Comparisons with the same images of the set that the score's error is of vary together.
        count = counts[name in OF_REAL_IMAGES]
        together = [errors[first::count].sum() for first in range(count)]
        scores[name] = Score(float(values.mean()), math.hypot(*together) / len(comparisons))
    return scores


def sample_scores(
    model: VAE | VAEGAN, real: Judged, judge: str | keras.Model, count: int
) -> dict[str, float]:
    """The values of all scores of so many samples of a model, beside real images.

    Without the standard errors, for resampled distances take most of the time.

    Args:
        model: with labels, or without side information.
        real: images with labels, as the judge sees them.
        judge: as in `judged`.
        count: of the samples.

    Raises:
        UserError: the model's side information is not a label, or fewer than two samples are asked
            for.
    """
    generated = judged(*samples(model, count), judge)
    found = all_scores(generated, real, frechet_resamples=0)
    return {name: score.value for name, score in found.items()}
