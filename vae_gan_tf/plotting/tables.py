"""Tables as files, .md and .csv."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from vae_gan_tf.files import write_whole


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
    rows = [[cell.replace("|", r"\|") for cell in line] for line in [lines[0], rule, *lines[1:]]]
    markdown = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    write_whole(path.with_suffix(".md"), f"{markdown}\n{note}\n".encode())
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    write_whole(path.with_suffix(".csv"), text.getvalue().encode())
