import os
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin
from support import files

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError


def load(path, data_dir, **form):
    return datasets.load(f"folder:{path}", data_dir, form=datasets.Form(**form))


def everything(data):
    """All images with their labels, in an order of their own."""
    splits = [getattr(data, name) for name in datasets.SPLITS]
    images = np.concatenate([split.images for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    order = np.lexsort([images[:, 0, 0, 0], labels])
    return images[order], labels[order]


def test_a_folder_of_classes_is_a_data_set(tmp_path):
    path = files.folder(tmp_path / "animals", count=21)
    data = load(path, tmp_path)
    assert [len(getattr(data, name).labels) for name in datasets.SPLITS] == [33, 3, 6]
    assert (data.num_classes, data.image_shape, data.title) == (2, (10, 12, 3), "animals")
    assert data.source == "The folder animals: 33 for training, 3 for validation, 6 for test."
    images, labels = everything(data)
    expected = [files.pixels(it) + np.uint8(label) for label in (0, 1) for it in range(21)]
    np.testing.assert_array_equal(images, expected)
    np.testing.assert_array_equal(labels, np.repeat([0, 1], 21))


def test_images_are_decoded_once_and_their_order_is_always_the_same(tmp_path, monkeypatch):
    path = files.folder(tmp_path / "animals")
    first = load(path, tmp_path / "one")
    again = load(path, tmp_path / "other")
    np.testing.assert_array_equal(first.train.images, again.train.images)
    monkeypatch.setattr("vae_gan_tf.datasets.folder._examples", lambda *given: iter("nothing"))
    kept = load(path, tmp_path / "one")
    assert isinstance(kept.train.images, np.memmap)
    np.testing.assert_array_equal(kept.train.images, first.train.images)


def test_a_changed_folder_is_decoded_anew(tmp_path):
    path = files.folder(tmp_path / "animals")
    before = everything(load(path, tmp_path))[0]
    whole = (path / "cat" / "00.png").read_bytes()
    contents = load(path, tmp_path).contents
    kept = (path / "cat" / "00.png").stat()
    files.save(path / "cat" / "00.png", 255 - files.pixels(0))
    os.utime(path / "cat" / "00.png", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert np.any(everything(load(path, tmp_path))[0] != before)
    assert load(path, tmp_path).contents != contents
    (path / "cat" / "00.png").write_bytes(whole)  # other times, the same images
    assert load(path, tmp_path).contents == contents
    moved = path.rename(tmp_path / "moved")
    assert load(moved, tmp_path).contents == contents


@pytest.mark.parametrize("test", ["test", "Test", "validation", "val"])
def test_the_folder_of_test_images_has_several_names(tmp_path, test):
    path = files.folder(tmp_path / "animals", parts=("train", test))
    assert len(load(path, tmp_path).test.labels) == 40


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (("train", "test", "val"), "holds val beside train and test, which would not be read"),
        (("Train", "other"), "holds other beside Train, which would not be read"),
        (("test", "validation"), "holds test, validation and no folder train"),
        (("test",), "holds test and no folder train"),
    ],
)
def test_folders_that_would_not_be_read_are_refused(tmp_path, parts, sentence):
    path = files.folder(tmp_path / "animals", parts=parts)
    with pytest.raises(UserError, match=sentence):
        load(path, tmp_path)


@pytest.mark.parametrize(("one", "other"), [("train", "test"), ("test", "train")])
def test_a_class_of_one_part_alone_is_named(tmp_path, one, other):
    path = files.folder(tmp_path / "animals", parts=("train", "test"))
    (path / one / "cat").rename(path / one / ".cat")
    sentence = f"{path / one} holds no folder cat, and {path / other} does"
    with pytest.raises(UserError, match=sentence):
        load(path, tmp_path)


def test_linked_folders_are_read_once(tmp_path):
    path = files.folder(tmp_path / "animals", count=20)
    more = files.folder(tmp_path / "more", classes=("cat",), count=5)
    (path / "cat" / "linked").symlink_to(more / "cat")
    (path / "cat" / "again").symlink_to(path / "cat")
    labels = everything(load(path, tmp_path))[1]
    assert np.bincount(labels).tolist() == [25, 20]


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_tiff_is_turned_as_noted(tmp_path, orientation):
    path = files.folder(tmp_path / "animals")
    values = files.pixels(50)
    turned = {3: np.rot90(values, 2), 6: np.rot90(values)}[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(np.ascontiguousarray(turned)).save(path / "cat" / "x.tif", exif=exif)
    images = everything(load(path, tmp_path))[0]
    assert any(np.array_equal(it, values) for it in images)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("images.npy", b""),
        ("labels.npy", b""),
        ("labels.npy", b"PK\3\4 and no more"),
        ("images.npy", np.zeros([40, 12, 10, 3])),
        ("images.npy", np.zeros([30, 10, 12, 3], np.uint8)),
        ("labels.npy", np.zeros(10, np.int32)),
        ("contents.txt", b""),
    ],
)
def test_damaged_decoded_images_are_one_sentence(tmp_path, name, content):
    path = files.folder(tmp_path / "animals")
    load(path, tmp_path)
    (damaged,) = tmp_path.glob(f"decoded_images/*/{name}")
    if isinstance(content, bytes):
        damaged.write_bytes(content)
    else:
        np.save(damaged, content)
    with pytest.raises(UserError, match="delete it to decode the images anew"):
        load(path, tmp_path)


def test_folders_of_training_and_test_images_are_kept_apart(tmp_path):
    path = files.folder(tmp_path / "animals", parts=("train", "test"))
    data = load(path, tmp_path)
    assert [len(getattr(data, name).labels) for name in datasets.SPLITS] == [37, 3, 40]


def test_images_are_resized_and_made_grey(tmp_path):
    path = files.folder(tmp_path / "animals", shape=(20, 24, 3))
    data = load(path, tmp_path, size=(10, 8), grey=True)
    assert data.image_shape == (10, 8, 1)
    assert "resized to 10 x 8 by Pillow's bilinear filter" in data.source
    colour = files.pixels(3, (20, 24, 3)).astype(float)
    grey = colour @ [0.299, 0.587, 0.114]
    means = everything(data)[0].mean((1, 2, 3))
    assert np.abs(means - grey.mean()).min() < 1.5
    assert load(path, tmp_path).image_shape == (20, 24, 3)


def test_grey_and_coloured_folders_take_other_presets(tmp_path):
    grey = files.folder(tmp_path / "grey", shape=(8, 8, 1))
    colour = files.folder(tmp_path / "colour", shape=(8, 8, 3), ending="jpg")
    assert datasets.source(f"folder:{grey}").settings_of == "mnist"
    assert datasets.source(f"folder:{colour}").settings_of == "svhn_small"
    assert datasets.source(f"folder:{colour}", datasets.Form(None, True)).settings_of == "mnist"


def alpha(path):
    Image.new("RGBA", (12, 10)).save(path / "cat" / "00.png")


def png(path, width, height, bits, pixels):
    """A PNG in colours, of its parts."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(pixels)),
        (b"IEND", b""),
    )
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        content += struct.pack(">I", len(data)) + kind + data
        content += struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(content)


def sixteen_bits(path):
    """Pillow opens it as one of 8 bits."""
    png(path, 12, 10, 16, 10 * (b"\0" + 12 * 6 * b"\7"))


def with_a_transparent_colour(path):
    Image.fromarray(files.pixels(0)).save(path, transparency=(1, 2, 3))


def with_a_large_comment(path):
    comment = PngImagePlugin.PngInfo()
    comment.add_text("text", "a" * 2**21, zip=True)
    Image.fromarray(files.pixels(0)).save(path, pnginfo=comment)


def too_large(path):
    png(path, 20_000, 20_000, 8, b"")


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (sixteen_bits, "an image of mode RGB of 16 bits; grey images or colours of 8 bits"),
        (with_a_transparent_colour, "an image of mode RGB with transparency"),
        (with_a_large_comment, "cannot be read as an image"),
        (os.mkfifo, "is no file, an image expected"),
        (too_large, "cannot be read as an image: .*exceeds limit"),
    ],
)
def test_an_image_of_another_kind_is_refused(tmp_path, write, sentence):
    path = files.folder(tmp_path / "animals")
    write(path / "cat" / "x.png")
    with pytest.raises(UserError, match=rf"cat/x\.png .*{sentence}"):
        load(path, tmp_path / "data")


def test_an_orientation_that_is_no_number_is_left_alone(tmp_path):
    path = files.folder(tmp_path / "animals", ending="jpg")
    tag = struct.pack(">HHI4s", ExifTags.Base.Orientation, 2, 3, b"up")  # 2: text
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 1) + tag + 4 * b"\0"
    Image.fromarray(files.pixels(0)).save(path / "cat" / "x.jpg", exif=exif)
    assert load(path, tmp_path / "data").image_shape == (10, 12, 3)


def test_hidden_names_are_left_alone(tmp_path):
    path = files.folder(tmp_path / "animals", count=21)
    files.save(path / ".ipynb_checkpoints" / "00.png", files.pixels(0))
    (path / ".git").mkdir()
    (path / "cat" / "._00.png").write_bytes(b"of another system")
    data = load(path, tmp_path / "data")
    assert data.class_names == ("cat", "dog") and len(everything(data)[1]) == 42


def test_a_link_to_nothing_is_named(tmp_path):
    path = files.folder(tmp_path / "animals", count=20)
    (path / "cat" / "zzz.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"zzz\.png cannot be read: No such file"):
        load(path, tmp_path)


def test_a_class_may_be_called_train(tmp_path):
    path = files.folder(tmp_path / "vehicles", classes=("bus", "train"))
    assert load(path, tmp_path / "data").class_names == ("bus", "train")


def test_a_class_whose_name_is_no_text_is_refused(tmp_path):
    path = files.folder(tmp_path / "animals", classes=("cat", os.fsdecode(b"dog\xff")))
    with pytest.raises(UserError, match="whose name is no text in UTF-8"):
        load(path, tmp_path / "data")


def test_a_refused_folder_leaves_nothing(tmp_path):
    path = files.folder(tmp_path / "animals")
    whole = (path / "cat" / "00.png").read_bytes()
    (path / "cat" / "00.png").write_bytes(whole[:-40])
    (tmp_path / "data").mkdir()
    with pytest.raises(UserError, match="cannot be read as an image"):
        load(path, tmp_path / "data")
    assert not list((tmp_path / "data").iterdir())
    (path / "cat" / "00.png").write_bytes(whole)
    load(path, tmp_path / "data")
    assert not list((tmp_path / "data").rglob("*.lock"))


@pytest.mark.parametrize(
    "name, expected", [("folder:/a/b", "b-"), ("folder:/a/b/c/..", "b-"), ("folder:/", "root-")]
)
def test_files_of_a_folder_are_named_by_its_last_part(name, expected):
    found = datasets.file_name(name)
    assert found.startswith(expected) and len(found) == len(expected) + 8
    assert (found == datasets.file_name("folder:/a/b")) == (expected == "b-")


def test_too_few_images_are_refused_before_they_are_decoded(tmp_path):
    path = files.folder(tmp_path / "animals", count=2)
    with pytest.raises(UserError, match="images for training and"):
        load(path, tmp_path / "data")
    assert not (tmp_path / "data").exists()
