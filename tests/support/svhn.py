"""A small SVHN: the same rules as the whole one's, with ids that stop early."""

import zlib
from pathlib import Path

import numpy as np

from support.data import prepare
from vae_gan_tf.datasets.svhn import IdRange, SvhnSet

SETS = {
    "svhn": SvhnSet((IdRange("train", 0, 19),), (IdRange("test", 0, 11),)),
    "svhn_small": SvhnSet(
        (IdRange("train", 0, 3), IdRange("test", 0, 5)), (IdRange("test", 6, 8),)
    ),
    "svhn_extra": SvhnSet(
        (IdRange("train", 0, 19), IdRange("extra", 0, 24)), (IdRange("test", 0, 11),)
    ),
}
VALIDATION = 3


def ids(prefix: str, first: int, last: int) -> list[str]:
    return [f"{prefix}_{i:06d}" for i in range(first, last + 1)]


FULL_COPY = {"train": ids("train", 0, 19), "test": ids("test", 0, 11), "extra": ids("extra", 0, 24)}
PARTIAL_COPY = {"train": ids("test", 0, 5) + ids("train", 0, 3), "test": ids("test", 6, 8)}
"""The images of svhn_small alone, in other splits and another order."""


def picture(image_id: str) -> np.ndarray:
    seed = zlib.crc32(image_id.encode())
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def label(image_id: str) -> int:
    return int(image_id[-1])


def prepare_copy(folder: Path, copy: dict[str, list[str]]) -> Path:
    """A folder of TFDS with a prepared copy of these ids by split, their pictures made of them."""

    def example(image_id):
        features = {"id": image_id, "image": picture(image_id), "label": label(image_id)}
        return image_id, features

    prepare("svhn_cropped", folder, {name: list(map(example, copy[name])) for name in copy})
    return folder
