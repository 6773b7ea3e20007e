import dataclasses

import numpy as np
import pytest

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.settings import LIKELIHOODS, Images, resolve
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.models.adversarial import (
    CVAEGAN,
    VAEGAN,
    CrossEntropy,
    JudgingVAEGAN,
    SemiSupervisedVAEGAN,
    SquaredError,
    generator,
)
from vae_gan_tf.models.classifying import ClassifyingVAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE

MNIST = Images((28, 28, 1), 10)

SHAPES = pytest.mark.parametrize(
    ("dataset", "shape"), [("mnist", (28, 28, 1)), ("svhn", (32, 32, 3))]
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "logits"),
    [
        ("vae", VAE, None),
        ("cvae", CVAE, None),
        ("cvae-quadrant", CVAE, None),
        ("vae-gan", VAEGAN, 1),
        ("cvae-gan", CVAEGAN, 11),
        ("semi-supervised", SemiSupervisedVAE, None),
        ("semi-supervised-gan", SemiSupervisedVAEGAN, 11),
    ],
)
@SHAPES
@pytest.mark.parametrize("architecture", ["convolutional", "fully_connected"])
def test_build_model(name, kind, logits, dataset, shape, architecture):
    run = resolve("report", name, dataset, {"architecture": architecture})
    model = build_model(run, Images(shape, 10))
    assert type(model) is kind
    generating = generator(model)
    assert generating.image_shape == shape
    assert generating.latent_size == 50
    colour = shape[-1] == 3
    if name.startswith("semi-supervised"):
        assert generating.head.inputs[0].shape[-1] >= 1024
        assert generating.objective.labelled == 1000 / 55_000
        return
    encoder = {layer.name: layer for layer in generating.encoder.layers}
    if architecture == "convolutional":
        assert encoder["conv1"].filters == (32 if colour else 28)
    else:
        assert encoder["dense1"].units == (512 if colour else 200)
    if name == "cvae-quadrant":
        height, width, channels = shape
        assert generating.condition.shape == (height // 2, width // 2, channels)
    if logits:
        assert model.discriminator.outputs[1].shape[-1] == logits


@SHAPES
@pytest.mark.parametrize(
    ("name", "kind", "generating"),
    [
        ("draw", DRAW, DRAW),
        ("cdraw", CDRAW, CDRAW),
        ("draw-gan", VAEGAN, DRAW),
        ("cdraw-gan", CVAEGAN, CDRAW),
    ],
)
def test_build_draw(name, kind, generating, dataset, shape):
    model = build_model(resolve("report", name, dataset), Images(shape, 10))
    drawing = generator(model)
    assert (type(model), type(drawing)) == (kind, generating)
    assert drawing.image_shape == shape
    assert drawing.code_shape == (10, 10)
    for network in (drawing.encoder, drawing.decoder):
        assert network.get_layer("lstm").units == 256
        assert network.get_layer("window").size == 5
    if kind is not generating:
        assert type(model.reconstruction) is SquaredError


def test_draw_without_attention():
    overrides = {"read_size": 0, "write_size": 0, "draw_steps": 3, "latent_size": 7}
    model = build_model(resolve("smoke", "draw", "mnist", overrides), MNIST)
    assert (len(model.encoder.outputs), len(model.decoder.outputs)) == (4, 3)
    assert model.code_shape == (3, 7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [("feature", type(None)), ("cross_entropy", CrossEntropy), ("squared_error", SquaredError)],
)
def test_the_reconstruction_term_is_a_setting(name, kind):
    run = resolve("smoke", "draw-gan", "mnist", {"reconstruction": name})
    assert type(build_model(run, MNIST).reconstruction) is kind
    run = resolve("smoke", "cvae-gan", "mnist", {})
    assert build_model(run, MNIST).reconstruction is None


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_decoder_gives_what_the_likelihood_needs(likelihood):
    run = resolve("smoke", "vae", "mnist", {"likelihood": likelihood})
    model = build_model(run, MNIST)
    images = model.sample(2)
    assert images.shape == (2, 28, 28, 1)
    levels = np.random.default_rng(0).integers(0, 256, [2, 28, 28, 1]) / np.float32(255)
    assert np.all(np.isfinite(model.elbo(levels).elbo))


def test_mixed_precision_reaches_the_networks():
    run = resolve("smoke", "cvae-gan", "mnist", {"precision": "mixed_bfloat16"})
    model = build_model(run, MNIST)
    for network in (model.generator.encoder, model.generator.decoder, model.discriminator):
        policies = {
            layer.name: layer.compute_dtype for layer in network.layers if layer.trainable_weights
        }
        outputs = {"mean", "log_variance", "parameters", "logits"}
        for name, dtype in policies.items():
            assert dtype == ("float32" if name in outputs else "bfloat16"), name


@pytest.mark.parametrize(
    ("overrides", "weights"),
    [
        ({}, (1 / 55, 54 / 55, 50.0)),
        ({"labels": 600, "classification_weight": 0.1}, (0.6 / 55, 54.4 / 55, 0.1)),
        ({"objective": "originals"}, (1, 1, 5500)),
    ],
)
def test_the_objective_counts_the_images(overrides, weights):
    run = resolve("report", "semi-supervised", "mnist", overrides)
    run = dataclasses.replace(run, architecture="fully_connected", units=4)
    objective = build_model(run, Images((28, 28, 1), 10, 55_000)).objective
    given = objective.labelled, objective.unlabelled, objective.classification
    assert given == pytest.approx(weights)


def test_the_learning_rate_falls_as_half_a_cosine():
    cell = {"labels": 1000, "epochs": 2, "batch_size": 100}
    run = resolve("improved", "semi-supervised", "mnist", cell)
    model = build_model(run, Images((28, 28, 1), 10, 2000))  # 10 steps an epoch
    rates = []
    for step in (0, 5, 10, 20, 30):
        model.optimizer.iterations.assign(step)
        rates.append(float(model.optimizer.learning_rate))
    cosine = np.cos(np.pi * np.array([0, 0.25, 0.5, 1, 1]))
    np.testing.assert_allclose(rates, 1e-3 * (1 + cosine) / 2, atol=1e-9)


def test_the_optimizers_of_the_improved_semi_supervised_gan():
    model = build_model(resolve("improved", "semi-supervised-gan", "mnist", {}), MNIST)
    assert type(model) is JudgingVAEGAN and isinstance(model.reconstruction, CrossEntropy)
    rates = [float(it.learning_rate) for it in (model.optimizer, model.discriminator_optimizer)]
    assert rates == pytest.approx([1e-3, 3e-4])


def test_the_improved_networks():
    run = resolve("improved", "semi-supervised", "mnist", {})
    model = build_model(run, MNIST)
    assert type(model) is SemiSupervisedVAE
    assert model.trunk.get_layer("flat").output.shape == (None, 3 * 3 * 128)
    assert model.head.get_layer("dense_out").activation.__name__ == "leaky_relu"
    assert model.decoder.get_layer("joined").output.shape == (None, 60)


def test_the_improved_cvae_gan():
    run = resolve("improved", "cvae-gan", "mnist", {})
    model = build_model(run, MNIST)
    for network in (model.generator.encoder, model.generator.decoder, model.discriminator):
        sizes = {each.kernel_size for each in network.layers if hasattr(each, "strides")}
        assert (4, 4) in sizes <= {(4, 4), (1, 1), (5, 5)}
    assert model.generator.decoder.get_layer("parameters").kernel_size == (5, 5)
    normalised = model.discriminator.get_layer("features_normalised")
    assert isinstance(normalised, networks.ImageNormalization)
    assert isinstance(model.discriminator.get_layer("conv1_normalised"), networks.Bias)
    augmented = build_model(dataclasses.replace(run, augmentation=True), MNIST).discriminator
    assert [each.name for each in augmented.layers][1:3] == ["moved", "cut"]


def test_the_improved_vae_gan():
    model = build_model(resolve("improved", "vae-gan", "mnist", {}), MNIST)
    assert type(model) is ClassifyingVAEGAN and type(model.generator) is VAE
    assert model.generator.decoder.get_layer("parameters").kernel_size == (5, 5)
    assert isinstance(
        model.discriminator.get_layer("conv2_normalised"), networks.ImageNormalization
    )
    assert (model.adversarial_weight, model.reconstructed_weight) == (1000, 0.1)
    assert model.optimizer.beta_1 == model.discriminator_optimizer.beta_1 == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("pools", [True, False], ids=["pools", "strides"])
@pytest.mark.parametrize("normalised", [True, False], ids=["normalised", "biases"])
def test_the_networks_of_the_ablations(pools, normalised):
    run = resolve("smoke", "vae-gan", "mnist", {"pools": pools, "batch_normalisation": normalised})
    model = build_model(run, MNIST)
    for network in (model.generator.encoder, model.generator.decoder, model.discriminator):
        kinds = {type(each) for each in network.layers if each.name.endswith("_normalised")}
        assert kinds == {networks.BatchNormalization if normalised else networks.Bias}
        strides = {each.strides for each in network.layers if hasattr(each, "strides")}
        assert ((2, 2) in strides) is not pools


def test_a_step_that_takes_too_much_memory_names_a_batch_that_fits():
    settings = resolve("report", "semi-supervised", "mnist", {"labels": 2000})
    with pytest.raises(UserError, match=r"each of 200 classes of 20000 .* --batch_size=\d+ fits"):
        build_model(dataclasses.replace(settings, batch_size=20_000), Images((28, 28, 1), 200))


def test_draw_gan_whose_discriminator_knows_the_classes():
    overrides = {"discriminator": "improved", "known_classes": True, "information": 0.5}
    model = build_model(resolve("report", "draw-gan", "mnist", overrides), MNIST)
    assert type(model) is ClassifyingVAEGAN and type(model.generator) is DRAW
    assert model.information == 0.5
    assert model.discriminator.outputs[1].shape == (None, 11)
    normalised = model.discriminator.get_layer("features_normalised")
    assert isinstance(normalised, networks.ImageNormalization)
    assert model.discriminator.get_layer("conv1").kernel_size == (4, 4)


def test_the_generator_alone_has_an_average_of_its_weights():
    overrides = {"weights_average": 0.9, "architecture": "fully_connected", "units": 8}
    model = build_model(resolve("report", "vae-gan", "mnist", overrides), MNIST)
    assert model.optimizer.use_ema and model.optimizer.ema_momentum == 0.9
    assert not model.discriminator_optimizer.use_ema
    rates = [float(it.learning_rate) for it in (model.optimizer, model.discriminator_optimizer)]
    assert rates == pytest.approx([1e-4, 1e-4])
