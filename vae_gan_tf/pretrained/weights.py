"""Files of a model's config and weights, the form in which the networks of a run are kept and ship.

A file ``<name>.npz`` holds the Keras config of a model, its weights as float16, each under its
place in ``model.weights``, and the versions of Keras and of this package that wrote it.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vae_gan_tf.errors import UserError
from vae_gan_tf.files import write_whole
from vae_gan_tf.version import __version__


def load_file(path: str | Path) -> keras.Model:
    """The model in a file that `save_pretrained` wrote.

    Raises:
        UserError: the file cannot be read, is damaged or holds something else, or was saved with
            another Keras or another version of this package, and those that are here cannot read
            it.
    """
    try:
        return load_bytes(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"the weights {path} cannot be read: {error.strerror}") from error


def load_bytes(content: bytes, name: str) -> keras.Model:
    """The model in the bytes of a file that `save_pretrained` wrote.

    Args:
        content: the bytes.
        name: what the file is called in the sentence of an error.

    Raises:
        UserError: they are damaged, or were saved with another Keras or another version of this
            package, and those that are here cannot read them.
    """
    try:
        config, weights, saved = _read(content)
    except (Exception, RecursionError) as error:  # what zip, NumPy and json say of damage is open
        raise UserError(
            f"the weights {name} are damaged; fetch the file anew, or save it anew"
        ) from error
    try:
        model = keras.saving.deserialize_keras_object(config)
        if not model.built:
            model.build()
        model.set_weights(weights)  # refuses another number of weights, and other shapes
    except Exception as error:  # a config may name any class, with any arguments
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


def save_pretrained(model: keras.Model, path: Path) -> None:
    """Writes config, weights (float16) and versions of a built model, without its optimizers.

    Raises:
        UserError: the file cannot be written; a weight is not finite as float16.
    """
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    texts = {"config": config, "versions": _versions()}
    arrays: dict[str, Any] = {name: json.dumps(text) for name, text in texts.items()}
    for place, weight in enumerate(model.get_weights()):
        arrays[f"{place:03d}"] = rounded = np.float16(weight)
        if not np.isfinite(rounded).all():
            raise UserError(
                f"{path} cannot be written: {model.weights[place].path} holds values beyond 65504, "
                "the largest of float16"
            )
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


_UNNAMED = {"Keras": "3.15.1", "vae_gan_tf": "0.1.0"}
"""What wrote the files that do not say so: those that ship are older than the entry."""


def _versions() -> dict[str, str]:
    """The versions on which it depends whether a file can be read."""
    return {"Keras": keras.__version__, "vae_gan_tf": __version__}


def _read(content: bytes) -> tuple[dict, list[np.ndarray], dict[str, str]]:
    """Config, weights and versions in the bytes of a file; raises whatever its damage leads to."""
    with np.load(io.BytesIO(content)) as stored:
        config = json.loads(str(stored["config"]))
        saved = json.loads(str(stored["versions"])) if "versions" in stored else _UNNAMED
        count = len(set(stored.files) - {"config", "versions"})
        weights = [stored[f"{place:03d}"] for place in range(count)]
    if not isinstance(config, dict) or not _UNNAMED.keys() <= saved.keys():
        raise ValueError("another config or other versions than save_pretrained writes")
    if not all(weight.dtype == np.float16 and np.isfinite(weight).all() for weight in weights):
        raise ValueError("other weights than save_pretrained writes")
    return config, [weight.astype(np.float32) for weight in weights], saved
