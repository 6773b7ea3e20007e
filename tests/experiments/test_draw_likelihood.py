import json
import re

import numpy as np
import pytest

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import nats
from vae_gan_tf.evaluation.score import Score
from vae_gan_tf.experiments import draw_likelihood
from vae_gan_tf.training import loop


@pytest.mark.slow
def test_the_likelihood_of_draw(run_script):
    figures = run_script("draw_likelihood", "--preset=smoke", "--samples=10", "--draw_steps=5")
    name = "draw_likelihood-smoke-custom"
    assert {path.name for path in figures.iterdir()} == {f"{name}.png", f"{name}.json"}
    (record,) = json.loads((figures / f"{name}.json").read_text())["runs"]
    settings, nats = record["settings"], record["nats"]
    assert [settings[key] for key in ("draw_steps", "read_size", "write_size", "latent_size")] == [
        5,
        2,
        5,
        100,
    ]
    assert settings["dataset"] == "mnist_binarised"
    assert len(nats["validation"]) == record["epochs"] == 2
    test = {key: score["value"] for key, score in nats["test"].items()}
    assert test["bound"] == pytest.approx(-record["scores"]["test/elbo"], abs=1.0)
    assert 0 < test["log_likelihood"] < test["bound"]


def test_the_model_begins_with_the_weights_of_trainings_in_fewer_steps(
    run_script, monkeypatch, tmp_path
):
    begun = []
    train = loop.train

    def noted(model, *arguments, **options):
        begun.append(model.get_weights())
        return train(model, *arguments, **options)

    monkeypatch.setattr(loop, "train", noted)
    fewer = [
        each | {"draw_steps": n} for each, n in zip(draw_likelihood.SHORT, (2, 3), strict=True)
    ]
    monkeypatch.setattr(draw_likelihood, "SHORT", fewer)  # graphs of 16 and 32 take minutes
    small = ("--images=50", "--batch_size=25", "--epochs=1", "--units=8", "--draw_steps=4")
    figures = run_script("draw_likelihood", *small, "--samples=10")
    path = figures / "draw_likelihood-mnist_binarised-custom.json"
    (record,) = json.loads(path.read_text())["runs"]
    before = record["begun_with"]
    steps = [each["settings"]["draw_steps"] for each in (before["begun_with"], before, record)]
    assert steps == [2, 3, 4]
    assert [len(each["validation"]) for each in record["nats"]["first"]] == [1, 1]
    assert [each["settings"]["learning_rate"] for each in (before, record)] == [3e-3, 3e-3]
    for weights, folder in zip(begun[1:], ("2_steps_first", "3_steps_first"), strict=True):
        run = tmp_path / "runs" / folder / "draw-mnist_binarised-report-seed0"
        ended = pretrained.load_file(run / "draw-mnist_binarised.npz").get_weights()
        for one, other in zip(weights, ended, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("flags", "steps"),
    [
        ([], [16, 32, 64]),
        (["--draw_steps=20"], [16, 20]),
        (["--preset=quick"], [64]),
    ],
)
def test_the_trainings_of_a_command_line(run_script, capsys, flags, steps):
    with pytest.raises(SystemExit):
        run_script("draw_likelihood", *flags, "--show_settings")
    shown = capsys.readouterr().out
    assert [int(each) for each in re.findall(r"draw_steps = (\d+)", shown)] == steps


def test_pixels_drawn_otherwise_are_another_run(run_script, monkeypatch):
    small = ("--images=50", "--batch_size=25", "--epochs=1", "--units=8", "--draw_steps=2")
    figures = run_script("draw_likelihood", *small, "--samples=10")
    name = "draw_likelihood-mnist_binarised-custom.json"
    assert json.loads((figures / name).read_text())["overrides"]["samples"] == 10
    for other in ("--binarise_seed=1", "--fixed_pixels"):
        with pytest.raises(UserError, match="begun with other images"):
            run_script("draw_likelihood", *small, "--samples=10", other)
    monkeypatch.setattr(draw_likelihood, "train", None)  # refused before the first training
    monkeypatch.setattr(draw_likelihood, "SHORT", ({"draw_steps": 1},))
    with pytest.raises(UserError, match="was begun with units = 8 and 9 is asked for"):
        run_script("draw_likelihood", *small, "--units=9")


def test_the_curve_of_a_single_epoch():
    score = Score(100.0, 1.0)
    for epochs, top in (([105.0], 107), ([], 102)):
        figure = draw_likelihood.curve({64: epochs}, nats.Nats(score, score, score))
        (axes,) = figure.axes
        assert axes.get_ylim()[1] == top


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--samples=25", "--samples must be a positive multiple of 10, not 25"),
        ("--dataset=svhn_small", "flag 'dataset'"),
        ("--pretrained", "flag 'pretrained'"),
    ],
)
def test_a_likelihood_that_cannot_be_measured(run_script, flag, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("draw_likelihood", flag)
