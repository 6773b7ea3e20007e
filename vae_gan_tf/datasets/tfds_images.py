"""Any data set of images with labels that TFDS has, by its name there.

Its image and its label are found from the features that TFDS tells of. Test images are those of its
split "test", or else "validation"; without either, the last seventh of its training images in the
order in which TFDS stores them, which is a shuffled one.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from vae_gan_tf.datasets import decoded, store
from vae_gan_tf.datasets.form import Form, check_size
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.splits import Dataset
from vae_gan_tf.errors import UserError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


NAME = re.compile(r"\w+(/[\w.+-]+)?", re.ASCII)
"""A name in TFDS, and its configuration."""


class Features(NamedTuple):
    """What an example of a data set has."""

    image: str
    """The name of its image."""
    label: str
    """The name of its label."""
    shape: tuple[int | None, ...]
    """Height, width and channels of an image; None where they differ."""
    classes: list[str]
    """The names of the classes."""


@functools.cache  # settings ask for it again and again
def source(name: str, form: Form, others: Sequence[str] = ()) -> Source:
    """The entry of a data set of TFDS.

    Args:
        name: in TFDS, with its configuration if it has several: "emnist/balanced".
        form: what its images are made into.
        others: the names of data sets that are not of TFDS, for the sentence on an unknown one.

    Raises:
        UserError: TFDS has no such data set, or it is none of images with one label each.
    """
    builder = _builder(name, None, others)
    grey = form.grey or features(builder, name).shape[-1] == 1
    return Source(
        title=name,
        family=name,
        load=functools.partial(_load, name, form),
        is_local=lambda data_dir: _builder(name, data_dir).data_path.exists(),
        how_to_get=f"name the data_dir of TensorFlow Datasets that holds {name}, or allow its "
        f"download ({_size(builder)}) by --dataset={name}.",
        settings_of="mnist" if grey else "svhn_small",
    )


def _size(builder: tfds.core.DatasetBuilder) -> str:
    """How much a download is, for a sentence."""
    size = builder.info.download_size
    return str(size) if size else "of unknown size"


def _builder(
    name: str, data_dir: str | Path | None, others: Sequence[str] = ()
) -> tfds.core.DatasetBuilder:
    import tensorflow_datasets as tfds

    try:
        if not NAME.fullmatch(name):
            raise ValueError("versions and names of other kinds are not taken")
        return store.builder(name, data_dir)
    except UserError:
        raise
    except (tfds.core.registered.DatasetNotFoundError, ValueError) as error:
        plain, _, config = name.partition("/")
        known = tfds.list_builders(with_community_datasets=False)
        if plain in known:
            configs = [it.name for it in tfds.builder_cls(plain).BUILDER_CONFIGS]
            raise UserError(
                f"{plain} of TFDS has no configuration {config!r}; it has "
                f"{', '.join(configs) or 'none'}"
            ) from error
        near = difflib.get_close_matches(plain, list(dict.fromkeys([*known, *others])))
        near = [f"folder:{name}"] if name and Path(name).is_dir() else near
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(
            f"there is no data set {name!r}; there are {', '.join(others)}, those of TFDS (one "
            "whose program TFDS does not have is found where TFDS_DATA_DIR names its folder), and "
            f"folder:PATH{meant}"
        ) from error
    except Exception as error:  # TFDS runs the program of the data set, which may need the network
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise UserError(f"TFDS cannot load {name} here: {reason[0]}") from error


def features(builder: tfds.core.DatasetBuilder, name: str) -> Features:
    """The image and the label of a data set.

    Raises:
        UserError: it has none, or several.
    """
    import tensorflow_datasets as tfds

    found = dict(builder.info.features) if hasattr(builder.info.features, "items") else {}
    images = [key for key, it in found.items() if isinstance(it, tfds.features.Image)]
    labels = [key for key, it in found.items() if isinstance(it, tfds.features.ClassLabel)]
    if builder.info.supervised_keys:  # the label that is meant to be learned
        labels = [key for key in labels if key in builder.info.supervised_keys]
    if len(images) != 1 or len(labels) != 1:
        has = ", ".join(f"{key} ({type(it).__name__})" for key, it in found.items())
        raise UserError(
            f"{name} is no data set of images with one label each; its examples have {has}"
        )
    image, label = found[images[0]], found[labels[0]]
    dtype = np.dtype(image.np_dtype)
    if dtype != np.uint8:
        raise UserError(f"the images of {name} are {dtype.name}, 8 bits expected")
    if image.shape[-1] not in (1, 3):
        raise UserError(
            f"the images of {name} have {image.shape[-1]} channels, 1 (grey) or 3 (colours) "
            "expected"
        )
    return Features(images[0], labels[0], tuple(image.shape), list(label.names))


def _load(name: str, form: Form, data_dir: Path, download: bool) -> Dataset:
    builder = _builder(name, data_dir)
    _shape(features(builder, name), form, name)  # before a download
    if not builder.data_path.exists():
        if not download:
            raise UserError(
                f"There is no {name} in {builder.data_path}: {source(name, form).how_to_get}"
            )
        store.download(builder, name, _size(builder))
        builder = _builder(name, data_dir)
    found = features(builder, name)
    splits = builder.info.splits
    if "train" not in splits:
        raise UserError(f"{name} has no split train; it has {', '.join(splits)}")
    other = next((split for split in ("test", "validation") if split in splits), None)
    read = ["train", *([other] if other else [])]
    count = sum(splits[split].num_examples for split in read)
    test = splits[other].num_examples if other else count // decoded.TEST_SHARE
    place = data_dir / decoded.FOLDER / name.replace("/", "-")
    images = decoded.images(
        decoded.folder(builder, place, form),
        count,
        functools.partial(_shape, found, form, name),
        _examples(builder, read, found, form, name),
    )
    words = f", {form}" if str(form) else ""
    begin = f"{store.version(builder)}{words}:"
    return decoded.dataset(images, test, name, found.classes, begin, place)


def _shape(found: Features, form: Form, name: str) -> tuple[int, int, int]:
    height, width = form.size or found.shape[:2]
    if height is None or width is None:
        raise UserError(
            f"the images of {name} have many sizes; give --image_size=height,width to resize all"
        )
    check_size(height, width, f"the images of {name}")
    return height, width, 1 if form.grey else int(found.shape[-1] or 3)


def _examples(
    builder: tfds.core.DatasetBuilder, splits: list[str], found: Features, form: Form, name: str
) -> Iterator[tuple[np.ndarray, int]]:
    for split in splits:
        for example in store.stored(builder, split, batch=None):
            image = example[found.image]
            pixels = image[..., 0] if image.shape[-1] == 1 else image
            yield form.applied(Image.fromarray(pixels)), int(example[found.label])
