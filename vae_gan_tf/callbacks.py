"""Callbacks for Keras' ``fit``: in TensorBoard, what the scripts show of a run."""

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from vae_gan_tf import epoch_pictures
from vae_gan_tf.conditions import LabelCondition, NoCondition
from vae_gan_tf.datasets import Split
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import latent_space, pictures, scores
from vae_gan_tf.evaluation.images import checked_images
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.models.compiled import as_arrays
from vae_gan_tf.models.descent import batches_seen
from vae_gan_tf.models.vae import for_each
from vae_gan_tf.training.callbacks import show_weights
from vae_gan_tf.training.state import learning_rates
from vae_gan_tf.training.summaries import Summaries
from vae_gan_tf.training.tags import comparable, renamed


class TensorBoard(keras.callbacks.Callback):
    """Shows a training: ``model.fit(..., callbacks=[TensorBoard("logs/mine", images, y)])``.

    After each epoch the terms of the loss, the norms of the gradients, the learning rates of all
    optimizers, the validation means, samples, reconstructions and the distribution of each weight,
    of DRAW its canvases, of a semi-supervised model its confusion matrix; scores, where there is a
    judge. At the end the codes of the images, in the projector. The tags
    are those of the scripts.

    Args:
        folder: of the event files; as of Keras' callback, those of training are in ``train`` and
            those of validation in ``validation``.
        images: [n, height, width, channels] in [0, 1], such as validation images; the first 20 are
            reconstructed, all have their codes shown.
        y: the side information or labels of the images, if there are any; labels name the codes.
        judge: scores what is sampled, as in `scores.judged`, beside the images; None for none. It
            needs labels y.
        scores_every: epochs from one point of the scores to the next.

    Raises:
        UserError: the images are of another shape, or hold other values; a judge without labels.
    """

    def __init__(
        self,
        folder: str | Path,
        images: ArrayLike,
        y: Any = None,
        judge: str | keras.Model | None = None,
        scores_every: int = 1,
    ):
        super().__init__()
        self.images = checked_images(images, "n", "height", "width", "channels")
        self.y = y = as_arrays(y)
        self.judge, self.scores_every = judge, scores_every
        labels = None if y is None or isinstance(y, tuple) else np.asarray(y)
        self.labels = labels if labels is not None and labels.ndim == 1 else None
        if judge is not None and self.labels is None:
            raise UserError("scores by a judge need the labels of the images, and none were given")
        stored = np.round(255 * self.images).astype(np.uint8)
        self._classified = None if self.labels is None else Split(stored, self.labels)
        self._summaries = Summaries(Path(folder))
        self._begun = 0, 0.0

    @property
    def step(self) -> int:
        """Steps done."""
        return int(batches_seen(self.model.optimizer))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Begins an event file; what an earlier one holds of later steps is deleted.

        Raises:
            UserError: the model cannot take the images or their side information.
        """
        generator(self.model).check((self.images, self.y), training=False)
        self._summaries.begin(self.step)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Looks at the clock."""
        self._begun = self.step, time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Shows the model as it is."""
        logs, step = logs or {}, self.step
        validation = {
            name.removeprefix("val_"): value
            for name, value in logs.items()
            if name.startswith("val_")
        }
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        first, start = self._begun
        speed = {"speed/steps_a_second": (step - first) / (time.perf_counter() - start)}
        self._summaries.scalars(step, training | learning_rates(self.model) | speed)
        self._summaries.validation(step, comparable(self.model, validation))
        some = for_each(lambda values: values[: latent_space.ENOUGH], self.y)
        images = self.images[: latent_space.ENOUGH]
        in_use = latent_space.codes_in_use(generator(self.model), images, some)
        self._summaries.validation(step, {"elbo/codes_in_use": in_use})
        shown = epoch_pictures.shown(
            self.model, self._samples(), self.images, self.y, self._classified
        )
        for name, picture in shown.items():
            self._summaries.images(step, name, picture)
        show_weights(self.model, self._summaries, epoch + 1, step)
        if self.judge is not None and (epoch + 1) % self.scores_every == 0:
            real = scores.judged(self.images, self.labels, self.judge)
            found = scores.sample_scores(self.model, real, self.judge, len(self.images))
            self._summaries.validation(step, renamed("scores", found))

    def _samples(self) -> np.ndarray:
        """Samples [rows, columns, ...]; of another side information than labels that of images."""
        if isinstance(generator(self.model).condition, NoCondition | LabelCondition):
            return pictures.samples(self.model)
        return np.asarray(self.model.sample(for_each(lambda values: values[:20], self.y)))[None]

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Shows the codes of the images, and closes the file."""
        generating = generator(self.model)
        labels = [""] * len(self.images) if self.labels is None else self.labels
        codes = latent_space.codes(generating, self.images, self.y)
        self._summaries.embeddings(codes, np.asarray(labels), self.images)
        self._summaries.close()
