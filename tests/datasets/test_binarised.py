import numpy as np
import pytest
from support.data import prepare

from vae_gan_tf import datasets
from vae_gan_tf.datasets import parts
from vae_gan_tf.errors import UserError


def test_binarised_pixels_follow_their_grey_values():
    grey = np.repeat(np.array([0, 51, 204, 255], np.uint8), 10_000)
    drawn = datasets.binarised(grey, seed=1)
    assert drawn.dtype == np.uint8 and set(drawn) == {0, 255}
    shares = drawn.reshape(4, -1).mean(axis=1) / 255
    assert shares[0] == 0 and shares[3] == 1
    # Four standard deviations of a share of 10 000.
    np.testing.assert_allclose(shares[1:3], [0.2, 0.8], atol=4 * np.sqrt(0.16 / 10_000))
    np.testing.assert_array_equal(drawn, datasets.binarised(grey, seed=1))
    assert np.any(drawn != datasets.binarised(grey, seed=2))


def test_binarised_mnist_is_one_draw_of_the_grey_images(few_digits, tmp_path):
    data = datasets.load_binarised(tmp_path, seed=3)
    assert data.name == "mnist_binarised" and "seed 3" in data.source
    assert (data.title, data.family, data.judge) == ("MNIST", "mnist", None)
    for number, name in enumerate(datasets.SPLITS):
        grey, drawn = getattr(few_digits, name), getattr(data, name)
        np.testing.assert_array_equal(drawn.images, datasets.binarised(grey.images, (3, number)))
        np.testing.assert_array_equal(drawn.labels, grey.labels)


def test_pixels_of_training_images_drawn_anew(few_digits, tmp_path):
    fixed = datasets.load_binarised(tmp_path, seed=3)
    anew = datasets.load_binarised(tmp_path, seed=3, anew=True)
    np.testing.assert_array_equal(anew.test.images, fixed.test.images)
    assert anew.contents != fixed.contents != datasets.load_binarised(tmp_path).contents
    count = len(few_digits.train.images)

    def epoch(number, first=0):
        found = datasets.batches(anew.train, 2, 0, number, first)
        return np.concatenate([images for images, _ in found.as_numpy_iterator()])

    order = np.random.default_rng((0, 0)).permutation(count)[: count // 2 * 2]
    grey = few_digits.train.images[order] / 255
    drawn = epoch(0)
    assert set(np.unique(drawn)) == {0, 1}
    assert np.all(drawn[grey == 0] == 0) and np.all(drawn[grey == 1] == 1)
    between = (grey > 0) & (grey < 1)
    np.testing.assert_array_equal(epoch(0), drawn)
    np.testing.assert_array_equal(epoch(0, 1), drawn[2:])  # after a stop inside the epoch too
    expected = grey[between]
    error = drawn[between] - expected
    spread = np.sqrt(np.sum(expected * (1 - expected)))
    assert abs(error.sum()) < 4 * spread
    again = epoch(1)
    places = np.random.default_rng((0, 1)).permutation(count)[: count // 2 * 2]
    one, other = (
        dict(zip(key, images, strict=True)) for key, images in ((order, drawn), (places, again))
    )
    assert any(np.any(one[key] != other[key]) for key in one.keys() & other.keys())


def test_a_labelled_image_is_drawn_anew_each_time_that_it_comes():
    grey = datasets.Split(np.full([6, 8, 8, 1], 128, np.uint8), np.arange(6) % 2, drawn=True)
    few = datasets.few_labels(grey, 2, 0, labelled_batch=1)
    found = datasets.batches(few, 1, 0, 0).as_numpy_iterator()
    drawn = [(int(labels[0]), images.tobytes()) for (images, labels), _ in found]
    assert len(drawn) == 4 and len(set(drawn)) == 4


def test_images_drawn_anew_are_no_fixed_split():
    grey = datasets.Split(np.full([4, 28, 28, 1], 128, np.uint8), np.arange(4), drawn=True)
    with pytest.raises(UserError, match="drawn anew for each batch given, fixed ones expected"):
        datasets.in_order(grey, 2)
    data = datasets.Dataset("grey", grey, grey, grey, 10, "made by the test")
    with pytest.raises(UserError, match="a part of images whose pixels are drawn anew"):
        parts.conditioned(data, "left", False, 0)


def test_the_binarised_mnist_of_the_field_is_taken_where_it_is_prepared(tmp_path):
    sizes = {"train": 6, "validation": 3, "test": 2}
    images = {
        name: np.random.default_rng(size).integers(0, 2, (size, 28, 28, 1), np.uint8)
        for name, size in sizes.items()
    }
    examples = {
        name: [(i, {"image": image}) for i, image in enumerate(images[name])] for name in sizes
    }
    prepare("binarized_mnist", tmp_path, examples)
    with pytest.raises(UserError, match="has no grey values to draw them by"):
        datasets.load_binarised(tmp_path, anew=True)
    with pytest.raises(UserError, match=r"a seed of the pixels' draw of 3 given, .* drawn already"):
        datasets.load_binarised(tmp_path, seed=3)
    data = datasets.load_binarised(tmp_path)
    assert data.name == "binarized_mnist" and "binarized_mnist/1.0.0" in data.source
    assert (data.title, data.family, data.judge) == ("MNIST", "mnist", None)
    for name, size in sizes.items():
        stored = getattr(data, name)
        assert set(np.unique(stored.images)) == {0, 255}
        assert sorted(map(bytes, stored.images // 255)) == sorted(map(bytes, images[name]))
        np.testing.assert_array_equal(stored.labels, [-1] * size)
