"""The progress of a run on the terminal: its epochs, a bar, and how long it will take."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import keras

ESTIMATE_AFTER = 10
"""Steps of a run after which it says about how long it will take."""

VALIDATION_SHARE = 1 / 3
"""The time of a validation image in that of a training image, until one was measured."""

BOUND = "validation -elbo"
"""What a bar calls the negative bound on the validation images."""

LATEST = ["images/s", BOUND]
"""What a bar shows the newest value of, and not a mean over the epoch."""


def duration(seconds: float) -> str:
    """A time as text for a person: "42 s", "13 min" or "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Progress:
    """Announces each epoch of a run, moves its bar, and keeps its wall time.

    The bar is Keras': live in a terminal or a notebook; in a file it is a line an epoch.
    """

    def __init__(
        self,
        step: int,
        epochs: int,
        epoch_steps: int,
        batch_size: int,
        seconds: float,
        validated: int,
    ):
        """Starts the clock.

        Args:
            step: steps done before; more than 0 where a run goes on.
            epochs: of the whole run.
            epoch_steps: steps of an epoch.
            batch_size: images of a step.
            seconds: wall time before.
            validated: images that are validated after each epoch.
        """
        self._epochs, self._epoch_steps, self._batch_size = epochs, epoch_steps, batch_size
        self._seconds_before, self._validated = seconds, validated
        self._first_step = self._bar_step = step
        self._live = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._head = ""
        self._bar: keras.utils.Progbar | None = None
        self._start = self._mark = time.perf_counter()
        self._steps, self._trained = 0, 0.0  # those that are timed, and their seconds
        self._between: list[float] = []  # the seconds from one epoch's last step to the next epoch
        self._waited = 0.0
        self._told = (0, 0.0, 0.0)

    @property
    def seconds(self) -> float:
        """The wall time of the run so far, that before a resume included."""
        return self._seconds_before + time.perf_counter() - self._start

    def begin_epoch(self, step: int) -> None:
        """Announces an epoch, or the rest of one, and makes its bar."""
        self._mark = time.perf_counter()
        epoch, done = divmod(step, self._epoch_steps)
        self._head = f"Epoch {epoch + 1}/{self._epochs}"
        if self._live:
            left = f", about {duration(self._seconds_left(step))} left" if self._steps else ""
            print(self._head + left, flush=True)
        self._bar_step = step
        self._bar = keras.utils.Progbar(
            self._epoch_steps - done, verbose=1 if self._live else 2, stateful_metrics=LATEST
        )

    def waited_for(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches; how long each was waited for counts for `speed`."""
        asked = time.perf_counter()
        for batch in batches:
            self._waited += time.perf_counter() - asked
            yield batch
            asked = time.perf_counter()

    def end_step(self, step: int, losses: dict[str, float]) -> None:
        """Moves the bar; says, once, about how long the run will take.

        Args:
            step: the step that has ended.
            losses: the terms of its loss; of the sums of them, named "loss...", the bar shows
                means over the epoch.
        """
        now = time.perf_counter()
        done = step - self._first_step
        if done == 1:  # the first step compiles
            self._waited = 0.0
        else:
            self._steps += 1
            self._trained += now - self._mark
        self._mark = now
        if done == ESTIMATE_AFTER and (left := self._seconds_left(step)) >= 1:
            if self._live:
                print()  # the bar's line has not ended
            print(
                f"About {duration(left)} left on this machine, at {self._rate:.0f} images a second",
                flush=True,
            )
        shown = {name: value for name, value in losses.items() if name.startswith("loss")}
        rate = {"images/s": self._rate} if self._steps else {}
        self._update_bar(step, shown | rate, ended=False)

    def speed(self) -> dict[str, float]:
        """Steps and images a second, and the share of waiting for batches, since the last call.

        Validation does not count, nor the first step, which compiles; empty where there was none
        but that.
        """
        now = self._steps, self._trained, self._waited
        steps, trained, waited = (one - other for one, other in zip(now, self._told, strict=True))
        if not steps:
            return {}
        self._told = now
        return {
            "speed/steps_a_second": steps / trained,
            "speed/images_a_second": steps * self._batch_size / trained,
            "speed/waiting_for_input": waited / trained,
        }

    def end_epoch(self, step: int, nats: float) -> None:
        """Ends the bar of an epoch with the validation loss, in nats an image.

        There is no bar where the run before was stopped in the validation.
        """
        if self._bar is None:
            print(f"Epoch {step // self._epoch_steps} - {BOUND}: {nats:.4f}", flush=True)
            return
        self._between.append(time.perf_counter() - self._mark)
        if not self._live:
            left = self._seconds_left(step) if self._steps else 0
            print(self._head + (f", about {duration(left)} left" if left >= 1 else ""), end=" - ")
        self._update_bar(step, {BOUND: nats}, ended=True)

    def _update_bar(self, step: int, values: dict[str, float], ended: bool) -> None:
        if self._bar is None:
            raise RuntimeError("begin_epoch makes the bar")
        self._bar.update(step - self._bar_step, list(values.items()), finalize=ended)

    @property
    def _rate(self) -> float:
        """Images a second."""
        return self._steps * self._batch_size / self._trained

    def _seconds_left(self, step: int) -> float:
        """Seconds that the steps to come will take, and what comes after each epoch."""
        steps = self._epochs * self._epoch_steps - step
        between = (
            sum(self._between) / len(self._between)
            if self._between
            else self._validated * VALIDATION_SHARE / self._rate
        )
        epochs = self._epochs - step // self._epoch_steps
        return steps * self._batch_size / self._rate + epochs * between
