import errno
import shutil
import socket
import time
import zlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from vae_gan_tf import datasets
from vae_gan_tf.datasets import IdRange, Split, SvhnSet
from vae_gan_tf.errors import UserError


def ids(prefix, first, last):
    return [f"{prefix}_{i:06d}" for i in range(first, last + 1)]


# A small SVHN: the same rules with ids that stop early.
SMALL_SETS = {
    "svhn_small": SvhnSet(
        (IdRange("train", 0, 3), IdRange("test", 0, 5)), (IdRange("test", 6, 8),)
    ),
    "svhn": SvhnSet((IdRange("train", 0, 19),), (IdRange("test", 0, 11),)),
    "svhn_extra": SvhnSet(
        (IdRange("train", 0, 19), IdRange("extra", 0, 24)), (IdRange("test", 0, 11),)
    ),
}
FULL_COPY = {"train": ids("train", 0, 19), "test": ids("test", 0, 11), "extra": ids("extra", 0, 24)}
PARTIAL_COPY = {"train": ids("test", 0, 5) + ids("train", 0, 3), "test": ids("test", 6, 8)}


def picture(image_id):
    seed = zlib.crc32(image_id.encode())
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def prepare_svhn(folder, copy):
    """Lets the TFDS builder of SVHN write its files, with pictures made from the ids."""

    def examples(split_ids):
        for image_id in split_ids:
            label = int(image_id[-1])
            yield image_id, {"id": image_id, "image": picture(image_id), "label": label}

    builder = tfds.builder("svhn_cropped", data_dir=folder)
    builder._split_generators = lambda _: {name: examples(copy[name]) for name in copy}
    builder.download_and_prepare()
    return builder.data_path


@pytest.fixture
def small_svhn(monkeypatch):
    monkeypatch.setattr(datasets, "SVHN_SETS", SMALL_SETS)
    monkeypatch.setattr(datasets, "SVHN_VALIDATION", 3)


@pytest.fixture(scope="module")
def full_copy(tmp_path_factory):
    return prepare_svhn(tmp_path_factory.mktemp("full"), FULL_COPY).parents[1]


@pytest.fixture(scope="module")
def partial_copy(tmp_path_factory):
    return prepare_svhn(tmp_path_factory.mktemp("partial"), PARTIAL_COPY).parents[1]


def assert_holds(split, expected_ids):
    np.testing.assert_array_equal(split.images, np.stack([picture(i) for i in expected_ids]))
    np.testing.assert_array_equal(split.labels, [int(i[-1]) for i in expected_ids])
    assert split.images.dtype == np.uint8
    assert split.labels.dtype == np.int32


# MNIST


def test_mnist_is_the_official_one(mnist):
    assert [len(s.images) for s in (mnist.train, mnist.validation, mnist.test)] == [
        55_000,
        5_000,
        10_000,
    ]
    training = np.concatenate([mnist.train.labels, mnist.validation.labels])
    assert np.bincount(training).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    ]
    assert np.bincount(mnist.test.labels).tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ]
    pixels = (mnist.train.images.sum(dtype=int) + mnist.validation.images.sum(dtype=int)) / 60_000
    assert pixels / 784 / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist.image_shape == (28, 28, 1)
    assert mnist.num_classes == 10


def test_mnist_split_is_that_of_tfds(mnist, data_dir):
    images, labels = tfds.as_numpy(
        tfds.load(
            "mnist",
            split="train[55000:]",
            data_dir=data_dir,
            download=False,
            batch_size=-1,
            as_supervised=True,
        )
    )
    np.testing.assert_array_equal(mnist.validation.images, images)
    np.testing.assert_array_equal(mnist.validation.labels, labels)


@pytest.mark.parametrize("file", datasets.MNIST_FILES)
@pytest.mark.parametrize("damage", ["missing", "cut off", "altered"])
def test_damaged_official_file_is_named(file, damage, tmp_path, monkeypatch):
    folder = tmp_path / "files"
    shutil.copytree(datasets.MNIST_FOLDER, folder)
    content = bytearray((folder / file).read_bytes())
    if damage == "missing":
        (folder / file).unlink()
    elif damage == "cut off":
        (folder / file).write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(content)
    monkeypatch.setattr(datasets, "MNIST_FOLDER", folder)
    with pytest.raises(UserError, match=f"{folder / file} is (missing|cut off or altered);"):
        datasets.load("mnist", tmp_path / "data")


def test_damaged_prepared_mnist_is_named(data_dir, tmp_path):
    shutil.copytree(data_dir, tmp_path / "data")
    folder = tmp_path / "data" / "mnist" / "3.0.1"
    (file,) = folder.glob("*train.tfrecord*")
    file.write_bytes(file.read_bytes()[:100_000])
    with pytest.raises(UserError, match=f"{folder} is cut off.*delete that folder"):
        datasets.load("mnist", tmp_path / "data")


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match=f"{tmp_path / 'file'}.* could not be prepared"):
        datasets.load("mnist", tmp_path / "file")


@pytest.mark.parametrize("other_was_first", [True, False])
def test_two_processes_prepare_at_once(other_was_first, tmp_path):
    class Loser:
        data_path = tmp_path / "3.0.1"

        def download_and_prepare(self, **_):
            if other_was_first:
                self.data_path.mkdir()
            raise OSError(errno.ENOTEMPTY, "Directory not empty")

    if other_was_first:
        datasets._prepare(Loser())
    else:
        with pytest.raises(UserError, match="Directory not empty"):
            datasets._prepare(Loser())


# SVHN


@pytest.mark.parametrize(
    "name, training, test",
    [("svhn_small", 9_084, 1_999), ("svhn", 73_257, 26_032), ("svhn_extra", 604_388, 26_032)],
)
def test_official_sizes_of_svhn(name, training, test):
    ranges = datasets.SVHN_SETS[name]
    assert len(datasets._sorted_ids(ranges.training)) == training
    assert len(datasets._sorted_ids(ranges.test)) == test


@pytest.mark.parametrize(
    "name, training, test",
    [
        ("svhn_small", ids("test", 0, 5) + ids("train", 0, 3), ids("test", 6, 8)),
        ("svhn", ids("train", 0, 19), ids("test", 0, 11)),
        ("svhn_extra", ids("extra", 0, 24) + ids("train", 0, 19), ids("test", 0, 11)),
    ],
)
def test_svhn_is_in_the_order_of_ids(name, training, test, full_copy, small_svhn):
    data = datasets.load(name, full_copy)
    assert_holds(data.train, training[:-3])
    assert_holds(data.validation, training[-3:])
    assert_holds(data.test, test)
    assert data.image_shape == (32, 32, 3)
    assert datasets.is_local(name, full_copy)


def test_svhn_small_is_the_same_from_a_part(full_copy, partial_copy, small_svhn):
    whole, part = (datasets.load("svhn_small", d) for d in (full_copy, partial_copy))
    for one, other in zip(
        (whole.train, whole.validation, whole.test),
        (part.train, part.validation, part.test),
        strict=True,
    ):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert whole.source == part.source
    assert datasets.is_local("svhn_small", partial_copy)


@pytest.mark.parametrize("download", [False, True])
@pytest.mark.parametrize("name", ["svhn", "svhn_extra"])
def test_svhn_is_refused_on_a_part(name, download, partial_copy, small_svhn):
    assert not datasets.is_local(name, partial_copy)
    with pytest.raises(UserError, match=rf"images of {name}; .*svhn_small"):
        datasets.load(name, partial_copy, download)


@pytest.mark.parametrize("name", ["svhn_small", "svhn", "svhn_extra"])
def test_missing_svhn_says_how_to_get_it(name, tmp_path):
    assert not datasets.is_local(name, tmp_path)
    with pytest.raises(UserError, match=r"no SVHN in .*data_dir.*1\.47 GiB"):
        datasets.load(name, tmp_path)


def test_download_ends_at_once_without_a_network(tmp_path, monkeypatch, capsys):
    def unreachable(url):
        raise OSError(f"no way to {url}")

    def started(*_, **__):
        pytest.fail("the download was started")

    monkeypatch.setattr(datasets, "_reach", unreachable)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", started)
    with pytest.raises(UserError, match=r"from ufldl\.stanford\.edu: no way"):
        datasets.load("svhn", tmp_path, download=True)
    assert "1.47 GiB" in capsys.readouterr().out


def test_silent_host_is_given_up(monkeypatch):
    monkeypatch.setattr(datasets, "NETWORK_TIMEOUT", 0.2)
    start = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError):
        datasets._reach(f"http://127.0.0.1:{server.getsockname()[1]}/file")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "file, damage",
    [
        ("*train.tfrecord*", lambda path: path.write_bytes(path.read_bytes()[:-1000])),
        ("*train.tfrecord*", lambda path: path.write_bytes(b"\0" * path.stat().st_size)),
        ("*train.tfrecord*", lambda path: path.write_bytes(b"")),
        ("*train.tfrecord*", lambda path: path.unlink()),
        ("dataset_info.json", lambda path: path.write_bytes(path.read_bytes()[:-100])),
        ("dataset_info.json", lambda path: path.unlink()),
    ],
    ids=["cut", "altered", "empty", "gone", "metadata cut", "metadata gone"],
)
def test_damaged_prepared_svhn_is_named(file, damage, full_copy, tmp_path, small_svhn):
    shutil.copytree(full_copy, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "svhn_cropped" / "3.1.0"
    (path,) = folder.glob(file)
    damage(path)
    with pytest.raises(UserError, match=f"{folder} is cut off.*delete that folder"):
        datasets.load("svhn_small", tmp_path)


@pytest.mark.parametrize("function", [datasets.load, datasets.is_local, datasets.how_to_get])
def test_unknown_name(function):
    with pytest.raises(UserError, match=r"no data set 'cifar'; .*mnist, svhn_small"):
        function("cifar")


# Batches


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


def test_binarised_mnist_is_one_draw_of_the_grey_images(mnist, data_dir):
    data = datasets.load_binarised(data_dir, seed=3)
    assert data.name == "mnist_binarised" and "seed 3" in data.source
    for number, name in enumerate(("train", "validation", "test")):
        grey, drawn = getattr(mnist, name), getattr(data, name)
        np.testing.assert_array_equal(drawn.images, datasets.binarised(grey.images, (3, number)))
        np.testing.assert_array_equal(drawn.labels, grey.labels)


def test_the_binarised_mnist_of_the_field_is_taken_where_it_is_prepared(tmp_path):
    sizes = {"train": 6, "validation": 3, "test": 2}
    images = {
        name: np.random.default_rng(size).integers(0, 2, (size, 28, 28, 1), np.uint8)
        for name, size in sizes.items()
    }
    builder = tfds.builder("binarized_mnist", data_dir=tmp_path)
    builder._split_generators = lambda _: {
        name: ((i, {"image": image}) for i, image in enumerate(images[name])) for name in sizes
    }
    builder.download_and_prepare()
    data = datasets.load_binarised(tmp_path)
    assert data.name == "binarized_mnist" and "binarized_mnist/1.0.0" in data.source
    for name, size in sizes.items():
        stored = getattr(data, name)
        assert set(np.unique(stored.images)) == {0, 255}
        assert sorted(map(bytes, stored.images // 255)) == sorted(map(bytes, images[name]))
        np.testing.assert_array_equal(stored.labels, [-1] * size)


@pytest.fixture
def numbered():
    """23 images of 2 x 3 pixels, all of the number of the image."""
    numbers = np.arange(23)
    images = np.broadcast_to(numbers[:, None, None, None], (23, 2, 3, 1)).astype(np.uint8)
    return Split(images, numbers.astype(np.int32))


def numbers_of(batches):
    """The numbers of the images by batch; labels and pixels must agree."""
    numbers = []
    for images, labels in batches:
        pixels = np.broadcast_to(labels.numpy()[:, None, None, None], images.shape)
        np.testing.assert_allclose(images, pixels / 255, rtol=1e-6)
        numbers.append(labels.numpy().tolist())
    return numbers


def test_batches_follow_the_permutation_of_numpy(numbered):
    order = np.random.default_rng((7, 2)).permutation(23)
    expected = order[:20].reshape(4, 5).tolist()
    assert numbers_of(datasets.batches(numbered, 5, seed=7, epoch=2)) == expected


def test_every_image_comes_once(numbered):
    (numbers,) = numbers_of(datasets.batches(numbered, 23, seed=0, epoch=0))
    assert sorted(numbers) == list(range(23))


@pytest.mark.parametrize("seed, epoch", [(0, 1), (1, 0)])
def test_another_seed_or_epoch_is_another_order(seed, epoch, numbered):
    first = numbers_of(datasets.batches(numbered, 5, seed=0, epoch=0))
    assert first == numbers_of(datasets.batches(numbered, 5, seed=0, epoch=0))
    assert first != numbers_of(datasets.batches(numbered, 5, seed=seed, epoch=epoch))


@pytest.mark.parametrize("first_batch", range(5))
def test_first_batch_goes_on_inside_an_epoch(first_batch, numbered):
    whole = numbers_of(datasets.batches(numbered, 5, seed=3, epoch=1))
    rest = numbers_of(datasets.batches(numbered, 5, seed=3, epoch=1, first_batch=first_batch))
    assert rest == whole[first_batch:]


@pytest.mark.parametrize("batch_size, sizes", [(5, [5, 5, 5, 5, 3]), (23, [23]), (1, [1] * 23)])
def test_in_order_keeps_the_remainder(batch_size, sizes, numbered):
    numbers = numbers_of(datasets.in_order(numbered, batch_size))
    assert [len(batch) for batch in numbers] == sizes
    assert np.concatenate(numbers).tolist() == list(range(23))


def test_batches_of_mnist(mnist):
    data = datasets.batches(mnist.train, 100, seed=0, epoch=0)
    assert [tuple(spec.shape) for spec in data.element_spec] == [(100, 28, 28, 1), (100,)]
    assert [spec.dtype.name for spec in data.element_spec] == ["float32", "int32"]
    images, _ = next(iter(data))
    assert images.numpy().min() == 0
    assert images.numpy().max() == 1


def test_given_parts_take_the_place_of_labels(numbered):
    parts = numbered.images[:, :, :2]
    given = numbered._replace(given=parts)
    order = np.random.default_rng((7, 2)).permutation(23)
    batches = list(datasets.batches(given, 5, seed=7, epoch=2))
    for start, (images, y) in zip(range(0, 20, 5), batches, strict=True):
        assert images.dtype == y.dtype == np.float32
        np.testing.assert_array_equal(y, images[:, :, :2])
        np.testing.assert_allclose(y[:, 0, 0, 0] * 255, order[start : start + 5], rtol=1e-6)


def test_a_part_of_a_split_keeps_what_belongs_together(numbered):
    given = numbered._replace(given=numbered.images[:, :1])
    for split in (numbered, given):
        part = split.at([4, 2])
        images, y = part.arrays()
        np.testing.assert_allclose(images[:, 0, 0, 0] * 255, [4, 2], rtol=1e-6)
        np.testing.assert_array_equal(part.labels, [4, 2])
        np.testing.assert_array_equal(y, [4, 2] if split is numbered else images[:, :1])


def test_images_are_not_copied(numbered):
    data = datasets.in_order(numbered, 23)
    numbered.images[:] = 255
    ((images, _),) = data
    assert (images.numpy() == 1).all()


@pytest.mark.parametrize("function", [datasets.in_order, lambda s, b: datasets.batches(s, b, 0, 0)])
@pytest.mark.parametrize("batch_size", [-1, 0, 24])
def test_impossible_batch_size(function, batch_size, numbered):
    with pytest.raises(UserError, match=f"batch size is {batch_size}, .* from 1 to 23"):
        function(numbered, batch_size)


# Few labels


@pytest.fixture
def labelled():
    """60 numbered images: 20 of class 0, 10 of class 1, 30 of class 2."""
    numbers = np.arange(60)
    images = np.broadcast_to(numbers[:, None, None, None], (60, 2, 3, 1)).astype(np.uint8)
    labels = np.repeat([0, 1, 2], [20, 10, 30]).astype(np.int32)
    return Split(images, np.random.default_rng(0).permutation(labels))


@pytest.mark.parametrize("count", [3, 15, 30])
def test_labels_are_kept_evenly_and_every_image_is_on_one_side(count, labelled):
    few = datasets.few_labels(labelled, count, seed=4, labelled_batch=2)
    assert np.bincount(few.labelled.labels).tolist() == [count // 3] * 3
    kept, rest = (part.images[:, 0, 0, 0] for part in few[:2])
    assert sorted([*kept, *rest]) == list(range(60))
    np.testing.assert_array_equal(few.labelled.labels, labelled.labels[kept])


def test_the_seed_chooses_the_labels(labelled):
    first, again, other = (
        datasets.few_labels(labelled, 9, seed, 1).labelled.images for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize("count", [600, 1000])
def test_few_labels_of_mnist(count, mnist):
    few = datasets.few_labels(mnist.train, count, seed=0)
    assert np.bincount(few.labelled.labels).tolist() == [count // 10] * 10
    assert len(few.unlabelled.images) == 55_000 - count


@pytest.mark.parametrize(
    ("count", "batch", "sentence"),
    [
        (10, 1, "10 labels cannot be drawn evenly over 3 classes; a multiple of 3"),
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


def test_labels_that_are_no_integers(labelled):
    with pytest.raises(UserError, match="must be integers, not float64"):
        datasets.few_labels(labelled._replace(labels=labelled.labels * 1.0), 9, 0, 1)


def semi_supervised(split, **place):
    """The numbers of the images by batch: labelled and unlabelled."""
    data = datasets.batches(split, 10, seed=3, **place)
    return [
        [np.rint(images[:, 0, 0, 0] * 255).astype(int).tolist() for images in (x, without)]
        for (x, _), without in data
    ]


def test_every_batch_has_labelled_and_unlabelled_images(labelled):
    few = datasets.few_labels(labelled, 12, seed=0, labelled_batch=4)
    assert datasets.epoch_steps(few, 10) == 4
    for (x, y), _ in datasets.batches(few, 10, seed=0, epoch=0):
        np.testing.assert_array_equal(labelled.labels[np.rint(x[:, 0, 0, 0] * 255).astype(int)], y)
    numbers = semi_supervised(few, epoch=0)
    assert [tuple(map(len, batch)) for batch in numbers] == [(4, 10)] * 4
    kept = set(few.labelled.images[:, 0, 0, 0])
    assert all(set(x) <= kept and not set(without) & kept for x, without in numbers)
    # Three batches are a pass over the twelve labelled images, and the fourth begins another.
    assert sorted(number for x, _ in numbers[:3] for number in x) == sorted(kept)
    assert len({number for _, without in numbers for number in without}) == 40


@pytest.mark.parametrize("first_batch", range(5))
def test_few_labels_go_on_inside_an_epoch(first_batch, labelled):
    few = datasets.few_labels(labelled, 12, seed=0, labelled_batch=4)
    whole = semi_supervised(few, epoch=1)
    assert semi_supervised(few, epoch=1, first_batch=first_batch) == whole[first_batch:]
    assert semi_supervised(few, epoch=2) != whole


def test_moved_images_against_a_shifted_canvas():
    images = np.random.default_rng(0).integers(1, 256, [3, 4, 5, 2]).astype(np.uint8)
    moves = np.array([[0, 0], [1, -2], [-3, 1]])
    found = datasets.moved(images, moves)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], images[0])
    for image, before, (down, right) in zip(found, images, moves, strict=True):
        for row, column in np.ndindex(4, 5):
            inside = 0 <= row - down < 4 and 0 <= column - right < 5
            expected = before[row - down, column - right] if inside else 0
            np.testing.assert_array_equal(image[row, column], expected)


def test_a_shift_moves_each_labelled_image_anew():
    """An image of one bright pixel tells how far it was moved."""
    images = np.zeros([60, 7, 7, 1], np.uint8)
    images[:, 3, 3] = 255
    few = datasets.few_labels(
        datasets.Split(images, np.arange(60, dtype=np.int32) % 3), 12, 0, 4, shift=2
    )

    def places(epoch, first_batch=0):
        found = []
        for (x, _), without in datasets.batches(few, 12, 3, epoch, first_batch):
            assert np.all(np.sum(x, axis=(1, 2, 3)) == 1)
            assert np.all(np.argwhere(without.numpy() == 1)[:, 1:3] == 3)
            found.append(np.argwhere(x.numpy() == 1)[:, 1:3])
        return found

    first, second = places(0), places(1)
    moves = np.concatenate([*first, *second])
    assert {*moves[:, 0]} == {*moves[:, 1]} == {1, 2, 3, 4, 5}
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    for one, other in zip(places(0, first_batch=2), first[2:], strict=True):
        np.testing.assert_array_equal(one, other)
