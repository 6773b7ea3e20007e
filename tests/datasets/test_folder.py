import numpy as np
import pytest
from PIL import ExifTags, Image
from support import files

from vae_gan_tf import datasets
from vae_gan_tf.datasets import decoded
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
    files.save(path / "cat" / "00.png", 255 - files.pixels(0))
    assert np.any(everything(load(path, tmp_path))[0] != before)


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


def sixteen_bits(path):
    Image.fromarray(np.zeros([10, 12], np.uint16)).save(path / "cat" / "00.png")


def no_image(path):
    (path / "dog" / "03.png").write_text("not an image")


def cut(path):
    file = path / "dog" / "03.png"
    file.write_bytes(file.read_bytes()[:-40])


def another_size(path):
    files.save(path / "dog" / "03.png", files.pixels(0, (10, 11, 3)))


def one_grey(path):
    files.save(path / "dog" / "03.png", files.pixels(0, (10, 12, 1)))


def empty_class(path):
    (path / "empty").mkdir()


def one_class(path):
    for file in (path / "dog").iterdir():
        file.unlink()
    (path / "dog").rmdir()


def few(path):
    for file in [*(path / "dog").iterdir()][1:] + [*(path / "cat").iterdir()][1:]:
        file.unlink()


FAULTS = {
    alpha: r"00\.png is an image of mode RGBA",
    sixteen_bits: r"00\.png is an image of mode I;16",
    no_image: r"03\.png cannot be read as an image",
    cut: r"03\.png (is damaged|cannot be read)",
    another_size: r"03\.png of 10 x 11; give --image_size",
    one_grey: "one grey and one in colour; give --grey",
    empty_class: "empty holds no image",
    one_class: "holds 1 folders of images, one a class and at least two expected",
    few: "has 2 images for training and 0 for test",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda it: it.__name__)
def test_a_folder_with_a_fault_is_one_sentence_and_nothing_is_written(fault, tmp_path):
    path = files.folder(tmp_path / "animals")
    fault(path)
    with pytest.raises(UserError, match=FAULTS[fault]) as error:
        load(path, tmp_path / "data")
    assert "\n" not in str(error.value)
    written = [it for it in (tmp_path / "data").rglob("*") if it.suffix in (".npy", ".tmp")]
    assert fault is few or not written


@pytest.mark.parametrize(
    ("shape", "count", "sentence"),
    [
        ((3, 2, 1), 2, r"an image of shape \(3, 2, 1\) among those of \(2, 3, 1\)"),
        ((2, 3, 1), 3, "2 images, where there should be 3"),
    ],
)
def test_other_images_than_were_announced(tmp_path, shape, count, sentence):
    examples = [(np.zeros((2, 3, 1), np.uint8), 0), (np.zeros(shape, np.uint8), 1)]
    with pytest.raises(UserError, match=sentence):
        decoded.images(tmp_path / "images", count, (2, 3, 1), examples)
    assert not (tmp_path / "images").exists()


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, disk):
    path = files.folder(tmp_path / "animals", shape=(100, 120, 3))  # 2.9 MB
    assert disk("size=1m")
    with pytest.raises(UserError, match=r"animals-\w+ cannot be written: No space left on device"):
        load(path, tmp_path / "disk")
    written = {it.suffix for it in (tmp_path / "disk").rglob("*") if it.is_file()}
    assert written <= {".lock"}
    assert disk("size=10m")
    assert load(path, tmp_path / "disk").image_shape == (100, 120, 3)
    assert disk("ro")
    assert load(path, tmp_path / "disk").image_shape == (100, 120, 3)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=f"there is no folder {tmp_path}/nowhere"):
        load(tmp_path / "nowhere", tmp_path)
    files.save(tmp_path / "flat" / "a.png", files.pixels(0))
    with pytest.raises(UserError, match="holds 0 folders of images"):
        load(tmp_path / "flat", tmp_path)


def test_two_folders_of_one_name_have_runs_of_their_own(tmp_path):
    names = [datasets.file_name(f"folder:{tmp_path / it / 'animals'}") for it in "ab"]
    assert names[0] != names[1] and all(name.startswith("animals-") for name in names)


def test_photographs_are_turned_as_the_camera_noted(tmp_path):
    path = files.folder(tmp_path / "animals", shape=(12, 10, 1))
    pixels = files.pixels(0, (10, 12, 1))[..., 0]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(pixels).save(path / "cat" / "00.png", exif=exif)
    data = load(path, tmp_path)
    assert data.image_shape == (12, 10, 1)
    turned = np.rot90(pixels, -1)
    images, _ = everything(data)
    assert any(np.array_equal(image[..., 0], turned) for image in images)


def test_decoded_images_that_are_damaged_are_one_sentence(tmp_path):
    path = files.folder(tmp_path / "animals")
    load(path, tmp_path)
    (decoded,) = (tmp_path / "decoded_images").glob("animals-*/images.npy")
    decoded.write_bytes(b"no array")
    with pytest.raises(UserError, match=r"cannot be written or read .* delete it to decode"):
        load(path, tmp_path)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_an_image_that_is_cut_off_leaves_nothing_half_decoded(ending, tmp_path):
    path = files.folder(tmp_path / "animals", shape=(40, 40, 3), ending=ending)
    (cut, *_) = sorted((path / "dog").iterdir())
    cut.write_bytes(cut.read_bytes()[:-60])
    with pytest.raises(UserError, match=f"{cut.name} cannot be read as an image"):
        load(path, tmp_path)
    assert not list(tmp_path.glob("decoded_images/*/*"))
