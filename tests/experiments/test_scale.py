import json

import numpy as np
import pytest

from vae_gan_tf.experiments import scale, step_time
from vae_gan_tf.experiments.flags import Options
from vae_gan_tf.experiments.scale import Problem


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(step_time, "matrix_product_seconds", lambda precision: [0.1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "weights"),
    [
        (
            Problem(
                "classes",
                "3",
                "semi-supervised",
                {
                    "architecture": "fully_connected",
                    "batch_size": 4,
                    "labelled_batch": 3,
                    "labels": 30,
                },
                (8, 8, 1),
                3,
                100,
            ),
            None,
        ),
        (
            Problem(
                "batch",
                "20",
                "vae",
                {"architecture": "fully_connected", "batch_size": 20, "units": 8, "latent_size": 2},
                images=100,
            ),
            # Four hidden layers of 8 units without biases, each with four numbers a unit of batch
            # normalisation, and three layers to means, log-variances and pixels.
            8 * (784 + 8 + 2 + 8) + 4 * 4 * 8 + 2 * (8 * 2 + 2) + 8 * 784 + 784,
        ),
    ],
    ids=["classes", "batch"],
)
def test_a_problem_is_measured_on_random_images(problem, weights, quick):
    row = scale.measure(problem, steps=2)
    assert weights in (None, row["weights"])
    assert row["milliseconds"] > 0 and 0 <= row["input_share"] < 1 and row["peak_gigabytes"] > 0.1


def test_random_images_have_every_class(tmp_path):
    problem = Problem("classes", "7", "cvae", {}, (4, 6, 3), 7, 2500)
    data = scale.random_images(problem, tmp_path)
    assert data.image_shape == (4, 6, 3) and data.num_classes == 7
    assert set(data.train.labels) == set(range(7))
    # Even over 0 to 255, to the last image.
    np.testing.assert_allclose(data.train.images.mean(), 127.5, atol=1)
    np.testing.assert_allclose(data.train.images[-500:].mean(), 127.5, atol=2)


def test_the_bytes_of_gradients_are_four_a_weight(monkeypatch):
    monkeypatch.setattr(scale, "MODELS", {"cvae-simple": scale.MODELS["cvae-simple"]})
    ((name, count),) = [tuple(each.values()) for each in scale.gradients()]
    units, code = 200, 50
    # Of each hidden layer batch normalisation has two weights a unit that are trained.
    encoder = (784 + 10 + units) * units + 4 * units + 2 * (units * code + code)
    decoder = (code + 10 + units) * units + 4 * units + units * 784 + 784
    assert (name, count) == ("cvae-simple", 4 * (encoder + decoder))


@pytest.mark.slow
def test_the_disk_of_a_run_is_that_of_its_files(data_dir, few_digits):
    found = scale.disk(Options(preset="smoke", data_dir=data_dir), "cvae-simple")
    assert found["all"] > found["checkpoints"] > found["tensorboard"] > 0


def test_the_tables_hold_what_was_measured(run_script, in_this_process, monkeypatch):
    def measured(problem, steps):
        found = {"weights": 1_500_000, "milliseconds": 12.4, "peak_gigabytes": 0.625}
        return {"axis": problem.axis, "value": problem.value, "model": problem.model} | found

    monkeypatch.setattr(scale, "measure", measured)
    monkeypatch.setattr(scale, "disk", lambda options, model: {"model": model, "all": 96_000_000})
    monkeypatch.setattr(scale, "gradients", lambda: [{"model": "draw", "bytes": 3_400_000}])
    figures = run_script("scale")
    record = json.loads((figures / "scale.json").read_text())
    assert len(record["steps"]) == len(list(scale.problems())) and record["made_with"]["machine"]
    text = (figures / "scale.md").read_text()
    assert "| classes | 200 | semi-supervised | 1.50 | 12 | 0.62 |" in text
    assert "draw 3.4." in text and "cvae-gan 96" in text
