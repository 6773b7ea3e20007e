"""TensorBoard: curves, pictures, histograms of the weights, settings and final figures."""

import contextlib
import math
import re
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector
from tensorboard.plugins.hparams import api as hp

from vae_gan_tf import files
from vae_gan_tf.plotting import grids

PREFIX = "events.out.tfevents."
"""What the names of event files begin with."""


def renamed(prefix: str, values: dict[str, float]) -> dict[str, float]:
    """The values under another prefix: "elbo/kl" becomes "validation/kl"."""
    return {f"{prefix}/{name.split('/')[-1]}": value for name, value in values.items()}


class Summaries:
    """Writes the event files of one run; its curves do not double back after a resume.

    Each stretch between two checkpoints has a file of its own, whose name carries the step that
    it begins at: ``begin`` deletes the files of the steps that a resumed run is about to repeat.
    TensorBoard reads the files in the order of their names, so the step comes first in it:
    TensorFlow's own names begin with the time in whole seconds, which two files may share, and
    which falls when the clock is set back.
    """

    def __init__(self, folder: Path):
        """Touches nothing; ``begin`` does.

        Args:
            folder: where the event files of this run, and no other, are.
        """
        self._folder = Path(folder)
        self._writer: tf.summary.SummaryWriter | None = None
        self._start = 0

    def begin(self, step: int) -> None:
        """Ends the file before, if any, and begins the one of what follows the given step.

        Called when a run starts or resumes, and at each checkpoint. Best just before it is
        written: then all points up to it are on the disk when it is, and a run that is killed
        between the two repeats them.

        Args:
            step: steps done so far. What was written for later ones is deleted.
        """
        self.close()
        with files.writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            for path in self._folder.glob(f"{PREFIX}*"):
                # A time stands where the step should if the process died before the renaming below.
                begun = re.match(r"\d+", path.name.removeprefix(PREFIX))
                if begun and int(begun[0]) >= step:
                    files.remove(path)
            before = set(self._folder.iterdir())
            self._writer = tf.summary.create_file_writer(str(self._folder))
            self._start = step
            (path,) = set(self._folder.iterdir()) - before
            name = f"{PREFIX}{step:08d}.{path.name.removeprefix(PREFIX)}"
            path.rename(path.with_name(name))  # the writer holds the open file, not its name

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Adds a point to each curve.

        Args:
            step: steps done.
            values: by name; what stands before the first "/" groups the curves.
        """
        with self._points(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def images(self, step: int, name: str, images: np.ndarray) -> None:
        """Shows pictures under a name.

        Args:
            step: steps done.
            name: of the row of pictures.
            images: [n, height, width, channels] of 1 or 3 channels, values in [0, 1].
        """
        with self._points(step):
            tf.summary.image(name, images, max_outputs=len(images))

    def histograms(self, step: int, variables: dict[str, keras.Variable]) -> None:
        """Shows the distribution of the values in each variable.

        Args:
            step: steps done.
            variables: by name.
        """
        with self._points(step):
            for name, variable in variables.items():
                tf.summary.histogram(name, variable.value)

    def hparams(self, settings: dict[str, object], metrics: dict[str, float]) -> None:
        """Writes the row of this run in the HPARAMS tab, in place of an earlier one.

        The row has the name of the run folder, the one above that of the event files.

        It is a run of its own in TensorBoard, in the subfolder ``final``: the table takes every
        scalar beside the settings for a final figure, and would show the curves as well. Its
        columns are then those of all runs; a list of columns (``hparams_config``) is read from
        the first run only, and would hide the figures that only others have.

        Args:
            settings: what the run was started with; what is no number, truth value or text is
                shown as text.
            metrics: final figures by name; they are shown at the step of the last ``begin``.
        """
        shown = {
            name: value if isinstance(value, bool | int | float | str) else str(value)
            for name, value in settings.items()
        }
        with files.whole(self._folder / "final") as folder:
            writer = tf.summary.create_file_writer(str(folder))
            with writer.as_default(self._start):
                hp.hparams(shown, trial_id=self._folder.absolute().parent.name)
                for name, value in metrics.items():
                    tf.summary.scalar(name, value)
            writer.close()

    def embeddings(self, vectors: np.ndarray, labels: np.ndarray, images: np.ndarray) -> None:
        """Shows vectors of images in the PROJECTOR tab, in place of earlier ones.

        Args:
            vectors: [n, size].
            labels: of the n images.
            images: [n, height, width, channels] in [0, 1], as thumbnails.
        """
        side = math.ceil(math.sqrt(len(images)))  # the tab wants a square of thumbnails
        empty = np.zeros([side * side - len(images), *images.shape[1:]], images.dtype)
        square = np.reshape(np.concatenate([images, empty]), [side, side, *images.shape[1:]])
        with files.writing(self._folder):
            keras.utils.save_img(self._folder / "thumbnails.png", grids.tile(square, gap=0))
            np.savetxt(self._folder / "labels.tsv", labels, fmt="%s")
            # The tab finds no components of vectors of two numbers, and shows nothing.
            vectors = np.pad(vectors, [(0, 0), (0, max(0, 3 - vectors.shape[1]))])
            np.savetxt(self._folder / "vectors.tsv", vectors, fmt="%.5f", delimiter="\t")
            config = projector.ProjectorConfig()
            shown = config.embeddings.add(
                tensor_name="codes", tensor_path="vectors.tsv", metadata_path="labels.tsv"
            )
            shown.sprite.image_path = "thumbnails.png"
            shown.sprite.single_image_dim.extend([images.shape[2], images.shape[1]])
            projector.visualize_embeddings(str(self._folder), config)

    @contextlib.contextmanager
    def _points(self, step: int) -> Iterator[None]:
        """The context in which what TensorFlow summarises becomes points at a step."""
        if self._writer is None:
            raise RuntimeError("begin opens the file that points are written to")
        with files.writing(self._folder), self._writer.as_default(step):
            yield

    def close(self) -> None:
        """Writes out what is still in memory and closes the file."""
        writer, self._writer = self._writer, None
        if writer:
            with files.writing(self._folder):
                writer.close()

    def __enter__(self) -> "Summaries":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
