"""Small data sets, and MNIST as its four files hold it, read without the package's reader."""

import dataclasses
import gzip
import itertools
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from vae_gan_tf.datasets import SOURCES, Dataset, Split, mnist
from vae_gan_tf.datasets.source import Source


def numbered(count: int, shape: tuple[int, ...] = (2, 3, 1)) -> Split:
    """Images of which each pixel and the label is the number of the image."""
    numbers = np.arange(count)
    images = np.broadcast_to(numbers[:, None, None, None], (count, *shape)).astype(np.uint8)
    return Split(images, numbers.astype(np.int32))


def noise(count: int, shape: tuple[int, ...], classes: int = 10) -> Split:
    """Images of even noise, labelled in turn."""
    images = np.random.default_rng(0).integers(0, 256, [count, *shape], np.uint8)
    return Split(images, np.arange(count, dtype=np.int32) % classes)


def dataset(split: Split, name: str = "tiny", classes: int = 10, **more) -> Dataset:
    """A data set that trains, validates and tests on the same images."""
    return Dataset(name, split, split, split, classes, "made by the test", **more)


def official_mnist(kind: str, folder: Path = mnist.FOLDER) -> Split:
    """The images of the kind "train" or "t10k" in the order of the official files."""
    pixels = gzip.decompress((folder / f"{kind}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((folder / f"{kind}-labels-idx1-ubyte.gz").read_bytes())[8:]
    return Split(
        np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28, 1),
        np.frombuffer(labels, np.uint8).astype(np.int32),
    )


def few_digits(train: int = 300, validation: int = 100, test: int = 100) -> Dataset:
    """The first official test images of MNIST, read without TFDS, as a data set of its own."""
    official = official_mnist("t10k")
    ends = itertools.pairwise(np.cumsum([0, train, validation, test]))
    splits = [official.at(slice(first, last)) for first, last in ends]
    return Dataset("mnist", *splits, num_classes=10, source="official test images")


def source_of_few_digits() -> Source:
    """The entry of MNIST with a few digits in its place."""
    digits = few_digits()
    return dataclasses.replace(SOURCES["mnist"], load=lambda data_dir, download: digits)


def prepare(name: str, folder: Path, examples: dict[str, list[tuple]]) -> Path:
    """Lets a TFDS builder write its files, of examples (key, features) by split.

    Returns:
        The folder of the prepared copy.
    """
    builder = tfds.builder(name, data_dir=folder)
    builder._split_generators = lambda _: {split: iter(examples[split]) for split in examples}
    builder.download_and_prepare()
    return builder.data_path
