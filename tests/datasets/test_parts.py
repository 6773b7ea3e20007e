import numpy as np
import pytest
import tensorflow as tf
from support.data import dataset, noise

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError

SHAPE = (4, 6, 1)
NUMBERED = np.arange(24, dtype=np.uint8).reshape(1, *SHAPE)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("left", [[0, 1, 2], [6, 7, 8], [12, 13, 14], [18, 19, 20]]),
        ("right", [[3, 4, 5], [9, 10, 11], [15, 16, 17], [21, 22, 23]]),
        ("top", [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]),
        ("bottom", [[12, 13, 14, 15, 16, 17], [18, 19, 20, 21, 22, 23]]),
        ("quadrant", [[0, 1, 2], [6, 7, 8]]),
        ("middle_column", [[2, 3], [8, 9], [14, 15], [20, 21]]),
    ],
)
def test_parts_of_a_numbered_image(part, expected):
    given = datasets.part_of(NUMBERED, part)
    np.testing.assert_array_equal(given[0, ..., 0], expected)
    np.testing.assert_array_equal(given, datasets.part_of(tf.constant(NUMBERED), part))
    assert datasets.part_shape(part, SHAPE) == given.shape[1:]
    mask = datasets.missing(part, SHAPE)
    assert sorted(NUMBERED[0][~mask[..., 0]].ravel()) == sorted(np.ravel(expected))


@pytest.mark.parametrize(("channels", "rest"), [(1, 0.15), (3, 0.85)])
def test_a_picture_of_a_part_is_light_grey_elsewhere(channels, rest):
    images = noise(2, (4, 6, channels)).arrays()[0]
    pictures = datasets.shown(images[:, :, 3:], "right", images.shape[1:])
    np.testing.assert_array_equal(pictures[:, :, 3:], images[:, :, 3:])
    np.testing.assert_allclose(pictures[:, :, :3], rest, rtol=1e-6)


@pytest.mark.parametrize(("width", "columns"), [(5, [2]), (6, [2, 3]), (28, [13, 14])])
def test_the_middle_column_is_in_the_middle(width, columns):
    mask = datasets.missing("middle_column", (3, width, 1))
    assert np.flatnonzero(~mask[0, :, 0]).tolist() == columns


@pytest.mark.parametrize("parts", [("left", "right"), ("top", "bottom")])
def test_halves_of_an_odd_size_share_no_pixel_and_leave_none(parts):
    one, other = (~datasets.missing(part, (5, 5, 3)) for part in parts)
    assert np.all(one ^ other)


def test_no_part_of_that_name():
    with pytest.raises(UserError, match="no part of an image 'rim'; there are left, right, top, "):
        datasets.part_of(NUMBERED, "rim")


def test_a_part_from_outside_is_one_entry(monkeypatch):
    monkeypatch.setitem(datasets.PARTS, "corner", lambda height, width: (slice(0, 1), slice(0, 2)))
    np.testing.assert_array_equal(datasets.part_of(NUMBERED, "corner")[0, ..., 0], [[0, 1]])


@pytest.mark.parametrize("binarise", [False, True])
def test_conditioned_data_gives_each_image_with_its_part(binarise):
    plain = dataset(noise(20, SHAPE))
    data = datasets.conditioned(plain, "right", binarise, seed=5)
    for x, given in datasets.batches(data.train, 7, seed=0, epoch=0):
        assert x.shape == (7, *SHAPE) and given.shape == (7, 4, 3, 1)
        if binarise:
            assert set(np.unique(given)) == {0, 1}
            assert np.all((given.numpy() == 1)[x[:, :, 3:] == 1])
        else:
            np.testing.assert_array_equal(given, x[:, :, 3:])
    np.testing.assert_array_equal(data.train.labels, plain.train.labels)
    if binarise:  # each split has draws of its own
        assert np.any(data.train.given != data.test.given)
