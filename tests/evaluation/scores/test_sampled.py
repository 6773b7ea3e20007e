import keras
import numpy as np
import pytest
from support import models

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores


def build(kind):
    keras.utils.set_random_seed(0)
    return models.KINDS[kind]()


def judge():
    """A judge of the images of the small models that reads the label off a random projection."""
    keras.utils.set_random_seed(1)
    last = keras.layers.Dense(models.CLASSES)
    return keras.Sequential([keras.Input(models.SHAPE), keras.layers.Flatten(), last])


@pytest.mark.parametrize(
    "kind", ["CVAE of labels", pytest.param("conditional DRAW-GAN", marks=pytest.mark.slow)]
)
def test_samples_are_asked_for_evenly_over_the_labels(kind):
    model = build(kind)
    images, labels = scores.samples(model, 8, seed=3, at_once=3)
    assert images.shape == (8, *models.SHAPE)
    assert labels.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    np.testing.assert_array_equal(images, scores.samples(model, 8, seed=3, at_once=3)[0])
    generating = getattr(model, "generator", model)
    for start in (0, 3, 6):  # each batch of a seed of its own
        asked = labels[start : start + 3]
        expected = generating.sample(asked, seed=np.array([3, start], np.int32))
        np.testing.assert_allclose(images[start : start + 3], expected, rtol=1e-5)
    assert np.all(np.ptp(images[::3], axis=0).max(axis=(0, 1)) > 0)
    assert np.any(images != scores.samples(model, 8, seed=4, at_once=3)[0])


@pytest.mark.parametrize("kind", ["VAE", "DRAW-GAN"])
def test_a_model_without_labels_is_asked_for_none(kind):
    images, labels = scores.samples(build(kind), 3)
    assert images.shape == (3, *models.SHAPE) and labels is None


@pytest.mark.parametrize(
    ("kind", "count", "sentence"),
    [("CVAE of images", 3, "given another side information"), ("VAE", 0, "0 images asked for")],
)
def test_images_that_cannot_be_sampled(kind, count, sentence):
    with pytest.raises(UserError, match=sentence):
        scores.samples(build(kind), count)


@pytest.mark.parametrize("kind", ["VAE", "CVAE of labels"])
def test_reconstructions_are_read_and_measured(kind):
    model, reads = build(kind), judge()
    images, labels = models.images(10), models.labels(10)
    found = scores.reconstructions(model, images, labels, reads, at_once=4)
    given = labels if kind == "CVAE of labels" else None
    again = np.concatenate(
        [
            model.reconstruct(
                images[at : at + 4], given if given is None else given[at : at + 4], at
            )
            for at in (0, 4, 8)
        ]
    )
    squares = np.square(images - again).sum(axis=(1, 2, 3))
    assert found.squared_error.value == pytest.approx(squares.mean(), rel=1e-5)
    assert found.squared_error.error == pytest.approx(squares.std() / np.sqrt(10), rel=1e-4)
    read = np.argmax(again.reshape(10, -1) @ reads.layers[-1].kernel.numpy(), axis=1)
    assert found.accuracy.value == np.mean(read == labels)


@pytest.mark.parametrize(
    ("kind", "count", "reads", "sentence"),
    [
        ("VAE", 0, "own", r"\[0, 8, 8, 1\] given"),
        ("VAE", 3, None, "no judge given"),
        ("VAE", 3, "mnist-classifier", r"\[3, 8, 8, 1\] given, \[n, 28, 28, 1\] expected"),
        ("CVAE of images", 3, "own", "given another side information"),
    ],
)
def test_reconstructions_that_cannot_be_scored(kind, count, reads, sentence):
    reads = judge() if reads == "own" else reads
    with pytest.raises(UserError, match=sentence):
        scores.reconstructions(build(kind), models.images(count), models.labels(count), reads)
