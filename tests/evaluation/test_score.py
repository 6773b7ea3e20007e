import numpy as np
import pytest

from vae_gan_tf.evaluation.score import Score, mean_score


def test_the_error_of_a_mean_is_what_resampling_gives():
    random = np.random.default_rng(0)
    values = random.exponential(size=200)
    found = mean_score(values)
    assert found.value == pytest.approx(values.mean())
    means = random.choice(values, [4000, 200]).mean(axis=1)
    assert found.error == pytest.approx(means.std(), rel=0.05)


def test_a_score_in_another_unit():
    assert Score(0.5, 0.1).scaled(-100) == (-50, 10)
