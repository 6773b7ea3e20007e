import json
from pathlib import Path

import numpy as np
import pytest

from vae_gan_tf import metrics
from vae_gan_tf.errors import UserError


class Reader:
    """A judge that reads the label off the first pixel, in tenths."""

    def predict(self, images, batch_size, verbose):
        return np.eye(10)[np.rint(images[:, 0, 0, 0] * 10).astype(int)]


def images_of(digits):
    images = np.zeros([len(digits), 28, 28, 1], np.float32)
    images[:, 0, 0, 0] = np.array(digits) / 10
    return images


@pytest.mark.parametrize(
    ("read", "asked", "accuracy"),
    [([0, 1, 2, 3], [0, 1, 2, 3], 1.0), ([0, 1, 2, 3], [0, 1, 2, 9], 0.75), ([5], [6], 0.0)],
)
def test_label_accuracy_is_the_share_read_as_asked(read, asked, accuracy):
    assert metrics.label_accuracy(images_of(read), np.array(asked), Reader()) == accuracy


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros([0, 28, 28, 1]), np.zeros(0, int), r"\[n, 28, 28, 1\] expected"),
        (np.float32(0), np.zeros(1, int), r"\[\] given"),
        (np.zeros([2, 32, 32, 3]), np.zeros(2, int), r"\[2, 32, 32, 3\] given"),
        (np.zeros([2, 28, 28, 1]), np.zeros(3, int), "one integer for each expected"),
        (np.zeros([2, 28, 28, 1]), np.zeros(2), "float64 labels"),
        (np.full([2, 28, 28, 1], 255), np.zeros(2, int), r"lie in \[0, 1\]"),
        (np.full([2, 28, 28, 1], np.nan), np.zeros(2, int), r"lie in \[0, 1\]"),
    ],
)
def test_bad_input_is_one_sentence(images, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        metrics.label_accuracy(images, labels, Reader())


def test_the_shipped_judge_reads_real_digits_as_its_json_says(mnist):
    figures = Path(__file__).parent.parent / "figures"
    record = json.loads((figures / "classifier.json").read_text())
    images = mnist.test.images.astype(np.float32) / 255
    accuracy = metrics.label_accuracy(images, mnist.test.labels)
    assert accuracy == pytest.approx(record["test_accuracy"], abs=1e-4)
    assert accuracy >= 0.993
