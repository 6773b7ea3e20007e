"""Runs on two logical processors, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import devices

TESTS = Path(__file__).parents[1]


def program(*arguments):
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-m", "support.run_on_devices", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": paths}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_run_on_two_devices_goes_on_to_the_bit_and_follows_one_device(tmp_path):
    def ended(folder, number, dies="lives"):
        return program(tmp_path / folder, tmp_path, "vae", number, dies)

    assert ended("broken", 2, "dies").returncode == -signal.SIGKILL
    broken, whole, single = ended("broken", "all"), ended("whole", 2), ended("single", 1)
    assert broken.returncode == whole.returncode == single.returncode == 0, broken.stderr
    assert "Going on from step 5" in broken.stdout
    assert broken.stdout.split()[-1] == whole.stdout.split()[-1] != single.stdout.split()[-1]
    bounds = []
    for folder in ("whole", "single"):
        (run,) = (tmp_path / folder).iterdir()
        bounds.append(json.loads((run / "record.json").read_text())["scores"]["test/elbo"])
        stored = json.loads((run / "settings.json").read_text())["devices"]
        assert stored == {"whole": "2", "single": "1"}[folder]
    # Noise and batches of normalisation are others, so that the runs are near each other only.
    np.testing.assert_allclose(*bounds, rtol=0.05)
    refused = ended("whole", 1)
    assert refused.returncode and "begun with devices = '2'" in refused.stderr


@pytest.mark.parametrize("asked", ["0", "-1", "many", "1000"])
def test_devices_that_are_not_there(asked):
    there = len(devices.present())
    with pytest.raises(UserError, match=f"--devices={asked} given, 1 to {there} expected, or all"):
        devices.count(asked)


def test_one_device_is_no_strategy():
    assert devices.count("1") == 1 and devices.count("all") == len(devices.present())
    assert devices.strategy(1).num_replicas_in_sync == 1
