import numpy as np
import pytest
from support.data import numbered

from vae_gan_tf import datasets
from vae_gan_tf.datasets import FewLabels, Split
from vae_gan_tf.errors import UserError


@pytest.fixture
def split():
    return numbered(23)


def numbers_of(batches):
    """The numbers of the images by batch; labels and pixels must agree."""
    numbers = []
    for images, labels in batches:
        pixels = np.broadcast_to(labels.numpy()[:, None, None, None], images.shape)
        np.testing.assert_allclose(images, pixels / 255, rtol=1e-6)
        numbers.append(labels.numpy().tolist())
    return numbers


def test_batches_follow_the_permutation_of_numpy(split):
    order = np.random.default_rng((7, 2)).permutation(23)
    batches = datasets.batches(split, 5, seed=7, epoch=2)
    assert numbers_of(batches) == order[:20].reshape(4, 5).tolist()
    assert [tuple(spec.shape) for spec in batches.element_spec] == [(5, 2, 3, 1), (5,)]
    assert [spec.dtype.name for spec in batches.element_spec] == ["float32", "int32"]


def test_every_image_comes_once(split):
    (numbers,) = numbers_of(datasets.batches(split, 23, seed=0, epoch=0))
    assert sorted(numbers) == list(range(23))


def test_another_seed_or_epoch_is_another_order(split):
    first, again, other_epoch, other_seed = (
        numbers_of(datasets.batches(split, 5, seed, epoch))
        for seed, epoch in [(0, 0), (0, 0), (0, 1), (1, 0)]
    )
    assert first == again
    assert first != other_epoch
    assert first != other_seed


@pytest.mark.parametrize("first_batch", [1, 4])
def test_first_batch_goes_on_inside_an_epoch(first_batch, split):
    whole = numbers_of(datasets.batches(split, 5, seed=3, epoch=1))
    rest = numbers_of(datasets.batches(split, 5, seed=3, epoch=1, first_batch=first_batch))
    assert len(whole) == 4
    assert rest == whole[first_batch:]


@pytest.mark.parametrize("batch_size, sizes", [(5, [5, 5, 5, 5, 3]), (23, [23]), (1, [1] * 23)])
def test_in_order_keeps_the_remainder(batch_size, sizes, split):
    numbers = numbers_of(datasets.in_order(split, batch_size))
    assert [len(batch) for batch in numbers] == sizes
    assert np.concatenate(numbers).tolist() == list(range(23))


def test_given_parts_take_the_place_of_labels(split):
    given = split._replace(given=split.images[:, :, :2])
    order = np.random.default_rng((7, 2)).permutation(23)
    batches = list(datasets.batches(given, 5, seed=7, epoch=2))
    for start, (images, y) in zip(range(0, 20, 5), batches, strict=True):
        assert images.dtype == y.dtype == np.float32
        np.testing.assert_array_equal(y, images[:, :, :2])
        np.testing.assert_allclose(y[:, 0, 0, 0] * 255, order[start : start + 5], rtol=1e-6)


def test_images_are_not_copied(split):
    data = datasets.in_order(split, 23)
    split.images[:] = 255
    ((images, _),) = data
    assert (images.numpy() == 1).all()


@pytest.mark.parametrize("function", [datasets.in_order, lambda s, b: datasets.batches(s, b, 0, 0)])
@pytest.mark.parametrize("batch_size", [-1, 0, 24])
def test_impossible_batch_size(function, batch_size, split):
    with pytest.raises(UserError, match=f"batch size is {batch_size}, .* from 1 to 23"):
        function(split, batch_size)


@pytest.fixture
def few():
    """60 numbered images, of which every fifth has a label; 4 of them are in a batch."""
    split, labelled = numbered(60), np.arange(60) % 5 == 0
    return FewLabels(split.at(labelled), split.at(~labelled), labelled_batch=4)


def pairs_of(split, **place):
    """The numbers of the images by batch: labelled and unlabelled."""
    pairs = []
    for (images, labels), unlabelled in datasets.batches(split, 10, seed=3, **place):
        numbers = [np.rint(each[:, 0, 0, 0] * 255).astype(int) for each in (images, unlabelled)]
        np.testing.assert_array_equal(labels, numbers[0])
        pairs.append([each.tolist() for each in numbers])
    return pairs


def test_every_batch_has_labelled_and_unlabelled_images(few):
    assert datasets.epoch_images(few) == 48
    assert datasets.epoch_steps(few, 10) == 4
    pairs = pairs_of(few, epoch=0)
    assert [tuple(map(len, batch)) for batch in pairs] == [(4, 10)] * 4
    # Three batches are a pass over the twelve labelled images, and the fourth begins another.
    assert sorted(number for labelled, _ in pairs[:3] for number in labelled) == [*range(0, 60, 5)]
    assert all(number % 5 == 0 for number in pairs[3][0])
    unlabelled = [number for _, numbers in pairs for number in numbers]
    assert len(set(unlabelled)) == 40
    assert all(number % 5 for number in unlabelled)


def test_few_labels_go_on_inside_an_epoch(few):
    whole = pairs_of(few, epoch=1)
    for first_batch in (1, 4):
        assert pairs_of(few, epoch=1, first_batch=first_batch) == whole[first_batch:]
    assert pairs_of(few, epoch=2) != whole


def test_moved_images_against_a_shifted_canvas():
    images = np.random.default_rng(0).integers(1, 256, [3, 4, 5, 2]).astype(np.uint8)
    moves = np.array([[0, 0], [1, -2], [-3, 1]])
    moved = datasets.moved(images, moves)
    assert moved.dtype == np.uint8
    np.testing.assert_array_equal(moved[0], images[0])
    for image, before, (down, right) in zip(moved, images, moves, strict=True):
        for row, column in np.ndindex(4, 5):
            inside = 0 <= row - down < 4 and 0 <= column - right < 5
            expected = before[row - down, column - right] if inside else 0
            np.testing.assert_array_equal(image[row, column], expected)


def test_a_shift_moves_each_labelled_image_anew():
    """An image of one bright pixel tells how far it was moved."""
    images = np.zeros([60, 7, 7, 1], np.uint8)
    images[:, 3, 3] = 255
    split = Split(images, np.arange(60, dtype=np.int32))
    few = FewLabels(split.at(slice(12)), split.at(slice(12, None)), labelled_batch=4, shift=2)

    def places(epoch, first_batch=0):
        by_batch = []
        for (x, _), unlabelled in datasets.batches(few, 12, 3, epoch, first_batch):
            assert np.all(np.sum(x, axis=(1, 2, 3)) == 1)
            assert np.all(np.argwhere(unlabelled.numpy() == 1)[:, 1:3] == 3)
            by_batch.append(np.argwhere(x.numpy() == 1)[:, 1:3])
        return by_batch

    first, second = places(0), places(1)
    moves = np.concatenate([*first, *second])
    assert {*moves[:, 0]} == {*moves[:, 1]} == {1, 2, 3, 4, 5}
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    for one, other in zip(places(0, first_batch=2), first[2:], strict=True):
        np.testing.assert_array_equal(one, other)
