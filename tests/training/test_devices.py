"""The devices that a run is spread over."""

from pathlib import Path

import numpy as np
import pytest
from support.runs import train

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import devices

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("asked", ["0", "-1", "many", "1000"])
def test_devices_that_are_not_there(asked):
    there = len(devices.present())
    with pytest.raises(UserError, match=f"--devices={asked} given, .* from 1 to {there} exp"):
        devices.count(asked)


def test_one_device_is_no_strategy():
    assert devices.count("1") == 1 and devices.count("all") == len(devices.present())
    assert devices.strategy(1).num_replicas_in_sync == 1


@pytest.mark.slow
def test_a_step_compiled_by_xla_trains_as_the_other_but_for_its_noise(tmp_path):
    bounds = []
    for jit in (False, True):
        _, outcome = train(tmp_path / str(jit), jit=jit)
        bounds.append([each["elbo/elbo"] for each in outcome.validations])
    assert bounds[0] != bounds[1]
    np.testing.assert_allclose(bounds[0], bounds[1], rtol=0.05)
