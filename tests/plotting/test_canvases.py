import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.attention import Window, windows
from vae_gan_tf.models.draw import Steps
from vae_gan_tf.plotting import canvases


def steps(count, rows=2, shape=(8, 6, 1), window=None):
    """Canvases that get brighter from step to step."""
    images = np.broadcast_to(
        np.linspace(0, 1, count, dtype=np.float32)[:, None, None, None], [rows, count, *shape]
    )
    return Steps(tf.constant(images), tf.constant(images), window, window)


def same_window(rows, count, x, y, variance, stride):
    return Window(*(tf.fill([rows, count], float(it)) for it in (x, y, variance, stride, 1)))


def test_a_panel_shows_every_step_of_few_and_some_of_many():
    few, many = canvases.panel(steps(4), "few"), canvases.panel(steps(64), "many")
    assert few.column_labels == ["1", "2", "3", "4"]
    np.testing.assert_allclose(few.images[0, :, 0, 0, 0], [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    assert many.column_labels == ["1", "8", "15", "22", "29", "36", "43", "50", "57", "64"]
    assert many.images.shape == (2, 10, 8, 6, 1)


@pytest.mark.parametrize("size", [2, 5, 28])
def test_the_box_of_a_window_that_covers_the_image_is_the_image(size):
    whole = Window.of(windows(np.zeros([1, 5], np.float32), size, 28, 28))
    np.testing.assert_allclose(canvases.boxes(whole, size), [[0, 0, 28, 28]], atol=1e-5)


def test_the_box_of_a_small_window():
    """Three filters two pixels apart around column 4 and row 5: columns 2 to 6, rows 3 to 7."""
    window = same_window(1, 1, 4, 5, 1, 2)
    np.testing.assert_allclose(canvases.boxes(window, 3)[0, 0], [1, 2, 6, 7])


def test_frames_have_boxes_where_windows_are():
    window = same_window(2, 3, 4, 5, 0.1, 1)  # columns 3 to 5 and rows 4 to 6
    again = steps(3, window=window)
    frames = canvases.frames(np.zeros([2, 8, 6, 1], np.float32), again, steps(3), (3, 3))
    assert len(frames) == 3
    pixels = np.asarray(frames[0])
    scale = canvases.SCALE
    assert pixels.shape == (scale * (2 * 9 + 1), scale * (3 * 7 + 1), 3)
    for column, colour in enumerate((canvases.READ, canvases.WRITTEN)):
        rows, columns = np.nonzero((pixels == colour).all(-1))
        left, top = scale * (1 + 7 * column), scale * 1
        assert set(columns) <= set(range(left + 2 * scale, left + 5 * scale))
        first = rows[rows < scale * 10]
        assert (first.min(), first.max()) == (top + 3 * scale, top + 6 * scale - 1)
        assert (columns.min(), columns.max()) == (left + 2 * scale, left + 5 * scale - 1)
    assert not (pixels[:, scale * 15 :] == canvases.WRITTEN).all(-1).any()


def test_windows_far_outside_are_not_seen():
    window = same_window(1, 1, 1e6, -1e6, 1e4, 1e6)
    again = steps(1, rows=1, window=window)
    (frame,) = canvases.frames(np.zeros([1, 8, 6, 1], np.float32), again, again, (3, 3))
    assert len(np.unique(np.asarray(frame).reshape(-1, 3), axis=0)) == 1
