"""Tables that take long to measure: kept cell by cell, and continued by the same command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_gan_tf import schema
from vae_gan_tf.files import check_folder, is_whole
from vae_gan_tf.plotting import grids, tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Record = dict[str, Any]
"""What is measured for a cell, as json holds it."""


class KeptTable:
    """A table whose measured cells are a json file each, in a folder beside the table's files.

    The files .md, .csv, .png and .json are gathered from the cells. So two processes, or two
    machines that share the folder, may fill one table without a lock, and one that is killed loses
    no more than the cell it was measuring.

    Args:
        path: of the table's files, but for their ending; the cells are in the folder of that name.
        kind: what must hold of a cell besides the schema, see `schema.read`.

    Raises:
        UserError: the folder of the table's files cannot be written to.
    """

    def __init__(self, path: Path, kind: Any = Record):
        check_folder(path.parent)  # before cells are measured, not after it
        self.path = path
        self._kind = kind

    def cells(self) -> dict[str, Record]:
        """The cells measured so far, by name, in the order of their names.

        Raises:
            UserError: a file in the folder holds no cell.
        """
        remedy = "move it away to measure it anew"
        cells = {}
        for file in sorted(filter(is_whole, self.path.glob("*.json"))):
            cells[file.stem] = schema.read(file, remedy, self._kind)
        return cells

    def keep(self, name: str, cell: Record) -> None:
        """Writes a measured cell, in the place of an earlier one of that name.

        Raises:
            UserError: it cannot be written.
        """
        schema.write(self.path / f"{name}.json", cell)

    def write(
        self,
        lines: Sequence[Sequence[str]],
        note: str,
        pictures: Mapping[str, Figure],
        record: Record,
    ) -> None:
        """Writes the table's files.

        Args:
            lines: the texts of each line, the heads first.
            note: a paragraph below it.
            pictures: of it, if there are any, by what their names add to the table's.
            record: its json.

        Raises:
            UserError: a file cannot be written.
        """
        tables.write(lines, note, self.path)
        for words, picture in pictures.items():
            for ending in (".pdf", ".png"):
                grids.save(picture, self.path.with_name(f"{self.path.name}{words}{ending}"))
        schema.write(self.path.with_suffix(".json"), record)

    def show(self) -> None:
        """Prints the table."""
        print(self.path.with_suffix(".md").read_text(encoding="utf-8"))


def slug(text: str) -> str:
    """A text as a part of a file's name: "With GAN, weight 0" is "with-gan-weight-0"."""
    kept = (letter if letter.isalnum() or letter in "_.-" else " " for letter in text.lower())
    return "-".join("".join(kept).split())
