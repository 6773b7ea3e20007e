"""A score: a number with its standard error."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Score(NamedTuple):
    """A number with its standard error."""

    value: float
    error: float

    def scaled(self, factor: float) -> "Score":
        """The score in another unit."""
        return Score(self.value * factor, self.error * abs(factor))


def mean_score(values: ArrayLike) -> Score:
    """The mean of values [n], with what resampling them would give as its standard error."""
    values = np.asarray(values, np.float64)
    return Score(float(values.mean()), float(values.std() / math.sqrt(len(values))))
