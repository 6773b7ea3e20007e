"""What Keras users do with a model, on every kind of it: the rows of the table in docs/keras.md.

A row is a function of the kind and a folder. It gives None where that works, and "refused" where
one sentence says that it cannot be.
"""

import copy
import csv
import io
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import models
from support.events import tags

import vae_gan_tf
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import generator

pytestmark = [pytest.mark.slow, pytest.mark.every_kind]

ROWS = {}


def row(title):
    def add(function):
        ROWS[title] = function
        return function

    return add


def compiled(kind, optimizer=None, **kwargs):
    """A small model; its steps are not traced, which would take most of the time."""
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    model.compile(optimizer or keras.optimizers.SGD(1e-3), **{"run_eagerly": True} | kwargs)
    return model


def weights(model):
    return [variable.numpy() for variable in model.trainable_variables]


def assert_trained(model, *data, **kwargs):
    """Fits the model: what is shown is finite and the weights move. Gives what is shown."""
    before = weights(model)
    shown = model.fit(*data, **{"verbose": 0} | kwargs).history
    assert shown and all(np.all(np.isfinite(values)) for values in shown.values())
    moved = [np.any(a != b) for a, b in zip(before, weights(model), strict=True)]
    assert np.mean(moved) > 0.9
    return shown


def as_tensors(data):
    return [each if each is None else tf.nest.map_structure(tf.constant, each) for each in data]


def pair(kind, count=10):
    """Images and, in a tuple with them, side information where there is some."""
    x, y = models.images(count), models.side_information(kind, count)
    return x if y is None else (x, y)


@row("fit: arrays")
def _(kind, folder):
    shown = assert_trained(compiled(kind), *models.arrays(kind, 20), batch_size=10, shuffle=False)
    expected = assert_trained(compiled(kind), models.dataset(kind, 20))
    assert shown == {name: pytest.approx(values, rel=1e-4) for name, values in expected.items()}


@row("fit: tensors")
def _(kind, folder):
    assert_trained(compiled(kind), *as_tensors(models.arrays(kind, 20)), batch_size=10)


@row("fit: tf.data")
def _(kind, folder):
    assert_trained(compiled(kind), models.dataset(kind, 20))


@row("fit: generator")
def _(kind, folder):
    assert_trained(compiled(kind), models.generated(models.arrays(kind, 20)))


@row("fit: PyDataset")
def _(kind, folder):
    assert_trained(compiled(kind), models.Batches(models.arrays(kind, 20)))


@row("fit: validation_data")
def _(kind, folder):
    shown = assert_trained(
        compiled(kind), models.dataset(kind, 10), validation_data=models.validation(kind, 10)
    )
    assert "val_loss" in shown and "val_elbo/kl" in shown


@row("fit: validation_split")
def _(kind, folder):
    data = models.arrays(kind, 20)
    if kind in models.SEMI_SUPERVISED:  # what is split off holds unlabelled images
        with pytest.raises(UserError):
            compiled(kind).fit(*data, validation_split=0.5, verbose=0)
        return "refused"
    assert "val_loss" in assert_trained(compiled(kind), *data, validation_split=0.5)


@row("evaluate")
def _(kind, folder):
    model, data = compiled(kind), models.validation(kind, 10)
    named = model.evaluate(data, verbose=0, return_dict=True)
    assert dict(zip(model.metrics_names, model.evaluate(data, verbose=0), strict=True)) == named


@row("predict")
def _(kind, folder):
    model, given = compiled(kind), pair(kind)
    expected = model.reconstruct(*(given if isinstance(given, tuple) else (given,)))
    for data in (given, models.validation(kind, 10, batch=5)):
        np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-4, atol=1e-5)


@row("train_on_batch, test_on_batch, predict_on_batch")
def _(kind, folder):
    model, given = compiled(kind), pair(kind)
    x, y = given if isinstance(given, tuple) else (given, None)
    found = model.test_on_batch(x, y, return_dict=True)
    assert found == pytest.approx(model.evaluate(x, y, verbose=0, return_dict=True), rel=1e-5)
    np.testing.assert_allclose(
        model.predict_on_batch(given), model.predict(given, verbose=0), rtol=1e-4, atol=1e-5
    )
    before = weights(model)
    assert np.isfinite(model.train_on_batch(*models.arrays(kind, 10), return_dict=True)["loss"])
    assert np.any(before[0] != weights(model)[0])


def fitted(kind, *callbacks, optimizer=None, epochs=3):
    model = compiled(kind, optimizer)
    shown = assert_trained(
        model,
        models.dataset(kind, 10),
        validation_data=models.validation(kind, 10),
        epochs=epochs,
        callbacks=list(callbacks),
    )
    return model, shown


@row("EarlyStopping()")
def _(kind, folder):
    _, shown = fitted(kind, keras.callbacks.EarlyStopping(min_delta=1e9))
    assert len(shown["val_loss"]) == 2


@row("ReduceLROnPlateau()")
def _(kind, folder):
    callback = keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=1e9, factor=0.5)
    model, _ = fitted(kind, callback)
    rates = [model.optimizer, getattr(model, "discriminator_optimizer", model.optimizer)]
    assert [float(each.learning_rate) for each in rates] == pytest.approx([2.5e-4] * 2)


@row("ModelCheckpoint(save_best_only=True)")
def _(kind, folder):
    path = folder / "best.keras"
    fitted(kind, keras.callbacks.ModelCheckpoint(path, save_best_only=True), epochs=1)
    assert keras.saving.load_model(path).evaluate(models.validation(kind, 10), verbose=0)


@row("TerminateOnNaN")
def _(kind, folder):
    model = compiled(kind)
    weight = model.trainable_variables[0]
    weight.assign(np.full(weight.shape, np.nan))
    callbacks = [keras.callbacks.TerminateOnNaN()]
    data = models.dataset(kind, 10)
    assert len(model.fit(data, epochs=2, callbacks=callbacks, verbose=0).epoch) == 1


@row("LearningRateScheduler")
def _(kind, folder):
    model, _ = fitted(kind, keras.callbacks.LearningRateScheduler(lambda _: 2e-3), epochs=1)
    other = getattr(model, "discriminator_optimizer", model.optimizer)
    assert float(model.optimizer.learning_rate) == float(other.learning_rate) == np.float32(2e-3)


class Stops(keras.callbacks.Callback):
    """Breaks a training off after its first epoch, as a crash does."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


@row("BackupAndRestore, to the bit")
def _(kind, folder):
    def run(*callbacks):
        model = compiled(kind, keras.optimizers.Adam(1e-3))
        model.fit(models.dataset(kind, 20), epochs=3, callbacks=list(callbacks), verbose=0)
        return model

    unbroken = run()
    with pytest.raises(KeyboardInterrupt):
        run(keras.callbacks.BackupAndRestore(folder / "backup"), Stops())
    resumed = run(keras.callbacks.BackupAndRestore(folder / "backup"))
    for one, other in zip(unbroken.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=one.path)


@row("TensorBoard")
def _(kind, folder):
    fitted(kind, keras.callbacks.TensorBoard(folder), epochs=1)
    assert "epoch_loss" in tags(folder / "train") & tags(folder / "validation")


@row("CSVLogger")
def _(kind, folder):
    _, shown = fitted(kind, keras.callbacks.CSVLogger(folder / "log.csv"), epochs=2)
    with (folder / "log.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [float(line["loss"]) for line in lines] == pytest.approx(shown["loss"])


@row("SwapEMAWeights")
def _(kind, folder):
    optimizer = keras.optimizers.SGD(1e-2, use_ema=True, ema_momentum=0.5)
    callback = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model, _ = fitted(kind, callback, optimizer=optimizer, epochs=2)
    every = [model.optimizer, getattr(model, "discriminator_optimizer", model.optimizer)]
    if "classifier is the discriminator" in kind:  # two averages of the weights that it shares
        every = every[:1]
    for each in every:
        averages = each._model_variables_moving_average
        for variable, average in zip(each._trainable_variables, averages, strict=True):
            np.testing.assert_array_equal(variable, average)


@row("vae_gan_tf.callbacks.TensorBoard")
def _(kind, folder):
    x, y = models.images(20), models.side_information(kind, 20)
    fitted(kind, vae_gan_tf.callbacks.TensorBoard(folder, x, y), epochs=1)
    assert {"1 loss", "2 elbo/kl"} <= tags(folder / "train")
    assert {"2 elbo/kl", "images/samples", "images/reconstructions"} <= tags(folder / "validation")
    assert len(np.loadtxt(folder / "validation" / "vectors.tsv")) == 20


def of_optimizer(make):
    return lambda kind, folder: assert_trained(
        compiled(kind, make()), models.dataset(kind, 20), epochs=1
    )


ROWS |= {
    "SGD": of_optimizer(lambda: keras.optimizers.SGD(1e-3)),
    "Adam": of_optimizer(lambda: keras.optimizers.Adam(1e-3)),
    "AdamW": of_optimizer(lambda: keras.optimizers.AdamW(1e-3)),
    "clipnorm": of_optimizer(lambda: keras.optimizers.SGD(1e-2, clipnorm=0.5)),
    "gradient_accumulation_steps": of_optimizer(
        lambda: keras.optimizers.SGD(1e-2, gradient_accumulation_steps=2)
    ),
}


def of_policy(policy):
    def run(kind, folder):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            model = compiled(kind)
            assert_trained(model, models.dataset(kind, 10))
        finally:
            keras.config.set_dtype_policy(before)
        computed = {layer.compute_dtype for layer in generator(model).decoder.layers}
        assert policy.removeprefix("mixed_") in computed

    return run


ROWS |= {policy: of_policy(policy) for policy in ("float32", "mixed_bfloat16", "mixed_float16")}


def of_compile(**kwargs):
    return lambda kind, folder: assert_trained(compiled(kind, **kwargs), models.dataset(kind, 20))


ROWS |= {
    "run_eagerly": of_compile(run_eagerly=True),
    "jit_compile": of_compile(run_eagerly=False, jit_compile=True),
    "steps_per_execution": of_compile(run_eagerly=False, jit_compile=False, steps_per_execution=2),
}


def as_keras_file(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def with_loaded_weights(model, folder):
    model.save_weights(folder / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.load_weights(folder / "model.weights.h5")
    return other


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


def of_copy(function):
    def run(kind, folder):
        for model in (models.KINDS[kind](), compiled(kind)):
            given = pair(kind)
            again = function(model, folder)
            assert type(again) is type(model)
            np.testing.assert_allclose(
                again.predict(given, verbose=0), model.predict(given, verbose=0), rtol=1e-5
            )

    return run


ROWS |= {
    ".keras": of_copy(as_keras_file),
    ".weights.h5": of_copy(with_loaded_weights),
    "pickle": of_copy(pickled),
    "copy.deepcopy": of_copy(lambda model, folder: copy.deepcopy(model)),
    "clone_model": of_copy(cloned),
    "to_json, model_from_json": of_copy(from_json),
}


@row("export")
def _(kind, folder):
    model, given = compiled(kind), pair(kind)
    model.export(folder, verbose=False)
    served = tf.saved_model.load(folder)
    arrays = given if isinstance(given, tuple) else (given,)
    answer = served.serve(tf.constant(given) if arrays is not given else [*map(tf.constant, given)])
    np.testing.assert_allclose(answer, model.reconstruct(*arrays), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", models.KINDS)
@pytest.mark.parametrize("title", ROWS)
def test_a_row(title, kind, tmp_path, record_property):
    answer = ROWS[title](kind, tmp_path)
    record_property("answer", answer if isinstance(answer, str) else "yes")
