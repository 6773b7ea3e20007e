"""The data sets by name. A new one is an entry here: ``datasets.SOURCES["toy"] = Source(...)``."""

import dataclasses
from pathlib import Path

from vae_gan_tf.catalogue import Catalogue
from vae_gan_tf.datasets import mnist, svhn
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.splits import Dataset

SOURCES: Catalogue[Source] = Catalogue("data set", mnist.SOURCES | svhn.SOURCES)
"""Every data set that `load` knows."""

DEFAULT = "mnist"
"""The data set that ships with the package."""


def names() -> tuple[str, ...]:
    """The names of the data sets, in the order of their entries."""
    return tuple(SOURCES)


def load(name: str, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
    """A data set, read into memory.

    Args:
      name: one of `names`.
      data_dir: the folder of TFDS; its own default if ``None``.
      download: whether a data set that is not there may be downloaded (SVHN: 1.47 GiB). MNIST never
        needs a download.

    Raises:
      UserError: the name is unknown, the data is not there, cannot be had or is damaged.
    """
    source = SOURCES[name]
    return dataclasses.replace(
        source.load(data_dir, download),
        name=name,
        title=source.title,
        family=source.family,
        judge=source.judge,
    )


def is_local(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether `load` would need no download; reads nothing but the metadata of TFDS.

    Raises:
      UserError: the name is unknown, or the metadata of a prepared copy is damaged.
    """
    return SOURCES[name].is_local(data_dir)


def how_to_get(name: str) -> str:
    """One sentence that says how to get a data set that is not there.

    Raises:
      UserError: the name is unknown.
    """
    return SOURCES[name].how_to_get
