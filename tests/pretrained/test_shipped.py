from pathlib import Path

import numpy as np
import pytest

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges
from vae_gan_tf.evaluation.nats import nats
from vae_gan_tf.experiments import run as runs
from vae_gan_tf.experiments.settings import preset
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.pretrained import catalogue

FIGURES = Path(__file__).parents[2] / "figures"


def test_the_sums_are_those_of_the_files_that_ship():
    for name in pretrained.SHIPPED:
        assert pretrained._sums()[f"{name}.npz"] == pretrained.sha256(pretrained.path(name))
    assert len(pretrained._sums()) == len(pretrained.SHIPPED)


@pytest.mark.parametrize("content", [b"another", None], ids=["altered", "gone"])
def test_another_file_than_the_one_that_ships_is_refused(content, monkeypatch, tmp_path):
    file = tmp_path / "vae-mnist.npz"
    if content:
        file.write_bytes(content)
    monkeypatch.setattr(pretrained, "path", lambda name: file)
    with pytest.raises(UserError, match=r"vae-mnist\.npz .*; install the package again"):
        pretrained.load_pretrained("vae-mnist")


@pytest.mark.slow
@pytest.mark.parametrize("name", pretrained.SHIPPED)
def test_a_shipped_model_is_what_the_catalogue_says(name):
    model, entry = pretrained.load_pretrained(name), pretrained.SHIPPED[name]
    assert type(model).__name__ == entry.kind
    if name in judges.NETWORKS:
        return
    run = catalogue.training(name, FIGURES)["settings"]
    assert preset(*(run[key] for key in ("preset", "model", "dataset"))).weights == name
    shape = (28, 28, 1) if entry.dataset == "mnist" else (32, 32, 3)
    y = np.zeros([2, 28, 14, 1], np.float32) if "left" in name else np.arange(2)
    takes_y = generator(model).condition.size > 0
    images = model.sample(y if takes_y else 2)
    assert images.shape == (2, *shape)


def recorded(name, mnist):
    """The scores that the json records of a model, and MNIST with what the model is given."""
    run = catalogue.training(name, FIGURES)
    settings = preset(*(run["settings"][key] for key in ("preset", "model", "dataset")))
    return run["scores"], runs.with_side_information(mnist, settings)


# The scores of each: python -m pytest tests/by_hand/shipped_scores.py
@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae-mnist", "cvae-left-mnist", "draw-mnist", "cdraw-mnist"])
def test_the_bound_of_some_images_is_about_the_recorded_one(name, mnist):
    scores, data = recorded(name, mnist)
    model = pretrained.load_pretrained(name)
    x, y = data.test.at(slice(None, None, 50)).arrays()
    again = nats(model, x, model.condition.given(y), samples=10)
    assert again.bound.value == pytest.approx(-scores["test/elbo"], abs=4 * again.bound.error)
    assert again.bound.error < 3
