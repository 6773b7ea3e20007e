"""Data sets that TFDS prepared in another of its file formats."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError

EXAMPLES = {
    "mnist": (("train", "test"), lambda i: {"image": np.full([28, 28, 1], i, np.uint8)}),
    "svhn_cropped": (
        ("train", "test", "extra"),
        lambda i: {"image": np.full([32, 32, 3], i, np.uint8), "id": f"train_{i:06d}"},
    ),
}
"""The splits of a data set of TFDS, and an example of each but its label."""


def prepare(name, folder):
    """Lets TFDS prepare a few images as its array_record."""
    splits, example = EXAMPLES[name]
    builder = tfds.builder(name, data_dir=folder, file_format="array_record")
    builder._split_generators = lambda _: {
        split: [(i, example(i) | {"label": i % 10}) for i in range(20)] for split in splits
    }
    builder.download_and_prepare()


@pytest.mark.parametrize(("name", "stored"), [("mnist", "mnist"), ("svhn_small", "svhn_cropped")])
def test_a_copy_in_array_record_is_read_or_refused_in_a_sentence(name, stored, tmp_path):
    """What is prepared here is too little; where it is not read, another copy is whole."""
    prepare(stored, tmp_path)
    try:
        data = datasets.load(name, tmp_path)
    except UserError as error:
        assert str(tmp_path) in str(error)
    else:
        assert len(data.test.images) == {"mnist": 10_000, "svhn_small": 1_999}[name]
