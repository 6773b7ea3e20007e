"""The devices that a run is spread over."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.runs import train

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import devices

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("asked", ["0", "-1", "many", "1000"])
def test_devices_that_are_not_there(asked):
    there = len(devices.present())
    with pytest.raises(UserError, match=f"--devices={asked} given, .* from 1 to {there} exp"):
        devices.count(asked)


def test_devices_of_a_program_that_has_computed_already(monkeypatch):
    def too_late(device, enable):
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [gpu])
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [gpu])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", too_late)
    assert devices.present() == [gpu.name]


def test_one_device_is_no_strategy():
    assert devices.count("1") == 1 and devices.count("all") == len(devices.present())
    assert devices.strategy(1).num_replicas_in_sync == 1


def test_the_sentence_of_a_step_comes_as_it_is():
    def step(batch):
        raise UserError("Too few.")

    run = devices.on_all(keras.Sequential([keras.Input([1])]), step)
    with pytest.raises(UserError, match=r"^Too few\.$"):
        run(tf.zeros([1]))


@pytest.mark.slow
def test_a_step_compiled_by_xla_trains_as_the_other_but_for_its_noise(tmp_path):
    bounds = []
    for jit in (False, True):
        _, outcome = train(tmp_path / str(jit), jit=jit)
        bounds.append([each["elbo/elbo"] for each in outcome.validations])
    assert bounds[0] != bounds[1]
    np.testing.assert_allclose(bounds[0], bounds[1], rtol=0.05)


@pytest.mark.parametrize(
    ("gpus", "flags", "have"),
    [
        ([], "flags : fpu avx512f avx512_bf16", True),
        ([], "flags : fpu avx512f", False),
        ([], None, False),
        ([(8, 0), (8, 9)], None, True),
        ([(8, 0), (7, 5)], "flags : avx512_bf16", False),
    ],
)
def test_bfloat16_is_of_all_devices(gpus, flags, have, monkeypatch, tmp_path):
    file = tmp_path / "cpuinfo"
    if flags:
        file.write_text(flags)
    monkeypatch.setattr(devices, "PROCESSORS", file)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    details = "get_device_details"
    monkeypatch.setattr(tf.config.experimental, details, lambda gpu: {"compute_capability": gpu})
    assert devices.have_bfloat16() == have


ONE_STEP = """
import hashlib
import keras
import numpy as np
import tensorflow as tf
from vae_gan_tf.experiments.settings import Images, resolve
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.training import devices

devices.make_deterministic()
keras.utils.set_random_seed(0)
few = {"architecture": "convolutional", "labels": 100, "latent_size": 4}
settings = resolve("smoke", "semi-supervised-gan", "mnist", few)
model = build_model(settings, Images((28, 28, 1), 10, 1000))
images = np.random.default_rng(0).integers(0, 2, [30, 28, 28, 1]).astype("float32")
batch = ((images[:10], np.arange(10, dtype="int32")), images[10:])
tf.function(model.train_step)(tf.nest.map_structure(tf.constant, batch))
weights = b"".join(weight.numpy().tobytes() for weight in model.trainable_variables)
print(hashlib.sha256(weights).hexdigest())
"""
"""A step of the model whose gradients are sums of the most terms, and what it makes of weights."""


@pytest.mark.slow
def test_a_deterministic_step_is_the_same_in_each_process():
    program = [sys.executable, "-c", ONE_STEP]
    pipe = {"stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(program, **pipe) for _ in range(2)]
    found = [process.communicate()[0] for process in processes]
    assert len(found[0].strip()) == 64 and len(set(found)) == 1


def test_determinism_comes_before_tensorflow_computes():
    assert tf.constant(1.0) == 1
    with pytest.raises(UserError, match="--deterministic given in a process where"):
        devices.make_deterministic()
