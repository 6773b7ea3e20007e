"""The data sets by name. A new one is an entry here: ``datasets.SOURCES["toy"] = Source(...)``."""

import dataclasses
from pathlib import Path

import numpy as np

from vae_gan_tf.catalogue import Catalogue
from vae_gan_tf.datasets import folder, mnist, store, svhn, tfds_images
from vae_gan_tf.datasets.form import AS_IT_IS, Form
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.splits import Dataset, Split
from vae_gan_tf.errors import UserError

SOURCES: Catalogue[Source] = Catalogue("data set", mnist.SOURCES | svhn.SOURCES)
"""The data sets that have an entry of their own; `source` has one for each of TFDS, too."""

DEFAULT = "mnist"
"""The data set that ships with the package."""


def names() -> tuple[str, ...]:
    """The names of the data sets that have an entry, in their order."""
    return tuple(SOURCES)


def source(name: str, form: Form = AS_IT_IS) -> Source:
    """The entry of a data set: one of `SOURCES`, a folder of images, or a data set of TFDS.

    Args:
      name: one of `names`; "folder:" and a path; or a name in TFDS.
      form: what the images of the last two are made into.

    Raises:
      UserError: there is no such data set, or it cannot be taken; or another form is asked for of
        one of `names`, whose images have theirs.
    """
    if name in SOURCES:
        if form != AS_IT_IS:
            raise UserError(f"--image_size or --grey given for {name}, whose images have one form")
        return SOURCES[name]
    return (
        folder.source(name, form)
        if name.startswith(folder.PREFIX)
        else tfds_images.source(name, form, tuple(SOURCES))
    )


def file_name(name: str) -> str:
    """A data set's name as a part of the names of files and folders.

    It is the name itself, for a folder of images its last part and what tells its path apart.
    """
    if name.startswith(folder.PREFIX):
        return folder.file_name(name)
    return name.replace("/", "-")


def load(
    name: str,
    data_dir: str | Path | None = None,
    download: bool = False,
    form: Form = AS_IT_IS,
) -> Dataset:
    """A data set, whose images are mapped from decoded files.

    Args:
      name: as of `source`.
      data_dir: the folder of TFDS; its own default if ``None``.
      download: whether a data set that is not there may be downloaded (SVHN: 1.47 GiB). MNIST never
        needs a download.
      form: as of `source`.

    Raises:
      UserError: the name is unknown, the data is not there, cannot be had or is damaged.
    """
    entry = source(name, form)
    data = entry.load(store.folder(data_dir), download)
    return dataclasses.replace(
        data,
        name=name,
        title=entry.title,
        family=entry.family,
        judge=entry.judge or data.judge,
    )


def without_images(name: str, image_shape: tuple[int, int, int]) -> Dataset:
    """A data set that is not read: its name, title and family, and no images.

    Raises:
      UserError: the name is unknown.
    """
    entry = source(name)
    none = Split(np.zeros([0, *image_shape], np.uint8), np.zeros(0, np.int32))
    text = "no images were read"
    return Dataset(name, none, none, none, 0, text, title=entry.title, family=entry.family)


def is_local(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether `load` would need no download; reads nothing but the metadata of TFDS.

    Raises:
      UserError: the name is unknown, or the metadata of a prepared copy is damaged.
    """
    return source(name).is_local(data_dir)


def how_to_get(name: str) -> str:
    """One sentence that says how to get a data set that is not there.

    Raises:
      UserError: the name is unknown.
    """
    return source(name).how_to_get
