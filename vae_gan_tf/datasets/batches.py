"""Batches of a split as tf.data, in an order that only the seed and the epoch choose."""

import numpy as np
import tensorflow as tf

from vae_gan_tf.datasets.binarised import binarised
from vae_gan_tf.datasets.splits import FewLabels, Split
from vae_gan_tf.errors import UserError


def epoch_images(split: Split | FewLabels) -> int:
    """The number of images in an epoch: all, or where only some have labels the others."""
    return len((split.unlabelled if isinstance(split, FewLabels) else split).images)


def epoch_steps(split: Split | FewLabels, batch_size: int) -> int:
    """The number of batches in an epoch."""
    return epoch_images(split) // batch_size


def batches(
    split: Split | FewLabels, batch_size: int, seed: int, epoch: int, first_batch: int = 0
) -> tf.data.Dataset:
    """The training batches of one epoch.

    The order is the permutation that ``numpy.random.default_rng((seed, epoch))`` draws, so a run
    that was stopped inside an epoch goes on with the very batches that it had not seen. The images
    that do not fill a last batch are left out of this epoch.

    Args:
      split: the images and labels, n of them; if only some have labels, n of them unlabelled.
      batch_size: from 1 to n.
      seed: the seed of the run, 0 or more.
      epoch: the number of the epoch, 0 or more.
      first_batch: how many batches of this epoch to leave out.

    Returns:
      Batches of (images, float32, in [0, 1], [batch_size, height, width, channels];
      side information: labels, int32, [batch_size], or given parts, float32, in [0, 1]). If only
      some images have labels, batches ((labelled images, labels), unlabelled images); the labelled
      ones come in permutations of their own, one after the other.

    Raises:
      UserError: the batch size is below 1 or above the number of images.
    """
    if not isinstance(split, FewLabels):
        return _shuffled(split, batch_size, seed, epoch, first_batch)
    labelled, unlabelled, labelled_batch, shift = split
    length = epoch_steps(split, batch_size) * labelled_batch
    random = np.random.default_rng((seed, epoch, 1))
    passes = -(-length // len(labelled.images))
    order = np.concatenate([random.permutation(len(labelled.images)) for _ in range(passes)])
    pairs = _moving(labelled, order[:length], labelled_batch, first_batch, random, shift)
    images = _shuffled(unlabelled, batch_size, seed, epoch, first_batch).map(lambda x, _: x)
    return tf.data.Dataset.zip(pairs, images)


def in_order(split: Split, batch_size: int) -> tf.data.Dataset:
    """Every image once, in the stored order, for validation and test.

    Args:
      split: the images and labels, n of them.
      batch_size: from 1 to n.

    Returns:
      Batches like those of `batches`; the last one holds what remains and may be smaller.

    Raises:
      UserError: the batch size is below 1 or above the number of images; pixels are drawn anew for
        each training batch (`Split.drawn`), and so there is no fixed split to measure.
    """
    _check_batch_size(split, batch_size)
    if split.drawn:
        raise UserError(
            "images whose pixels are drawn anew for each batch given, fixed ones expected"
        )
    order = np.arange(len(split.images))
    return _gather(split, order, batch_size, np.zeros([len(order), 2], np.int64))


def moved(images: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Images, each moved by a number of pixels; what it leaves becomes black.

    Args:
      images: [n, height, width, channels].
      moves: integers, [n, 2]: how far each goes down and to the right.

    Returns:
      Images of the same shape.
    """
    margin = np.abs(moves).max(initial=0)
    if not margin:
        return images
    _, height, width, _ = images.shape
    padded = np.pad(images, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    rows, columns = (
        np.arange(size) + margin - each[:, None]
        for size, each in zip((height, width), moves.T, strict=True)
    )
    return padded[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None]]


def _check_batch_size(split: Split, batch_size: int) -> None:
    if not 1 <= batch_size <= len(split.images):
        raise UserError(
            f"The batch size is {batch_size}, but must be from 1 to {len(split.images)}, "
            "the number of images."
        )


def _shuffled(
    split: Split, batch_size: int, seed: int, epoch: int, first_batch: int
) -> tf.data.Dataset:
    """The batches of one epoch in which each image comes once."""
    _check_batch_size(split, batch_size)
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(split.images))
    return _moving(split, order, batch_size, first_batch, random, shift=0)


def _moving(
    split: Split,
    order: np.ndarray,
    batch_size: int,
    first_batch: int,
    random: np.random.Generator,
    shift: int,
) -> tf.data.Dataset:
    """Full batches in the given order from one on, each image moved by ``shift`` at most."""
    moves = random.integers(-shift, shift + 1, [len(order), 2])
    pixels = int(random.integers(2**31)) if split.drawn else None
    rest = slice(first_batch * batch_size, len(order) // batch_size * batch_size)
    return _gather(split, order[rest], batch_size, moves[rest], pixels, first_batch)


def _gather(
    split: Split,
    order: np.ndarray,
    batch_size: int,
    moves: np.ndarray,
    pixels: int | None = None,
    first_batch: int = 0,
) -> tf.data.Dataset:
    """Batches of the images with the indices ``order``, each moved as ``moves`` says.

    With a seed ``pixels`` the pixels are drawn from 0 and 1 by their grey values, and by the number
    of the batch in its epoch, of which the first here is ``first_batch``.
    """
    arrays = split.images, split.y

    # NumPy does the gathering because it reads the array in place: a tensor of all images would be
    # a copy of them, made anew every epoch.
    def take(number: np.ndarray, indices: np.ndarray, moves: np.ndarray) -> list[np.ndarray]:
        images, y = (array[indices] for array in arrays)
        if pixels is not None:
            images = binarised(images, (pixels, int(number)))
        return [moved(images, moves), y]

    def batch(number: tf.Tensor, places: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        indices, moves = places
        types = [array.dtype for array in arrays]
        taken = tf.numpy_function(take, [number, indices, moves], types)
        for tensor, array in zip(taken, arrays, strict=True):
            tensor.set_shape([indices.shape[0], *array.shape[1:]])
        return tuple(
            tf.cast(tensor, tf.float32) / 255.0 if tensor.dtype == tf.uint8 else tensor
            for tensor in taken
        )

    indices = tf.data.Dataset.from_tensor_slices((order, moves))
    # Full batches get a static size, which compiled steps want.
    indices = indices.batch(batch_size, drop_remainder=len(order) % batch_size == 0)
    return indices.enumerate(first_batch).map(batch).prefetch(2)
