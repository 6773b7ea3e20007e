"""Data sets by name, in a fixed order and a fixed split: MNIST, SVHN, others of TFDS, folders.

`SOURCES` has an entry for the first two, `source` for all; `load` reads them, through TensorFlow
Datasets (TFDS). `batches`
and `in_order` go through a split; `few_labels` (section 4.5) and `conditioned` (section 4.4.1)
change what a model is given beside the images.
"""

from vae_gan_tf.datasets.batches import batches, epoch_images, epoch_steps, in_order, moved
from vae_gan_tf.datasets.binarised import BINARISED, binarised, load_binarised
from vae_gan_tf.datasets.few_labels import few_labels
from vae_gan_tf.datasets.form import AS_IT_IS, Form, parsed_size
from vae_gan_tf.datasets.parts import (
    PARTS,
    conditioned,
    missing,
    part_of,
    part_shape,
    shown,
    window,
)
from vae_gan_tf.datasets.source import Source
from vae_gan_tf.datasets.sources import (
    DEFAULT,
    SOURCES,
    file_name,
    how_to_get,
    is_local,
    load,
    names,
    source,
    without_images,
)
from vae_gan_tf.datasets.splits import (
    SPLITS,
    Dataset,
    FewLabels,
    Split,
    count,
    in_unit_interval,
)

__all__ = [
    "AS_IT_IS",
    "BINARISED",
    "DEFAULT",
    "PARTS",
    "SOURCES",
    "SPLITS",
    "Dataset",
    "FewLabels",
    "Form",
    "Source",
    "Split",
    "batches",
    "binarised",
    "conditioned",
    "count",
    "epoch_images",
    "epoch_steps",
    "few_labels",
    "file_name",
    "how_to_get",
    "in_order",
    "in_unit_interval",
    "is_local",
    "load",
    "load_binarised",
    "missing",
    "moved",
    "names",
    "parsed_size",
    "part_of",
    "part_shape",
    "shown",
    "source",
    "window",
    "without_images",
]
