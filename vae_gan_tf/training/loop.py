"""The training loop of every model: a compiled step, progress, checkpoints, resume.

A model brings its own ``train_step`` and ``test_step`` in the Keras convention. Batches derive from
the run seed and the step, and noise from the seed and what the optimizer counts, but for dropout,
whose state is kept in the checkpoint beside the step. So a run that is stopped, or killed, and
started again goes on as if it had not been.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.training import devices, workers
from vae_gan_tf.training.callbacks import show_pictures, show_values, show_weights
from vae_gan_tf.training.checkpoints import Checkpoints
from vae_gan_tf.training.divergence import check_losses, check_weights
from vae_gan_tf.training.history import History
from vae_gan_tf.training.interruption import interruptible
from vae_gan_tf.training.profiling import Profile
from vae_gan_tf.training.progress import Progress
from vae_gan_tf.training.state import learning_rates, state
from vae_gan_tf.training.summaries import Summaries
from vae_gan_tf.training.tags import comparable

SCALARS_EVERY = 10
"""Steps from one point of a TensorBoard curve to the next, at most."""

FEWEST_POINTS = 100
"""Points of a curve, where a run has as many steps."""


class Outcome(NamedTuple):
    """How a run ended."""

    interrupted: int
    """The number of the signal that ended it, Ctrl-C for instance; 0 if none did."""
    epochs: float
    """Passes over the training images."""
    steps: int
    """Batches trained on."""
    losses: dict[str, float]
    """The terms of the loss, each a mean over the last epoch, or its part since a resume."""
    validations: list[dict[str, float]]
    """The bound on the validation images after each whole epoch, in nats an image."""
    seconds: float
    """Wall time of training and validation, the parts before a resume included."""
    steps_now: int
    """The batches among them since the last resume."""


def train(
    model: keras.Model,
    data: datasets.Dataset,
    folder: Path,
    *,
    batch_size: int,
    epochs: int,
    seed: int,
    patience: int = 0,
    jit: bool = False,
    pictures: Callable[[keras.Model], dict[str, np.ndarray]] = lambda model: {},
    measures: Callable[[keras.Model], dict[str, float]] = lambda model: {},
    scores: Callable[[keras.Model], dict[str, float]] = lambda model: {},
    scores_every: int = 0,
    texts: Mapping[str, str] = MappingProxyType({}),
    profile: int = 0,
) -> Outcome:
    """Trains a compiled model, or goes on with the training that the folder holds.

    Args:
        model: compiled; its ``train_step`` gives the terms of the loss, its ``test_step`` the
            bound under the name "elbo/elbo".
        data: training and validation images.
        folder: the run folder, for checkpoints, history and TensorBoard's files.
        batch_size: images a step; what does not fill a last batch waits for the next shuffle.
        epochs: passes over the training images.
        seed: the order of the images in each epoch derives from it.
        patience: stop when the validation bound has not risen for this many epochs; 0 for never.
        jit: whether XLA compiles the training step.
        pictures: gives the pictures [n, height, width, channels] that TensorBoard shows after
            each epoch, by name.
        measures: gives what else TensorBoard shows as curves of the validation, by name.
        scores: gives the scores of sampled images that it shows there, by name.
        scores_every: epochs from one point of these to the next; 0 for none.
        texts: in Markdown, by name, for TensorBoard.
        profile: steps that TensorFlow's profiler records; 0 for none.

    Raises:
        Diverged: a term of the loss, or a weight, is no longer finite.
        UserError: there are fewer images than in a batch; a checkpoint is damaged or of another
            architecture.
    """
    epoch_steps = check_batches(data.train, batch_size)
    last_step = epochs * epoch_steps
    # Not the optimizer's count, which is less where steps of a scaled loss were left out.
    count = tf.Variable(0, dtype=tf.int64)
    checkpoints = Checkpoints(folder, step=count, **state(model))
    resumed = checkpoints.restore()
    first = step = saved = int(count)
    if resumed and step < last_step:
        print(f"Going on from step {step} in {folder}")
    history = History(folder, step)
    validated = len(data.validation.images)
    progress = Progress(step, epochs, epoch_steps, batch_size, history.seconds, validated)
    train_step = devices.on_all(model, model.train_step, jit)
    test_step = devices.on_all(model, model.test_step)
    validation = in_order(data.validation)
    scalars_every = max(1, min(SCALARS_EVERY, last_step // FEWEST_POINTS))
    callbacks = [
        show_values(measures),
        show_values(scores, scores_every),
        show_pictures(pictures),
        show_weights,
    ]

    with (
        workers.own_folder(folder) as own,
        Summaries(own / "tensorboard") as summaries,
        Profile(own / "tensorboard", profile) as profiler,
        interruptible() as signalled,
    ):

        def signal_came() -> int:
            return workers.highest(signalled())

        def validate() -> dict[str, float] | None:
            """The bound on the validation images, shown with pictures; None if a signal came."""
            bound = evaluate(model, test_step, validation, signal_came)
            if bound:
                progress.end_epoch(step, nats=-bound["elbo/elbo"])
                summaries.validation(step, comparable(model, bound))
                for callback in callbacks:
                    callback(model, summaries, step // epoch_steps, step)
            return bound

        ended = 0
        if own != folder:
            checkpoints = Checkpoints(own, step=count, **state(model))
        summaries.begin(step)
        if not step:
            for name, text in texts.items():
                summaries.text(name, text)
        if step and step % epoch_steps == 0 and not history.validated:
            history.validate(validate())
            ended = signal_came()
        while not ended and step < last_step and not history.patience_ended(patience):
            epoch, first_batch = divmod(step, epoch_steps)
            progress.begin_epoch(step)
            sums: dict[str, float] = {}
            batches = datasets.batches(data.train, batch_size, seed, epoch, first_batch)
            for batch in progress.waited_for(devices.spread(model, batches)):
                if not step:
                    summaries.graph(train_step.get_concrete_function(batch).graph)
                with profiler.step(step):
                    logs = fetch(train_step(batch))
                step += 1
                losses = {name: logs[name] for name in logs if not name.startswith("gradients/")}
                check_losses(losses, step, saved)
                sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
                progress.end_step(step, losses)
                if step % scalars_every == 0:
                    summaries.scalars(step, logs | learning_rates(model) | progress.speed())
                ended = signal_came()
                if ended:
                    break
            means = {name: value / (step - saved) for name, value in sums.items()}
            bound = validate() if step % epoch_steps == 0 else None
            check_weights(model, step, saved)
            history.add(step, progress.seconds, means, bound)
            summaries.begin(step)  # before the checkpoint, so that no point up to it is lost
            count.assign(step)
            checkpoints.save(step)
            saved = step
            ended = signal_came()

    return Outcome(
        interrupted=ended,
        epochs=step / epoch_steps,
        steps=step,
        losses=history.losses,
        validations=history.validations,
        seconds=history.seconds,
        steps_now=step - first,
    )


def check_batches(split: datasets.Split | datasets.FewLabels, batch_size: int) -> int:
    """The number of steps in an epoch.

    Raises:
        UserError: there are fewer images than in a batch.
    """
    steps = datasets.epoch_steps(split, batch_size)
    if not steps:
        raise UserError(
            f"batches of {batch_size} images asked for, and there are "
            f"{datasets.epoch_images(split)} images to train on"
        )
    return steps


def evaluate(
    model: keras.Model,
    step: Callable[[tuple[tf.Tensor, ...]], dict[str, tf.Tensor]],
    batches: tf.data.Dataset,
    stopped: Callable[[], int] = lambda: 0,
) -> dict[str, float] | None:
    """The means over all batches of what a test step gives, by name; None if it was stopped.

    Args:
        model: whose metrics keep the means.
        step: its ``test_step``, compiled.
        batches: one or more.
        stopped: asked before each batch.
    """
    model.reset_metrics()
    for batch in devices.spread(model, batches):
        if stopped():
            return None
        results = step(batch)
    return fetch(devices.validated(model, results))


def in_order(split: datasets.Split) -> tf.data.Dataset:
    """The batches that a split is evaluated in."""
    return datasets.in_order(split, min(100, len(split.images)))


def fetch(results: dict[str, tf.Tensor]) -> dict[str, float]:
    """The scalars that a step gave, by name, once it has ended."""
    return {name: float(value) for name, value in results.items()}
