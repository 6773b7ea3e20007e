"""MNIST with pixels of two values, for likelihoods in nats."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from vae_gan_tf.datasets import store
from vae_gan_tf.datasets.sources import SOURCES, load
from vae_gan_tf.datasets.splits import SPLITS, Dataset, Split
from vae_gan_tf.errors import UserError

BINARISED = ("binarized_mnist", "mnist_binarised")
"""The names that `load_binarised` gives: the field's draw of the pixels, and one made here."""


def load_binarised(
    data_dir: str | Path | None = None, seed: int = 0, anew: bool = False
) -> Dataset:
    """MNIST with pixels of two values.

    The field's is one fixed draw of every pixel, TFDS ``binarized_mnist``: 50 000 images for
    training, 10 000 for validation, the official test images; it has no labels, which are -1 here.
    Where TFDS has no prepared copy of it (it is not downloaded, for its host is often away), the
    pixels of MNIST, split as by `load`, are drawn with this seed by their grey values: once, so
    that it is a fixed draw as well, but not the field's. No classifier judges either of them.

    Args:
      data_dir: the folder of TFDS; its own default if ``None``.
      seed: of the draw of MNIST's pixels. The field's draw has none, so 0 is expected with it.
      anew: whether the pixels of training images are drawn anew for each batch (`Split.drawn`). The
        field's draw has no grey values to do so by.

    Raises:
      UserError: the data cannot be had or is damaged; the pixels of the field's draw are to be
        drawn anew, or by another seed.
    """
    builder = store.builder("binarized_mnist", data_dir)
    splits: dict[str, Any] = {}
    if builder.data_path.exists():
        if anew:
            raise UserError(
                f"pixels to be drawn anew for each batch, and {store.version(builder)} in "
                f"{builder.data_dir} has no grey values to draw them by; anew=False, or "
                "--fixed_pixels, takes that draw"
            )
        if seed:
            raise UserError(
                f"a seed of the pixels' draw of {seed} given, and {store.version(builder)} in "
                f"{builder.data_dir} is drawn already; seed=0, or no --binarise_seed, expected"
            )
        for name in SPLITS:
            images = np.concatenate([batch["image"] for batch in store.stored(builder, name)])
            splits[name] = Split(np.uint8(255) * images, np.full(len(images), -1, np.int32))
        mnist = SOURCES["mnist"]
        return Dataset(
            "binarized_mnist",
            **splits,
            num_classes=10,
            source=f"{store.version(builder)}.",
            title=mnist.title,
            family=mnist.family,
        )
    data = load("mnist", data_dir)
    grey = {name: getattr(data, name) for name in SPLITS}
    for number, (name, split) in enumerate(grey.items()):
        splits[name] = split._replace(images=binarised(split.images, (seed, number)))
    drawn = f"Pixels drawn from 0 and 1 by their grey values with seed {seed}"
    if anew:
        splits["train"] = grey["train"]._replace(drawn=True)
        drawn += ", those of training images anew for each batch"
    return dataclasses.replace(
        data,
        name="mnist_binarised",
        source=f"{data.source} {drawn}.",
        judge=None,
        contents=drawn,
        **splits,
    )


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
