"""Writing a file so that it is the old one or the new one, whenever the process dies."""

import os
from pathlib import Path

from vae_gan_tf.errors import UserError

_writes = True


def write_nothing() -> None:
    """Has `write_whole` write nothing from now on, where another process writes the same files."""
    global _writes
    _writes = False


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file, or makes it and its folder, in one step.

    Raises:
        UserError: it cannot be written.
    """
    if not _writes:
        return
    path = Path(path)
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
