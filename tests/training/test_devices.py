"""Runs on two logical processors, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.runs import train

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import devices

TESTS = Path(__file__).parents[1]


def program(*arguments):
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-m", "support.run_on_devices", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": paths}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_run_on_two_devices_goes_on_to_the_bit(tmp_path):
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    assert program(tmp_path, "dies", broken).returncode == -signal.SIGKILL
    ended = program(tmp_path, "lives", broken, whole)
    assert ended.returncode == 0, ended.stderr
    assert "Going on from step 5" in ended.stdout
    sums = []
    for folder in (broken, whole):
        (run,) = folder.iterdir()
        record = json.loads((run / "record.json").read_text())
        sums.append(record["weights"]["sha256"])
        assert record["settings"]["devices"] == "2"
        # The bound of one device after as many steps: about 510 nats.
        assert 450 < -record["scores"]["test/elbo"] < 570
    assert sums[0] == sums[1]


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
