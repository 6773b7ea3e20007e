"""Reads event files as TensorBoard itself does."""

from pathlib import Path

import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def read(folder: Path) -> EventAccumulator:
    """What is in the event files of a folder, every point kept."""
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def tags(folder: Path) -> set[str]:
    """The tags of all that is in it but graphs."""
    return set(read(folder).Tags()["tensors"])


def curve(folder: Path, tag: str) -> list[tuple[int, float]]:
    """The points of a curve, (step, value)."""
    points = read(folder).Tensors(tag)
    return [(point.step, float(tf.make_ndarray(point.tensor_proto))) for point in points]


def steps(folder: Path, tag: str) -> list[int]:
    """The steps of the points of a tag."""
    return [point.step for point in read(folder).Tensors(tag)]
