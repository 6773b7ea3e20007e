"""The committed scores of every shipped model of MNIST, measured again.

    python -m pytest tests/by_hand/shipped_scores.py

takes some minutes: 10 000 images are sampled from each model, and as many reconstructed.
"""

from pathlib import Path

import pytest

from vae_gan_tf import pretrained
from vae_gan_tf.evaluation import judges
from vae_gan_tf.experiments import run as runs
from vae_gan_tf.experiments.settings import preset
from vae_gan_tf.pretrained import catalogue

FIGURES = Path(__file__).parents[2] / "figures"
NAMES = [
    name
    for name, entry in pretrained.SHIPPED.items()
    if entry.dataset == "mnist" and name not in judges.NETWORKS
]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_scores_as_recorded(name, mnist):
    run = catalogue.training(name, FIGURES)
    settings = preset(*(run["settings"][key] for key in ("preset", "model", "dataset")))
    data = runs.with_side_information(mnist, settings)
    scores = runs.score(pretrained.load_pretrained(name), data)
    assert scores == pytest.approx(run["scores"], rel=1e-3)
