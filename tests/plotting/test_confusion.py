import numpy as np
import pytest

from vae_gan_tf.plotting import confusion


@pytest.mark.parametrize("classes", [2, 10, 50])
def test_a_share_is_a_blue_cell(classes):
    picture = confusion.picture(np.eye(classes))
    assert picture.shape == (540, 540, 3) and picture.dtype == np.float32
    assert 0 <= picture.min() and picture.max() <= 1
    blue = (picture[..., 2] - picture[..., 0] > 0.3).mean()
    area = 0.6 / classes  # of the picture, some of whose width goes to the labels
    assert 0.6 * area < blue < 1.6 * area


def test_the_numbers_are_in_the_cells():
    shares = np.array([[0.25, 0.75], [0.0, 1.0]])
    other = np.array([[0.26, 0.74], [0.0, 1.0]])
    different = np.abs(confusion.picture(shares) - confusion.picture(other)).max(-1) > 0.2
    rows = np.flatnonzero(different.any(1))
    assert different.any() and rows.max() < 540 / 2  # in the upper row alone
