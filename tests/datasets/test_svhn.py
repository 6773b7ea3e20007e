import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from support.svhn import ids, label, picture

from vae_gan_tf import datasets
from vae_gan_tf.datasets import store, svhn
from vae_gan_tf.errors import UserError


def assert_holds(split, expected_ids):
    np.testing.assert_array_equal(split.images, np.stack([picture(i) for i in expected_ids]))
    np.testing.assert_array_equal(split.labels, [label(i) for i in expected_ids])
    assert split.images.dtype == np.uint8
    assert split.labels.dtype == np.int32


@pytest.mark.parametrize(
    "name, training, test",
    [("svhn_small", 9_084, 1_999), ("svhn", 73_257, 26_032), ("svhn_extra", 604_388, 26_032)],
)
def test_official_sizes_of_svhn(name, training, test):
    ranges = svhn.SETS[name]
    assert len(svhn.sorted_ids(ranges.training)) == training
    assert len(svhn.sorted_ids(ranges.test)) == test


@pytest.mark.parametrize(
    "name, training, test",
    [
        ("svhn_small", ids("test", 0, 5) + ids("train", 0, 3), ids("test", 6, 8)),
        ("svhn", ids("train", 0, 19), ids("test", 0, 11)),
        ("svhn_extra", ids("extra", 0, 24) + ids("train", 0, 19), ids("test", 0, 11)),
    ],
)
def test_svhn_is_in_the_order_of_ids(name, training, test, full_copy, small_svhn):
    data = datasets.load(name, full_copy)
    assert_holds(data.train, training[:-3])
    assert_holds(data.validation, training[-3:])
    assert_holds(data.test, test)
    assert data.image_shape == (32, 32, 3)
    assert (data.title, data.family, data.judge) == (*("SVHN", "svhn", "svhn_small-classifier"),)
    assert datasets.is_local(name, full_copy)


def test_svhn_small_is_the_same_from_a_part(full_copy, partial_copy, small_svhn):
    whole, part = (datasets.load("svhn_small", d) for d in (full_copy, partial_copy))
    for one, other in zip(
        (whole.train, whole.validation, whole.test),
        (part.train, part.validation, part.test),
        strict=True,
    ):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert whole.source == part.source
    assert datasets.is_local("svhn_small", partial_copy)


@pytest.mark.parametrize(("name", "download"), [("svhn", False), ("svhn", True), ("svhn_extra", 0)])
def test_svhn_is_refused_on_a_part(name, download, partial_copy, small_svhn):
    assert not datasets.is_local(name, partial_copy)
    with pytest.raises(UserError, match=rf"images of {name}; .*svhn_small"):
        datasets.load(name, partial_copy, download)


@pytest.mark.parametrize("name", ["svhn_small", "svhn", "svhn_extra"])
def test_missing_svhn_says_how_to_get_it(name, tmp_path):
    assert not datasets.is_local(name, tmp_path)
    with pytest.raises(UserError, match=r"no SVHN in .*data_dir.*1\.47 GiB"):
        datasets.load(name, tmp_path)


def test_download_ends_at_once_without_a_network(tmp_path, monkeypatch, capsys):
    def unreachable(url):
        raise OSError(f"no way to {url}")

    def started(*_, **__):
        pytest.fail("the download was started")

    monkeypatch.setattr(store, "reach", unreachable)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", started)
    with pytest.raises(UserError, match=r"from ufldl\.stanford\.edu: no way"):
        datasets.load("svhn", tmp_path, download=True)
    assert "1.47 GiB" in capsys.readouterr().out


def test_a_downloaded_svhn_is_read(full_copy, small_svhn, tmp_path, monkeypatch):
    """The download itself is played by a copy that is put where it would be."""

    def put(builder, title, size):
        shutil.copytree(full_copy, tmp_path, dirs_exist_ok=True)

    monkeypatch.setattr(store, "download", put)
    data = datasets.load("svhn_small", tmp_path, download=True)
    assert_holds(data.test, ids("test", 6, 8))
