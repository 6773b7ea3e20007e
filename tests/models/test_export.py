import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf import networks
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.export import export
from vae_gan_tf.models.vae import VAE

SHAPE, HALF = (8, 8, 1), (8, 4, 1)
CONDITIONS = {
    "none": None,
    "labels": LabelCondition(3),
    "images": ImageCondition(HALF),
    "draw": None,
    "cdraw": LabelCondition(3),
}

# Another program, which has TensorFlow only. It calls every endpoint on what it is given.
PROGRAM = """
import sys
import numpy as np
import tensorflow as tf

for folder in sys.argv[1:]:
    served = tf.saved_model.load(folder)
    given = {name: tf.constant(value) for name, value in np.load(folder + ".npz").items()}
    y = [given["y"]] if "y" in given else []
    posterior = served.encode(given["x"], *y)
    np.savez(
        folder + "_answers.npz",
        sample=served.sample(*(y or [given["count"]]), given["seed"]),
        mean=posterior["mean"],
        stddev=posterior["stddev"],
        decode=served.decode(given["z"], *y),
        reconstruct=served.reconstruct(given["x"], *y),
    )
assert not [name for name in sys.modules if name.split(".")[0] == "vae_gan_tf"]
"""


def random(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def trained(condition, draw=False):
    """A small model after one step of training, so that its moving averages have moved."""
    keras.utils.set_random_seed(0)
    sizes = {"latent_size": 3, "condition_size": condition.size if condition else 0}
    parts = [condition] if condition else []
    if draw:
        encoder = networks.draw_encoder(SHAPE, **sizes, units=8)
        decoder = networks.draw_decoder(SHAPE, **sizes, units=8)
        model = (CDRAW if condition else DRAW)(encoder, decoder, *parts, steps=4)
    else:
        encoder = networks.convolutional_encoder(SHAPE, **sizes, widen=1 / 16)
        decoder = networks.convolutional_decoder(SHAPE, **sizes, widen=1 / 16)
        model = (CVAE if condition else VAE)(encoder, decoder, *parts)
    model.compile(keras.optimizers.SGD(0.01))
    model.train_step((random(5, *SHAPE), *side_information(condition)))
    return model


def side_information(condition):
    if isinstance(condition, ImageCondition):
        return [random(5, *HALF, seed=1)]
    return [np.array([0, 1, 2, 1, 0], np.int32)] if condition else []


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The models, what their endpoints were given, and what they answered in another program."""
    folder, served = tmp_path_factory.mktemp("served"), {}
    for name, condition in CONDITIONS.items():
        model, y = trained(condition, "draw" in name), side_information(condition)
        given = {
            "x": random(5, *SHAPE, seed=2),
            "z": random(5, *model.code_shape, seed=3) - 0.5,
            "seed": np.array([4, 5], np.int32),
            "count": np.int32(7),
            **({"y": y[0]} if y else {}),
        }
        export(model, folder / name)
        np.savez(folder / f"{name}.npz", **given)
        served[name] = model, given
    # -I: neither the folder of this repository nor PYTHONPATH is looked at.
    subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, *(str(folder / name) for name in served)],
        check=True,
        cwd=folder,
    )
    return {
        name: (model, given, np.load(folder / f"{name}_answers.npz"))
        for name, (model, given) in served.items()
    }


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_endpoints_answer_as_the_model_does_in_a_program_without_the_package(name, answers):
    model, given, found = answers[name]
    y = [given["y"]] if "y" in given else []
    posterior = model.encode(given["x"], *y)
    expected = {
        "sample": model.sample(*(y or [7]), tf.constant([4, 5])),
        "mean": posterior.mean(),
        "stddev": posterior.stddev(),
        "decode": model.decode(given["z"], *y).mean(),
        "reconstruct": model.reconstruct(given["x"], *y),
    }
    assert set(found) == set(expected)
    for endpoint, value in expected.items():
        np.testing.assert_allclose(found[endpoint], value, rtol=1e-5, atol=1e-6)
    assert found["sample"].shape == (5 if y else 7, *SHAPE)


def test_an_export_takes_batches_of_any_size_and_seeds(tmp_path):
    model = trained(LabelCondition(3))
    export(model, tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    for count in (1, 6):
        labels = tf.constant(np.arange(count) % 3, tf.int32)
        assert served.reconstruct(tf.constant(random(count, *SHAPE)), labels).shape[0] == count
        one, again, other = (
            served.sample(labels, tf.constant(seed, tf.int32)) for seed in ([0, 1], [0, 1], [0, 2])
        )
        np.testing.assert_array_equal(one, again)
        assert np.abs(one - other).max() > 1e-4
