"""MNIST with pixels of two values, for likelihoods in nats."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from vae_gan_tf.datasets import store
from vae_gan_tf.datasets.sources import SOURCES, load
from vae_gan_tf.datasets.splits import SPLITS, Dataset, Split

BINARISED = ("binarized_mnist", "mnist_binarised")
"""The names that `load_binarised` gives: the field's draw of the pixels, and one made here."""


def load_binarised(data_dir: str | Path | None = None, seed: int = 0) -> Dataset:
    """MNIST with pixels of two values.

    The field's is one fixed draw of every pixel, TFDS ``binarized_mnist``: 50 000 images for
    training, 10 000 for validation, the official test images; it has no labels, which are -1 here.
    Where TFDS has no prepared copy of it (it is not downloaded, for its host is often away), the
    pixels of MNIST, split as by `load`, are drawn with this seed by their grey values: once, so
    that it is a fixed draw as well, but not the field's. No classifier judges either of them.

    Args:
      data_dir: the folder of TFDS; its own default if ``None``.
      seed: of the draw of MNIST's pixels.

    Raises:
      UserError: the data cannot be had or is damaged.
    """
    builder = store.builder("binarized_mnist", data_dir)
    splits: dict[str, Any] = {}
    if builder.data_path.exists():
        for name in SPLITS:
            images = np.concatenate([batch["image"] for batch in store.stored(builder, name)])
            splits[name] = Split(np.uint8(255) * images, np.full(len(images), -1, np.int32))
        grey = SOURCES["mnist"]
        return Dataset(
            "binarized_mnist",
            **splits,
            num_classes=10,
            source=f"{store.version(builder)}.",
            title=grey.title,
            family=grey.family,
        )
    data = load("mnist", data_dir)
    for number, name in enumerate(SPLITS):
        split = getattr(data, name)
        splits[name] = split._replace(images=binarised(split.images, (seed, number)))
    source = f"{data.source} Pixels drawn from 0 and 1 by their grey values with seed {seed}."
    return dataclasses.replace(data, name="mnist_binarised", source=source, judge=None, **splits)


def binarised(images: np.ndarray, seed: int | tuple[int, ...]) -> np.ndarray:
    """Pixels drawn from {0, 255}, each 255 with the probability of its grey value over 255.

    Args:
      images: uint8, of any shape.
      seed: the same seed draws the same pixels for the same images.

    Returns:
      uint8, of the shape of ``images``.
    """
    random = np.random.default_rng(seed).random(images.shape, np.float32)
    return np.where(255 * random < images, np.uint8(255), np.uint8(0))
