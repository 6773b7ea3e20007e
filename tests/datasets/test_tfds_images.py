"""Data sets of TFDS by name, of builders that the tests define."""

import shutil
from typing import ClassVar

import numpy as np
import pytest
import tensorflow_datasets as tfds

from vae_gan_tf import datasets
from vae_gan_tf.datasets import store
from vae_gan_tf.errors import UserError


class Toy(tfds.core.GeneratorBasedBuilder):
    """A data set of images of one size with three labels."""

    VERSION = tfds.core.Version("1.0.0")
    SHAPE: ClassVar = (8, 6, 3)
    COUNTS: ClassVar = {"train": 48, "test": 12}
    MORE: ClassVar = {}
    LABELS, DTYPE = 3, np.uint8

    def _info(self):
        label = tfds.features.ClassLabel(num_classes=self.LABELS)
        image = tfds.features.Image(shape=self.SHAPE, dtype=self.DTYPE)
        features = tfds.features.FeaturesDict({"image": image, "label": label, **self.MORE})
        return tfds.core.DatasetInfo(
            builder=self, features=features, supervised_keys=("image", "label")
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(count) for split, count in self.COUNTS.items()}

    def _generate_examples(self, count):
        for place in range(count):
            yield place, {"image": self.image(place), "label": place % 3}

    def image(self, place):
        shape = [size or 8 + place % 2 for size in self.SHAPE]
        return np.full(shape, place, self.DTYPE)


class GreyToy(Toy):
    SHAPE, COUNTS = (8, 8, 1), {"train": 84}


class SizesToy(Toy):
    SHAPE = (None, None, 3)


class TwoImagesToy(Toy):
    MORE: ClassVar = {"mask": tfds.features.Image(shape=(8, 8, 1))}


class DeepToy(Toy):
    SHAPE, DTYPE = (8, 8, 1), np.uint16


class EmptyClassToy(Toy):
    LABELS = 4


class OtherLabelToy(Toy):
    """Its label is none of a class; another feature is."""

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=self.SHAPE),
            "label": tfds.features.Sequence(tfds.features.ClassLabel(num_classes=3)),
            "view": tfds.features.ClassLabel(num_classes=3),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
        )


class OneClassToy(Toy):
    LABELS = 1

    def _generate_examples(self, count):
        for place, example in super()._generate_examples(count):
            yield place, example | {"label": 0}


class LargeToy(Toy):
    SHAPE = (1, 2000, 3)


class FailingToy(Toy):
    """Its program needs what is not there."""

    def _info(self):
        raise FileNotFoundError("no names of classes\nhere")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    for builder in (Toy, GreyToy, SizesToy, EmptyClassToy, OneClassToy):
        builder(data_dir=folder).download_and_prepare()
    return folder


def test_a_data_set_of_tfds_is_found_by_its_name(data_dir):
    data = datasets.load("toy", data_dir)
    assert [len(getattr(data, name).labels) for name in datasets.SPLITS] == [44, 4, 12]
    assert (data.num_classes, data.image_shape, data.title) == (3, (8, 6, 3), "toy")
    assert data.source.endswith("toy/1.0.0: 44 for training, 4 for validation, 12 for test.")
    examples = store.stored(store.builder("toy", data_dir), "train", batch=None)
    stored = [int(it["image"][0, 0, 0]) for it in examples]
    found = np.concatenate([data.train.images, data.validation.images])[:, 0, 0, 0]
    np.testing.assert_array_equal(found, stored)
    labels = np.concatenate([data.train.labels, data.validation.labels])
    np.testing.assert_array_equal(found % 3, labels)
    assert isinstance(data.train.images, np.memmap)
    assert datasets.is_local("toy", data_dir)


def test_without_test_images_a_seventh_is_held_out(data_dir):
    data = datasets.load("grey_toy", data_dir)
    assert [len(getattr(data, name).labels) for name in datasets.SPLITS] == [66, 6, 12]
    splits = [set(getattr(data, name).images[:, 0, 0, 0]) for name in datasets.SPLITS]
    assert set.union(*splits) == set(range(84))


def test_presets_are_taken_by_the_colours():
    assert datasets.source("toy").settings_of == "svhn_small"
    assert datasets.source("grey_toy").settings_of == "mnist"
    assert datasets.source("toy", datasets.Form(None, True)).settings_of == "mnist"


def test_images_of_many_sizes_are_resized(data_dir):
    with pytest.raises(UserError, match="have many sizes; give --image_size"):
        datasets.load("sizes_toy", data_dir)
    data = datasets.load("sizes_toy", data_dir, form=datasets.Form((6, 4), True))
    assert data.image_shape == (6, 4, 1)
    assert sorted(data.test.images[:, 0, 0, 0]) == list(range(12))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("two_images_toy", r"one label each; its examples have image \(Image\), label .*, mask"),
        ("deep_toy", "the images of deep_toy are uint16, 8 bits expected"),
        ("empty_class_toy", "the class 3 of empty_class_toy has no training image"),
        ("other_label_toy", "one label each; its examples have image .*, view"),
        ("one_class_toy", "one_class_toy has 1 class, at least 2 expected"),
        ("large_toy", "of large_toy are of 1 x 2000 pixels, 4 to 256 a side expected"),
        ("failing_toy", "TFDS cannot load failing_toy here: .*no names of classes"),
        ("", "there is no data set ''.*folder:PATH$"),
        ("mnist:9.9.9", "there is no data set 'mnist:9.9.9'.*did you mean mnist"),
        ("mnist:3.*.*", "there is no data set 'mnist:3"),
        ("huggingface:mnist", "there is no data set 'huggingface:mnist'"),
        ("fashion_mnst", "there is no data set 'fashion_mnst'.*did you mean fashion_mnist"),
        ("emnist/balancd", "emnist of TFDS has no configuration 'balancd'; it has .*balanced"),
    ],
)
def test_a_data_set_that_cannot_be_taken(name, message, data_dir):
    with pytest.raises(UserError, match=message) as error:
        datasets.load(name, data_dir)
    assert "\n" not in str(error.value)


def test_nothing_is_downloaded_unless_it_is_allowed(tmp_path):
    with pytest.raises(UserError, match=r"no toy in .*allow its download .* --dataset=toy"):
        datasets.load("toy", tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_refused_is_not_downloaded_first(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "download", lambda *given: pytest.fail("a download was begun"))
    with pytest.raises(UserError, match="have many sizes; give --image_size"):
        datasets.load("sizes_toy", tmp_path, download=True)


def test_a_download_of_unknown_size_says_so(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(store, "download", lambda builder, title, size: said.append(size))
    with pytest.raises(UserError):  # nothing was prepared
        datasets.load("toy", tmp_path, download=True)
    assert said == ["of unknown size"]
    assert "(of unknown size)" in datasets.source("toy").how_to_get


def test_a_form_is_for_data_sets_without_an_entry():
    with pytest.raises(UserError, match="--image_size or --grey given for mnist"):
        datasets.load("mnist", form=datasets.Form((32, 32)))


class FourChannelsToy(Toy):
    SHAPE = (8, 8, 4)


class NoTrainToy(Toy):
    COUNTS: ClassVar = {"test": 12}


class TwoLabelsToy(Toy):
    """One of its labels is the one to learn; the other comes first by name."""

    MORE: ClassVar = {"colour": tfds.features.ClassLabel(num_classes=2)}

    def _generate_examples(self, count):
        for place, example in super()._generate_examples(count):
            yield place, example | {"colour": 0}


def test_images_of_four_channels_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"have 4 channels, 1 \(grey\) or 3"):
        datasets.load("four_channels_toy", tmp_path)


def test_training_images_must_be_there(tmp_path):
    NoTrainToy(data_dir=tmp_path).download_and_prepare()
    with pytest.raises(UserError, match="no_train_toy has no split train; it has test"):
        datasets.load("no_train_toy", tmp_path)


def test_of_two_labels_the_one_to_learn_is_taken(tmp_path):
    TwoLabelsToy(data_dir=tmp_path).download_and_prepare()
    data = datasets.load("two_labels_toy", tmp_path)
    assert data.num_classes == 3 and set(data.train.labels) == {0, 1, 2}


def test_a_copy_that_was_prepared_anew_is_decoded_anew(tmp_path, monkeypatch):
    Toy(data_dir=tmp_path).download_and_prepare()
    before = datasets.load("toy", tmp_path)
    shutil.rmtree(tmp_path / "toy")
    monkeypatch.setattr(Toy, "COUNTS", {"train": 36, "test": 6})
    Toy(data_dir=tmp_path).download_and_prepare()
    after = datasets.load("toy", tmp_path)
    assert [len(getattr(after, name).labels) for name in datasets.SPLITS] == [33, 3, 6]
    assert after.contents != before.contents


def test_a_copy_in_array_record_is_read(tmp_path, data_dir):
    Toy(data_dir=tmp_path, file_format="array_record").download_and_prepare()
    again, first = datasets.load("toy", tmp_path), datasets.load("toy", data_dir)
    for name in datasets.SPLITS:
        ours, theirs = getattr(again, name), getattr(first, name)
        assert len(ours.images) == len(theirs.images)
        np.testing.assert_array_equal(ours.labels, ours.images[:, 0, 0, 0] % 3)
