"""Images that are decoded once, into memory-mapped files in the data folder of TFDS.

So one way serves 8 000 and 800 000 images: a batch reads its own images alone.
"""

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path

import filelock
import numpy as np

from vae_gan_tf import files
from vae_gan_tf.datasets.splits import Dataset, Split
from vae_gan_tf.errors import UserError

FOLDER = "decoded_images"
"""The folder of the files, in that of TFDS."""

JUDGE = "judge.npz"
"""The file of a judge, beside the images."""

TEST_SHARE = 7
"""Of data without test images, one in so many is for test, as of MNIST's 70 000."""

VALIDATION_SHARE = 12
"""One in so many training images is for validation, as of MNIST's 60 000."""


def key(*parts: object) -> str:
    """Sixteen hexadecimal digits that tell contents apart."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def images(
    folder: Path,
    count: int,
    shape: tuple[int, int, int],
    examples: Iterable[tuple[np.ndarray, int]],
) -> Split:
    """The images of a folder, which are decoded first where that was never done.

    Args:
        folder: of the two files, images.npy and labels.npy.
        count: of the images.
        shape: height, width and channels of each.
        examples: pairs of an image, uint8, and its label; read only where they are decoded.

    Raises:
        UserError: one of the examples cannot be taken, or the folder cannot be written; there is no
            folder then.
    """
    try:
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            # Of two processes the second waits for the first.
            lock = folder.with_name(f"{folder.name}.lock")
            with filelock.FileLock(lock):
                try:
                    if not folder.exists():
                        _decode(folder, count, shape, examples)
                finally:
                    with contextlib.suppress(OSError):  # Windows deletes no open file
                        lock.unlink()
                        folder.parent.rmdir()  # where it is empty
        pixels = np.load(folder / "images.npy", mmap_mode="r")
        labels = np.load(folder / "labels.npy")
    except UserError:
        raise
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} cannot be written or read ({error}); delete it to decode the images anew"
        ) from error
    return Split(pixels, labels)


def _decode(
    folder: Path,
    count: int,
    shape: tuple[int, int, int],
    examples: Iterable[tuple[np.ndarray, int]],
) -> None:
    with files.whole(folder) as unfinished:
        unfinished.mkdir()
        labels = []
        # Not through a memory map: the system would kill the process where the disk is full.
        with (unfinished / "images.npy").open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
            np.lib.format.write_array_header_1_0(file, header)
            for image, label in examples:
                if image.shape != shape:
                    raise ValueError(f"an image of shape {image.shape} among those of {shape}")
                file.write(np.asarray(image, np.uint8).tobytes())
                labels.append(label)
        if len(labels) != count:
            raise ValueError(f"{len(labels)} images, where there should be {count}")
        np.save(unfinished / "labels.npy", np.array(labels, np.int32))


def check(labels: np.ndarray, test: int, name: str, classes: list[str]) -> int:
    """How many training images, the last, are for validation.

    Args:
        labels: of the training images, then of those for test.
        test: how many are for test.
        name: of the data set.
        classes: their names, in the order of the labels.

    Raises:
        UserError: there are too few images, labels are out of range, or a class has no training
            image.
    """
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


def split(
    all_images: Split, test: int, name: str, classes: list[str], source: str, folder: Path
) -> Dataset:
    """The data set of images of which the last are for test.

    Of the training images before them the last twelfth is for validation.

    Args:
        all_images: training images, then those for test.
        test: how many are for test.
        name: of the data set.
        classes: their names, in the order of the labels.
        source: one sentence: where the images come from; the split is added to it.
        folder: of the decoded images, in which a judge may be.

    Raises:
        UserError: there are too few images, labels are out of range, or a class has no training
            image.
    """
    validation = check(all_images.labels, test, name, classes)
    training = len(all_images.labels) - test
    return Dataset(
        name=name,
        train=all_images.at(slice(training - validation)),
        validation=all_images.at(slice(training - validation, training)),
        test=all_images.at(slice(training, None)),
        num_classes=len(classes),
        source=f"{source} {training - validation} for training, {validation} for validation, "
        f"{test} for test.",
        judge=str(folder / JUDGE) if (folder / JUDGE).exists() else None,
        judge_file=folder / JUDGE,
        contents=folder.name,
        class_names=tuple(classes),
    )
