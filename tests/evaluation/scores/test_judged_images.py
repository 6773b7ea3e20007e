import json
from pathlib import Path

import numpy as np
import pytest
from support.judged import images_of, reader, seen

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores


def test_the_judge_gives_the_input_of_its_last_layer():
    found = scores.judged(images_of([3, 0]), judge=reader())
    np.testing.assert_array_equal(found.features, images_of([3, 0]).reshape(2, -1))
    assert found.read.tolist() == [3, 0] and found.labels is None


NONE = np.zeros(0, int)


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros([0, 28, 28, 1]), NONE, r"\[n, 28, 28, 1\] expected"),
        (np.float32(0), np.zeros(1, int), r"\[\] given"),
        (np.zeros([2, 32, 32, 1]), np.zeros(2, int), r"32, 1\] given, \[n, 28, 28, 1\] expected"),
        (np.zeros([2, 32, 32, 3]), np.zeros(2, int), r"32, 3\] given, \[n, 28, 28, 1\] expected"),
        (np.zeros([2, 28, 28, 1]), np.zeros(3, int), "one integer for each expected"),
        (np.zeros([2, 28, 28, 1]), np.zeros(2), "float64 labels"),
        (np.zeros([2, 28, 28, 1]), np.array([-1, 3]), "labels -1 to 3 given .* reads 0 to 9"),
        (np.zeros([2, 28, 28, 1]), np.array([3, 10]), "labels 3 to 10 given .* reads 0 to 9"),
        (np.full([2, 28, 28, 1], 255), np.zeros(2, int), r"lie in \[0, 1\]"),
        (np.full([2, 28, 28, 1], np.nan), np.zeros(2, int), r"lie in \[0, 1\]"),
    ],
)
def test_images_that_cannot_be_judged_are_one_sentence(images, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        scores.judged(images, labels, reader())


def test_there_is_no_judge_by_default():
    with pytest.raises(UserError, match=r"no judge given .* \(mnist-classifier, svhn_small-"):
        scores.judged(images_of([3]))


@pytest.mark.parametrize("labels", [None, [4, 5, 6]])
def test_images_at_some_places_keep_what_belongs_to_them(labels):
    some = seen(np.eye(3), labels, read=[7, 8, 9]).at(np.array([2, 0]))
    np.testing.assert_array_equal(some.features, np.eye(3)[[2, 0]])
    assert some.read.tolist() == [9, 7] and some.images.shape == (2, 4, 4, 1)
    assert some.labels is None if labels is None else some.labels.tolist() == [6, 4]


@pytest.mark.slow
def test_the_shipped_judge_reads_real_digits_as_its_json_says(mnist):
    figures = Path(__file__).parents[3] / "figures"
    record = json.loads((figures / "classifier.json").read_text())
    accuracy = scores.label_accuracy(scores.judged(*mnist.test.arrays(), "mnist-classifier")).value
    assert accuracy == pytest.approx(record["test_accuracy"], abs=1e-4)
    assert accuracy >= 0.993


@pytest.mark.slow
def test_the_shipped_judge_of_svhn_takes_its_images():
    images = np.random.default_rng(0).random([3, 32, 32, 3])
    assert scores.judged(images, judge="svhn_small-classifier").features.shape == (3, 192)
