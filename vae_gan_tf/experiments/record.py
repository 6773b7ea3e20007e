"""The json beside a picture: what a result was made with."""

import json
import os
import platform
from importlib import metadata
from pathlib import Path

from vae_gan_tf.files import write_whole


def write_json(path: Path, record: dict) -> None:
    """Writes a record as json.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, (json.dumps(record, indent=1) + "\n").encode())


def made_with() -> dict[str, dict]:
    """The machine that a result was made on, and the versions of what it depends on."""
    return {"machine": machine(), "versions": versions()}


def machine() -> dict[str, object]:
    """The number of cores, and the kind of processor."""
    return {"cores": os.cpu_count(), "processor": platform.machine()}


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that a result depends on."""
    names = (
        "tensorflow",
        "keras",
        "tensorflow-probability",
        "tensorflow-datasets",
        "numpy",
        "matplotlib",
    )
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}
