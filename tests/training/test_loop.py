import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.events import curve, read, steps, tags
from support.runs import (
    BATCH,
    EPOCH_STEPS,
    EPOCHS,
    SHAPE,
    assert_same_weights,
    tiny_data,
    tiny_vae,
    train,
)

from vae_gan_tf import datasets, networks
from vae_gan_tf.errors import Diverged, UserError
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.training import loop


class Toy(keras.Model):
    """Learns the mean image.

    It gives the bounds that it is made with, one an epoch, and a term that is not finite at a step.
    """

    validates_loss = True

    def __init__(self, bounds=(-1.0,) * EPOCHS, not_finite_at=0, learning_rate=0.1):
        super().__init__()
        self.mean = self.add_weight(shape=SHAPE, initializer="zeros", name="mean")
        self.built = True
        self.bounds, self.not_finite_at = bounds, not_finite_at
        self.compile(keras.optimizers.Adam(learning_rate))

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(data[0] - self.mean))
        self.optimizer.apply([tape.gradient(loss, self.mean.value)], [self.mean])
        broken = tf.equal(self.optimizer.iterations, self.not_finite_at)
        return {"loss": loss, "term": tf.where(broken, np.nan, 1.0)}

    def test_step(self, data):
        epoch = self.optimizer.iterations // EPOCH_STEPS - 1
        return {"elbo/elbo": tf.gather(tf.constant(self.bounds), epoch)}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A whole run: its folder, the trained VAE and the outcome. The folder is not to be changed."""
    folder = tmp_path_factory.mktemp("unbroken")
    model, outcome = train(
        folder,
        tiny_vae(),
        pictures=lambda model: {"samples": model.sample(2)},
        measures=lambda model: {"elbo/codes_in_use": 2.0},
        scores=lambda model: {"scores/recall": float(model.optimizer.iterations)},
        scores_every=2,
        texts={"1 run": "A VAE."},
    )
    return folder, model, outcome


@pytest.mark.slow
def test_outcome_and_history_tell_what_happened(unbroken):
    folder, model, outcome = unbroken
    assert (outcome.epochs, outcome.steps, outcome.interrupted) == (5, 20, False)
    assert int(model.optimizer.iterations) == 20
    history = json.loads((folder / "history.json").read_text())
    assert [entry["step"] for entry in history] == [4, 8, 12, 16, 20]
    assert [entry["validation"] for entry in history] == outcome.validations
    assert outcome.losses == history[-1]["losses"]
    assert outcome.seconds == history[-1]["seconds"]
    assert outcome.losses["loss"] == pytest.approx(-outcome.losses["elbo/elbo"], rel=1e-5)
    images = tiny_data().validation.arrays()[0]
    bound = np.mean(model.elbo(images, seed=0).elbo)
    assert outcome.validations[-1]["elbo/elbo"] == pytest.approx(bound, rel=1e-4)


def test_training_is_steps_on_the_batches_and_losses_are_means_over_the_last_epoch(tmp_path):
    trained, outcome = train(tmp_path, Toy(), epochs=3)
    by_hand, images = Toy(), tiny_data().train
    for epoch in range(3):
        batches = datasets.batches(images, BATCH, 0, epoch)
        losses = [float(by_hand.train_step(batch)["loss"]) for batch in batches]
    np.testing.assert_allclose(trained.mean, by_hand.mean, atol=1e-6)
    assert outcome.losses["loss"] == pytest.approx(np.mean(losses))


def test_fewer_images_than_a_batch_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"batches of 50 images asked for, and there are 40"):
        train(tmp_path, Toy(), batch_size=50)


@pytest.mark.slow
def test_a_finished_run_is_not_trained_again(tmp_path, unbroken):
    shutil.copytree(unbroken[0], tmp_path / "again")
    again, outcome = train(tmp_path / "again", tiny_vae())
    assert outcome == unbroken[2]._replace(steps_now=0)
    assert_same_weights(again, unbroken[1])


def interrupt_in_epoch(monkeypatch, epoch, after):
    """Has Ctrl-C pressed while the batch with the number ``after`` of an epoch is trained on."""
    batches = datasets.batches

    def pressed(split, batch_size, seed, this_epoch, first_batch=0):
        for number, batch in enumerate(batches(split, batch_size, seed, this_epoch, first_batch)):
            if this_epoch == epoch and number == after:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch

    monkeypatch.setattr(datasets, "batches", pressed)


@pytest.mark.slow
def test_ctrl_c_ends_after_the_step_and_the_run_goes_on_as_if_unbroken(
    tmp_path, monkeypatch, capsys, unbroken
):
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, epoch=1, after=2)
        _, outcome = train(tmp_path, tiny_vae())
    assert outcome.interrupted
    assert outcome.steps == 7
    capsys.readouterr()
    resumed, outcome = train(tmp_path, tiny_vae())
    told = f"Going on from step 7 in {tmp_path}\nEpoch 2/5 - 1/1 "
    assert capsys.readouterr().out.startswith(told)
    assert not outcome.interrupted
    assert outcome.validations == unbroken[2].validations
    assert_same_weights(resumed, unbroken[1])


@pytest.mark.slow
def test_ctrl_c_in_the_validation_leaves_it_to_the_next_command(tmp_path, monkeypatch, unbroken):
    evaluate, calls = loop.evaluate, []

    def pressed(*given):
        calls.append(given)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return evaluate(*given)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "evaluate", pressed)
        _, outcome = train(tmp_path, tiny_vae())
    assert outcome.interrupted and outcome.steps == 2 * EPOCH_STEPS
    assert len(outcome.validations) == 1
    resumed, outcome = train(tmp_path, tiny_vae())
    assert not outcome.interrupted
    assert outcome.validations == unbroken[2].validations
    assert_same_weights(resumed, unbroken[1])
    shown = steps(tmp_path / "tensorboard" / "validation", "2 elbo/elbo")
    assert shown == [EPOCH_STEPS * (n + 1) for n in range(EPOCHS)]


def vae_with_dropout():
    keras.utils.set_random_seed(0)
    image = keras.Input(SHAPE)
    h = keras.layers.Dropout(0.5)(keras.layers.Flatten()(image))
    encoder = keras.Model(image, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    model = VAE(encoder, networks.fully_connected_decoder(SHAPE, latent_size=2, units=8))
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def gan_of_moved_images():
    keras.utils.set_random_seed(0)
    network = networks.discriminator(SHAPE, widen=1 / 16, augmentation=networks.moved_and_cut())
    model = VAEGAN(tiny_vae(), network)
    model.compile(keras.optimizers.Adam(1e-2))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("build", [vae_with_dropout, gan_of_moved_images])
def test_noise_in_the_layers_goes_on_where_it_stopped(tmp_path, build):
    train(tmp_path / "stopped", build(), epochs=1)
    stopped, _ = train(tmp_path / "stopped", build(), epochs=2)
    whole, _ = train(tmp_path / "whole", build(), epochs=2)
    assert_same_weights(stopped, whole)


@pytest.mark.slow
def test_tensorboard_shows_training_beside_validation(unbroken):
    folder, model, outcome = unbroken
    training, validation = (folder / "tensorboard" / name for name in ("train", "validation"))
    both = {"1 loss", "2 elbo/elbo", "2 elbo/kl", "2 elbo/reconstruction"}
    speed = {f"6 speed/{name}" for name in ("steps_a_second", "images_a_second")}
    speed |= {"6 speed/waiting_for_input"}
    gradients = {"7 gradients/encoder", "7 gradients/decoder"}
    shown = tags(training)
    weights = {tag for tag in shown if tag.startswith("8 weights/")}
    assert shown - weights == both | speed | gradients | {"9 learning_rate/optimizer", "1 run"}
    assert len(weights) == len(model.trainable_variables)
    pictures = {"images/samples", "2 elbo/codes_in_use", "5 scores/recall"}
    assert tags(validation) == both | pictures
    # A short run has a point a step; the first step has no speed, for it compiles.
    assert steps(training, "1 loss") == list(range(1, 21))
    assert steps(training, "6 speed/steps_a_second") == list(range(2, 21))
    assert curve(training, "9 learning_rate/optimizer")[-1] == (20, pytest.approx(1e-3))
    bounds = [values["elbo/elbo"] for values in outcome.validations]
    shown = [value for _, value in curve(validation, "2 elbo/elbo")]
    np.testing.assert_allclose(shown, bounds, rtol=1e-6)
    assert curve(validation, "2 elbo/codes_in_use") == [(4 * n, 2.0) for n in range(1, 6)]
    assert curve(validation, "5 scores/recall") == [(8, 8.0), (16, 16.0)]


@pytest.mark.slow
def test_the_graph_of_the_step_is_shown_once(unbroken):
    events = read(unbroken[0] / "tensorboard" / "train")
    assert any(node.op == "StatelessWhile" or "Sqrt" in node.op for node in _nodes(events.Graph()))


def _nodes(graph):
    """All nodes of a graph, those of its functions too."""
    inside = [node for function in graph.library.function for node in function.node_def]
    return [*graph.node, *inside]


def test_gradients_are_no_losses(tmp_path):
    _, outcome = train(tmp_path, tiny_vae(), epochs=1)
    assert not any(name.startswith("gradients") for name in outcome.losses)


@pytest.mark.slow
def test_a_profile_of_some_steps(tmp_path, capsys):
    train(tmp_path, Toy(), profile=3)
    (profile,) = (tmp_path / "tensorboard").rglob("*.xplane.pb")
    assert profile.stat().st_size > 1000
    assert "a profile of 3 steps" in capsys.readouterr().out


def test_scores_are_asked_for_only_where_they_are_shown(tmp_path):
    def scores(model):
        raise AssertionError("scores were computed")

    train(tmp_path, Toy(), epochs=2, scores=scores)
    assert "5 scores/recall" not in tags(tmp_path / "tensorboard" / "validation")


@pytest.mark.slow
def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(tmp_path):
    with pytest.raises(Diverged, match=r"term became nan at step 6.*checkpoint of step 4"):
        train(tmp_path / "broken", Toy(not_finite_at=6))
    resumed, outcome = train(tmp_path / "broken", Toy())
    assert outcome.steps == 20
    assert_same_weights(resumed, train(tmp_path / "unbroken", Toy())[0])


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    def spoil(model):
        if int(model.optimizer.iterations) == 8:
            model.mean.assign(model.mean * np.nan)
        return {}

    with pytest.raises(Diverged, match=r"is not finite after step 8.*checkpoint of step 4"):
        train(tmp_path, Toy(), pictures=spoil)
    assert [path.stem for path in (tmp_path / "checkpoints").glob("*.index")] == ["step-4"]


@pytest.mark.slow
def test_a_huge_learning_rate_ends_in_one_sentence(tmp_path):
    with pytest.raises(Diverged, match=r"not finite|became"):
        train(tmp_path, tiny_vae(learning_rate=1e30))


def test_training_stops_when_patience_ends(tmp_path):
    bounds = [-5.0, -4.0, -4.5, -4.2, -1.0]
    _, outcome = train(tmp_path, Toy(bounds), patience=2)
    assert outcome.epochs == 4
    assert [each["elbo/elbo"] for each in outcome.validations] == pytest.approx(bounds[:4])
