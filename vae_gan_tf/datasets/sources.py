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


def in_figures(data_dir: str | Path | None = None) -> tuple[list[str], list[str]]:
    """The data sets that a figure draws where none is asked for.

    Returns:
      The name of the first that is there of each family, and of each family that is not there at
      all the name to get.

    Raises:
      UserError: the metadata of a prepared copy is damaged.
    """
    families: dict[str, list[str]] = {}
    for name, source in SOURCES.items():
        if source.in_figures:
            families.setdefault(source.family, []).append(name)
    there, missing = [], []
    for members in families.values():
        local = next((name for name in members if is_local(name, data_dir)), None)
        if local is None:
            missing.append(members[0])
        else:
            there.append(local)
    return there, missing
