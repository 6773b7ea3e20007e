import io
import json
import zipfile

import keras
import numpy as np
import pytest
from support import models

import vae_gan_tf
from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import CVAEGAN
from vae_gan_tf.pretrained import weights

MODULES = {"keras": keras, "vae_gan_tf": weights}
"""The modules in which the versions stand."""


@pytest.fixture
def model():
    model = models.cvae_gan(feature_variance=7.0)
    model.compile("adam")
    return model


def test_weights_come_back_rounded_to_float16(model, tmp_path):
    pretrained.save_pretrained(model, tmp_path / "a.npz")
    again = pretrained.load_file(tmp_path / "a.npz")
    assert type(again) is CVAEGAN and again.feature_variance == 7.0
    for weight, loaded in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, weight.astype(np.float16))
        assert loaded.dtype == np.float32
    assert again.sample(np.arange(models.CLASSES)).shape == (models.CLASSES, *models.SHAPE)


def test_the_same_model_gives_the_same_file(model, tmp_path):
    for name in ("a", "b"):
        pretrained.save_pretrained(model, tmp_path / name)
    assert pretrained.sha256(tmp_path / "a") == pretrained.sha256(tmp_path / "b")


def damaged_files(path):
    whole = path.read_bytes()
    yield b""
    yield b"not a zip file"
    yield whole[: len(whole) // 2]
    middle = len(whole) // 2
    yield whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
    with zipfile.ZipFile(path) as stored:
        packed = max(stored.infolist(), key=lambda entry: entry.compress_size)
    # Ones at the head of a deflated stream name a kind of block that there is not.
    start = packed.header_offset + 30 + len(packed.filename) + 20
    yield whole[:start] + b"\xff" + whole[start + 1 :]
    with np.load(path) as stored:
        arrays = dict(stored)
    for missing in ("config", "000", f"{len(arrays) - 3:03d}"):
        yield as_bytes({name: arrays[name] for name in arrays if name != missing})
    yield as_bytes(arrays | {"999": np.zeros([2])})
    yield as_bytes(arrays | {"000": np.zeros([2, 2])})
    yield as_bytes(arrays | {"000": arrays["000"] * np.nan})
    yield as_bytes(arrays | {"000": arrays["000"].astype(np.complex64)})
    yield as_bytes(arrays | {"000": arrays["000"].astype("S4")})
    yield from crafted(whole)
    for text in ("5", "[1]", "{}", "no json", "[" * 100_000):
        yield as_bytes(arrays | {"config": np.array(text)})
        yield as_bytes(arrays | {"versions": np.array(text)})


def crafted(whole):
    """A file whose entries are said to be encrypted, of an unknown compression, or too large."""
    for offset, value in ((8, 1), (10, 99)):  # in the central directory, then before each entry
        content = bytearray(whole)
        for mark, shift in ((b"PK\x01\x02", 0), (b"PK\x03\x04", -2)):
            place = content.find(mark)
            while place >= 0:
                content[place + offset + shift] = value
                place = content.find(mark, place + 1)
        yield bytes(content)
    header = b"\x93NUMPY\x01\x00" + (b"{'descr': '<f2', 'fortran_order': False, 'shape': (%d,)}")
    for shape in (10**15, 10**30):
        buffer = io.BytesIO(whole)
        with zipfile.ZipFile(buffer, "a") as stored:
            text = header[8:] % shape
            stored.writestr("999.npy", header[:8] + len(text).to_bytes(2, "little") + text)
        yield buffer.getvalue()


def as_bytes(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_a_damaged_file_is_one_sentence(model, tmp_path):
    pretrained.save_pretrained(model, tmp_path / "a.npz")
    for content in damaged_files(tmp_path / "a.npz"):
        (tmp_path / "b.npz").write_bytes(content)
        with pytest.raises(UserError, match=r"b\.npz are damaged.* anew") as error:
            pretrained.load_file(tmp_path / "b.npz")
        assert "\n" not in str(error.value)


def with_an_unknown_argument(path):
    """The file as if a Keras wrote it whose layers have another argument."""
    with np.load(path) as stored:
        arrays = dict(stored)
    config = json.loads(str(arrays["config"]))
    layer = config["config"]["discriminator"]["config"]["layers"][1]
    layer["config"]["argument_of_another_keras"] = None
    path.write_bytes(as_bytes(arrays | {"config": np.array(json.dumps(config))}))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("saved", "sentence"),
    [
        (
            {"keras": "3.99.0"},
            "were saved with Keras 3.99.0, and Keras {keras}, installed here, cannot read them; "
            "install Keras 3.99.0",
        ),
        (
            {"vae_gan_tf": "0.0.9"},
            "were saved with vae_gan_tf 0.0.9, and vae_gan_tf {vae_gan_tf}, installed here, cannot "
            "read them; install vae_gan_tf 0.0.9",
        ),
        (
            {"keras": "3.99.0", "vae_gan_tf": "0.0.9"},
            "were saved with Keras 3.99.0 and vae_gan_tf 0.0.9, and Keras {keras} and vae_gan_tf "
            "{vae_gan_tf}, installed here, cannot read them; install Keras 3.99.0 and vae_gan_tf "
            "0.0.9",
        ),
    ],
    ids=["Keras", "package", "both"],
)
def test_a_file_of_other_versions_that_cannot_be_read_names_them(model, tmp_path, saved, sentence):
    path = tmp_path / "a.npz"
    here = {"keras": keras.__version__, "vae_gan_tf": vae_gan_tf.__version__}
    with pytest.MonkeyPatch.context() as patch:
        for name, version in saved.items():
            module = MODULES[name]
            patch.setattr(module, "__version__", version)
        pretrained.save_pretrained(model, path)
    assert type(pretrained.load_file(path)) is CVAEGAN  # another version is no mistake by itself
    with_an_unknown_argument(path)
    with pytest.raises(UserError) as error:
        pretrained.load_file(path)
    assert str(error.value) == f"the weights {path} {sentence.format(**here)}"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="are damaged; fetch the file anew"):
        pretrained.load_file(path)


def test_a_file_without_versions_is_of_those_of_the_first_ones(model, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    pretrained.save_pretrained(model, path)
    with_an_unknown_argument(path)
    with np.load(path) as stored:
        path.write_bytes(as_bytes({name: stored[name] for name in stored if name != "versions"}))
    monkeypatch.setattr(keras, "__version__", "3.14.1")
    with pytest.raises(UserError, match=r"with Keras 3\.15\.1, and Keras 3\.14\.1, installed"):
        pretrained.load_file(path)


def test_weights_that_float16_does_not_hold(tmp_path):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.set_weights([np.full([1, 1], 1e6), np.zeros(1)])
    with pytest.raises(UserError, match="kernel holds values beyond 65504"):
        pretrained.save_pretrained(network, tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        pretrained.load_file(tmp_path / "none.npz")


def test_a_folder_that_cannot_be_written(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        pretrained.save_pretrained(model, tmp_path / "file" / "a.npz")
