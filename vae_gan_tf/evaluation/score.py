"""A score: a number with its standard error."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vae_gan_tf.checks import check_integer


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


def resampling(seed: int, resamples: int) -> np.random.Generator:
    """What draws resampled sets for a standard error.

    Raises:
        UserError: there are fewer than two sets, or the seed is no integer of at least 0.
    """
    check_integer("resamples", resamples, least=2)
    check_integer("seed", seed, least=0)
    return np.random.default_rng(seed)
