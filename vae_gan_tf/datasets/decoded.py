"""Images that are decoded once, into memory-mapped files in the data folder of TFDS.

So one way serves 8 000 and 800 000 images: a batch reads its own images alone. And a program
starts sooner than if it decoded them itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import filelock
import numpy as np

from vae_gan_tf import files
from vae_gan_tf.datasets.splits import Dataset, Split
from vae_gan_tf.errors import UserError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

FOLDER = "decoded_images"
"""The folder of the files, in that of TFDS."""

IMAGES, LABELS, CONTENTS = "images.npy", "labels.npy", "contents.txt"
"""The files of decoded images; the last has `Decoded.contents`."""

TEST_SHARE = 7
"""Of data without test images, one in so many is for test, as of MNIST's 70 000."""

VALIDATION_SHARE = 12
"""One in so many training images is for validation, as of MNIST's 60 000."""


def key(*parts: object) -> str:
    """Sixteen hexadecimal digits that tell contents apart."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class Decoded(NamedTuple):
    """Decoded images."""

    images: Split
    contents: str
    """Sixteen hexadecimal digits that tell them apart, wherever they came from."""


def stamps(paths: Iterable[Path], below: Path) -> list[tuple[object, ...]]:
    """What changes with the contents of files, without reading them."""
    return [
        (it.relative_to(below).as_posix(), its.st_size, its.st_mtime_ns, its.st_ctime_ns)
        for it in paths
        for its in [it.stat()]
    ]


def folder(builder: tfds.core.DatasetBuilder, place: Path, *parts: object) -> Path:
    """The folder of the images of a prepared copy: another one where its files were changed.

    Args:
        builder: of the copy.
        place: what the name of the folder begins with.
        *parts: what else the images depend on.
    """
    copy = Path(builder.data_path)
    stored = sorted(it for it in copy.rglob("*") if it.is_file())
    its = key(builder.info.full_name, stamps(stored, copy), *parts)
    return place.with_name(f"{place.name}-{its}")


def split(
    builder: tfds.core.DatasetBuilder,
    name: str,
    count: int,
    shape: tuple[int, int, int],
    read: Callable[[], Split],
    chosen: object = None,
) -> Split:
    """The images of a prepared copy, decoded by the first program that needs them.

    Where its data folder, or that of decoded images, may only be read, each program decodes them.

    Args:
        builder: of the copy, of a data set without configurations.
        name: of the images.
        count: of the images.
        shape: height, width and channels of each.
        read: decodes them.
        chosen: which images of the copy they are, and in which order; None for all.

    Raises:
        UserError: as `images`.
    """
    data_dir = Path(builder.data_path).parents[1]
    its = folder(builder, data_dir / FOLDER / name, count, shape, chosen)
    above = its.parent if its.parent.exists() else data_dir
    if not (its.exists() or os.access(above, os.W_OK)):
        return read()

    def examples() -> Iterator[tuple[np.ndarray, int]]:
        found = read()
        yield from zip(np.asarray(found.images), found.labels.tolist(), strict=True)

    return images(its, count, lambda: shape, examples()).images


def images(
    folder: Path,
    count: int,
    shape: Callable[[], tuple[int, int, int]],
    examples: Iterable[tuple[np.ndarray, int]],
) -> Decoded:
    """The images of a folder, which are decoded first where that was never done.

    Args:
        folder: of the files, named by what the images are made of.
        count: of the images.
        shape: gives height, width and channels of each; called only where they are decoded.
        examples: pairs of an image, uint8, and its label; read only where they are decoded.

    Raises:
        UserError: one of the examples cannot be taken, or the folder cannot be written; there is no
            folder then. Or what is there is damaged.
    """
    if not folder.exists():
        with files.writing(folder, "name another folder with --data_dir"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = folder.with_name(f"{folder.name}.lock")
            with filelock.FileLock(lock):  # of two processes the second waits for the first
                try:
                    if not folder.exists():
                        _decode(folder, count, shape(), examples)
                finally:
                    with contextlib.suppress(OSError):  # Windows deletes no open file
                        lock.unlink()
                        folder.parent.rmdir()  # where it is empty
    return _loaded(folder, count)


def _decode(
    folder: Path,
    count: int,
    shape: tuple[int, int, int],
    examples: Iterable[tuple[np.ndarray, int]],
) -> None:
    with files.whole(folder) as unfinished:
        unfinished.mkdir()
        labels, contents = [], hashlib.sha256(repr((count, shape)).encode())
        # Not through a memory map: the system would kill the process where the disk is full.
        with (unfinished / IMAGES).open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
            np.lib.format.write_array_header_1_0(file, header)
            for image, label in examples:
                if image.shape != shape:
                    raise UserError(
                        f"an image of shape {image.shape} is among those of {shape} that "
                        f"{folder.name} is made of"
                    )
                pixels = np.asarray(image, np.uint8).tobytes()
                contents.update(pixels)
                file.write(pixels)
                labels.append(label)
        if len(labels) != count:
            raise UserError(
                f"{len(labels)} images, where {folder.name} is made of {count}; delete the "
                "prepared data set and start again"
            )
        contents.update(np.array(labels, "<i4").tobytes())
        np.save(unfinished / LABELS, np.array(labels, np.int32))
        (unfinished / CONTENTS).write_text(contents.hexdigest()[:16], encoding="utf-8")


def _loaded(folder: Path, count: int) -> Decoded:
    try:
        pixels = np.load(folder / IMAGES, mmap_mode="r")
        labels = np.load(folder / LABELS)
        contents = (folder / CONTENTS).read_text(encoding="utf-8")
        kinds = (pixels.dtype, pixels.ndim, labels.dtype, labels.shape, len(contents))
        if kinds != (np.uint8, 4, np.int32, (count,), 16) or len(pixels) != count:
            raise ValueError("it holds other arrays than were written")
    except Exception as error:  # what NumPy says of damage is open
        raise UserError(
            f"{folder} cannot be read ({error}); delete it to decode the images anew"
        ) from error
    return Decoded(Split(pixels, labels), contents)


def check(labels: np.ndarray, test: int, name: str, classes: list[str]) -> int:
    """How many training images, the last, are for validation.

    Args:
        labels: of the training images, then of those for test.
        test: how many are for test.
        name: of the data set.
        classes: their names, in the order of the labels.

    Raises:
        UserError: there are too few images or classes, labels are out of range, or a class has no
            training image.
    """
    if len(classes) < 2:
        raise UserError(f"{name} has {len(classes)} class, at least 2 expected")
    training = len(labels) - test
    validation = training // VALIDATION_SHARE
    if not (validation and test):
        raise UserError(
            f"{name} has {training} images for training and {test} for test; at least "
            f"{VALIDATION_SHARE} and 1 expected"
        )
    if labels.min() < 0 or labels.max() >= len(classes):
        raise UserError(
            f"the labels of {name} go from {labels.min()} to {labels.max()}, 0 to "
            f"{len(classes) - 1} expected"
        )
    train = labels[: training - validation]
    without = sorted(set(range(len(classes))) - set(np.unique(train).tolist()))
    if without:
        raise UserError(f"the class {classes[without[0]]} of {name} has no training image")
    return validation


def dataset(
    found: Decoded, test: int, name: str, classes: list[str], source: str, judges: Path
) -> Dataset:
    """The data set of images of which the last are for test.

    Of the training images before them the last twelfth is for validation.

    Args:
        found: training images, then those for test.
        test: how many are for test.
        name: of the data set.
        classes: their names, in the order of the labels.
        source: one sentence: where the images come from; the split is added to it.
        judges: what the file of a judge of theirs begins with.

    Raises:
        UserError: there are too few images or classes, labels are out of range, or a class has no
            training image.
    """
    images, contents = found
    validation = check(images.labels, test, name, classes)
    training = len(images.labels) - test
    judge = judges.with_name(f"{judges.name}-{contents}-judge.npz")
    return Dataset(
        name=name,
        train=images.at(slice(training - validation)),
        validation=images.at(slice(training - validation, training)),
        test=images.at(slice(training, None)),
        num_classes=len(classes),
        source=f"{source} {training - validation} for training, {validation} for validation, "
        f"{test} for test.",
        judge=str(judge) if judge.exists() else None,
        judge_file=judge,
        contents=contents,
        class_names=tuple(classes),
    )
