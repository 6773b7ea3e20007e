"""SVHN: the cropped digits, 32 x 32 x 3 (TFDS ``svhn_cropped``).

The images are in the order of their ``id``, sorted as a string, so that the order is the same from
every prepared copy that holds them:

- ``svhn``: the official training images and the official test images;
- ``svhn_small``: ``train_000000`` to ``train_001082`` and ``test_000000`` to ``test_008000`` for
  training and validation, ``test_008001`` to ``test_009999`` for test;
- ``svhn_extra``: the official training images and the extra ones, and the official test images.

The validation images of each are the last 1 000 of its training images in that order. They are one
block because neighbouring ids are digits of the same house number, often of the same photo: a block
shares houses with the training images at its edge only, images drawn at random nearly all.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vae_gan_tf.datasets import decoded, store
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.splits import Dataset, Split
from vae_gan_tf.errors import UserError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

VALIDATION = 1_000
DOWNLOAD_SIZE = "1.47 GiB"


class IdRange(NamedTuple):
    """The SVHN ids ``{prefix}_{first:06d}`` to ``{prefix}_{last:06d}``, both ends included."""

    prefix: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.prefix}_{self.first:06d} to {self.prefix}_{self.last:06d}"

    def ids(self) -> list[str]:
        """The ids of this range."""
        return [f"{self.prefix}_{i:06d}" for i in range(self.first, self.last + 1)]


class SvhnSet(NamedTuple):
    """The images of SVHN that make up a data set."""

    training: tuple[IdRange, ...]
    """Of these the last 1 000, by id as a string, are for validation."""
    test: tuple[IdRange, ...]
    in_figures: bool = True
    """Whether figures draw it unasked, where it is there."""


_TRAIN = IdRange("train", 0, 73_256)
_TEST = IdRange("test", 0, 26_031)
_EXTRA = IdRange("extra", 0, 531_130)

SETS = {
    "svhn": SvhnSet(training=(_TRAIN,), test=(_TEST,), in_figures=False),
    "svhn_small": SvhnSet(
        training=(IdRange("train", 0, 1_082), IdRange("test", 0, 8_000)),
        test=(IdRange("test", 8_001, 9_999),),
    ),
    "svhn_extra": SvhnSet(training=(_TRAIN, _EXTRA), test=(_TEST,), in_figures=False),
}


def load(name: str, data_dir: str | Path | None, download: bool) -> Dataset:
    """A data set of SVHN.

    Args:
      name: one of `SETS`.
      data_dir: the folder of TFDS; its own default if ``None``.
      download: whether SVHN may be downloaded where TFDS has no prepared copy of it.

    Raises:
      UserError: there is no prepared copy and none can be had, or it is damaged, or it lacks images
        of the data set.
    """
    builder = store.builder("svhn_cropped", data_dir)
    if not builder.data_path.exists():
        if not download:
            raise UserError(f"There is no SVHN in {builder.data_path}: {how_to_get(name)}")
        store.download(builder, "SVHN", DOWNLOAD_SIZE)
        builder = store.builder("svhn_cropped", data_dir)
    ranges = SETS[name]
    training_ids, test_ids = sorted_ids(ranges.training), sorted_ids(ranges.test)
    ids = training_ids + test_ids
    images = decoded.split(
        builder, name, len(ids), (32, 32, 3), lambda: _select(builder, name, ids), ids
    )
    validation, test = len(training_ids) - VALIDATION, len(training_ids)
    return Dataset(
        name=name,
        train=images.at(slice(validation)),
        validation=images.at(slice(validation, test)),
        test=images.at(slice(test, None)),
        num_classes=10,
        source=f"{store.version(builder)}: ids {' and '.join(map(str, ranges.training))}, sorted "
        f"as strings, the first {validation} for training and the last {VALIDATION} for "
        f"validation; ids {' and '.join(map(str, ranges.test))} ({len(test_ids)} images) for test.",
    )


def is_local(name: str, data_dir: str | Path | None) -> bool:
    """Whether TFDS has a prepared copy that holds the images of a data set, by its metadata.

    Raises:
      UserError: the metadata is damaged.
    """
    builder = store.builder("svhn_cropped", data_dir)
    return builder.data_path.exists() and _holds(builder, name)


def how_to_get(name: str) -> str:
    """One sentence that says how to get a data set of SVHN."""
    return (
        f"name the data_dir of TensorFlow Datasets that holds svhn_cropped, which {name} is read "
        f"from, or download it ({DOWNLOAD_SIZE}) by --dataset={name}."
    )


def sorted_ids(ranges: tuple[IdRange, ...]) -> list[str]:
    """The ids of some ranges, sorted as strings."""
    return sorted(image_id for each in ranges for image_id in each.ids())


def _select(builder: tfds.core.DatasetBuilder, name: str, ids: list[str]) -> Split:
    """The images of the ids, in the order of ids, whatever splits they are stored in."""
    position = {image_id.encode(): i for i, image_id in enumerate(ids)}
    # Filled in place: to sort them afterwards would take the memory of all images twice.
    images = np.empty((len(ids), 32, 32, 3), np.uint8)
    labels = np.empty(len(ids), np.int32)
    filled = np.zeros(len(ids), bool)
    for split in builder.info.splits:
        if filled.all():  # The extra images alone take most of the time.
            break
        for batch in store.stored(builder, split):
            to = np.array([position.get(image_id, -1) for image_id in batch["id"]])
            wanted = to >= 0
            images[to[wanted]] = batch["image"][wanted]
            labels[to[wanted]] = batch["label"][wanted]
            filled[to[wanted]] = True
    if not filled.all():
        held = [other for other in SETS if _holds(builder, other)]
        instead = f" or take {', '.join(held)}" if held else ""
        raise UserError(
            f"The SVHN in {builder.data_path} is a part that lacks {np.sum(~filled)} of the "
            f"{len(ids)} images of {name}; name another data_dir{instead}."
        )
    return Split(images, labels)


def _holds(builder: tfds.core.DatasetBuilder, name: str) -> bool:
    """Whether the prepared copy has as many images as a data set needs, by its metadata."""
    needed = sum(len(each.ids()) for each in SETS[name].training + SETS[name].test)
    return sum(split.num_examples for split in builder.info.splits.values()) >= needed


SOURCES = {
    name: Source(
        title="SVHN",
        family="svhn",
        load=functools.partial(load, name),
        is_local=functools.partial(is_local, name),
        licence="SVHN by Y. Netzer and others, for non-commercial use; its images do not ship.",
        limits="It knows house numbers cropped to 32 x 32 pixels.",
        how_to_get=how_to_get(name),
        judge="svhn_small-classifier",
        in_figures=ranges.in_figures,
    )
    for name, ranges in SETS.items()
}
