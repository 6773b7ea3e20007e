"""What a Keras program expects of every kind of model: logs, callbacks, arguments, files."""

import copy
import io
import pickle

import keras
import numpy as np
import pytest
from support import models

import vae_gan_tf
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import generator

pytestmark = pytest.mark.slow

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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    "kind",
    STEPPING,
)
def test_what_evaluate_gives_has_the_names_that_the_model_says(kind, still):
    model, data = still(kind), models.validation(kind, 10)
    named = model.evaluate(data, return_dict=True, verbose=0)
    listed = model.evaluate(data, verbose=0)
    assert dict(zip(model.metrics_names, listed, strict=True)) == named
    assert model.metrics_names[0] == "loss"


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


def stopping():
    """Stops after the second epoch, for no loss falls by so much."""
    return keras.callbacks.EarlyStopping(patience=0, min_delta=1e9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    STEPPING,
)
@pytest.mark.filterwarnings("ignore:Early stopping conditioned")
def test_callbacks_watch_the_validation_loss(kind, still):
    history = fit(
        still(kind),
        models.dataset(kind, 10),
        validation_data=models.validation(kind, 10),
        epochs=3,
        callbacks=[stopping()],
    )
    assert "val_loss" in history.history
    assert len(history.epoch) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["VAE", *GANS])
def test_training_ends_where_the_loss_is_no_number(kind):
    model = compiled(kind)
    weight = model.trainable_variables[0]
    weight.assign(np.full(weight.shape, np.nan))
    history = fit(
        model, models.dataset(kind, 10), epochs=2, callbacks=[keras.callbacks.TerminateOnNaN()]
    )
    assert len(history.epoch) == 1


def schedule():
    return keras.callbacks.LearningRateScheduler(lambda epoch: 0.125)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    ("VAE-GAN", "M2 with GAN"),
)
def test_a_schedule_moves_both_optimizers_where_one_was_given(kind):
    model = compiled(kind)
    fit(model, models.dataset(kind, 10), callbacks=[schedule()])
    rates = [model.optimizer.learning_rate, model.discriminator_optimizer.learning_rate]
    assert [float(rate) for rate in rates] == [0.125, 0.125]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["VAE-GAN", "M2 with GAN"])
def test_a_schedule_moves_the_optimizer_of_the_generator_where_two_were_given(kind):
    model = compiled(kind, keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.5))
    fit(model, models.dataset(kind, 10), callbacks=[schedule()])
    rates = [model.optimizer.learning_rate, model.discriminator_optimizer.learning_rate]
    assert [float(rate) for rate in rates] == [0.125, 0.5]


# Arguments: each is used or refused


@pytest.mark.slow
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
    with pytest.raises(UserError, match="loss"):
        fit(compiled(kind, loss="mse"), models.dataset(kind, 10))


@pytest.mark.slow
@pytest.mark.parametrize(
    "argument",
    [
        "sample_weight",
        "class_weight",
    ],
)
@pytest.mark.parametrize("kind", ["CVAE of labels", "conditional DRAW", "CVAE-GAN"])
def test_weights_of_images_are_used_or_refused(kind, argument):
    weights = {"sample_weight": np.zeros(10), "class_weight": dict.fromkeys(range(3), 0.0)}
    model, arrays = compiled(kind), models.arrays(kind, 10)
    try:
        history = model.fit(*arrays, verbose=0, **{argument: weights[argument]})
    except UserError:
        return
    shown = first(history)
    assert shown.get("loss", shown.get("loss/generator")) == 0


@pytest.mark.parametrize(
    "kind",
    models.KINDS,
)
def test_predict_takes_the_data_set_that_evaluate_takes(kind, still):
    x, y = models.images(10), models.side_information(kind, 10)
    model = still(kind)
    found = model.predict(models.validation(kind, 10, batch=5), verbose=0)
    expected = model.reconstruct(x) if y is None else model.reconstruct(x, y)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_a_number_of_images_is_no_side_information(kind):
    with pytest.raises(UserError):
        models.KINDS[kind]().sample(7)


# Files and copies


def as_keras_file(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def pickled(model, folder):
    return pickle.load(io.BytesIO(pickle.dumps(model)))


def cloned(model, folder):
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    return other


def from_json(model, folder):
    other = keras.models.model_from_json(model.to_json())
    other.set_weights(model.get_weights())
    return other


def deeply_copied(model, folder):
    return copy.deepcopy(model)


COPIES = [as_keras_file, pickled, deeply_copied, cloned, from_json]


def assert_same(one, other):
    assert type(one) is type(other)
    for variable, copied in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(variable, copied)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "copied"),
    [
        pytest.param(kind, copied, id=f"{kind}, {copied.__name__}")
        for kind in models.KINDS
        for copied in (COPIES if kind in GANS else COPIES[:2])
    ],
)
def test_a_model_that_was_never_compiled_can_be_copied(kind, copied, tmp_path):
    model = models.KINDS[kind]()
    assert_same(copied(model, tmp_path), model)


@pytest.mark.slow
def test_a_shipped_gan_can_be_saved(tmp_path):
    model = vae_gan_tf.load_pretrained("cvae-gan-mnist")
    assert_same(as_keras_file(model, tmp_path), model)


@pytest.mark.parametrize("kind", ["VAE", "DRAW", "CVAE-GAN"])
def test_a_file_of_the_old_format_is_written_or_refused_in_a_sentence(kind, tmp_path):
    model = compiled(kind)
    try:
        model.save(tmp_path / "model.h5")
    except UserError:
        return
    assert_same(keras.saving.load_model(tmp_path / "model.h5"), model)
