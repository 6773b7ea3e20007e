"""The models that ship with the package: their catalogue and their weights.

They are the final networks of the committed figures, and the judges. `SHIPPED` says what each is.
"""

from pathlib import Path

import keras

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


def load_pretrained(name: str) -> keras.Model:
    """A shipped model with its weights, for instance ``load_pretrained("cvae-gan-mnist")``.

    A VAE-GAN is shipped as its generator, which is a `VAE`; the report's CVAE-GAN whole.

    Args:
        name: one of `SHIPPED`, which says what each is.

    Raises:
        UserError: no model of that name ships, its file is damaged, or the Keras that is installed
            cannot read it.
    """
    return load_bytes(path(name).read_bytes(), name)


def list_pretrained() -> dict[str, str]:
    """The names that `load_pretrained` takes, each with a line on what it is."""
    return {
        name: f"{model.kind} of {model.dataset}, networks: {model.networks}"
        for name, model in SHIPPED.items()
    }


def path(name: str) -> Path:
    """The file of a shipped model.

    Raises:
        UserError: no model of that name ships.
    """
    SHIPPED[name]  # refuses other names
    return Path(__file__).with_name(f"{name}.npz")
