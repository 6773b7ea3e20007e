"""The event files of a run of TensorBoard."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from vae_gan_tf import files

PREFIX = "events.out.tfevents."
"""What the names of event files begin with."""

OWN = re.compile(re.escape(PREFIX) + r"(\d{8})\.\d+\.")
"""The names of those that are written here: the step that a file begins at comes first."""

NEW = "new.tmp"
"""The folder, beside the files, in which one is made before it has its name."""


class EventFiles:
    """The event files in one folder, whose curves do not double back after a resume.

    Each stretch between two checkpoints has a file of its own, whose name carries the step that
    it begins at: ``begin`` deletes the files of the steps that a resumed run is about to repeat.
    TensorBoard reads the files in the order of their names, so the step comes first in it:
    TensorFlow's own names begin with the time in whole seconds, which two files may share, and
    which falls when the clock is set back. Files of other names, of another program for instance,
    are left alone.
    """

    def __init__(self, folder: Path):
        """Touches nothing; ``begin`` does."""
        self.folder = folder
        self._writer: tf.summary.SummaryWriter | None = None

    def begin(self, step: int) -> None:
        """Ends the file before, if any, and begins the one of what follows the given step.

        Args:
            step: steps done so far. What was written for later ones is deleted.
        """
        self.close()
        new = self.folder / NEW
        with files.writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.folder.glob(f"{PREFIX}*"):
                own = OWN.match(path.name)
                if own and int(own[1]) >= step:
                    files.remove(path)
            files.remove(new)
            self._writer = tf.summary.create_file_writer(str(new))
            (path,) = new.iterdir()
            name = f"{PREFIX}{step:08d}.{path.name.removeprefix(PREFIX)}"
            path.rename(self.folder / name)  # the writer holds the open file, not its name
            files.remove(new)

    @contextlib.contextmanager
    def points(self, step: int) -> Iterator[None]:
        """The context in which what TensorFlow summarises becomes points at a step."""
        if self._writer is None:
            raise RuntimeError("begin opens the file that points are written to")
        with files.writing(self.folder), self._writer.as_default(step):
            yield

    def close(self) -> None:
        """Writes out what is still in memory and closes the file."""
        writer, self._writer = self._writer, None
        if writer:
            with files.writing(self.folder):
                writer.close()
