import keras
import pytest
from support import models

from vae_gan_tf.training import state


def test_each_optimizer_has_its_learning_rate():
    model = models.vae()
    model.compile(keras.optimizers.Adam(1e-3))
    assert state.learning_rates(model) == {"learning_rate/optimizer": pytest.approx(1e-3)}
    model = models.vae_gan()
    falling = keras.optimizers.schedules.CosineDecay(3e-3, 2)
    model.compile(keras.optimizers.Adam(falling), keras.optimizers.Adam(1e-4))
    model.optimizer.iterations.assign(1)  # halfway
    rates = {"optimizer": 1.5e-3, "discriminator_optimizer": 1e-4}
    rates = {f"learning_rate/{name}": rate for name, rate in rates.items()}
    assert state.learning_rates(model) == pytest.approx(rates)


def test_the_state_holds_the_noise_of_dropout():
    layers = [keras.Input([3]), keras.layers.Dense(2), keras.layers.Dropout(0.5)]
    for count, names in ((2, {"model", "optimizer"}), (3, {"model", "optimizer", "noise"})):
        model = keras.Sequential(layers[:count])
        model.compile(keras.optimizers.Adam())
        held = state.state(model)
        assert held.keys() == names
        assert held["optimizer"].built
    assert held["noise"] == [layers[2].seed_generator.state]
