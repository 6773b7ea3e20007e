"""Panels that several figures have."""

from collections.abc import Sequence

from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.evaluation import pictures
from vae_gan_tf.models.adversarial import CVAEGAN, VAEGAN, generator
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.plotting import grids

LONGEST = 12
"""Letters of a class's name in a picture."""


def short(names: Sequence[str]) -> list[str]:
    """Names of classes as they are written beside images."""
    return [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]


def of_samples(
    model: VAE | VAEGAN, title: str, probabilities: bool = False, classes: Sequence[str] = ()
) -> grids.Panel:
    """Samples, ten in a row; of a model of labels a row a label, which stands before it.

    Args:
        model: trained.
        title: of the panel.
        probabilities: whether the probabilities D_y of a CVAE-GAN stand above its samples.
        classes: the names of the labels; their numbers if there are none.
    """
    images = pictures.samples(model)
    labelled = isinstance(generator(model).condition, LabelCondition)
    names = short(classes) or [str(label) for label in range(len(images))]
    labels = names[: len(images)] if labelled else []
    if not (probabilities and isinstance(model, CVAEGAN)):
        return grids.Panel(images, title, labels)
    texts = pictures.cell_probabilities(model, images)
    shown = [[text.removeprefix("0") for text in row] for row in texts]  # ".63": cells are narrow
    return grids.Panel(images, title, labels, cell_titles=shown, key="; above each $D_y$")
