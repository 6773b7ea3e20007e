"""Section 4.5: of a split, few images keep their label."""

import numpy as np

from vae_gan_tf.checks import check_integer
from vae_gan_tf.datasets.splits import FewLabels, Split
from vae_gan_tf.errors import UserError
from vae_gan_tf.moves import check_move


def few_labels(
    split: Split, labels: int, seed: int, labelled_batch: int = 100, shift: int = 0
) -> FewLabels:
    """Keeps the labels of so many images, equally many of each class, chosen by the seed.

    Args:
      split: the images, all with labels.
      labels: how many to keep, a multiple of the number of classes.
      seed: the same seed keeps the same labels.
      labelled_batch: labelled images in a training batch.
      shift: see `FewLabels`; fewer pixels than an image has.

    Raises:
      UserError: the labels or what is asked for are no integers, the count cannot be drawn evenly,
        a class has too few images, there are fewer labelled images than in a batch, or they are
        moved too far.
    """
    if not np.issubdtype(split.labels.dtype, np.integer):
        raise UserError(f"Labels must be integers, not {split.labels.dtype}.")
    check_integer("labels", labels)
    check_integer("labelled_batch", labelled_batch)
    check_move(shift, *split.images.shape[1:3])
    classes, sizes = np.unique(split.labels, return_counts=True)
    each, rest = divmod(labels, len(classes))
    if labels < 1 or rest:
        raise UserError(
            f"{labels} labels cannot be drawn evenly over {len(classes)} classes; a positive "
            f"multiple of {len(classes)} is expected."
        )
    if each > sizes.min():
        raise UserError(
            f"{labels} labels are {each} of each class, and of class {classes[sizes.argmin()]} "
            f"there are {sizes.min()} images."
        )
    if not 1 <= labelled_batch <= labels:
        raise UserError(
            f"A batch of {labelled_batch} labelled images asked for, and there are {labels} labels."
        )
    random = np.random.default_rng((seed, labels))
    chosen = [
        random.choice(np.flatnonzero(split.labels == label), each, replace=False)
        for label in classes
    ]
    kept = np.zeros(len(split.labels), bool)
    kept[np.concatenate(chosen)] = True
    return FewLabels(split.at(kept), split.rows(np.flatnonzero(~kept)), labelled_batch, shift)
