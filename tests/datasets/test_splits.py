import numpy as np
import pytest
from support.data import dataset, noise, numbered

from vae_gan_tf.datasets import FewLabels, count, in_unit_interval
from vae_gan_tf.datasets.splits import Rows


@pytest.mark.parametrize("given", [False, True])
def test_some_images_keep_what_belongs_to_them(given):
    split = numbered(23)
    if given:
        split = split._replace(given=split.images[:, :1])
    some = split.at([4, 2])
    images, y = some.arrays()
    np.testing.assert_allclose(images[:, 0, 0, 0] * 255, [4, 2], rtol=1e-6)
    np.testing.assert_array_equal(some.labels, [4, 2])
    np.testing.assert_array_equal(y, images[:, :1] if given else [4, 2])


def test_pixels_become_fractions_and_labels_stay():
    pixels = in_unit_interval(np.array([0, 51, 255], np.uint8))
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, [0, 0.2, 1], rtol=1e-6)
    labels = np.array([0, 51, 255], np.int32)
    assert in_unit_interval(labels) is labels


def test_images_are_counted_labelled_or_not():
    split = numbered(23)
    assert count(split) == 23
    assert count(FewLabels(split.at(slice(5)), split.at(slice(5, None)), 2)) == 23


def test_a_data_set_without_a_title_is_called_by_its_name():
    data = dataset(noise(3, (4, 6, 3)), "toys")
    assert (data.title, data.family, data.judge) == ("toys", "toys", None)
    assert data.image_shape == (4, 6, 3)
    titled = dataset(noise(3, (4, 6, 3)), "toys", title="Toys", family="wooden")
    assert (titled.title, titled.family) == ("Toys", "wooden")


def test_rows_are_those_of_the_array_without_a_copy():
    array = np.arange(24).reshape(6, 4)
    rows = Rows(array, np.array([4, 1, 1, 5]))
    assert len(rows) == 4 and rows.shape == (4, 4) and rows.dtype == array.dtype
    np.testing.assert_array_equal(rows, array[[4, 1, 1, 5]])
    np.testing.assert_array_equal(rows[[2, 0]], array[[1, 4]])
    np.testing.assert_array_equal(rows[1:3], array[[1, 1]])
    array[1] = -1
    assert rows[1][0] == -1
