"""The final networks of the committed figures, shipped with the package.

A file ``<name>.npz`` holds the Keras config of a model and its weights as float16, each under its
place in ``model.weights``.
"""

import hashlib
import io
import json
import zipfile
import zlib
from importlib import resources
from pathlib import Path

import keras
import numpy as np

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
        UserError: no model of that name is shipped, or its file is damaged.
    """
    return _load(name, path(name).read_bytes())


def load_file(path: Path) -> keras.Model:
    """The model in a file that `save_pretrained` wrote.

    Raises:
        UserError: the file cannot be read, is damaged or holds something else.
    """
    try:
        return _load(str(path), Path(path).read_bytes())
    except OSError as error:
        raise UserError(f"the weights {path} cannot be read: {error.strerror}") from error


def save_pretrained(model: keras.Model, path: Path) -> None:
    """Writes config and weights (float16) of a built model, without its optimizers.

    Raises:
        UserError: the file cannot be written.
    """
    arrays = {
        f"{place:03d}": np.float16(weight) for place, weight in enumerate(model.get_weights())
    }
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, config=np.array(json.dumps(config)), **arrays)
    write_whole(path, buffer.getvalue())


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


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


def _load(name: str, content: bytes) -> keras.Model:
    try:
        with np.load(io.BytesIO(content)) as stored:
            model = keras.saving.deserialize_keras_object(json.loads(str(stored["config"])))
            if not model.built:
                model.build()
            weights = [stored[key].astype(np.float32) for key in sorted(stored.files)[:-1]]
            model.set_weights(weights)  # refuses another number of weights, and other shapes
    except _DAMAGE as error:
        raise UserError(
            f"the weights {name} are damaged or of another version of the package"
        ) from error
    return model
