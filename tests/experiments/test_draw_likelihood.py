import json

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import nats
from vae_gan_tf.evaluation.score import Score
from vae_gan_tf.experiments import draw_likelihood


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


def test_the_curve_of_a_single_epoch():
    score = Score(100.0, 1.0)
    figure = draw_likelihood.curve([105.0], nats.Nats(score, score, score))
    (axes,) = figure.axes
    assert axes.get_ylim()[1] == 107


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
