"""What a Keras program expects of every kind of model: logs, callbacks, arguments, files."""

import keras
import numpy as np
import pytest
from support import models

import vae_gan_tf
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import generator

pytestmark = [pytest.mark.slow, pytest.mark.every_kind]

STEPPING = ("VAE", "M2", "CVAE-GAN", "M2 with GAN")
"""One kind of each class that brings steps of its own."""

GANS = [kind for kind in models.KINDS if kind.endswith("GAN") or kind in models.SEMI_SUPERVISED[1:]]
CONDITIONAL = [kind for kind in models.KINDS if kind not in models.WITHOUT_Y]


def compiled(kind, *optimizers, **kwargs):
    """A model whose steps are not traced, which would take most of the time."""
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    generator(model).kl_weight = 2.0  # so that the loss is not the bound
    model.compile(*(optimizers or [keras.optimizers.SGD(0.0)]), run_eagerly=True, **kwargs)
    return model


@pytest.fixture(scope="module")
def still():
    """Gives a compiled model of a kind, one for all tests that move no weight."""
    made = {}

    def of(kind):
        if kind not in made:
            made[kind] = compiled(kind)
        made[kind].optimizer.iterations.assign(0)
        return made[kind]

    return of


def fit(model, data, **kwargs):
    return model.fit(data, verbose=0, **kwargs)


def first(history):
    """What the first epoch showed."""
    return {name: values[0] for name, values in history.history.items()}


# What is shown


@pytest.mark.parametrize("kind", models.KINDS)
def test_an_epoch_shows_the_mean_over_its_batches(kind, still):
    model, data = still(kind), models.dataset(kind, 20, batch=10)
    alone = []
    for step in range(2):
        model.optimizer.iterations.assign(step)  # by which the noise is drawn
        alone.append(first(fit(model, data.skip(step).take(1))))
    model.optimizer.iterations.assign(0)
    both = first(fit(model, data))
    assert alone[0] != pytest.approx(alone[1], rel=1e-4)
    assert both == {
        name: pytest.approx(np.mean([each[name] for each in alone]), rel=1e-4) for name in both
    }


@pytest.mark.parametrize("kind", models.KINDS)
def test_the_loss_of_an_evaluation(kind, still):
    """Of a GAN it is the generator's, without adversarial terms."""
    shown = still(kind).evaluate(models.validation(kind, 10), return_dict=True, verbose=0)
    if kind in models.SEMI_SUPERVISED:
        assert np.isfinite(shown["loss"])
    else:
        assert shown["loss"] == pytest.approx(
            2 * shown["elbo/kl"] - shown["elbo/reconstruction"], rel=1e-5
        )


@pytest.mark.parametrize("kind", ["VAE", *GANS])
def test_the_loss_of_a_training_step(kind, still):
    shown = first(fit(still(kind), models.dataset(kind, 10)))
    if kind in GANS:
        assert shown["loss"] == pytest.approx(
            shown["loss/generator"] + shown["loss/discriminator"], rel=1e-5
        )
    assert np.isfinite(shown["loss"])


# Callbacks


def schedule():
    return keras.callbacks.LearningRateScheduler(lambda epoch: 0.125)


@pytest.mark.parametrize("kind", ["VAE-GAN", "M2 with GAN"])
def test_a_schedule_moves_the_optimizer_of_the_generator_where_two_were_given(kind):
    model = compiled(kind, keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.5))
    fit(model, models.dataset(kind, 10), callbacks=[schedule()])
    rates = [model.optimizer.learning_rate, model.discriminator_optimizer.learning_rate]
    assert [float(rate) for rate in rates] == [0.125, 0.5]


# Arguments: each is used or refused


@pytest.mark.parametrize(
    "kind",
    STEPPING,
)
def test_metrics_of_the_user_are_shown_or_refused(kind):
    try:
        model = compiled(kind, metrics=["mse"])
    except UserError:
        return
    assert any("mse" in name for name in first(fit(model, models.dataset(kind, 10))))


@pytest.mark.parametrize("kind", STEPPING)
def test_another_loss_is_refused(kind):
    with pytest.raises(UserError, match="loss") as error:
        model = compiled(kind)
        fit(compiled(kind, loss="mse"), models.dataset(kind, 10))
    for name in str(error.value).partition("with its own ")[2].split(" and "):
        assert callable(getattr(model, name)), name


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_a_number_of_images_is_no_side_information(kind):
    with pytest.raises(UserError):
        models.KINDS[kind]().sample(7)


# Files and copies


def test_a_shipped_gan_can_be_saved(tmp_path):
    model = vae_gan_tf.load_pretrained("cvae-gan-mnist")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for variable, saved in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(variable, saved)
