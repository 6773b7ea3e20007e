import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vae_gan_tf import datasets, networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.training import loop

SHAPE = (8, 8, 1)


def tiny_data(count=40):
    images = np.random.default_rng(0).integers(0, 256, [count, *SHAPE], np.uint8)
    split = datasets.Split(images, np.zeros(count, np.int32))
    return datasets.Dataset("tiny", split, split, split, 1, "made by the test")


def tiny_model(learning_rate=1e-3):
    keras.utils.set_random_seed(0)
    encoder = networks.fully_connected_encoder(SHAPE, latent_size=2, units=8)
    decoder = networks.fully_connected_decoder(SHAPE, latent_size=2, units=8)
    model = VAE(encoder, decoder)
    model.compile(keras.optimizers.Adam(learning_rate))
    return model


def train(folder, model=None, **changes):
    model = model or tiny_model()
    settings = {"batch_size": 10, "epochs": 3, "seed": 0} | changes
    return model, loop.train(model, tiny_data(), folder, **settings)


def assert_same_weights(one, other):
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=a.path)


def model_with_dropout():
    keras.utils.set_random_seed(0)
    image = keras.Input(SHAPE)
    h = keras.layers.Dropout(0.5)(keras.layers.Flatten()(image))
    encoder = keras.Model(image, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    model = VAE(encoder, networks.fully_connected_decoder(SHAPE, latent_size=2, units=8))
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def test_dropout_goes_on_where_it_stopped(tmp_path):
    train(tmp_path / "stopped", model_with_dropout(), epochs=1)
    stopped, _ = train(tmp_path / "stopped", model_with_dropout(), epochs=2)
    whole, _ = train(tmp_path / "whole", model_with_dropout(), epochs=2)
    assert_same_weights(stopped, whole)


def interrupt_in_epoch(monkeypatch, epoch, after):
    """Has Ctrl-C pressed while the batch with the number ``after`` of an epoch is trained on."""
    batches = datasets.batches

    def pressed(split, batch_size, seed, this_epoch, first_batch=0):
        for number, batch in enumerate(batches(split, batch_size, seed, this_epoch, first_batch)):
            if this_epoch == epoch and number == after:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch

    monkeypatch.setattr(datasets, "batches", pressed)


def test_outcome_and_history_tell_what_happened(tmp_path):
    model, outcome = train(tmp_path)
    assert (outcome.epochs, outcome.steps, outcome.interrupted) == (3, 12, False)
    assert int(model.optimizer.iterations) == 12
    history = json.loads((tmp_path / "history.json").read_text())
    assert [entry["step"] for entry in history] == [4, 8, 12]
    assert outcome.losses == history[-1]["losses"]
    assert outcome.losses["loss"] == pytest.approx(-outcome.losses["elbo/elbo"], rel=1e-5)
    bounds = [float(np.mean(model.elbo(*batch, seed=0).elbo)) for batch in whole_batches()]
    assert outcome.validations[-1]["elbo/elbo"] == pytest.approx(np.mean(bounds), rel=1e-4)


def whole_batches():
    for images, _ in datasets.in_order(tiny_data().validation, 40):
        yield (images,)


def test_losses_are_means_over_the_last_epoch(tmp_path, monkeypatch):
    seen = []
    fetch = loop.fetch
    monkeypatch.setattr(loop, "fetch", lambda results: seen.append(fetch(results)) or seen[-1])
    _, outcome = train(tmp_path, epochs=2)
    # Four steps and one evaluation an epoch.
    assert outcome.losses["loss"] == pytest.approx(np.mean([each["loss"] for each in seen[5:9]]))


def test_a_finished_run_is_not_trained_again(tmp_path):
    first, _ = train(tmp_path)
    again, outcome = train(tmp_path)
    assert outcome.steps == 12
    assert_same_weights(first, again)


def test_ctrl_c_ends_after_the_step_and_the_run_goes_on_as_if_unbroken(tmp_path, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, epoch=1, after=2)
        _, outcome = train(tmp_path / "broken")
    assert outcome.interrupted
    assert outcome.steps == 7
    resumed, outcome = train(tmp_path / "broken")
    assert not outcome.interrupted
    unbroken, _ = train(tmp_path / "unbroken")
    assert_same_weights(resumed, unbroken)
    assert signal.getsignal(signal.SIGINT) is handler


CHILD = """
    import os, signal, sys
    from pathlib import Path
    import keras
    import numpy as np
    import tensorflow as tf
    from vae_gan_tf import datasets, networks
from vae_gan_tf.training import loop
    from vae_gan_tf.models.adversarial import CVAEGAN
    from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.models.cvae import CVAE

    tests, folder, moment = sys.argv[1:]
    sys.path.insert(0, tests)
    from test_training import SHAPE, tiny_data

    def die_at(this_moment):
        if moment == this_moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def deadly_batches(split, batch_size, seed, epoch, first_batch=0, batches=datasets.batches):
        for number, batch in enumerate(batches(split, batch_size, seed, epoch, first_batch)):
            die_at(f"epoch {epoch}, batch {number}")
            yield batch

    def pictures(model):
        die_at(f"before checkpoint {int(model.optimizer.iterations)}")
        return {}

    datasets.batches = deadly_batches
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)
    model = CVAEGAN(
        CVAE(
            networks.convolutional_encoder(SHAPE, 10, 2, widen=1 / 8),
            networks.convolutional_decoder(SHAPE, 10, 2, widen=1 / 8),
            LabelCondition(10),
        ),
        networks.discriminator(SHAPE, 11, widen=1 / 8),
    )
    model.compile(keras.optimizers.Adam(1e-3))
    data, folder = tiny_data(), Path(folder)
    loop.train(model, data, folder, batch_size=10, epochs=3, seed=0, pictures=pictures)
    optimizers = loop.optimizers(model).values()
    variables = sum((optimizer.variables for optimizer in optimizers), model.weights)
    np.savez(folder / "end.npz", *[np.asarray(variable) for variable in variables])
"""


def run_child(folder, moment="never"):
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(Path(__file__).parent)]
    return subprocess.run([*command, str(folder), moment], capture_output=True, text=True)


def test_a_killed_run_ends_with_the_same_weights_as_an_unbroken_one(tmp_path):
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    for moment in ("epoch 1, batch 2", "before checkpoint 8"):
        assert run_child(broken, moment).returncode == -signal.SIGKILL
    for folder in (broken, unbroken):
        child = run_child(folder)
        assert child.returncode == 0, child.stderr
    one, other = np.load(broken / "end.npz"), np.load(unbroken / "end.npz")
    assert len(one.files) > 50
    for name in one.files:
        np.testing.assert_array_equal(one[name], other[name])
    steps = {folder: [point.step for point in curve(folder)] for folder in (broken, unbroken)}
    assert steps[broken] == steps[unbroken] == [4, 8, 12]


def curve(folder, name="validation/elbo"):
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"tensors": 0})
    return events.Reload().Tensors(name)


def test_tensorboard_shows_losses_learning_rate_bound_pictures_and_weights(tmp_path):
    def pictures(model):
        return {"samples": model.sample(2)}

    train(tmp_path, epochs=5, pictures=pictures)
    events = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    names = set(events.Tags()["tensors"])
    terms = {"loss", "elbo/elbo", "elbo/kl", "elbo/reconstruction", "learning_rate"}
    assert names >= terms | {"validation/elbo", "validation/kl", "samples"}
    # Encoder and decoder have layers of the same names: each weight is a histogram of its own.
    assert names >= {"encoder/dense1/kernel", "decoder/dense1/kernel"}
    shown = [name for name in names if name.startswith(("encoder/", "decoder/"))]
    assert len(shown) == len(tiny_model().trainable_variables)
    assert [point.step for point in events.Tensors("loss")] == [10, 20]
    rate = events.Tensors("learning_rate")[0].tensor_proto
    assert float(tf.make_ndarray(rate)) == pytest.approx(1e-3)


def test_each_optimizer_shows_its_learning_rate(tmp_path):
    assert loop.learning_rates(tiny_model()) == {"learning_rate": pytest.approx(1e-3)}
    model = VAEGAN(tiny_model(), networks.discriminator(SHAPE, 1, widen=1 / 16))
    falling = keras.optimizers.schedules.CosineDecay(3e-3, 2)
    model.compile(keras.optimizers.Adam(falling), keras.optimizers.Adam(1e-4))
    model.optimizer.iterations.assign(1)  # halfway
    rates = {"learning_rate": 1.5e-3, "discriminator_learning_rate": 1e-4}
    assert loop.learning_rates(model) == pytest.approx(rates)


def test_tensorboard_shows_scores_at_an_interval(tmp_path):
    def scores(model):
        return {"recall": float(model.optimizer.iterations)}

    train(tmp_path / "some", epochs=5, scores=scores, scores_every=2)
    points = curve(tmp_path / "some", "scores/recall")
    assert [point.step for point in points] == [8, 16]
    assert [float(tf.make_ndarray(point.tensor_proto)) for point in points] == [8.0, 16.0]
    train(tmp_path / "none", epochs=1, scores=scores)
    events = EventAccumulator(str(tmp_path / "none" / "tensorboard")).Reload()
    assert "scores/recall" not in events.Tags()["tensors"]


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(tmp_path, monkeypatch):
    fetch, calls = loop.fetch, []

    def broken_at_step_6(results):
        calls.append(1)
        values = fetch(results)
        # The first epoch makes four calls for its steps and one for its evaluation.
        return values | {"elbo/kl": float("nan")} if len(calls) == 7 else values

    with monkeypatch.context() as patch:
        patch.setattr(loop, "fetch", broken_at_step_6)
        with pytest.raises(UserError, match=r"elbo/kl became nan at step 6.*checkpoint of step 4"):
            train(tmp_path)
    resumed, outcome = train(tmp_path)
    assert outcome.steps == 12
    assert_same_weights(resumed, train(tmp_path / "unbroken")[0])


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = tiny_model()

    def spoil(model):
        if int(model.optimizer.iterations) == 8:
            model.decoder.weights[0].assign(model.decoder.weights[0] * np.nan)
        return {}

    with pytest.raises(UserError, match=r"is not finite after step 8.*checkpoint of step 4"):
        train(tmp_path, model, pictures=spoil)
    assert [path.stem for path in (tmp_path / "checkpoints").glob("*.index")] == ["step-4"]


def test_a_huge_learning_rate_ends_in_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"not finite|became"):
        train(tmp_path, tiny_model(learning_rate=1e30))


@pytest.mark.parametrize(
    ("bounds", "patience", "ended"),
    [
        ([], 2, False),
        ([-5, -4, -3], 2, False),
        ([-5, -3, -4], 2, False),
        ([-5, -3, -4, -3.5], 2, True),
        ([-5, -3, -4, -2], 2, False),
        ([-3, -4, -5, -6], 0, False),
    ],
)
def test_patience(tmp_path, bounds, patience, ended):
    history = loop.History(tmp_path, 0)
    for step, bound in enumerate(bounds):
        history.add(step=step, validation={"elbo/elbo": bound})
    assert history.patience_ended(patience) is ended


def test_training_stops_when_patience_ends(tmp_path, monkeypatch):
    bounds = iter([-5.0, -4.0, -4.5, -4.2, -1.0])
    monkeypatch.setattr(loop, "evaluate", lambda *ignored: {"elbo/elbo": next(bounds)})
    _, outcome = train(tmp_path, epochs=5, patience=2)
    assert outcome.epochs == 4
    assert [each["elbo/elbo"] for each in outcome.validations] == [-5.0, -4.0, -4.5, -4.2]


def test_history_forgets_what_its_checkpoint_does_not_know(tmp_path):
    history = loop.History(tmp_path, 0)
    for step in (4, 8):
        history.add(step=step, seconds=1.0, losses={})
    assert [entry["step"] for entry in loop.History(tmp_path, 4).entries] == [4]


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42 s"), (89.6, "90 s"), (780, "13 min"), (9000, "2.5 h")]
)
def test_duration(seconds, text):
    assert loop.duration(seconds) == text
