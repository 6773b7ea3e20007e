"""MNIST and SVHN, read through TensorFlow Datasets (TFDS), in a fixed order and a fixed split.

MNIST (section 4.2 of the report): the 60 000 official training images in the order in which TFDS
stores them, the first 55 000 for training and the last 5 000 for validation
(``train[:55000]`` and ``train[55000:]`` of TFDS, files not shuffled), and the 10 000 official test
images. The four official files are part of this package; where TFDS has no prepared copy, its own
builder makes one from them, checks their SHA-256 and needs no network.

SVHN: the cropped digits, 32 x 32 x 3 (TFDS ``svhn_cropped``), in the order of their ``id``, sorted
as a string, so that the order is the same from every prepared copy that holds the images:

- ``svhn_small``: ``train_000000`` to ``train_001082`` and ``test_000000`` to ``test_008000`` for
  training and validation, ``test_008001`` to ``test_009999`` for test;
- ``svhn``: the official training images and the official test images;
- ``svhn_extra``: the official training images and the extra ones, and the official test images.

The validation images of an SVHN set are the last 1 000 of its training images in that order. They
are one block because neighbouring ids are digits of the same house number, often of the same photo:
a block shares houses with the training images at its edge only, images drawn at random nearly all.
"""

import dataclasses
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf.json_format import ParseError
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

from vae_gan_tf.errors import UserError

NAMES = ("mnist", "svhn_small", "svhn", "svhn_extra")
"""The data sets that `load` knows."""

MNIST_FOLDER = Path(__file__).parents[1] / "data" / "mnist"
MNIST_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
MNIST_TRAINING = 55_000
SVHN_VALIDATION = 1_000
SVHN_SIZE = "1.47 GiB"
NETWORK_TIMEOUT = 5.0
"""Seconds to wait for the host of a download before giving up."""


def in_unit_interval(values: np.ndarray) -> np.ndarray:
    """uint8 values as float32 in [0, 1]; labels, which are of another type, as they are."""
    return values.astype(np.float32) / 255 if values.dtype == np.uint8 else values


class Split(NamedTuple):
    """Images of one purpose, in memory."""

    images: np.ndarray
    """uint8, [n, height, width, channels]."""
    labels: np.ndarray
    """int32, [n], the digit 0 to 9."""
    given: np.ndarray | None = None
    """uint8, [n, ...]: the part of each image that a model is given in place of the label."""

    @property
    def y(self) -> np.ndarray:
        """The side information: the given part of each image if there is one, or the label."""
        return self.labels if self.given is None else self.given

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """All images and their side information as models take them: float32 in [0, 1], or labels.

        For a part of a data set; `batches` and `in_order` go through a whole one.
        """
        return in_unit_interval(self.images), in_unit_interval(self.y)

    def at(self, indices: np.ndarray | slice) -> "Split":
        """The images at some places, with what belongs to them."""
        return Split(*(None if part is None else part[indices] for part in self))


class FewLabels(NamedTuple):
    """Training images of which only some come with their label (section 4.5)."""

    labelled: Split
    unlabelled: Split
    """The labels here are not looked at."""
    labelled_batch: int
    """Labelled images in a batch."""
    shift: int = 0
    """Each labelled image is moved by so many pixels at most, up or down and left or right, evenly
    drawn anew for each training batch; what it leaves becomes black."""


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set in memory, split in a fixed way."""

    name: str
    train: Split | FewLabels
    validation: Split
    test: Split
    num_classes: int
    source: str
    """One sentence: what it was read from, and how many images."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.test.images.shape[1:]


class IdRange(NamedTuple):
    """The SVHN ids ``{prefix}_{first:06d}`` to ``{prefix}_{last:06d}``, both ends included."""

    prefix: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.prefix}_{self.first:06d} to {self.prefix}_{self.last:06d}"

    def ids(self) -> list[str]:
        """The ids of this range."""
        return [f"{self.prefix}_{i:06d}" for i in range(self.first, self.last + 1)]


class SvhnSet(NamedTuple):
    """Which images of SVHN make up a data set."""

    training: tuple[IdRange, ...]
    """Of these the last 1 000, by id as a string, are for validation."""
    test: tuple[IdRange, ...]


_TRAIN = IdRange("train", 0, 73_256)
_TEST = IdRange("test", 0, 26_031)
_EXTRA = IdRange("extra", 0, 531_130)

SVHN_SETS = {
    "svhn_small": SvhnSet(
        training=(IdRange("train", 0, 1_082), IdRange("test", 0, 8_000)),
        test=(IdRange("test", 8_001, 9_999),),
    ),
    "svhn": SvhnSet(training=(_TRAIN,), test=(_TEST,)),
    "svhn_extra": SvhnSet(training=(_TRAIN, _EXTRA), test=(_TEST,)),
}


def load(name: str, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
    """Reads a data set into memory.

    Args:
      name: one of `NAMES`.
      data_dir: the folder of TFDS; its own default if ``None``.
      download: whether SVHN may be downloaded (1.47 GiB) where TFDS has no prepared copy of it.
        MNIST never needs a download.

    Raises:
      UserError: the name is unknown, the data is not there, cannot be had or is damaged.
    """
    _check_name(name)
    if name == "mnist":
        return _load_mnist(data_dir)
    return _load_svhn(name, data_dir, download)


def load_binarised(data_dir: str | Path | None = None, seed: int = 0) -> Dataset:
    """MNIST with pixels of two values, for likelihoods in nats.

    The field's is one fixed draw of every pixel, TFDS ``binarized_mnist``: 50 000 images for
    training, 10 000 for validation, the official test images; it has no labels, which are -1 here.
    Where TFDS has no prepared copy of it (it is not downloaded, for its host is often away), the
    pixels of MNIST, split as by `load`, are drawn with this seed by their grey values: once, so
    that it is a fixed draw as well, but not the field's.

    Raises:
      UserError: the data cannot be had or is damaged.
    """
    builder = _builder("binarized_mnist", data_dir)
    if not builder.data_path.exists():
        data = load("mnist", data_dir)
        splits = {
            name: split._replace(images=binarised(split.images, (seed, number)))
            for number, name in enumerate(("train", "validation", "test"))
            for split in [getattr(data, name)]
        }
        source = f"{data.source} Pixels drawn from 0 and 1 by their grey values with seed {seed}."
        return dataclasses.replace(data, name="mnist_binarised", source=source, **splits)
    splits = {}
    for name in ("train", "validation", "test"):
        images = np.concatenate([batch["image"] for batch in _stored(builder, name)])
        splits[name] = Split(np.uint8(255) * images, np.full(len(images), -1, np.int32))
    return Dataset("binarized_mnist", **splits, num_classes=10, source=f"{_version(builder)}.")


def binarised(images: np.ndarray, seed: int | tuple[int, ...]) -> np.ndarray:
    """Pixels drawn from {0, 255}, each 255 with the probability of its grey value over 255.

    Args:
      images: uint8, of any shape.
      seed: the same seed draws the same pixels for the same images.
    """
    drawn = np.random.default_rng(seed).random(images.shape, np.float32)
    return np.where(255 * drawn < images, np.uint8(255), np.uint8(0))


def is_local(name: str, data_dir: str | Path | None = None) -> bool:
    """Whether `load` would need no download; reads nothing but the metadata of TFDS.

    Raises:
      UserError: the name is unknown, or the metadata of a prepared copy is damaged.
    """
    _check_name(name)
    if name == "mnist":
        return True
    builder = _builder("svhn_cropped", data_dir)
    return builder.data_path.exists() and _holds(builder, name)


def how_to_get(name: str) -> str:
    """One sentence that says how to get a data set that is not there.

    Raises:
      UserError: the name is unknown.
    """
    _check_name(name)
    if name == "mnist":
        return "mnist is part of this package and needs nothing."
    return (
        f"name the data_dir of TensorFlow Datasets that holds svhn_cropped, which {name} is read "
        f"from, or allow its download ({SVHN_SIZE})."
    )


def few_labels(
    split: Split, labels: int, seed: int, labelled_batch: int = 100, shift: int = 0
) -> FewLabels:
    """Keeps the labels of so many images, equally many of each class, chosen by the seed.

    Args:
      split: the images, all with labels.
      labels: how many to keep, a multiple of the number of classes.
      seed: the same seed keeps the same labels.
      labelled_batch: labelled images in a training batch.
      shift: see `FewLabels`.

    Raises:
      UserError: the labels are no integers, the count cannot be drawn evenly, a class has too few
        images, or there are fewer labelled images than in a batch.
    """
    if not np.issubdtype(split.labels.dtype, np.integer):
        raise UserError(f"Labels must be integers, not {split.labels.dtype}.")
    classes, sizes = np.unique(split.labels, return_counts=True)
    each, rest = divmod(labels, len(classes))
    if labels < 1 or rest:
        raise UserError(
            f"{labels} labels cannot be drawn evenly over {len(classes)} classes; a multiple of "
            f"{len(classes)} is expected."
        )
    if each > sizes.min():
        raise UserError(
            f"{labels} labels are {each} of each class, and of class {classes[sizes.argmin()]} "
            f"there are {sizes.min()} images."
        )
    if not 1 <= labelled_batch <= labels:
        raise UserError(
            f"A batch of {labelled_batch} labelled images asked for, and there are {labels} labels."
        )
    random = np.random.default_rng((seed, labels))
    chosen = [
        random.choice(np.flatnonzero(split.labels == label), each, replace=False)
        for label in classes
    ]
    kept = np.zeros(len(split.labels), bool)
    kept[np.concatenate(chosen)] = True
    return FewLabels(split.at(kept), split.at(~kept), labelled_batch, shift)


def count(split: Split | FewLabels) -> int:
    """The images of a split, labelled or not."""
    parts = split[:2] if isinstance(split, FewLabels) else [split]
    return sum(len(part.images) for part in parts)


def epoch_images(split: Split | FewLabels) -> int:
    """The images that an epoch is a pass over: all, or where only some have labels the others."""
    return len((split.unlabelled if isinstance(split, FewLabels) else split).images)


def epoch_steps(split: Split | FewLabels, batch_size: int) -> int:
    """The batches in an epoch."""
    return epoch_images(split) // batch_size


def batches(
    split: Split | FewLabels, batch_size: int, seed: int, epoch: int, first_batch: int = 0
) -> tf.data.Dataset:
    """The training batches of one epoch.

    The order is the permutation that ``numpy.random.default_rng((seed, epoch))`` draws, so a run
    that was stopped inside an epoch goes on with the very batches that it had not seen. The images
    that do not fill a last batch are left out of this epoch.

    Args:
      split: the images and labels, n of them; if only some have labels, n of them unlabelled.
      batch_size: from 1 to n.
      seed: the seed of the run, 0 or more.
      epoch: the number of the epoch, 0 or more.
      first_batch: how many batches of this epoch to leave out.

    Returns:
      Batches of (images, float32, in [0, 1], [batch_size, height, width, channels];
      side information: labels, int32, [batch_size], or given parts, float32, in [0, 1]). If only
      some images have labels, batches ((labelled images, labels), unlabelled images); the labelled
      ones come in permutations of their own, one after the other.

    Raises:
      UserError: the batch size is below 1 or above the number of images.
    """
    if isinstance(split, FewLabels):
        labelled, unlabelled, labelled_batch, shift = split
        wanted = epoch_steps(split, batch_size) * labelled_batch
        random = np.random.default_rng((seed, epoch, 1))
        passes = -(-wanted // len(labelled.images))
        order = np.concatenate([random.permutation(len(labelled.images)) for _ in range(passes)])
        with_labels = _moving(labelled, order[:wanted], labelled_batch, first_batch, random, shift)
        without = _shuffled(unlabelled, batch_size, seed, epoch, first_batch)
        return tf.data.Dataset.zip(with_labels, without.map(lambda x, _: x))
    return _shuffled(split, batch_size, seed, epoch, first_batch)


def in_order(split: Split, batch_size: int) -> tf.data.Dataset:
    """Every image once, in the stored order, for validation and test.

    Args:
      split: the images and labels, n of them.
      batch_size: from 1 to n.

    Returns:
      Batches like those of `batches`; the last one holds what remains and may be smaller.

    Raises:
      UserError: the batch size is below 1 or above the number of images.
    """
    _check_batch_size(split, batch_size)
    order = np.arange(len(split.images))
    return _gather(split, order, batch_size, np.zeros([len(order), 2], np.int64))


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise UserError(f"There is no data set {name!r}; the names are {', '.join(NAMES)}.")


def _check_batch_size(split: Split, batch_size: int) -> None:
    if not 1 <= batch_size <= len(split.images):
        raise UserError(
            f"The batch size is {batch_size}, but must be from 1 to {len(split.images)}, "
            "the number of images."
        )


def moved(images: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Images [n, height, width, channels], each moved by moves [n, 2] pixels; the rest is black."""
    margin = np.abs(moves).max(initial=0)
    if not margin:
        return images
    _, height, width, _ = images.shape
    padded = np.pad(images, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    rows, columns = (
        np.arange(size) + margin - each[:, None]
        for size, each in zip((height, width), moves.T, strict=True)
    )
    return padded[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None]]


def _shuffled(
    split: Split, batch_size: int, seed: int, epoch: int, first_batch: int
) -> tf.data.Dataset:
    """The batches of one epoch in which each image comes once."""
    _check_batch_size(split, batch_size)
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(split.images))
    return _moving(split, order, batch_size, first_batch, random, shift=0)


def _moving(
    split: Split,
    order: np.ndarray,
    batch_size: int,
    first_batch: int,
    random: np.random.Generator,
    shift: int,
) -> tf.data.Dataset:
    """Full batches in the given order from one on, each image moved by ``shift`` at most."""
    moves = random.integers(-shift, shift + 1, [len(order), 2])
    some = slice(first_batch * batch_size, len(order) // batch_size * batch_size)
    return _gather(split, order[some], batch_size, moves[some])


def _gather(split: Split, order: np.ndarray, batch_size: int, moves: np.ndarray) -> tf.data.Dataset:
    """Batches of the images with the indices ``order``, each moved as ``moves`` says."""
    parts = split.images, split.y

    # NumPy does the gathering because it reads the array in place: a tensor of all images would be
    # a copy of them, made anew every epoch.
    def take(indices: np.ndarray, moves: np.ndarray) -> list[np.ndarray]:
        images, y = (part[indices] for part in parts)
        return [moved(images, moves), y]

    def batch(indices: tf.Tensor, moves: tf.Tensor) -> tuple[tf.Tensor, ...]:
        taken = tf.numpy_function(take, [indices, moves], [part.dtype for part in parts])
        for tensor, part in zip(taken, parts, strict=True):
            tensor.set_shape([indices.shape[0], *part.shape[1:]])
        return tuple(
            tf.cast(tensor, tf.float32) / 255.0 if tensor.dtype == tf.uint8 else tensor
            for tensor in taken
        )

    indices = tf.data.Dataset.from_tensor_slices((order, moves))
    # Full batches get a static size, which compiled steps want.
    indices = indices.batch(batch_size, drop_remainder=len(order) % batch_size == 0)
    return indices.map(batch).prefetch(2)


def _load_mnist(data_dir: str | Path | None) -> Dataset:
    builder = _builder("mnist", data_dir)
    if not builder.data_path.exists():
        _prepare_mnist(builder)
        builder = _builder("mnist", data_dir)
    parts = {}
    for name, size in {"train": 60_000, "test": 10_000}.items():
        stored = list(_stored(builder, name))
        parts[name] = Split(
            np.concatenate([batch["image"] for batch in stored]),
            np.concatenate([batch["label"] for batch in stored]).astype(np.int32),
        )
        if len(parts[name].labels) != size:
            raise _damaged(builder.data_path)
    training = parts["train"]
    return Dataset(
        name="mnist",
        train=training.at(slice(MNIST_TRAINING)),
        validation=training.at(slice(MNIST_TRAINING, None)),
        test=parts["test"],
        num_classes=10,
        source=f"{_version(builder)}: train[:55000] for training, train[55000:] (5000 images) for "
        "validation and the 10000 official images for test.",
    )


def _prepare_mnist(builder: tfds.core.DatasetBuilder) -> None:
    for file in MNIST_FILES:
        # TFDS would try to download a file that is not there.
        if not (MNIST_FOLDER / file).is_file():
            raise UserError(f"{MNIST_FOLDER / file} is missing; install the package again.")
    print(f"Preparing MNIST in {builder.data_path}, once, from the files of this package.")
    try:
        # Whatever an earlier run has unpacked would be used unchecked, so unpack to a new folder.
        with tempfile.TemporaryDirectory() as folder:
            _prepare(builder, download_dir=folder, manual_dir=MNIST_FOLDER)
    except NonMatchingChecksumError as error:
        altered = next(file for file in MNIST_FILES if file in str(error))
        raise UserError(
            f"{MNIST_FOLDER / altered} is cut off or altered; install the package again."
        ) from error


def _load_svhn(name: str, data_dir: str | Path | None, download: bool) -> Dataset:
    builder = _builder("svhn_cropped", data_dir)
    if not builder.data_path.exists():
        if not download:
            raise UserError(f"There is no SVHN in {builder.data_path}: {how_to_get(name)}")
        _download_svhn(builder)
        builder = _builder("svhn_cropped", data_dir)
    ranges = SVHN_SETS[name]
    training_ids, test_ids = _sorted_ids(ranges.training), _sorted_ids(ranges.test)
    images = _select(builder, name, training_ids + test_ids)
    validation, test = len(training_ids) - SVHN_VALIDATION, len(training_ids)
    return Dataset(
        name=name,
        train=images.at(slice(validation)),
        validation=images.at(slice(validation, test)),
        test=images.at(slice(test, None)),
        num_classes=10,
        source=f"{_version(builder)}: ids {' and '.join(map(str, ranges.training))}, sorted as "
        f"strings, the first {validation} for training and the last {SVHN_VALIDATION} for "
        f"validation; ids {' and '.join(map(str, ranges.test))} ({len(test_ids)} images) for test.",
    )


def _sorted_ids(ranges: tuple[IdRange, ...]) -> list[str]:
    return sorted(image_id for part in ranges for image_id in part.ids())


def _select(builder: tfds.core.DatasetBuilder, name: str, ids: list[str]) -> Split:
    """Reads the images of the ids, in the order of ids, whatever splits they are stored in."""
    position = {image_id.encode(): i for i, image_id in enumerate(ids)}
    # Filled in place: to sort them afterwards would take the memory of all images twice.
    images = np.empty((len(ids), 32, 32, 3), np.uint8)
    labels = np.empty(len(ids), np.int32)
    found = np.zeros(len(ids), bool)
    for split in builder.info.splits:
        if found.all():  # The extra images alone take most of the time.
            break
        for batch in _stored(builder, split):
            to = np.array([position.get(image_id, -1) for image_id in batch["id"]])
            wanted = to >= 0
            images[to[wanted]] = batch["image"][wanted]
            labels[to[wanted]] = batch["label"][wanted]
            found[to[wanted]] = True
    if not found.all():
        held = [other for other in SVHN_SETS if _holds(builder, other)]
        instead = f" or take {', '.join(held)}" if held else ""
        raise UserError(
            f"The SVHN in {builder.data_path} is a part that lacks {np.sum(~found)} of the "
            f"{len(ids)} images of {name}; name another data_dir{instead}."
        )
    return Split(images, labels)


def _download_svhn(builder: tfds.core.DatasetBuilder) -> None:
    url = next(iter(builder.url_infos))
    host = urllib.parse.urlsplit(url).netloc
    print(f"Downloading SVHN, {SVHN_SIZE}, from {host}, and preparing it in {builder.data_path}.")
    try:
        _reach(url)
        _prepare(builder)
    except (OSError, tfds.download.DownloadError, NonMatchingChecksumError) as error:
        raise UserError(f"SVHN could not be downloaded from {host}: {error}") from error


def _reach(url: str) -> None:
    """Raises ``OSError`` within seconds if there is no way to the host; TFDS tries for minutes."""
    request = urllib.request.Request(url, method="HEAD")
    urllib.request.urlopen(request, timeout=NETWORK_TIMEOUT).close()


def _holds(builder: tfds.core.DatasetBuilder, name: str) -> bool:
    """Whether the prepared copy has as many images as the SVHN set needs, by its metadata."""
    needed = sum(len(part.ids()) for part in SVHN_SETS[name].training + SVHN_SETS[name].test)
    return sum(split.num_examples for split in builder.info.splits.values()) >= needed


def _builder(name: str, data_dir: str | Path | None) -> tfds.core.DatasetBuilder:
    """The TFDS builder, unmodified; whether it is prepared is up to the caller to see."""
    folder = Path(tfds.core.constants.DATA_DIR if data_dir is None else data_dir).expanduser()
    try:
        builder = tfds.builder(name, data_dir=folder)
    except ParseError as error:  # of dataset_info.json
        raise _damaged(folder / name / str(tfds.builder_cls(name).VERSION)) from error
    if builder.data_path.exists() and not builder.info.splits:
        raise _damaged(builder.data_path)
    return builder


def _prepare(builder: tfds.core.DatasetBuilder, manual_dir: Path | None = None, **kwargs) -> None:
    """Lets TFDS prepare its copy; another process may do the same at the same time."""
    path = builder.data_path
    # The copies that Google hosts are left aside, so that the only hosts are the official ones.
    config = tfds.download.DownloadConfig(manual_dir=manual_dir, try_download_gcs=False)
    try:
        builder.download_and_prepare(download_config=config, **kwargs)
    except OSError as error:
        # TFDS writes to a folder of its own and renames it: the second of two finds the name taken,
        # and the copy of the first is as good.
        if not path.exists():
            raise UserError(f"{path} could not be prepared: {error}") from error


def _stored(builder: tfds.core.DatasetBuilder, split: str) -> Iterator[dict[str, np.ndarray]]:
    """The examples of a split in batches, in the order in which TFDS stores them."""
    read = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    try:
        data = builder.as_dataset(split=split, shuffle_files=False, read_config=read)
        yield from data.batch(1000).prefetch(1).as_numpy_iterator()
    except tf.errors.OpError as error:
        raise _damaged(builder.data_path) from error


def _damaged(folder: Path) -> UserError:
    return UserError(
        f"The prepared copy in {folder} is cut off, altered or not readable; delete that folder "
        "and start again."
    )


def _version(builder: tfds.core.DatasetBuilder) -> str:
    return f"TensorFlow Datasets {tfds.__version__}, {builder.info.full_name}"
