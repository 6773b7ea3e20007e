"""A model and a data set that come from outside the package, trained like any other."""

import json

import keras
import numpy as np
import pytest

from vae_gan_tf import VAE, datasets
from vae_gan_tf.experiments import publish, results, run
from vae_gan_tf.experiments.flags import Options, Script, parse
from vae_gan_tf.experiments.settings import MODELS, Kind
from vae_gan_tf.plotting import grids


@keras.saving.register_keras_serializable("toys")
class ToyVAE(VAE):
    """A VAE of one layer each way."""


def toy_model(settings, images):
    image, code = keras.Input(images.shape), keras.Input([settings.latent_size])
    flat = keras.layers.Flatten()(image)
    outputs = [keras.layers.Dense(settings.latent_size)(flat) for _ in range(2)]
    pixels = keras.layers.Dense(int(np.prod(images.shape)))(code)
    decoder = keras.Model(code, keras.layers.Reshape(images.shape)(pixels))
    return ToyVAE(keras.Model(image, outputs), decoder, seed=settings.seed)


def toy_data(data_dir, download):
    random = np.random.default_rng(0)
    split = datasets.Split(
        random.integers(0, 256, [60, 4, 6, 1], np.uint8), random.integers(0, 3, 60, np.int32)
    )
    return datasets.Dataset("toys", split, split, split, 3, "made by a test")


@pytest.fixture
def toys(monkeypatch):
    toy = Kind(toy_model, {"convolutional": ()}, presets={"report": {"*": {"epochs": 2}}})
    source = datasets.Source("Toys", "toys", toy_data)
    monkeypatch.setitem(MODELS, "toy-vae", toy)
    monkeypatch.setitem(datasets.SOURCES, "toys", source)


@pytest.mark.slow
def test_a_toy_model_and_a_toy_data_set_are_an_entry_each(toys, tmp_path):
    folders = (f"--runs_dir={tmp_path / 'runs'}", f"--figures_dir={tmp_path / 'figures'}")
    script = Script("A figure of toys.", ("toy-vae",))
    options = parse(script, ["toy.py", "--dataset=toys", "--batch_size=20", *folders])
    shown = results.train_all(options, ["toy-vae"])
    (result,) = shown
    assert type(result.model) is ToyVAE
    assert result.title == "TOY-VAE, Toys"
    assert result.record["steps"] == 2 * 3
    # Without a judge there are no scores of samples, whatever the shape of the images.
    assert set(result.record["scores"]) == {"test/elbo", "test/reconstruction", "test/kl"}
    panels = [grids.Panel(np.asarray(result.model.sample(4))[None], result.title)]
    path = publish.publish(options, "toy", grids.page(panels), shown)
    record = json.loads(path.with_suffix(".json").read_text())
    assert record["runs"][0]["settings"]["epochs"] == 2


@pytest.mark.slow
def test_a_model_of_the_report_takes_a_toy_data_set(toys, tmp_path):
    small = {"epochs": 1, "batch_size": 20, "units": 16, "latent_size": 4}
    options = Options(overrides=small, runs_dir=tmp_path)
    result = run.train(options, "cvae-simple", datasets.load("toys"))
    assert result.model.condition.classes == 3
    assert "accepted" not in result.record["scores"]
    assert result.model.sample([0, 1, 2]).shape == (3, 4, 6, 1)
