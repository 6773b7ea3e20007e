"""The losses of three steps of each model stay what they were.

three_steps.json was written by the version before the packages were laid out by role.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.datasets import part_of
from vae_gan_tf.experiments.settings import MODELS, Images, resolve
from vae_gan_tf.experiments.zoo import build_model

LOSSES = json.loads(Path(__file__).with_name("three_steps.json").read_text())

SMALL = {"units": 16, "draw_steps": 3, "labels": 20, "batch_size": 4, "learning_rate": 1e-5}
"""With a larger rate, rounding that differs with the number of threads would grow in the steps."""


def batch(kind):
    """Four images of noise, and what a model of a kind is given of them."""
    random = np.random.default_rng(0)
    x = random.random([4, 28, 28, 1], np.float32)
    y = part_of(x, kind.part) if kind.part else np.arange(4, dtype=np.int32)
    if "few labels" in kind.groups:
        return (x, y), random.random([4, 28, 28, 1], np.float32)
    return x, y


def test_every_model_of_the_report_is_there():
    assert set(LOSSES) == set(MODELS)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_the_losses_of_three_steps(name):
    kind = MODELS[name]
    architecture = resolve("smoke", name, "mnist").architecture
    small = {key: value for key, value in SMALL.items() if kind.has(key, architecture)}
    keras.utils.set_random_seed(0)
    model = build_model(resolve("smoke", name, "mnist", small), Images((28, 28, 1), 10, 100))
    data = tf.nest.map_structure(tf.constant, batch(kind))
    for expected in LOSSES[name]:
        losses = {key: float(value) for key, value in model.train_step(data).items()}
        assert {key: losses[key] for key in expected} == pytest.approx(expected, rel=1e-4)
