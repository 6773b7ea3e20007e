"""What TensorBoard is shown of a training: curves, pictures, weights, settings, codes."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector
from tensorboard.plugins.hparams import api as hp

from vae_gan_tf import files
from vae_gan_tf.plotting import grids
from vae_gan_tf.training.events import EventFiles
from vae_gan_tf.training.tags import tag, tagged


def _final(figure: str) -> str:
    """The tag of a final figure."""
    return f"final/{figure.replace('/', '_')}"


class Summaries:
    """Writes the event files of one training.

    As Keras' own callback does, it makes two runs of TensorBoard, in the folders ``train`` and
    ``validation``: what training batches give, and what validation images, and samples, show.
    """

    def __init__(self, folder: Path):
        """Touches nothing; ``begin`` does.

        Args:
            folder: where the event files of this training, and no other, are.
        """
        self._folder = Path(folder)
        self._train = EventFiles(self._folder / "train")
        self._validation = EventFiles(self._folder / "validation")
        self._start = 0

    def begin(self, step: int) -> None:
        """Ends the files before, if any, and begins those of what follows the given step.

        Called when a training starts or resumes, and at each checkpoint. Best just before it is
        written: then all points up to it are on the disk when it is, and a training that is killed
        between the two repeats them.

        Args:
            step: steps done so far. What was written for later ones is deleted.
        """
        self._start = step
        self._train.begin(step)
        self._validation.begin(step)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to each curve of the training.

        Args:
            step: steps done.
            values: by name, see `tags`.
        """
        self._scalars(self._train, step, values)

    def validation(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to each curve of the validation; arguments are those of `scalars`."""
        self._scalars(self._validation, step, values)

    def _scalars(self, run: EventFiles, step: int, values: Mapping[str, float]) -> None:
        with run.points(step):
            for name, value in tagged(values).items():
                tf.summary.scalar(name, value)

    def images(self, step: int, name: str, images: np.ndarray) -> None:
        """Shows pictures under a name.

        Args:
            step: steps done.
            name: of the row of pictures.
            images: [n, height, width, channels] of 1 or 3 channels, values in [0, 1].
        """
        with self._validation.points(step):
            tf.summary.image(f"images/{name}", images, max_outputs=len(images))

    def histograms(self, step: int, variables: Mapping[str, keras.Variable]) -> None:
        """Shows the distribution of the values in each variable.

        Args:
            step: steps done.
            variables: by name.
        """
        with self._train.points(step):
            for name, variable in variables.items():
                tf.summary.histogram(tag(f"weights/{name}"), variable.value)

    def text(self, name: str, markdown: str) -> None:
        """Shows a text, at the step of the last ``begin``."""
        with self._train.points(self._start):
            tf.summary.text(name, markdown)

    def graph(self, graph: tf.Graph) -> None:
        """Shows the graph of a step, at the step of the last ``begin``."""
        with self._train.points(self._start):
            tf.summary.graph(graph.as_graph_def())

    def hparams(
        self, name: str, settings: Mapping[str, object], final: Mapping[str, float]
    ) -> None:
        """Writes the row of this training in the HPARAMS tab, in place of an earlier one.

        The row's figures are the last points of the validation's curves, and the final ones.

        Args:
            name: of the row.
            settings: its settings in TensorBoard's order, that of their names; what is no number,
                truth value or text is shown as text.
            final: figures by name; they are shown at the step of the last ``begin``.
        """
        shown = {
            setting: value if isinstance(value, bool | int | float | str) else str(value)
            for setting, value in settings.items()
        }
        with self._validation.points(self._start):
            hp.hparams(shown, trial_id=name)
            for figure, value in final.items():
                tf.summary.scalar(_final(figure), value)

    def columns(self, settings: Sequence[str], final: Mapping[str, str]) -> None:
        """Tells the HPARAMS tab its columns, of which it shows the first five of each kind.

        Settings it sorts by name, figures have the order given here. It reads the list of one
        training alone, so each must have the columns of all.

        Args:
            settings: names.
            final: names of figures, and what each is.
        """
        metrics = [hp.Metric(_final(name), display_name=text) for name, text in final.items()]
        with self._validation.points(self._start):
            hp.hparams_config([hp.HParam(name) for name in settings], metrics)

    def embeddings(self, vectors: np.ndarray, labels: np.ndarray, images: np.ndarray) -> None:
        """Shows vectors of images in the PROJECTOR tab, in place of earlier ones.

        Args:
            vectors: [n, size].
            labels: of the n images.
            images: [n, height, width, channels] in [0, 1], as thumbnails.
        """
        folder = self._folder / "validation"
        side = math.ceil(math.sqrt(len(images)))  # the tab wants a square of thumbnails
        empty = np.zeros([side * side - len(images), *images.shape[1:]], images.dtype)
        square = np.reshape(np.concatenate([images, empty]), [side, side, *images.shape[1:]])
        with files.writing(folder):
            picture = grids.tile(square, gap=0)
            keras.utils.save_img(folder / "thumbnails.png", picture, data_format="channels_last")
            np.savetxt(folder / "labels.tsv", labels, fmt="%s")
            # The tab finds no components of vectors of two numbers, and shows nothing.
            vectors = np.pad(vectors, [(0, 0), (0, max(0, 3 - vectors.shape[1]))])
            np.savetxt(folder / "vectors.tsv", vectors, fmt="%.5f", delimiter="\t")
            config = projector.ProjectorConfig()
            shown = config.embeddings.add(
                tensor_name="codes", tensor_path="vectors.tsv", metadata_path="labels.tsv"
            )
            shown.sprite.image_path = "thumbnails.png"
            shown.sprite.single_image_dim.extend([images.shape[2], images.shape[1]])
            projector.visualize_embeddings(str(folder), config)

    def close(self) -> None:
        """Writes out what is still in memory and closes the files."""
        self._train.close()
        self._validation.close()

    def __enter__(self) -> "Summaries":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
