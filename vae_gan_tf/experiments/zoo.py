"""The models by name: how each is made of networks, a likelihood and an adversary."""

from typing import Any

import keras

from vae_gan_tf import networks
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.datasets import parts
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import presets
from vae_gan_tf.experiments.settings import LIKELIHOODS, MODELS, Images, Kind, Settings
from vae_gan_tf.models.adversarial import (
    CVAEGAN,
    VAEGAN,
    CrossEntropy,
    JudgingVAEGAN,
    SemiSupervisedVAEGAN,
    SquaredError,
)
from vae_gan_tf.models.classifying import ClassifyingVAEGAN
from vae_gan_tf.models.consistency import Consistency
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.semi_supervised import Objective, SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE

LARGEST_STEP = 16e9
"""Bytes that a semi-supervised step may take, by the estimate of `SemiSupervisedVAE.pair_bytes`."""

RECONSTRUCTIONS = {
    "feature": None,
    "cross_entropy": CrossEntropy(),
    "squared_error": SquaredError(),
}


def build_model(settings: Settings, images: Images) -> VAE | VAEGAN:
    """The model that the settings describe, compiled with Adam."""
    kind = settings.kind
    model: VAE | VAEGAN = kind.make(settings, images)
    average = settings.weights_average
    optimizers = [_optimizer(settings, settings.learning_rate, images, average)]
    if kind.adversary:
        model = kind.adversary(settings, images, model)
        # Without one of its own the discriminator has a copy, which would keep an average too.
        if settings.discriminator_learning_rate or average:
            rate = settings.discriminator_learning_rate or settings.learning_rate
            optimizers += [_optimizer(settings, rate, images)]
    model.compile(*optimizers)
    return model


def _optimizer(
    settings: Settings, rate: float, images: Images, average: float = 0.0
) -> keras.optimizers.Optimizer:
    """Adam; of the weights it keeps an average with this decay, unless that is 0."""
    if settings.learning_rate_decay == "cosine":
        steps = settings.epochs * ((images.count - settings.labels) // settings.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(rate, max(1, steps))
    clip = settings.gradient_norm or None
    return keras.optimizers.Adam(
        rate,
        beta_1=settings.momentum,
        global_clipnorm=clip,
        use_ema=average > 0,
        ema_momentum=average or None,
    )


# The networks.


def style(settings: Settings) -> networks.Style:
    """The way in which the layers of section 4.3 are made: as reported, improved, or ablated."""
    if settings.architecture == "improved":
        return networks.IMPROVED
    if settings.batch_normalisation:
        return networks.Style(pools=settings.pools)
    return networks.Style(pools=settings.pools, normalisation=None)


def encoder_and_decoder(
    settings: Settings, images: Images, condition_size: int = 0
) -> tuple[keras.Model, keras.Model]:
    """Networks of section 4.3, as reported or improved, or the simple ones of section 4.4."""
    sizes: dict[str, Any] = {
        "image_shape": images.shape,
        "condition_size": condition_size,
        "latent_size": settings.latent_size,
        "dtype": settings.precision,
    }
    parameters = LIKELIHOODS[settings.likelihood].parameters
    if settings.architecture == "fully_connected":
        sizes["units"] = settings.units
        return (
            networks.fully_connected_encoder(**sizes),
            networks.fully_connected_decoder(**sizes, parameters=parameters),
        )
    sizes |= {"widen": images.widen, "style": style(settings)}
    return (
        networks.convolutional_encoder(**sizes),
        networks.convolutional_decoder(**sizes, parameters=parameters),
    )


def trunk_head_and_decoder(
    settings: Settings, images: Images
) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Networks of section 4.5, as reported or improved."""
    shape, classes = images.shape, images.classes
    common: dict[str, Any] = {"latent_size": settings.latent_size, "dtype": settings.precision}
    decoder: dict[str, Any] = {
        "condition_size": classes,
        "parameters": LIKELIHOODS[settings.likelihood].parameters,
        **common,
    }
    if settings.architecture == "convolutional":
        trunk = networks.convolutional_trunk(shape, classes, widen=images.widen, **common)
        units = trunk.outputs[0].shape[-1]
        return (
            trunk,
            networks.mean_head(classes, units=units, activation="relu", **common),
            networks.upsampling_decoder(shape, widen=images.widen, **decoder),
        )
    if settings.architecture == "improved":
        return (
            networks.improved_trunk(shape, classes, **common),
            networks.mean_head(classes, units=512, activation="leaky_relu", **common),
            networks.improved_decoder(shape, **decoder),
        )
    units = settings.units
    return (
        networks.fully_connected_trunk(shape, classes, units=units, **common),
        networks.mean_head(classes, activation="softplus", units=units, **common),
        networks.fully_connected_decoder(shape, units=units, **decoder),
    )


def recurrent_networks(
    settings: Settings, images: Images, condition_size: int = 0
) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder of a step of DRAW (section 4.6)."""
    sizes: dict[str, Any] = {
        "image_shape": images.shape,
        "condition_size": condition_size,
        "latent_size": settings.latent_size,
        "units": settings.units,
        "dtype": settings.precision,
    }
    parameters = LIKELIHOODS[settings.likelihood].parameters
    return (
        networks.draw_encoder(**sizes, read_size=settings.read_size or None),
        networks.draw_decoder(
            **sizes, write_size=settings.write_size or None, parameters=parameters
        ),
    )


# The generators.


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "likelihood": LIKELIHOODS[settings.likelihood],
        "kl_weight": settings.kl_weight,
        "seed": settings.seed,
        "name": "generator",  # a name of its own, for Keras would count the models of a process
    }


def plain(settings: Settings, images: Images) -> VAE:
    """A model without side information (section 2.1)."""
    return VAE(*encoder_and_decoder(settings, images), **_common(settings))


def of_labels(settings: Settings, images: Images) -> CVAE:
    """A model given a label (section 2.2)."""
    condition = LabelCondition(images.classes)
    pair = encoder_and_decoder(settings, images, condition.size)
    return CVAE(*pair, condition, **_common(settings))


def completing(settings: Settings, images: Images) -> CVAE:
    """A model given a part of the image (section 4.4.1)."""
    assert settings.kind.part, "the entries that are made here name a part"
    condition = ImageCondition(parts.part_shape(settings.kind.part, images.shape))
    pair = encoder_and_decoder(settings, images, condition.size)
    return CVAE(*pair, condition, **_common(settings))


def of_few_labels(settings: Settings, images: Images) -> SemiSupervisedVAE:
    """The semi-supervised model (section 2.3)."""
    objective = (
        Objective.originals()
        if settings.objective == "originals"
        else Objective.per_image(
            settings.labels, images.count - settings.labels, settings.classification_weight
        )
    )
    agreeing = settings.consistency and settings.takes("consistency")  # not of unmoved images
    model = SemiSupervisedVAE(
        *trunk_head_and_decoder(settings, images),
        LabelCondition(images.classes),
        objective,
        Consistency(settings.consistency, settings.shift) if agreeing else None,
        **_common(settings),
    )
    needed = model.pair_bytes() * (settings.labelled_batch + settings.batch_size * images.classes)
    if needed > LARGEST_STEP:
        fits = int(LARGEST_STEP / model.pair_bytes() - settings.labelled_batch) // images.classes
        raise UserError(
            f"a step with each of {images.classes} classes of {settings.batch_size} images would "
            f"take about {needed / 1e9:.0f} GB, more than {LARGEST_STEP / 1e9:.0f}; "
            f"--batch_size={max(fits, 1)} fits"
        )
    return model


def _drawing(settings: Settings) -> dict[str, Any]:
    return {"steps": settings.draw_steps, "judged": settings.judged_canvases, **_common(settings)}


def draw(settings: Settings, images: Images) -> DRAW:
    """DRAW (section 2.4)."""
    return DRAW(*recurrent_networks(settings, images), **_drawing(settings))


def conditional_draw(settings: Settings, images: Images) -> CDRAW:
    """Conditional DRAW, given a label (section 2.4)."""
    condition = LabelCondition(images.classes)
    pair = recurrent_networks(settings, images, condition.size)
    return CDRAW(*pair, condition, **_drawing(settings))


# The adversaries.


def _weights(settings: Settings) -> dict[str, Any]:
    return {
        "feature_variance": settings.feature_variance,
        "adversarial_weight": settings.adversarial_weight,
        "reconstructed_weight": settings.reconstructed_weight,
        "gradient_penalty": settings.gradient_penalty,
        "reconstruction": RECONSTRUCTIONS[settings.reconstruction],
        "name": "adversarial",
    }


def discriminator(settings: Settings, images: Images, logits: int) -> keras.Model:
    """The discriminator of section 4.3, as reported or improved."""
    improved = "improved" in (settings.architecture, settings.discriminator)
    return networks.discriminator(
        images.shape,
        logits,
        widen=images.widen,
        glimpses=settings.glimpses,
        dtype=settings.precision,
        style=networks.IMPROVED_DISCRIMINATOR if improved else style(settings),
        augmentation=networks.moved_and_cut(settings.seed) if settings.augmentation else (),
    )


def real_or_generated(settings: Settings, images: Images, generator: VAE) -> VAEGAN:
    """The adversary of a model without side information (section 3.1, or 4.6 with classes)."""
    if settings.known_classes:
        network = discriminator(settings, images, images.classes + 1)
        more = {"information": settings.information, **_weights(settings)}
        return ClassifyingVAEGAN(generator, network, **more)
    return VAEGAN(generator, discriminator(settings, images, 1), **_weights(settings))


def classes_and_generated(settings: Settings, images: Images, generator: VAE) -> VAEGAN:
    """The adversary of k + 1 classes of a model of labels (section 3.2)."""
    network = discriminator(settings, images, images.classes + 1)
    return CVAEGAN(generator, network, settings.label_weight, **_weights(settings))


def few_labels_and_generated(settings: Settings, images: Images, generator: VAE) -> VAEGAN:
    """The adversary of the semi-supervised model (section 3.3), or improved its classifier."""
    if settings.architecture == "improved":
        return JudgingVAEGAN(generator, **_weights(settings))
    network = discriminator(settings, images, images.classes + 1)
    return SemiSupervisedVAEGAN(generator, network, **_weights(settings))


# The entries. Architectures bring groups of settings, named in `settings.FIELDS`.

REPORTED = "reported layers"
STRIDED = {
    "convolutional": ("layers of section 4.3", REPORTED),
    "fully_connected": ("units", REPORTED),
}
WITH_IMPROVED = {**STRIDED, "improved": ()}
FEW_LABELS = {"fully_connected": ("units",), "convolutional": (), "improved": ()}
RECURRENT = {"recurrent": ("units", REPORTED)}
WITH_DISCRIMINATOR = ("discriminator of section 4.3",)
ADVERSARY = ("adversary", *WITH_DISCRIMINATOR)
OF_LABELS = (*ADVERSARY, "of labels")
WITHOUT_LABELS = (*ADVERSARY, "without labels")

COMPLETING = {part: f"cvae-{part}" for part in parts.PARTS}
"""The model that is given each part of an image."""

MODELS |= {
    "vae": Kind(plain, STRIDED, presets=presets.VAE),
    "cvae": Kind(of_labels, STRIDED, presets=presets.CVAE),
    "semi-supervised": Kind(
        of_few_labels, FEW_LABELS, ("few labels",), presets=presets.SEMI_SUPERVISED
    ),
    "draw": Kind(draw, RECURRENT, ("DRAW",), presets=presets.DRAW),
    "cdraw": Kind(conditional_draw, RECURRENT, ("DRAW",), presets=presets.DRAW),
    "vae-gan": Kind(
        plain,
        WITH_IMPROVED,
        WITHOUT_LABELS,
        presets.VAE_GAN,
        real_or_generated,
        generator="vae",
    ),
    "cvae-gan": Kind(
        of_labels,
        WITH_IMPROVED,
        OF_LABELS,
        presets.CVAE_GAN,
        classes_and_generated,
        generator="cvae",
    ),
    "semi-supervised-gan": Kind(
        of_few_labels,
        {
            "fully_connected": ("units", REPORTED, *WITH_DISCRIMINATOR),
            "convolutional": (REPORTED, *WITH_DISCRIMINATOR),
            "improved": (),  # its classifier is the discriminator
        },
        ("few labels", "adversary"),
        presets.SEMI_SUPERVISED_GAN,
        few_labels_and_generated,
        generator="semi-supervised",
    ),
    "draw-gan": Kind(
        draw,
        RECURRENT,
        ("DRAW", *WITHOUT_LABELS),
        presets.DRAW_GAN,
        real_or_generated,
        generator="draw",
    ),
    "cdraw-gan": Kind(
        conditional_draw,
        RECURRENT,
        ("DRAW", *OF_LABELS),
        presets.CDRAW_GAN,
        classes_and_generated,
        generator="cdraw",
    ),
    "vae-2d": Kind(plain, STRIDED, presets=presets.VAE_2D),
    "cvae-simple": Kind(of_labels, STRIDED, presets=presets.CVAE_SIMPLE),
    **{
        name: Kind(completing, STRIDED, ("part of an image",), presets.COMPLETING, part=part)
        for part, name in COMPLETING.items()
    },
}
