"""The training loop of every model: a compiled step, progress, checkpoints, resume.

A model brings its own ``train_step`` and ``test_step`` in the Keras convention. The step number
lives in ``model.optimizer.iterations``; batches and noise derive from the run seed and the step,
but for dropout, whose state is kept in the checkpoint. So a run that is stopped, or killed, and
started again goes on as if it had not been.
"""

import json
import math
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from vae_gan_tf import datasets
from vae_gan_tf.errors import Diverged, UserError
from vae_gan_tf.files import write_whole
from vae_gan_tf.training.checkpoints import Checkpoints
from vae_gan_tf.training.summaries import Summaries

SCALARS_EVERY = 10
"""Steps from one point of a TensorBoard curve to the next."""

ESTIMATE_AFTER = 40
"""Steps of a run after which it says about how long it will take."""


class Outcome(NamedTuple):
    """How a run ended."""

    interrupted: bool
    """Whether Ctrl-C ended it."""
    epochs: float
    """Passes over the training images."""
    steps: int
    losses: dict[str, float]
    """The terms of the loss, each a mean over the last epoch, or its part since a resume."""
    validations: list[dict[str, float]]
    """The bound on the validation images after each whole epoch, in nats an image."""
    seconds: float
    """Wall time of training and validation, the parts before a resume included."""


class History:
    """What each finished epoch gave, in ``history.json`` of the run folder.

    It is written before the checkpoint of the same step; entries of a step that the checkpoint
    does not know are of a run that was killed in between, and are dropped.
    """

    def __init__(self, folder: Path, step: int):
        self.path = folder / "history.json"
        entries = json.loads(self.path.read_text()) if self.path.exists() else []
        self.entries = [entry for entry in entries if entry["step"] <= step]

    def add(self, **entry) -> None:
        """Adds an entry and writes the file, so that it is either the old or the new one."""
        self.entries.append(entry)
        write_whole(self.path, json.dumps(self.entries, indent=1).encode())

    @property
    def last(self) -> dict:
        """The newest entry, or an empty one."""
        return self.entries[-1] if self.entries else {"seconds": 0.0, "losses": {}}

    @property
    def validations(self) -> list[dict[str, float]]:
        """The validation results of whole epochs, oldest first."""
        return [entry["validation"] for entry in self.entries if "validation" in entry]

    def patience_ended(self, patience: int) -> bool:
        """Whether the bound has not risen above its best for this many epochs (0: never)."""
        bounds = [validation["elbo/elbo"] for validation in self.validations]
        return bool(patience and bounds) and len(bounds) - 1 - int(np.argmax(bounds)) >= patience


@contextmanager
def _interruptible():
    """Within it Ctrl-C is noted and asked for by calling what it gives; a second one is obeyed."""
    asked = []
    previous = signal.getsignal(signal.SIGINT)

    def note(number, frame):
        asked.append(number)
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, previous)


def _check_finite(losses: dict[str, float], step: int, saved: int) -> None:
    for name, value in losses.items():
        if not math.isfinite(value):
            raise Diverged(
                f"the loss term {name} became {value} at step {step}, so the run was stopped; its "
                f"checkpoint of step {saved} is kept (a smaller learning rate may help)"
            )


def _check_weights(model: keras.Model, step: int, saved: int) -> None:
    for variable in model.weights:
        if not bool(tf.reduce_all(tf.math.is_finite(variable.value))):
            raise Diverged(
                f"the weight {variable.path} is not finite after step {step}, so the run was "
                f"stopped; its checkpoint of step {saved} is kept (a smaller learning rate may "
                "help)"
            )


def duration(seconds: float) -> str:
    """A time to tell a person: "42 s", "13 min" or "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def optimizers(model: keras.Model) -> dict[str, keras.Optimizer]:
    """The optimizers of a compiled model by name, each built, as a checkpoint needs them."""
    model.optimizer.build(model.trainable_variables)  # those of a GAN are built by its compile
    names = ("optimizer", "discriminator_optimizer")
    return {name: getattr(model, name) for name in names if hasattr(model, name)}


def learning_rates(model: keras.Model) -> dict[str, float]:
    """The present learning rate of each optimizer: "learning_rate", "discriminator_..."."""
    return {
        name.replace("optimizer", "learning_rate"): float(each.learning_rate)
        for name, each in optimizers(model).items()
    }


def noise(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """The states of the layers that draw noise (dropout), which a checkpoint of a model lacks."""
    states = [each for each in model.variables if each.path.endswith("seed_generator_state")]
    return {"noise": states} if states else {}


def trainable_by_name(model: keras.Model) -> dict[str, keras.Variable]:
    """The trainable variables; a name tells the network, for encoder and decoder name alike."""
    named = {}
    for layer in model.layers:
        inside = (
            trainable_by_name(layer)
            if isinstance(layer, keras.Model)
            else {variable.name: variable for variable in layer.trainable_variables}
        )
        named |= {f"{layer.name}/{name}": variable for name, variable in inside.items()}
    return named


def fetch(results: dict[str, tf.Tensor]) -> dict[str, float]:
    """The scalars that a step gave, once it has ended."""
    return {name: float(value) for name, value in results.items()}


def in_order(split: datasets.Split) -> tf.data.Dataset:
    """The batches that a split is evaluated in."""
    return datasets.in_order(split, min(100, len(split.images)))


def evaluate(model: keras.Model, step: Callable, batches: tf.data.Dataset) -> dict[str, float]:
    """The mean of what the compiled test step gives, over all batches."""
    model.reset_metrics()
    for batch in batches:
        results = step(batch)
    return fetch(results)


def train(
    model: keras.Model,
    data: datasets.Dataset,
    folder: Path,
    *,
    batch_size: int,
    epochs: int,
    seed: int,
    patience: int = 0,
    pictures: Callable[[keras.Model], dict[str, np.ndarray]] = lambda model: {},
    scores: Callable[[keras.Model], dict[str, float]] = lambda model: {},
    scores_every: int = 0,
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
        pictures: gives the pictures [n, height, width, channels] that TensorBoard shows after
            each epoch, by name.
        scores: gives the scores of drawn images that TensorBoard shows as curves, by name.
        scores_every: epochs from one point of these to the next; 0 for none.

    Raises:
        Diverged: a term of the loss, or a weight, is no longer finite.
        UserError: there are fewer images than in a batch; a checkpoint is damaged or of another
            architecture.
    """
    epoch_steps = datasets.epoch_steps(data.train, batch_size)
    if not epoch_steps:
        raise UserError(
            f"batches of {batch_size} images asked for, and there are "
            f"{datasets.epoch_images(data.train)} images to train on"
        )
    checkpoints = Checkpoints(folder, model=model, **optimizers(model), **noise(model))
    resumed = checkpoints.restore()
    step = saved = int(model.optimizer.iterations)
    history = History(folder, step)
    if resumed and step < epochs * epoch_steps:
        print(f"Going on from step {step} in {folder}")
    train_step, test_step = tf.function(model.train_step), tf.function(model.test_step)
    validation = in_order(data.validation)
    clock = _Clock(history.last["seconds"], step, epochs * epoch_steps, batch_size)

    with Summaries(folder / "tensorboard") as summaries, _interruptible() as interrupted:
        summaries.begin(step)
        while step < epochs * epoch_steps and not history.patience_ended(patience):
            epoch, first_batch = divmod(step, epoch_steps)
            clock.announce_epoch(epoch, epochs)
            bar = _progress_bar(epoch_steps - first_batch)
            sums: dict[str, float] = {}
            for batch in datasets.batches(data.train, batch_size, seed, epoch, first_batch):
                losses = fetch(train_step(batch))
                step += 1
                _check_finite(losses, step, saved)
                sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
                done = step - epoch * epoch_steps - first_batch
                if step % SCALARS_EVERY == 0:
                    summaries.scalars(step, losses | learning_rates(model))
                clock.tick(step)
                shown = {name: value for name, value in losses.items() if name.startswith("loss")}
                bar.update(done, [*shown.items(), ("images/s", clock.rate)], finalize=False)
                if interrupted():
                    break
            entry = {"losses": {name: value / done for name, value in sums.items()}}
            if step % epoch_steps == 0:
                entry["validation"] = evaluate(model, test_step, validation)
                nats = -entry["validation"]["elbo/elbo"]
                bar.update(done, [("validation nats", nats)], finalize=True)
                summaries.scalars(step, renamed("validation", entry["validation"]))
                for name, images in pictures(model).items():
                    summaries.images(step, name, images)
                if scores_every and (epoch + 1) % scores_every == 0:
                    summaries.scalars(step, renamed("scores", scores(model)))
                summaries.histograms(step, trainable_by_name(model))
            _check_weights(model, step, saved)
            history.add(step=step, seconds=clock.seconds, **entry)
            summaries.begin(step)  # before the checkpoint, so that no point up to it is lost
            checkpoints.save(step)
            saved = step
            if interrupted():
                break

    return Outcome(
        interrupted=interrupted(),
        epochs=step / epoch_steps,
        steps=step,
        losses=history.last["losses"],
        validations=history.validations,
        seconds=history.last["seconds"],
    )


def renamed(prefix: str, values: dict[str, float]) -> dict[str, float]:
    """The values under another prefix: "elbo/kl" becomes "validation/kl"."""
    return {f"{prefix}/{name.split('/')[-1]}": value for name, value in values.items()}


def _progress_bar(steps: int) -> keras.utils.Progbar:
    """Keras' bar: live in a terminal, a line an epoch in a file."""
    names = ["loss", "loss/generator", "loss/discriminator", "images/s", "validation nats"]
    verbose = 1 if sys.stdout.isatty() else 2
    return keras.utils.Progbar(steps, verbose=verbose, stateful_metrics=names)


class _Clock:
    """Wall time of a run, and what is left of it."""

    def __init__(self, before: float, first: int, total: int, batch_size: int):
        self.before, self.first, self.total, self.batch_size = before, first, total, batch_size
        self.start = time.perf_counter()
        self.rate = 0.0
        self.warm = self.start

    @property
    def seconds(self) -> float:
        """Wall time so far, that before a resume included."""
        return self.before + time.perf_counter() - self.start

    def left(self, step: int) -> float:
        """Seconds that the steps to come will take at the present rate."""
        return (self.total - step) * self.batch_size / self.rate

    def tick(self, step: int) -> None:
        """Notes a finished step; says, once, about how long the run will take."""
        done = step - self.first
        if done == 1:  # the first step compiles
            self.warm = time.perf_counter()
            return
        self.rate = (done - 1) * self.batch_size / (time.perf_counter() - self.warm)
        if done == ESTIMATE_AFTER:
            print(
                f"\nAbout {duration(self.left(step))} on this machine, at {self.rate:.0f} images "
                "a second",
                flush=True,
            )

    def announce_epoch(self, epoch: int, epochs: int) -> None:
        """Prints the line above an epoch's bar."""
        step = epoch * (self.total // epochs)
        left = f", about {duration(self.left(step))} left" if self.rate else ""
        print(f"Epoch {epoch + 1}/{epochs}{left}", flush=True)
