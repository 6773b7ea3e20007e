"""The attention of DRAW against equations (19) to (29), written out in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf import attention
from vae_gan_tf.errors import UserError


def window(outputs, size, height, width):
    """Equations (21) to (24) for one image: g_X, g_Y, sigma^2, delta, gamma."""
    x, y, log_variance, log_stride, log_intensity = outputs
    stride = (max(width, height) - 1) / (size - 1) * np.exp(log_stride)
    centre = (width + 1) / 2 * (x + 1), (height + 1) / 2 * (y + 1)
    return *centre, np.exp(log_variance), stride, np.exp(log_intensity)


def filter_bank(centre, stride, variance, size, pixels):
    """Equations (19) and (25), number by number."""
    bank = np.zeros([size, pixels])
    for i in range(1, size + 1):
        mean = centre + (i - size / 2 - 0.5) * stride
        for a in range(1, pixels + 1):
            bank[i - 1, a - 1] = np.exp(-((a - mean) ** 2) / (2 * variance))
        bank[i - 1] /= bank[i - 1].sum()
    return bank


def banks(outputs, size, height, width):
    x, y, variance, stride, intensity = window(outputs, size, height, width)
    across = filter_bank(x, stride, variance, size, width)
    return across, filter_bank(y, stride, variance, size, height), intensity


def read(image, outputs, size):
    """Equation (27) for one image."""
    across, down, intensity = banks(outputs, size, *image.shape[:2])
    return intensity * np.stack([down @ each @ across.T for each in np.moveaxis(image, -1, 0)], -1)


def write(patch, outputs, height, width):
    """Equation (29) for one image."""
    across, down, intensity = banks(outputs, len(patch), height, width)
    return np.stack([down.T @ each @ across for each in np.moveaxis(patch, -1, 0)], -1) / intensity


RNG = np.random.default_rng(0)
OUTPUTS = RNG.normal(scale=0.5, size=[4, 5])
SIZES = pytest.mark.parametrize(
    ("size", "height", "width", "channels"), [(3, 6, 8, 1), (4, 8, 5, 3), (2, 7, 7, 2)]
)


@SIZES
def test_windows_and_filters(size, height, width, channels):
    found = attention.windows(OUTPUTS, size, height, width)
    expected = np.array([window(each, size, height, width) for each in OUTPUTS])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    banks_found = attention.filter_banks(attention.Window.of(found), size, height, width)
    banks_expected = zip(*(banks(each, size, height, width)[:2] for each in OUTPUTS), strict=True)
    for one, other, pixels in zip(banks_found, banks_expected, (width, height), strict=True):
        assert one.shape == (4, size, pixels)
        np.testing.assert_allclose(one, other, atol=1e-6)
        np.testing.assert_allclose(np.sum(one, -1), 1, rtol=1e-5)


@SIZES
def test_read_and_write(size, height, width, channels):
    images = RNG.random([4, height, width, channels])
    patches = RNG.normal(size=[4, size, size, channels])
    windows = attention.windows(OUTPUTS, size, height, width)
    found = attention.read(tf.constant(images, tf.float32), windows, size)
    expected = [read(*each, size) for each in zip(images, OUTPUTS, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    both = [tf.constant(each, tf.float32) for each in (images, 1 - images)]
    beside = [attention.read(each, windows, size) for each in both]
    np.testing.assert_allclose(attention.read(both, windows, size), tf.concat(beside, -1), 1e-5)
    found = attention.write(tf.constant(patches, tf.float32), windows, height, width)
    expected = [write(*each, height, width) for each in zip(patches, OUTPUTS, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_gradients_of_read_and_write():
    image, weights = RNG.random([6, 8, 2]), RNG.normal(size=[6, 8, 2])
    outputs = tf.Variable(OUTPUTS[:1], dtype=tf.float32)

    def expected(values):
        return np.sum(weights * write(read(image, values, 3) ** 2, values, 6, 8))

    with tf.GradientTape() as tape:
        windows = attention.windows(outputs, 3, 6, 8)
        seen = attention.read(tf.constant(image[None], tf.float32), windows, 3)
        found = tf.reduce_sum(weights * tf.cast(attention.write(seen**2, windows, 6, 8), tf.double))
    by_hand = [
        (expected(OUTPUTS[0] + step) - expected(OUTPUTS[0] - step)) / 2e-5
        for step in 1e-5 * np.eye(5)
    ]
    np.testing.assert_allclose(tape.gradient(found, outputs)[0], by_hand, rtol=1e-3, atol=1e-5)


def test_a_narrow_window_sees_the_pixels_that_it_lies_on():
    """Centre (5, 3), counted from 1; three filters two pixels apart."""
    outputs = [[2 * 5 / 9 - 1, 2 * 3 / 7 - 1, -6, np.log(2 / 3.5), 0]]
    vectors = attention.windows(outputs, 3, 6, 8)
    np.testing.assert_allclose(attention.Window.of(vectors).stride, [2], rtol=1e-6)
    image = np.arange(48, dtype=np.float32).reshape(1, 6, 8, 1)
    seen = attention.read(image, vectors, 3)
    np.testing.assert_allclose(seen, image[:, 0:5:2, 2:7:2], rtol=1e-4)


def test_a_window_that_covers_the_image_reproduces_it():
    image = RNG.random([2, 6, 6, 3]).astype(np.float32)
    vectors = attention.windows(np.tile([[0, 0, -6, 0, 0]], [2, 1]), 6, 6, 6)
    np.testing.assert_allclose(attention.read(image, vectors, 6), image, atol=1e-6)
    np.testing.assert_allclose(attention.write(image, vectors, 6, 6), image, atol=1e-6)


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("value", [-1e6, -30.0, 30.0, 1e6])
def test_extreme_parameters_have_finite_values_and_gradients(place, value):
    outputs = np.zeros([1, 5], np.float32)
    outputs[0, place] = value
    image = RNG.random([1, 28, 28, 1]).astype(np.float32)
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        windows = attention.windows(outputs, 5, 28, 28)
        seen = attention.read(image, windows, 5)
        written = attention.write(seen, windows, 28, 28)
        total = tf.reduce_sum(seen) + tf.reduce_sum(written**2)
    for each in (windows, seen, written, tape.gradient(total, outputs)):
        assert np.isfinite(each).all()


def test_all_extremes_at_once():
    outputs = tf.Variable(10 * (2 * RNG.integers(0, 2, [200, 5]) - 1).astype(np.float32))
    image = RNG.random([200, 9, 7, 1]).astype(np.float32)
    with tf.GradientTape() as tape:
        windows = attention.windows(outputs, 3, 9, 7)
        written = attention.write(attention.read(image, windows, 3), windows, 9, 7)
        total = tf.reduce_sum(written)
    assert np.isfinite(written).all()
    assert np.isfinite(tape.gradient(total, outputs)).all()


def test_a_window_of_one_filter():
    image = RNG.random([1, 5, 5, 1]).astype(np.float32)
    vectors = attention.windows([[0, 0, -8, 3, 0]], 1, 5, 5)
    np.testing.assert_allclose(attention.read(image, vectors, 1)[0, 0, 0], image[0, 2, 2])


@pytest.mark.parametrize(
    ("size", "fits"), [(1, True), (6, True), (None, True), (7, False), (0, False)]
)
def test_sizes_of_windows(size, fits):
    if fits:
        attention.check_size(size, (6, 8, 1))
        return
    with pytest.raises(UserError, match=f"a window of {size} x {size} given for images of 6 x 8"):
        attention.check_size(size, (6, 8, 1))
