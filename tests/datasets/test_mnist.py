import os
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from support.data import noise, official_mnist, prepare

from vae_gan_tf import datasets
from vae_gan_tf.datasets import mnist as mnist_module
from vae_gan_tf.datasets import store
from vae_gan_tf.errors import UserError


@pytest.mark.slow
def test_mnist_is_the_official_one(mnist):
    splits = mnist.train, mnist.validation, mnist.test
    assert [len(split.images) for split in splits] == [55_000, 5_000, 10_000]
    training = np.concatenate([mnist.train.labels, mnist.validation.labels])
    assert np.bincount(training).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    ]
    assert np.bincount(mnist.test.labels).tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ]
    pixels = (mnist.train.images.sum(dtype=int) + mnist.validation.images.sum(dtype=int)) / 60_000
    assert pixels / 784 / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist.image_shape == (28, 28, 1)
    assert mnist.num_classes == 10


@pytest.mark.slow
def test_each_test_image_of_the_files_comes_once_with_its_label(mnist):
    def pairs(split):
        return sorted((image.tobytes(), label) for image, label in zip(*split[:2], strict=True))

    assert pairs(mnist.test) == pairs(official_mnist("t10k"))


@pytest.mark.slow
def test_mnist_split_is_that_of_tfds(mnist, data_dir):
    images, labels = tfds.as_numpy(
        tfds.load(
            "mnist",
            split="train[55000:]",
            data_dir=data_dir,
            download=False,
            batch_size=-1,
            as_supervised=True,
        )
    )
    np.testing.assert_array_equal(mnist.validation.images, images)
    np.testing.assert_array_equal(mnist.validation.labels, labels)


def prepare_few(folder):
    """A prepared copy of 40 training and 20 test images of noise."""
    examples = {}
    for name, count in {"train": 40, "test": 20}.items():
        pairs = zip(*noise(count, (28, 28, 1))[:2], strict=True)
        examples[name] = [(i, {"image": x, "label": y}) for i, (x, y) in enumerate(pairs)]
    return prepare("mnist", folder, examples)


@pytest.fixture
def few(tmp_path, monkeypatch):
    """The folder of a prepared copy of few images, which are all that is expected."""
    prepare_few(tmp_path)
    monkeypatch.setattr(mnist_module, "SIZES", {"train": 40, "test": 20})
    monkeypatch.setattr(mnist_module, "TRAINING", 30)
    return tmp_path


def test_a_prepared_copy_is_split_in_its_order(few):
    data = datasets.load("mnist", few)
    stored = {
        split: tfds.load("mnist", split=split, data_dir=few, download=False, batch_size=-1)
        for split in ("train[:30]", "train[30:]", "test")
    }
    splits = data.train, data.validation, data.test
    for split, (images, labels) in zip(
        splits, ((each["image"], each["label"]) for each in stored.values()), strict=True
    ):
        np.testing.assert_array_equal(split.images, images)
        np.testing.assert_array_equal(split.labels, labels)
        assert split.labels.dtype == np.int32
    assert data.source.startswith(f"TensorFlow Datasets {tfds.__version__}, mnist/3.0.1: ")


def test_a_prepared_copy_of_too_few_images_is_damaged(tmp_path):
    folder = prepare_few(tmp_path)
    with pytest.raises(UserError, match=f"{folder} is cut off.*delete that folder"):
        datasets.load("mnist", tmp_path)


def counted(monkeypatch):
    """The names of the splits that are decoded from now on."""
    stored, names = store.stored, []

    def noted(builder, name):
        names.append(name)
        return stored(builder, name)

    monkeypatch.setattr(store, "stored", noted)
    return names


def test_images_are_decoded_once_and_again_where_a_file_was_changed(few, monkeypatch):
    decoded = counted(monkeypatch)
    first, second = datasets.load("mnist", few), datasets.load("mnist", few)
    assert decoded == ["train", "test"]
    for split in ("train", "validation", "test"):
        for its, again in zip(getattr(first, split)[:2], getattr(second, split)[:2], strict=True):
            np.testing.assert_array_equal(its, again)
    next(few.rglob("*.tfrecord*")).touch()
    datasets.load("mnist", few)
    assert decoded == ["train", "test"] * 2


@pytest.mark.parametrize("others", [False, True], ids=["data folder", "folder of another user"])
def test_of_a_folder_that_may_only_be_read_images_are_decoded_each_time(few, others, monkeypatch):
    writable = datasets.load("mnist", few)
    shutil.rmtree(few / "decoded_images")
    if others:
        (few / "decoded_images").mkdir()
    closed = few / "decoded_images" if others else few
    monkeypatch.setattr(os, "access", lambda path, mode: not closed == path)
    decoded = counted(monkeypatch)
    for _ in range(2):
        found = datasets.load("mnist", few)
    np.testing.assert_array_equal(found.train.images, writable.train.images)
    assert decoded == ["train", "test"] * 2
    assert not any((few / "decoded_images").glob("*"))


def official_files(folder, monkeypatch):
    shutil.copytree(mnist_module.FOLDER, folder)
    monkeypatch.setattr(mnist_module, "FOLDER", folder)
    return folder


@pytest.mark.parametrize("name", mnist_module.FILES)
def test_missing_official_file_is_named(name, tmp_path, monkeypatch):
    file = official_files(tmp_path / "files", monkeypatch) / name
    file.unlink()
    with pytest.raises(UserError, match=f"{file} is missing; install the package again"):
        datasets.load("mnist", tmp_path / "data")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((name, "altered") for name in mnist_module.FILES),
        (mnist_module.FILES[0], "cut off"),
    ],
)
def test_damaged_official_file_is_named(name, damage, tmp_path, monkeypatch):
    file = official_files(tmp_path / "files", monkeypatch) / name
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    if damage == "altered":
        content[middle] ^= 1
    file.write_bytes(content if damage == "altered" else content[:middle])
    with pytest.raises(UserError, match=f"{file} is cut off or altered; install the package"):
        datasets.load("mnist", tmp_path / "data")


@pytest.mark.slow
def test_damaged_prepared_mnist_is_named(data_dir, tmp_path):
    shutil.copytree(data_dir, tmp_path / "data")
    folder = tmp_path / "data" / "mnist" / "3.0.1"
    (file,) = folder.glob("*train.tfrecord*")
    file.write_bytes(file.read_bytes()[:100_000])
    with pytest.raises(UserError, match=f"{folder} is cut off.*delete that folder"):
        datasets.load("mnist", tmp_path / "data")


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match=f"{tmp_path / 'file'}.* could not be prepared"):
        datasets.load("mnist", tmp_path / "file")


def test_mnist_needs_nothing(tmp_path):
    assert datasets.is_local("mnist", tmp_path)
    assert datasets.how_to_get("mnist") == "mnist is part of this package and needs nothing."
