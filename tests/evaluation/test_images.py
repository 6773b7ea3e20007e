import numpy as np
import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation.images import LUMINANCE, checked_images


def test_images_come_back_as_they_are():
    images = np.random.default_rng(0).random([3, 4, 5, 1])
    assert checked_images(images, "n", "height", 5, 1) is images
    assert checked_images(images.tolist(), 3, 4, 5, 1).shape == (3, 4, 5, 1)


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.zeros([0, 4, 4, 1]), r"shape \[0, 4, 4, 1\] given, \[n, 4, 4, 1\] expected"),
        (np.zeros([4, 4, 1]), r"shape \[4, 4, 1\] given"),
        (np.zeros([2, 4, 5, 1]), r"shape \[2, 4, 5, 1\] given"),
        (np.full([2, 4, 4, 1], 255, np.int64), r"lie in \[0, 1\]; found 255 to 255"),
        (np.full([2, 4, 4, 1], -0.1), r"lie in \[0, 1\]; found -0.1"),
        (np.full([2, 4, 4, 1], np.nan), r"lie in \[0, 1\]; found nan"),
    ],
)
def test_images_that_are_refused(images, sentence):
    with pytest.raises(UserError, match=sentence):
        checked_images(images, "n", 4, 4, 1)


def test_white_has_the_brightness_one():
    assert LUMINANCE.sum() == pytest.approx(1)


def test_images_of_uint8_are_divided_by_255():
    given = np.uint8([0, 51, 255]).reshape([3, 1, 1, 1])
    checked = checked_images(given, "n", 1, 1, 1)
    np.testing.assert_allclose(checked.ravel(), [0, 0.2, 1], rtol=1e-6)
