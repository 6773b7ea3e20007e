"""MNIST (section 4.2 of the report), from its four official files, which are in this package.

The 60 000 official training images in the order in which TFDS stores them: the first 55 000 for
training and the last 5 000 for validation (``train[:55000]`` and ``train[55000:]`` of TFDS, files
not shuffled); and the 10 000 official test images. Where TFDS has no prepared copy, its own builder
makes one from the files, checks their SHA-256 and needs no network.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vae_gan_tf.datasets import decoded, store
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.splits import Dataset, Split
from vae_gan_tf.errors import UserError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

FOLDER = Path(__file__).parents[1] / "data" / "mnist"
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
SIZES = {"train": 60_000, "test": 10_000}
TRAINING = 55_000


def load(data_dir: str | Path | None, download: bool) -> Dataset:
    """MNIST; it is prepared by TFDS first where that was never done.

    Args:
      data_dir: the folder of TFDS; its own default if ``None``.
      download: has no meaning here, as nothing is downloaded.

    Raises:
      UserError: a file of the package or the prepared copy is damaged, or ``data_dir`` cannot be
        written.
    """
    builder = store.builder("mnist", data_dir)
    if not builder.data_path.exists():
        _prepare(builder)
        builder = store.builder("mnist", data_dir)
    images = decoded.split(
        builder, "mnist", sum(SIZES.values()), (28, 28, 1), lambda: _read(builder)
    )
    return Dataset(
        name="mnist",
        train=images.at(slice(TRAINING)),
        validation=images.at(slice(TRAINING, SIZES["train"])),
        test=images.at(slice(SIZES["train"], None)),
        num_classes=10,
        source=f"{store.version(builder)}: train[:55000] for training, train[55000:] (5000 images) "
        "for validation and the 10000 official images for test.",
    )


def _read(builder: tfds.core.DatasetBuilder) -> Split:
    """The images for training, then those for test."""
    stored = {name: list(store.stored(builder, name)) for name in SIZES}
    for name, batches in stored.items():
        if sum(len(batch["label"]) for batch in batches) != SIZES[name]:
            raise store.damaged(builder.data_path)
    batches = [batch for each in stored.values() for batch in each]
    images, labels = (np.concatenate([it[key] for it in batches]) for key in ("image", "label"))
    return Split(images, labels.astype(np.int32))


def _prepare(builder: tfds.core.DatasetBuilder) -> None:
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    for file in FILES:
        # TFDS would try to download a file that is not there.
        if not (FOLDER / file).is_file():
            raise UserError(f"{FOLDER / file} is missing; install the package again.")
    text = f"Preparing MNIST in {builder.data_path}, once, from the files of this package."
    print(text, file=sys.stderr, flush=True)  # of several workers any one may do it
    try:
        store.prepare(builder, manual_dir=FOLDER)
    except NonMatchingChecksumError as error:
        altered = next(file for file in FILES if file in str(error))
        raise UserError(
            f"{FOLDER / altered} is cut off or altered; install the package again."
        ) from error


SOURCES = {
    "mnist": Source(
        title="MNIST",
        family="mnist",
        load=load,
        licence="MNIST by Y. LeCun and C. Cortes, CC BY-SA 3.0.",
        limits="It knows single digits of 28 x 28 grey pixels, centred by MNIST's rule, and no "
        "other writing.",
        how_to_get="mnist is part of this package and needs nothing.",
        judge="mnist-classifier",
        in_figures=True,
    )
}
