"""Parts of images (section 4.4.1): halves, a quadrant, the middle column, by name.

A model that completes images is trained on pairs (x, the part of x), and samples whole images given
a part of them.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from vae_gan_tf.catalogue import Catalogue
from vae_gan_tf.datasets.binarised import binarised
from vae_gan_tf.datasets.splits import SPLITS, Dataset
from vae_gan_tf.errors import UserError

Images = TypeVar("Images", np.ndarray, tf.Tensor)

Window = tuple[slice, slice]
"""Rows and columns of an image."""

PARTS: Catalogue[Callable[[int, int], Window]] = Catalogue(
    "part of an image",
    {
        "left": lambda height, width: (slice(0, height), slice(0, width // 2)),
        "right": lambda height, width: (slice(0, height), slice(width // 2, width)),
        "top": lambda height, width: (slice(0, height // 2), slice(0, width)),
        "bottom": lambda height, width: (slice(height // 2, height), slice(0, width)),
        "quadrant": lambda height, width: (slice(0, height // 2), slice(0, width // 2)),
        "middle_column": lambda height, width: (
            slice(0, height),
            slice((width - 1) // 2, width // 2 + 1),
        ),
    },
)
"""The parts that may be given, each by its window in an image of a height and a width in pixels.

The quadrant is the upper left one; the middle column is the two in the middle where the width is
even."""

NOT_GIVEN = 0.85
"""The brightness in which a picture shows the pixels that are not given: a light grey."""


def window(part: str, image_shape: tuple[int, ...]) -> Window:
    """The rows and the columns of a part in images of a shape (height, width, channels).

    Raises:
        UserError: there is no part of that name.
    """
    height, width, _ = image_shape
    return PARTS[part](height, width)


def part_shape(part: str, image_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of a part.

    Raises:
        UserError: there is no part of that name.
    """
    rows, columns = window(part, image_shape)
    return rows.stop - rows.start, columns.stop - columns.start, image_shape[-1]


def part_of(images: Images, part: str) -> Images:
    """The part of images [batch, height, width, channels], arrays or tensors, as they are.

    Raises:
        UserError: there is no part of that name.
    """
    rows, columns = window(part, images.shape[1:])
    return images[:, rows, columns]


def missing(part: str, image_shape: tuple[int, ...]) -> np.ndarray:
    """The pixels that are not given, as truth values [height, width, 1].

    Raises:
        UserError: there is no part of that name.
    """
    mask = np.ones([*image_shape[:2], 1], bool)
    mask[window(part, image_shape)] = False
    return mask


def shown(given: np.ndarray, part: str, image_shape: tuple[int, ...]) -> np.ndarray:
    """Pictures [batch, height, width, channels] of the given parts, the rest in light grey.

    Args:
        given: [batch, ...] in [0, 1].
        part: one of `PARTS`.
        image_shape: of the pictures. Grey ones are shown dark on white, so that their light grey
            is a dark value.

    Raises:
        UserError: there is no part of that name.
    """
    rest = 1 - NOT_GIVEN if image_shape[-1] == 1 else NOT_GIVEN
    pictures = np.full([len(given), *image_shape], rest, np.float32)
    rows, columns = window(part, image_shape)
    pictures[:, rows, columns] = given
    return pictures


def conditioned(data: Dataset, part: str, binarise: bool, seed: int) -> Dataset:
    """The data set with a part of each image as its side information.

    Args:
        data: with the labels as side information.
        part: one of `PARTS`.
        binarise: whether the given pixels are drawn from {0, 1} by their grey values, once, as the
            originals did for MNIST. The images themselves stay grey.
        seed: of these draws.

    Raises:
        UserError: there is no part of that name; the pixels of images are drawn anew for each
            batch (`Split.drawn`), and a part of them would be of other pixels.
    """
    changed: dict[str, Any] = {}
    for number, name in enumerate(SPLITS):
        split = getattr(data, name)
        if split.drawn:
            raise UserError("a part of images whose pixels are drawn anew for each batch asked for")
        given = part_of(split.images, part)
        if binarise:
            given = binarised(given, (seed, number))
        changed[name] = split._replace(given=given)
    return dataclasses.replace(data, **changed)
