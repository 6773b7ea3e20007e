import keras
import numpy as np
import pytest
from support import models
from support.events import steps, tags

import vae_gan_tf
from vae_gan_tf import callbacks
from vae_gan_tf.errors import UserError

pytestmark = pytest.mark.slow


def small(kind, **kwargs):
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind](**kwargs)
    model.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    return model


def test_tensorboard_shows_what_the_scripts_show_after_each_epoch(tmp_path):
    model, (x, y) = small("CVAE-GAN"), models.arrays("CVAE-GAN", 24)
    shown = callbacks.TensorBoard(tmp_path, x, y)
    data = models.dataset("CVAE-GAN", 20)
    model.fit(data, epochs=2, validation_data=(x, y), callbacks=[shown], verbose=0)
    training, validation = tmp_path / "train", tmp_path / "validation"
    losses = {"1 loss", "1 loss/generator", "1 loss/discriminator", "6 speed/steps_a_second"}
    losses |= {"2 elbo/kl", "3 generator/drawn", "4 discriminator/real"}
    rates = {f"9 learning_rate/{name}" for name in ("optimizer", "discriminator_optimizer")}
    norms = {f"7 gradients/{name}" for name in ("encoder", "decoder", "discriminator")}
    assert tags(training) > losses | rates | norms
    for weight in ("decoder/deconv1/kernel", "discriminator/conv1/kernel"):
        assert any(tag.endswith(weight) for tag in tags(training))
    bound = {f"2 elbo/{name}" for name in ("elbo", "reconstruction", "kl", "codes_in_use")}
    assert tags(validation) == bound | {"images/samples", "images/reconstructions"}
    assert steps(training, "1 loss") == steps(validation, "images/samples") == [2, 4]
    assert len(np.loadtxt(validation / "vectors.tsv")) == 24
    assert (validation / "labels.tsv").read_text().split() == [str(each) for each in y]


def test_scores_come_as_often_as_asked_for(tmp_path, monkeypatch):
    model, (x, y) = small("CVAE of labels"), models.arrays("CVAE of labels", 24)
    asked = []
    monkeypatch.setattr("vae_gan_tf.evaluation.scores.judged", lambda *given: asked.append(given))
    monkeypatch.setattr(
        "vae_gan_tf.evaluation.scores.sample_scores",
        lambda model, real, judge, count: {"recall": 0.5},
    )
    shown = callbacks.TensorBoard(tmp_path, x, y, judge="a judge", scores_every=2)
    model.fit(x, y, epochs=4, batch_size=12, callbacks=[shown], verbose=0)
    assert steps(tmp_path / "validation", "5 scores/recall") == [4, 8]
    assert [given[2] for given in asked] == ["a judge"] * 2


def test_an_image_as_side_information_is_shown_too(tmp_path):
    x, y = models.arrays("CVAE of images", 20)
    model = small("CVAE of images")
    model.fit(x, y, callbacks=[callbacks.TensorBoard(tmp_path, x, y)], verbose=0)
    assert "images/samples" in tags(tmp_path / "validation")


def test_images_that_cannot_be_shown(tmp_path):
    with pytest.raises(UserError, match=r"values of images must lie in \[0, 1\]"):
        callbacks.TensorBoard(tmp_path, 255 * models.images(4))
    with pytest.raises(UserError, match="need the labels of the images"):
        callbacks.TensorBoard(tmp_path, models.images(4), judge="mnist-classifier")


def test_it_is_found_in_the_package():
    assert vae_gan_tf.callbacks.TensorBoard is callbacks.TensorBoard
