import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import models

from vae_gan_tf.models.export import export

EXPORTED = ("VAE", "CVAE of images", "conditional DRAW")

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


def trained(kind):
    """A small model after one step of training, so that its moving averages have moved."""
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    model.compile(keras.optimizers.SGD(0.001))
    model.train_step(models.arrays(kind, 5))
    return model


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The models, what their endpoints were given, and what they answered in another program."""
    folder, served = tmp_path_factory.mktemp("served"), {}
    for kind in EXPORTED:
        model, y = trained(kind), models.side_information(kind, 5)
        given = {
            "x": models.images(5, seed=2),
            "z": random(5, *model.code_shape, seed=3) - 0.5,
            "seed": np.array([4, 5], np.int32),
            "count": np.int32(7),
            **({} if y is None else {"y": y}),
        }
        export(model, folder / kind)
        np.savez(folder / f"{kind}.npz", **given)
        served[kind] = model, given
    # -I: neither the folder of this repository nor PYTHONPATH is looked at.
    subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, *(str(folder / kind) for kind in served)],
        check=True,
        cwd=folder,
    )
    return {
        kind: (model, given, np.load(folder / f"{kind}_answers.npz"))
        for kind, (model, given) in served.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", EXPORTED)
def test_the_endpoints_answer_as_the_model_does_in_a_program_without_the_package(kind, answers):
    model, given, found = answers[kind]
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
    assert found["sample"].shape == (5 if y else 7, *models.SHAPE)


@pytest.mark.slow
def test_an_export_takes_batches_of_any_size_and_seeds(tmp_path):
    model = trained("CVAE of labels")
    export(model, tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served")
    for count in (1, 6):
        labels = tf.constant(np.arange(count) % 3, tf.int32)
        pictures = served.reconstruct(tf.constant(models.images(count)), labels)
        assert pictures.shape == (count, *models.SHAPE)
        one, again, other = (
            served.sample(labels, tf.constant(seed, tf.int32)) for seed in ([0, 1], [0, 1], [0, 2])
        )
        np.testing.assert_array_equal(one, again)
        assert np.abs(one - other).max() > 1e-4
