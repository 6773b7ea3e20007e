"""The models that ship with the package: their catalogue and their weights.

They are the final networks of the committed figures, and the judges. `SHIPPED` says what each is.
"""

import functools
import hashlib
from pathlib import Path

import keras

from vae_gan_tf.errors import UserError
from vae_gan_tf.pretrained.catalogue import SHIPPED, Shipped
from vae_gan_tf.pretrained.weights import load_bytes, load_file, save_pretrained, sha256

__all__ = [
    "SHIPPED",
    "Shipped",
    "list_pretrained",
    "load_file",
    "load_pretrained",
    "path",
    "save_pretrained",
    "sha256",
]

AGAIN = "install the package again"


def load_pretrained(name: str) -> keras.Model:
    """A shipped model with its weights, for instance ``load_pretrained("cvae-gan-mnist")``.

    A VAE-GAN is shipped as its generator, which is a `VAE`; the report's CVAE-GAN whole.

    Args:
        name: one of `SHIPPED`, which says what each is.

    Raises:
        UserError: no model of that name ships, its file is gone or is not the one that ships, or
            the Keras that is installed cannot read it.
    """
    file = path(name)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}); {AGAIN}") from error
    if hashlib.sha256(content).hexdigest() != _sums()[file.name]:
        raise UserError(f"{file} is not the file that ships, by its SHA-256; {AGAIN}")
    return load_bytes(content, name)


def list_pretrained() -> dict[str, str]:
    """The names that `load_pretrained` takes, each with a line on what it is."""
    return {
        name: f"{model.kind} of {model.dataset}, networks: {model.networks}"
        for name, model in SHIPPED.items()
    }


@functools.cache
def _sums() -> dict[str, str]:
    """The SHA-256 of each file that ships, by its name, as ``sha256sum`` writes them."""
    lines = Path(__file__).with_name("SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def path(name: str) -> Path:
    """The file of a shipped model.

    Raises:
        UserError: no model of that name ships.
    """
    SHIPPED[name]  # refuses other names
    return Path(__file__).with_name(f"{name}.npz")
