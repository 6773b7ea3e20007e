"""Short runs of a small model, for the tests of the training loop."""

import dataclasses

import keras
import numpy as np

from support import records
from vae_gan_tf import datasets, networks
from vae_gan_tf.experiments import run
from vae_gan_tf.experiments.settings import Images
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.training import loop

SHAPE = (8, 8, 1)
EPOCHS, EPOCH_STEPS, BATCH = 5, 4, 10


def tiny_data(count=EPOCH_STEPS * BATCH):
    images = np.random.default_rng(0).integers(0, 256, [count, *SHAPE], np.uint8)
    split = datasets.Split(images, np.zeros(count, np.int32))
    return datasets.Dataset("tiny", split, split, split, 1, "made by the test")


def tiny_vae(learning_rate=1e-3):
    keras.utils.set_random_seed(0)
    encoder = networks.fully_connected_encoder(SHAPE, latent_size=2, units=8)
    decoder = networks.fully_connected_decoder(SHAPE, latent_size=2, units=8)
    model = VAE(encoder, decoder)
    model.compile(keras.optimizers.Adam(learning_rate))
    return model


def train(folder, model=None, **changes):
    settings = {"batch_size": BATCH, "epochs": EPOCHS, "seed": 0} | changes
    model = model or tiny_vae()
    return model, loop.train(model, tiny_data(), folder, **settings)


def assert_same_weights(one, other):
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=a.path)


OUTCOME = loop.Outcome(0, 2.0, 10, {"loss": 1.0}, [{"elbo/elbo": -1.0}] * 2, 1.0, 10)


def without_training(monkeypatch):
    """Has a script's runs end at once: models keep their initial weights, and all else is real."""
    monkeypatch.setattr(loop, "train", lambda *given, **options: OUTCOME)


def made_up(options, model_name, data):
    """What `run.train` would give, with figures that are made up by the seed."""
    settings = run.settings_here(options, model_name, data.name)
    model = build_model(settings, Images(data.image_shape, data.num_classes))
    error = 0.2 + 0.01 * settings.seed
    validation = {"elbo/elbo": -100.0 - settings.seed, "classification/error": error}
    record = records.trained(
        settings=dataclasses.asdict(settings),
        validation=validation,
        scores={"test/error": error},
    )
    return run.Result(model, data, model_name, record, validations=[validation])
