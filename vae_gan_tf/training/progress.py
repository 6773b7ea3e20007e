"""The progress of a run on the terminal: its epochs, a bar, and how long it will take."""

import sys
import time

import keras

ESTIMATE_AFTER = 40
"""Steps of a run after which it says about how long it will take."""

LATEST = ["loss", "loss/generator", "loss/discriminator", "images/s", "validation nats"]
"""What a bar shows the newest value of, and not a mean over the epoch."""


def duration(seconds: float) -> str:
    """A time as text for a person: "42 s", "13 min" or "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Progress:
    """Announces each epoch of a run, moves its bar, and keeps its wall time.

    The bar is Keras': live in a terminal, a line an epoch in a file.
    """

    def __init__(self, step: int, epochs: int, epoch_steps: int, batch_size: int, seconds: float):
        """Starts the clock.

        Args:
            step: steps done before; more than 0 where a run goes on.
            epochs: of the whole run.
            epoch_steps: steps of an epoch.
            batch_size: images of a step.
            seconds: wall time before.
        """
        self._epochs, self._epoch_steps, self._batch_size = epochs, epoch_steps, batch_size
        self._seconds_before = seconds
        self._first_step = self._bar_step = step
        self._bar: keras.utils.Progbar | None = None
        self._start = self._first_step_end = time.perf_counter()
        self._rate = 0.0

    @property
    def seconds(self) -> float:
        """The wall time of the run so far, that before a resume included."""
        return self._seconds_before + time.perf_counter() - self._start

    def begin_epoch(self, step: int) -> None:
        """Prints the line above the bar of an epoch, or of the rest of one, and makes the bar."""
        epoch, done = divmod(step, self._epoch_steps)
        left = f", about {duration(self._seconds_left(step))} left" if self._rate else ""
        print(f"Epoch {epoch + 1}/{self._epochs}{left}", flush=True)
        verbose = 1 if sys.stdout.isatty() else 2
        self._bar_step = step
        self._bar = keras.utils.Progbar(
            self._epoch_steps - done, verbose=verbose, stateful_metrics=LATEST
        )

    def end_step(self, step: int, losses: dict[str, float]) -> None:
        """Moves the bar; says, once, about how long the run will take.

        Args:
            step: the step that has ended.
            losses: the terms of its loss; the bar shows the sums of them, named "loss...".
        """
        done = step - self._first_step
        if done == 1:  # the first step compiles
            self._first_step_end = time.perf_counter()
        else:
            taken = time.perf_counter() - self._first_step_end
            self._rate = (done - 1) * self._batch_size / taken
        if done == ESTIMATE_AFTER:
            print(
                f"\nAbout {duration(self._seconds_left(step))} on this machine, at "
                f"{self._rate:.0f} images a second",
                flush=True,
            )
        shown = {name: value for name, value in losses.items() if name.startswith("loss")}
        self._update_bar(step, shown | {"images/s": self._rate}, ended=False)

    def end_epoch(self, step: int, nats: float) -> None:
        """Ends the bar of an epoch with the validation loss, in nats an image.

        There is no bar where the run before was stopped in the validation.
        """
        if self._bar is None:
            print(f"Epoch {step // self._epoch_steps} - validation nats: {nats:.4f}", flush=True)
            return
        self._update_bar(step, {"validation nats": nats}, ended=True)

    def _update_bar(self, step: int, values: dict[str, float], ended: bool) -> None:
        if self._bar is None:
            raise RuntimeError("begin_epoch makes the bar")
        self._bar.update(step - self._bar_step, list(values.items()), finalize=ended)

    def _seconds_left(self, step: int) -> float:
        """Seconds that the steps to come will take at the present rate."""
        return (self._epochs * self._epoch_steps - step) * self._batch_size / self._rate
