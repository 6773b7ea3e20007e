"""The final networks of the committed figures, shipped with the package.

A file ``<name>.npz`` holds the Keras config of a model, its weights as float16, each under its
place in ``model.weights``, and the versions of Keras and of this package that wrote it.
"""

import hashlib
import io
import json
import zipfile
import zlib
from importlib import resources
from pathlib import Path
from typing import Any

import keras
import numpy as np

import vae_gan_tf
from vae_gan_tf.errors import UserError
from vae_gan_tf.files import write_whole


def names() -> list[str]:
    """The names that `load_pretrained` knows."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".npz") for file in files if file.name.endswith(".npz"))


def path(name: str) -> Path:
    """The file of a shipped model.

    Raises:
        UserError: no model of that name is shipped.
    """
    if name not in names():
        raise UserError(f"no pretrained model {name!r}; there are {', '.join(names())}")
    return Path(str(resources.files(__name__).joinpath(f"{name}.npz")))


def load_pretrained(name: str) -> keras.Model:
    """A shipped model with its weights, for instance ``load_pretrained("cvae-gan-mnist")``.

    A VAE-GAN is shipped as its generator, which is a `VAE`; the report's CVAE-GAN whole.

    Raises:
        UserError: no model of that name is shipped, its file is damaged, or the Keras that is
            installed cannot read it.
    """
    return _load(name, path(name).read_bytes())


def load_file(path: Path) -> keras.Model:
    """The model in a file that `save_pretrained` wrote.

    Raises:
        UserError: the file cannot be read, is damaged or holds something else, or was saved with
            another Keras or another version of this package, and those that are here cannot read
            it.
    """
    try:
        return _load(str(path), Path(path).read_bytes())
    except OSError as error:
        raise UserError(f"the weights {path} cannot be read: {error.strerror}") from error


def save_pretrained(model: keras.Model, path: Path) -> None:
    """Writes config, weights (float16) and versions of a built model, without its optimizers.

    Raises:
        UserError: the file cannot be written.
    """
    arrays: dict[str, Any] = {
        f"{place:03d}": np.float16(weight) for place, weight in enumerate(model.get_weights())
    }
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    buffer = io.BytesIO()
    texts = {"config": config, "versions": _versions()}
    texts = {name: np.array(json.dumps(text)) for name, text in texts.items()}
    np.savez_compressed(buffer, **texts, **arrays)
    write_whole(path, buffer.getvalue())


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


_UNNAMED = {"Keras": "3.15.1", "vae_gan_tf": "0.1.0"}
"""What wrote the files that do not say so: those that ship are older than the entry."""

_DAMAGE = (
    AttributeError,  # the config is of something other than a model
    EOFError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def _versions() -> dict[str, str]:
    """The versions on which it depends whether a file can be read."""
    return {"Keras": keras.__version__, "vae_gan_tf": vae_gan_tf.__version__}


def _load(name: str, content: bytes) -> keras.Model:
    try:
        config, weights, saved = _read(content)
    except _DAMAGE as error:
        raise UserError(
            f"the weights {name} are damaged; fetch the file anew, or save it anew"
        ) from error
    try:
        model = keras.saving.deserialize_keras_object(config)
        if not model.built:
            model.build()
        model.set_weights(weights)  # refuses another number of weights, and other shapes
    except _DAMAGE as error:
        here = _versions()
        others = [each for each in here if here[each] != saved[each]]
        if not others:
            raise UserError(
                f"the weights {name} are damaged, or of a model whose classes this program does "
                "not import; fetch or save the file anew, or import the classes first"
            ) from error
        before = " and ".join(f"{each} {saved[each]}" for each in others)
        now = " and ".join(f"{each} {here[each]}" for each in others)
        raise UserError(
            f"the weights {name} were saved with {before}, and {now}, installed here, cannot read "
            f"them; install {before}"
        ) from error
    return model


def _read(content: bytes) -> tuple[dict, list[np.ndarray], dict[str, str]]:
    """Config, weights and versions in the bytes of a file; raises one of `_DAMAGE`."""
    with np.load(io.BytesIO(content)) as stored:
        config = json.loads(str(stored["config"]))
        saved = json.loads(str(stored["versions"])) if "versions" in stored else _UNNAMED
        count = len(set(stored.files) - {"config", "versions"})
        weights = [stored[f"{place:03d}"].astype(np.float32) for place in range(count)]
    if not isinstance(config, dict) or not _UNNAMED.keys() <= saved.keys():
        raise ValueError("another config or other versions than save_pretrained writes")
    return config, weights, saved
