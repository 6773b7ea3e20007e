"""From settings to a compiled model: the one place that knows which networks a model is made of."""

import dataclasses

import keras

from vae_gan_tf import networks
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.evaluation import completion
from vae_gan_tf.experiments.settings import ADVERSARIAL, LIKELIHOODS, SEMI_SUPERVISED, Settings
from vae_gan_tf.models.adversarial import (
    CVAEGAN,
    VAEGAN,
    CrossEntropy,
    JudgingVAEGAN,
    SemiSupervisedVAEGAN,
    SquaredError,
)
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.semi_supervised import Objective, SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE

WITH_GAN = {SemiSupervisedVAE: SemiSupervisedVAEGAN, CVAE: CVAEGAN, VAE: VAEGAN}
"""The adversarial model of each kind of generator, the more special kinds first."""

RECONSTRUCTIONS = {
    "feature": None,
    "cross_entropy": CrossEntropy(),
    "squared_error": SquaredError(),
}


def build_model(
    settings: Settings, image_shape: tuple[int, int, int], classes: int, images: int = 55_000
) -> VAE | VAEGAN:
    """The model that the settings describe, compiled with Adam.

    The layers of the convolutional networks grow by 8/7 for colour images, as section 4.3 says
    for SVHN; the LSTMs of DRAW do not.

    Args:
        settings: of the run.
        image_shape: height, width and channels.
        classes: number of labels.
        images: training images in all, which the weights of a semi-supervised objective depend on.
    """
    common = {
        "likelihood": LIKELIHOODS[settings.likelihood],
        "kl_weight": settings.kl_weight,
        "seed": settings.seed,
        "name": "generator",  # a name of its own, for Keras would count the models of a process
    }
    widen = {"widen": 1.0 if image_shape[-1] == 1 else 8 / 7}
    drawing = {"steps": settings.draw_steps, "judged": settings.judged_canvases}
    if settings.model in SEMI_SUPERVISED:
        parts = _semi_supervised_networks(settings, image_shape, classes, widen)
        objective = (
            Objective.originals()
            if settings.objective == "originals"
            else Objective.per_image(
                settings.labels, images - settings.labels, settings.classification_weight
            )
        )
        model = SemiSupervisedVAE(*parts, LabelCondition(classes), objective, **common)
    elif settings.model.startswith("draw"):
        parts = _recurrent_networks(settings, image_shape, 0)
        model = DRAW(*parts, **drawing, **common)
    elif settings.model.startswith("cdraw"):
        parts = _recurrent_networks(settings, image_shape, classes)
        condition = LabelCondition(classes)
        model = CDRAW(*parts, condition, **drawing, **common)
    elif settings.model.startswith("cvae"):
        condition = (
            ImageCondition(completion.part_shape(settings.part, image_shape))
            if settings.part
            else LabelCondition(classes)
        )
        encoder, decoder = _networks(settings, image_shape, condition.size, widen)
        model = CVAE(encoder, decoder, condition, **common)
    else:
        model = VAE(*_networks(settings, image_shape, 0, widen), **common)
    if settings.model in ADVERSARIAL:
        adversarial = {
            "feature_variance": settings.feature_variance,
            "adversarial_weight": settings.adversarial_weight,
            "reconstruction": RECONSTRUCTIONS[settings.reconstruction],
            "name": "adversarial",
        }
        kind = next(gan for base, gan in WITH_GAN.items() if isinstance(model, base))
        if kind is SemiSupervisedVAEGAN and settings.architecture == "improved":
            model = JudgingVAEGAN(model, **adversarial)
        else:
            logits = 1 if kind is VAEGAN else classes + 1
            discriminator = networks.discriminator(
                image_shape,
                logits,
                glimpses=settings.glimpses,
                dtype=settings.precision,
                style=_style(settings, networks.IMPROVED_DISCRIMINATOR),
                **widen,
            )
            model = kind(model, discriminator, **adversarial)
    optimizers = [_optimizer(settings, settings.learning_rate, images)]
    if settings.model in ADVERSARIAL and settings.discriminator_learning_rate:
        optimizers += [_optimizer(settings, settings.discriminator_learning_rate, images)]
    model.compile(*optimizers)
    return model


def _optimizer(settings: Settings, rate: float, images: int) -> keras.optimizers.Optimizer:
    if settings.learning_rate_decay == "cosine":
        steps = settings.epochs * ((images - settings.labels) // settings.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    clip = settings.gradient_norm or None
    return keras.optimizers.Adam(rate, beta_1=settings.momentum, global_clipnorm=clip)


def _style(settings: Settings, improved: networks.Style = networks.IMPROVED) -> networks.Style:
    """The style of the networks of section 4.3: improved, the report's, or one of section 6."""
    if settings.architecture == "improved":
        return improved
    style = dataclasses.replace(networks.REPORT, pools=settings.pools)
    return style if settings.batch_normalisation else dataclasses.replace(style, normalisation=None)


def _networks(settings: Settings, image_shape, condition_size: int, widen: dict) -> list:
    """Encoder and decoder of section 4.3, improved ones, or the simple ones of section 4.4."""
    common = {
        "image_shape": image_shape,
        "condition_size": condition_size,
        "latent_size": settings.latent_size,
        "dtype": settings.precision,
    }
    parameters = {"parameters": LIKELIHOODS[settings.likelihood].parameters}
    if settings.architecture in ("convolutional", "improved"):
        common["style"] = _style(settings)
        return [
            networks.convolutional_encoder(**common, **widen),
            networks.convolutional_decoder(**common, **widen, **parameters),
        ]
    common["units"] = settings.units
    return [
        networks.fully_connected_encoder(**common),
        networks.fully_connected_decoder(**common, **parameters),
    ]


def _semi_supervised_networks(settings: Settings, image_shape, classes: int, widen: dict) -> list:
    """Trunk, head and decoder of section 4.5."""
    common = {"latent_size": settings.latent_size, "dtype": settings.precision}
    decoder = {
        "condition_size": classes,
        "parameters": LIKELIHOODS[settings.likelihood].parameters,
    }
    if settings.architecture == "convolutional":
        trunk = networks.convolutional_trunk(image_shape, classes, **widen, **common)
        units = trunk.outputs[0].shape[-1]
        return [
            trunk,
            networks.mean_head(classes, units=units, activation="relu", **common),
            networks.upsampling_decoder(image_shape, **decoder, **widen, **common),
        ]
    if settings.architecture == "improved":
        return [
            networks.improved_trunk(image_shape, classes, **common),
            networks.mean_head(classes, units=512, activation="leaky_relu", **common),
            networks.improved_decoder(image_shape, **decoder, **common),
        ]
    units = {"units": settings.units}
    return [
        networks.fully_connected_trunk(image_shape, classes, **units, **common),
        networks.mean_head(classes, activation="softplus", **units, **common),
        networks.fully_connected_decoder(image_shape, **decoder, **units, **common),
    ]


def _recurrent_networks(settings: Settings, image_shape, condition_size: int) -> list:
    """Encoder and decoder of a step of DRAW (section 4.6)."""
    common = {
        "image_shape": image_shape,
        "condition_size": condition_size,
        "latent_size": settings.latent_size,
        "units": settings.units,
        "dtype": settings.precision,
    }
    parameters = LIKELIHOODS[settings.likelihood].parameters
    return [
        networks.draw_encoder(**common, read_size=settings.read_size or None),
        networks.draw_decoder(
            **common, write_size=settings.write_size or None, parameters=parameters
        ),
    ]
