"""Tables as files: written for people as .md and .csv, read back from their json."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vae_gan_tf.errors import UserError
from vae_gan_tf.files import write_whole


def read(path: Path, name: str, what: str) -> list[dict[str, Any]]:
    """The list that the json of a table holds under a name; empty if there is no such file.

    Args:
        path: of the json.
        name: of the list.
        what: what the list holds, to tell the user.

    Raises:
        UserError: the file holds no such list.
    """
    if not path.exists():
        return []
    try:
        return json.loads(path.read_text())[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} does not hold {what}; move it away to start anew") from error


def write(lines: Sequence[Sequence[str]], note: str, path: Path) -> None:
    """Writes a table as .md, with a note below it, and as .csv.

    Args:
        lines: the cells of each line, the heads first.
        note: a paragraph.
        path: of the files; its ending does not matter.

    Raises:
        UserError: a file cannot be written.
    """
    rule = ["---"] * len(lines[0])
    markdown = "".join(f"| {' | '.join(line)} |\n" for line in [lines[0], rule, *lines[1:]])
    write_whole(path.with_suffix(".md"), f"{markdown}\n{note}\n".encode())
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    write_whole(path.with_suffix(".csv"), text.getvalue().encode())
