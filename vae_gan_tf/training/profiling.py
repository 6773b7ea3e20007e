"""A profile of some training steps, for the PROFILE tab of TensorBoard."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

FIRST = 5
"""Steps before the profile: the first compiles, and those after it warm up."""


class Profile:
    """Records the steps after the first ones of this process by TensorFlow's profiler."""

    def __init__(self, folder: Path, steps: int):
        """Touches nothing.

        Args:
            folder: of TensorBoard's files of the training.
            steps: to be recorded; 0 for none.
        """
        self._folder = folder
        self._steps = steps
        self._done = 0
        self._recording = False

    @contextlib.contextmanager
    def step(self, number: int) -> Iterator[None]:
        """The context of a training step."""
        if self._steps and self._done == FIRST:
            tf.profiler.experimental.start(str(self._folder))
            self._recording = True
        with tf.profiler.experimental.Trace("train", step_num=number, _r=1):
            yield
        self._done += 1
        if self._done == FIRST + self._steps:
            self._end()

    def _end(self) -> None:
        if self._recording:
            self._recording = False
            tf.profiler.experimental.stop()
            print(f"Wrote a profile of {self._done - FIRST} steps to {self._folder}")

    def __enter__(self) -> "Profile":
        return self

    def __exit__(self, *raised: object) -> None:
        self._end()
