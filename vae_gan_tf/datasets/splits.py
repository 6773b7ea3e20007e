"""Images: a split, a split of which few images have labels, a whole data set."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SPLITS = ("train", "validation", "test")
"""The names of the splits of a `Dataset`."""


def in_unit_interval(values: np.ndarray) -> np.ndarray:
    """uint8 values as float32 in [0, 1]; labels, which are of another type, as they are."""
    return values.astype(np.float32) / 255 if values.dtype == np.uint8 else values


class Rows:
    """Some rows of an array, in an order, without a copy of them.

    Args:
        array: [n, ...].
        places: integers [m], which rows.
    """

    def __init__(self, array: np.ndarray, places: np.ndarray):
        self.array, self.places = array, places
        self.shape = (len(places), *array.shape[1:])
        self.dtype, self.ndim = array.dtype, array.ndim

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, places: Any) -> np.ndarray:
        """The rows at some places, as an array; with more indices than one a part of all rows."""
        if isinstance(places, tuple):
            return np.asarray(self)[places]
        return self.array[self.places[places]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All of them, as an array."""
        return np.asarray(self.array[self.places], dtype)


class Split(NamedTuple):
    """Images of one purpose."""

    images: np.ndarray | Rows
    """uint8, [n, height, width, channels]; in memory, or in a memory-mapped file."""
    labels: np.ndarray
    """int32, [n], the class 0 to num_classes - 1."""
    given: np.ndarray | None = None
    """uint8, [n, ...]: the part of each image that a model is given in place of the label."""
    drawn: bool = False
    """Whether the pixels of training batches are drawn from 0 and 1 by their grey values, anew each
    time."""

    @property
    def y(self) -> np.ndarray:
        """The side information: the given part of each image if there is one, or the label."""
        return self.labels if self.given is None else self.given

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """All images and their side information as models take them: float32 in [0, 1], or labels.

        This is for a few images of a data set; `batches` and `in_order` go through a whole one.
        """
        return in_unit_interval(np.asarray(self.images)), in_unit_interval(self.y)

    def at(self, indices: np.ndarray | slice | list[int]) -> "Split":
        """The images at some places, with what belongs to them."""
        given = None if self.given is None else self.given[indices]
        return self._replace(images=self.images[indices], labels=self.labels[indices], given=given)

    def rows(self, places: np.ndarray) -> "Split":
        """The images at some places, without a copy of them."""
        given = None if self.given is None else self.given[places]
        images = Rows(np.asarray(self.images), places)
        return self._replace(images=images, labels=self.labels[places], given=given)


class FewLabels(NamedTuple):
    """Training images of which only some come with their label (section 4.5)."""

    labelled: Split
    unlabelled: Split
    """The labels here are not looked at."""
    labelled_batch: int
    """The number of labelled images in a batch."""
    shift: int = 0
    """Each labelled image is moved by so many pixels at most, up or down and left or right, evenly
    drawn anew for each training batch; what it leaves becomes black."""


def count(split: Split | FewLabels) -> int:
    """The number of images of a split, labelled or not."""
    if isinstance(split, FewLabels):
        return count(split.labelled) + count(split.unlabelled)
    return len(split.images)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set, split in a fixed way."""

    name: str
    train: Split | FewLabels
    validation: Split
    test: Split
    num_classes: int
    source: str
    """One sentence: what it was read from, and how many images."""
    title: str = ""
    """The name in a figure's titles: "MNIST"; if empty, ``name``."""
    family: str = ""
    """What kind of images they are, whichever of them were taken: "mnist", "svhn"; if empty,
    ``name``."""
    judge: str | None = None
    """What reads images drawn after these, if there is something: the name of a classifier that
    ships, or the file of another."""
    contents: str = ""
    """What tells the decoded images apart from those of other files under the same name."""
    judge_file: Path | None = None
    """Where a judge of this data set is kept, if none ships."""
    class_names: tuple[str, ...] = ()
    """The names of the classes, in the order of the labels; empty where they are their numbers."""

    def __post_init__(self) -> None:
        for field in ("title", "family"):
            object.__setattr__(self, field, getattr(self, field) or self.name)

    @property
    def classes(self) -> list[str]:
        """What the classes are called: their names, or their numbers."""
        return list(self.class_names) or [str(label) for label in range(self.num_classes)]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self.test.images.shape[1:]
        return height, width, channels
