"""What all kinds of model have in common."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import models
from support.numeric import assert_same

from vae_gan_tf.likelihoods import Gaussian
from vae_gan_tf.models import adversarial, vae
from vae_gan_tf.models.adversarial import generator

pytestmark = pytest.mark.every_kind


def kinds(*names, fast=("CVAE of labels",)):
    """A test of these kinds of model, or of all; only some of them run in the fast tier."""
    return pytest.mark.parametrize(
        "kind",
        [
            pytest.param(name, marks=[] if name in fast else pytest.mark.slow)
            for name in names or models.KINDS
        ],
    )


def built(kind, **kwargs):
    """A small model of a kind, always with the same initial weights."""
    keras.utils.set_random_seed(0)
    return models.KINDS[kind](**kwargs)


def asked(kind, count=3):
    y = models.side_information(kind, count)
    return count if y is None else y


def outputs(model, kind):
    """What a model gives, of images that it may have been trained on."""
    x, y = models.images(3), models.side_information(kind, 3)
    found = [model.reconstruct(x, y), model.sample(asked(kind), 1), *model.elbo(x, y, seed=2)]
    if kind in models.SEMI_SUPERVISED:
        found += [model.classify(x).logits, *model.elbo(x, seed=2)]
    if kind in models.ADVERSARIAL:
        found += [model.discriminate(x)]
    return found


def settings(model):
    """The arguments that a model was made with, but for its networks, as Keras saves them."""
    values = {name: getattr(model, name) for name in model.arguments}
    return {
        name: keras.saving.serialize_keras_object(value)
        for name, value in values.items()
        if not isinstance(value, keras.Model)
    }


def optimizers(model, kind):
    return [model.optimizer] + (
        [model.discriminator_optimizer] if kind in models.ADVERSARIAL else []
    )


@kinds()
def test_a_saved_model_gives_equal_outputs_and_is_trained_further(kind, tmp_path):
    weights = {"feature_variance": 2.0, "adversarial_weight": 3.0}
    model = built(
        kind,
        likelihood=Gaussian(None),
        kl_weight=0.5,
        seed=9,
        name="mine",
        **(weights if kind in models.ADVERSARIAL else {}),
    )
    rates = keras.optimizers.Adam(0.001), keras.optimizers.RMSprop(0.0005)
    model.compile(*rates[: len(rates) if kind in models.ADVERSARIAL else 1])
    batch = models.arrays(kind, 4)
    model.train_step(batch)  # moves the averages
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is type(model) and again.name == "mine"
    assert type(generator(again)) is type(generator(model))
    assert settings(again) == settings(model)
    assert settings(generator(again)) == settings(generator(model))
    for one, other in zip(outputs(model, kind), outputs(again, kind), strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()
    for one, other in zip(*(optimizers(it, kind) for it in (model, again)), strict=True):
        assert type(one) is type(other) and one.get_config() == other.get_config()
        assert_same([it.numpy() for it in one.variables], [it.numpy() for it in other.variables])
    for it in (model, again):
        it.train_step(batch)
    assert_same(model.get_weights(), again.get_weights(), rtol=1e-3, atol=1e-4)


@kinds()
def test_a_checkpoint_restores_a_model_and_its_optimizers(kind, tmp_path):
    trained, again = built(kind), built(kind)
    checkpoints = []
    for model in (trained, again):
        model.compile(keras.optimizers.Adam(0.01))
        model.optimizer.build(generator(model).trainable_variables)
        checkpoints.append(tf.train.Checkpoint(model=model, optimizers=optimizers(model, kind)))
    trained.train_step(models.arrays(kind, 4))
    path = checkpoints[0].save(tmp_path / "step")
    checkpoints[1].restore(path).assert_consumed()
    assert_same(trained.get_weights(), again.get_weights())
    for one, other in zip(*(optimizers(it, kind) for it in (trained, again)), strict=True):
        assert int(other.iterations) == 1
        assert_same([it.numpy() for it in one.variables], [it.numpy() for it in other.variables])


@kinds("VAE", "CVAE of labels", "M2", "DRAW", "CVAE-GAN", "M2 with GAN")
def test_fit_does_what_a_loop_over_train_step_does(kind):
    fitted, looped = built(kind, seed=5), built(kind, seed=5)
    for model in (fitted, looped):
        model.compile(keras.optimizers.SGD(1e-4), jit_compile=False)
    data = models.dataset(kind, 12, 4)
    history = fitted.fit(data, shuffle=False, verbose=0).history
    steps = [looped.train_step(batch if isinstance(batch, tuple) else (batch,)) for batch in data]
    logs = {name: np.mean([each[name] for each in steps]) for name in steps[0]}
    assert_same(fitted.get_weights(), looped.get_weights(), rtol=1e-3, atol=1e-5)
    assert set(history) == set(logs)
    for it in optimizers(looped, kind):
        assert int(it.iterations) == 3
    for name, value in logs.items():
        np.testing.assert_allclose(history[name], [value], rtol=1e-3, atol=1e-4)


@kinds("VAE", "CVAE of labels", "CVAE-GAN", fast=("VAE",))
def test_evaluate_averages_over_the_images_of_unequal_batches(kind):
    model, x, y = built(kind, seed=4), models.images(7), models.side_information(kind, 7)
    model.compile()
    # Noise of its own for each batch: by the images before it.
    batches = [
        model.elbo(x[at : at + 3], None if y is None else y[at : at + 3], seed=[4, at])
        for at in (0, 3, 6)
    ]
    expected = {
        f"elbo/{name}": np.mean(np.concatenate([getattr(each, name) for each in batches]))
        for name in ("elbo", "reconstruction", "kl")
    }
    expected["loss"] = expected["elbo/kl"] - expected["elbo/reconstruction"]
    for _ in range(2):  # the second time, nothing is left of the first
        found = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True)
        assert found == pytest.approx(expected, 1e-5)


@kinds("VAE", "CVAE of labels", "M2", "CVAE-GAN", fast=("VAE",))
def test_predict_reconstructs(kind):
    model, x, y = built(kind), models.images(5), models.side_information(kind, 5)
    found = model.predict(x if y is None else (x, y), batch_size=2, verbose=0)
    np.testing.assert_allclose(found, model.reconstruct(x, y), rtol=1e-5)


@kinds("VAE", "M2", "DRAW", "VAE-GAN", "CVAE-GAN", "M2 with GAN", fast=("VAE",))
def test_mixed_precision_has_its_losses_in_float32(kind):
    logs, batch = [], models.arrays(kind, 16)
    for dtype in ("float32", "mixed_bfloat16"):
        model = built(kind, dtype=dtype)
        model.compile(keras.optimizers.SGD(0.001))
        assert {each.dtype for each in outputs(model, kind)} == {tf.float32}
        logs.append(model.train_step(batch))
    assert {value.dtype for value in logs[1].values()} == {tf.float32}
    for name, value in logs[1].items():
        np.testing.assert_allclose(value, logs[0][name], rtol=0.1, atol=0.03, err_msg=name)


@kinds(fast=("M2", "CVAE-GAN"))
def test_descend_is_the_only_place_that_applies_gradients(kind, monkeypatch):
    seen = []
    for module in (vae, adversarial):
        monkeypatch.setattr(module, "descend", lambda *it: seen.append(it) or {})
    model = built(kind)
    model.compile(keras.optimizers.SGD(0.1))
    before = [variable.numpy() for variable in model.trainable_variables]
    model.train_step(models.arrays(kind, 4))
    assert_same(before, [variable.numpy() for variable in model.trainable_variables])
    asked = {id(variable) for _, _, _, variables, *_ in seen for variable in variables}
    assert asked == {id(variable) for variable in model.trainable_variables}
    assert {id(it) for it, *_ in seen} == {id(it) for it in optimizers(model, kind)}


@kinds(fast=("VAE", "CVAE of images"))
def test_samples_are_drawn_by_their_seed(kind):
    model = built(kind)
    one, again, other = (
        model.sample(asked(kind), seed) for seed in (7, tf.constant([7, 0]), [7, 1])
    )
    assert one.shape == (3, *models.SHAPE)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-4
