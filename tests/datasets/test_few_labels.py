import numpy as np
import pytest
from support.data import numbered

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError


@pytest.fixture
def labelled():
    """60 numbered images: 20 of class 0, 10 of class 1, 30 of class 2."""
    labels = np.repeat([0, 1, 2], [20, 10, 30]).astype(np.int32)
    return numbered(60)._replace(labels=np.random.default_rng(0).permutation(labels))


@pytest.mark.parametrize("count", [3, 15, 30])
def test_labels_are_kept_evenly_and_every_image_is_on_one_side(count, labelled):
    few = datasets.few_labels(labelled, count, seed=4, labelled_batch=2, shift=1)
    assert np.bincount(few.labelled.labels).tolist() == [count // 3] * 3
    kept, rest = (split.images[:, 0, 0, 0] for split in (few.labelled, few.unlabelled))
    assert sorted([*kept, *rest]) == list(range(60))
    np.testing.assert_array_equal(few.labelled.labels, labelled.labels[kept])
    assert (few.labelled_batch, few.shift) == (2, 1)


def test_the_seed_chooses_the_labels(labelled):
    first, again, other = (
        datasets.few_labels(labelled, 9, seed, 1).labelled.images for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_the_labels_kept_are_those_of_earlier_versions(labelled):
    """A run that goes on after an update keeps its labels."""
    few = datasets.few_labels(labelled, 9, seed=0, labelled_batch=1)
    assert few.labelled.images[:, 0, 0, 0].tolist() == [2, 9, 11, 25, 27, 32, 37, 41, 58]


@pytest.mark.parametrize(
    ("count", "batch", "sentence"),
    [
        (10, 1, "10 labels cannot be drawn evenly over 3 classes; a positive multiple of 3"),
        (0, 1, "0 labels cannot be drawn"),
        (-3, 1, "-3 labels cannot be drawn"),
        (33, 1, "33 labels are 11 of each class, and of class 1 there are 10 images"),
        (9, 10, "batch of 10 labelled images asked for, and there are 9 labels"),
        (9, 0, "batch of 0 labelled images"),
    ],
)
def test_labels_that_cannot_be_kept(count, batch, sentence, labelled):
    with pytest.raises(UserError, match=sentence):
        datasets.few_labels(labelled, count, 0, batch)


@pytest.mark.parametrize(
    ("labels", "batch", "shift"), [(9.0, 1, 0), (9, 1.0, 0), (9, 1, -1), (9, 1, 0.5), (9, True, 0)]
)
def test_numbers_that_are_no_integers(labels, batch, shift, labelled):
    with pytest.raises(UserError, match=r"(labels|labelled_batch|shift)=.* given, an integer"):
        datasets.few_labels(labelled, labels, 0, batch, shift)


def test_images_that_are_moved_out_of_sight(labelled):
    size = min(labelled.images.shape[1:3])
    with pytest.raises(UserError, match=f"a move by {size} pixels given"):
        datasets.few_labels(labelled, 9, 0, 1, shift=size)


def test_labels_that_are_no_integers(labelled):
    with pytest.raises(UserError, match="must be integers, not float64"):
        datasets.few_labels(labelled._replace(labels=labelled.labels * 1.0), 9, 0, 1)
