"""The settings of a run, and the presets they start from."""

import dataclasses
from collections.abc import Sequence

from vae_gan_tf import likelihoods
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import completion

LIKELIHOODS = {
    "bernoulli": likelihoods.Bernoulli(),
    "gaussian": likelihoods.Gaussian(scale=0.1),
    "gaussian_learned": likelihoods.Gaussian(scale=None),
    "categorical": likelihoods.Categorical(levels=256),
}


def _setting(default, help: str, choices: Sequence[str] = ()):
    return dataclasses.field(default=default, metadata={"help": help, "choices": choices})


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that a run's result depends on; presets are instances, flags override fields."""

    model: str
    """A name of `MODELS`."""
    dataset: str
    """A name of `datasets.names`."""
    preset: str
    """The preset that the other fields come from."""
    architecture: str = _setting(
        "convolutional",
        "networks: those of section 4.3, or the simple ones of section 4.4; of the semi-supervised "
        "models those of section 4.5; of these and of CVAE-GAN improved ones too; DRAW's are the "
        "recurrent ones of section 4.6",
        ("convolutional", "fully_connected", "improved", "recurrent"),
    )
    batch_normalisation: bool = _setting(
        True, "whether layers are normalised; without, the networks of section 4.3 have biases"
    )
    pools: bool = _setting(
        False, "pools and upsampling in the networks of section 4.3, in the place of strides"
    )
    units: int = _setting(200, "units of a hidden layer of the simple networks, of DRAW's LSTMs")
    likelihood: str = _setting(
        "bernoulli",
        "distribution of a pixel: Bernoulli, Gaussian of scale 0.1 or of a learned scale, or "
        "categorical over 256 levels",
        tuple(LIKELIHOODS),
    )
    binarise_given: bool = _setting(
        False, "image completion: draw the given pixels from {0, 1} by their grey values"
    )
    latent_size: int = _setting(50, "length of the code z")
    batch_size: int = _setting(100, "images a step")
    epochs: int = _setting(20, "passes over the training images, at most")
    patience: int = _setting(
        0, "stop when the validation bound has not risen for this many epochs; 0 for never"
    )
    labels: int = _setting(
        0, "training images that keep their label, drawn evenly over the classes; 0 for all"
    )
    labelled_batch: int = _setting(100, "labelled images a step where only some have a label")
    objective: str = _setting(
        "per_image",
        "weights of the semi-supervised terms: as they count in the sum over all training images, "
        "or those of the originals' programs (1, 1 and 5500)",
        ("per_image", "originals"),
    )
    classification_weight: float = _setting(
        0.1, "weight alpha / N of -log q(y | x) of the labelled images in the objective per_image"
    )
    shift: int = _setting(
        0, "where only some have a label, these are moved by so many pixels at most, anew each time"
    )
    learning_rate: float = _setting(1e-3, "learning rate of Adam")
    discriminator_learning_rate: float = _setting(
        0.0, "learning rate of the discriminator, if it is to have another; 0 for the same"
    )
    momentum: float = _setting(0.9, "beta_1 of Adam, at least 0 and below 1")
    learning_rate_decay: str = _setting(
        "none",
        "whether the learning rate falls over the run, as half a cosine to 0",
        ("none", "cosine"),
    )
    gradient_norm: float = _setting(0.0, "shorten longer gradients to this norm; 0 for never")
    kl_weight: float = _setting(1.0, "weight of the KL divergence in the loss")
    draw_steps: int = _setting(10, "steps T in which DRAW draws an image")
    read_size: int = _setting(5, "DRAW reads windows of N x N; 0 for the whole image")
    write_size: int = _setting(5, "DRAW writes windows of N x N; 0 for the whole image")
    judged_canvases: int = _setting(
        1, "DRAW-GAN: how many of the last canvases the discriminator may be shown"
    )
    glimpses: int = _setting(
        0, "windows through which the discriminator looks besides, by DRAW's attention"
    )
    reconstruction: str = _setting(
        "feature",
        "reconstruction term of an adversarial model: the feature loss, or on pixels the negative "
        "log-likelihood or the squared error",
        ("feature", "cross_entropy", "squared_error"),
    )
    feature_variance: float = _setting(1.0, "sigma^2 of the feature loss (section 3.1)")
    generator_first: bool = _setting(
        False,
        "begin an adversarial model with its generator as it is after a training of its own, by "
        "the preset report",
    )
    adversarial_weight: float = _setting(1.0, "weight of the generator's adversarial terms")
    images: int = _setting(0, "use so many images of each split only; 0 for all")
    seed: int = _setting(0, "seed of weights, order of images and noise")
    precision: str = _setting("float32", "precision of the networks", ("float32", "mixed_bfloat16"))
    deterministic: bool = _setting(
        False, "the same result from the same command, bit for bit, on the same machine"
    )

    @property
    def name(self) -> str:
        """The name of the run and of its folder; it holds no time, so that a command resumes."""
        cell = f"-{self.architecture}-{self.labels}labels" if self.labels else ""
        return f"{self.model}{cell}-{self.dataset}-{self.preset}-seed{self.seed}"

    @property
    def generator(self) -> str:
        """The model that is an adversarial model's generator, or the model itself."""
        return self.model.removesuffix("-gan")

    @property
    def weights(self) -> str:
        """The name of the trained networks' file, without its ending."""
        return f"{self.model}{'-improved' * (self.preset == 'improved')}-{self.dataset}"

    @property
    def part(self) -> str | None:
        """The part of an image that a model for image completion is given."""
        part = self.model.removeprefix("cvae-")
        return part if part in completion.PARTS else None


FIELDS = {field.name: field for field in dataclasses.fields(Settings) if field.metadata}
"""The settings that flags override."""


def with_defaults(stored: dict) -> dict:
    """Stored settings; what is younger than they are has the value that it has by default."""
    return {name: field.default for name, field in FIELDS.items()} | stored


SEMI_SUPERVISED = ("semi-supervised", "semi-supervised-gan")

DRAW = ("draw", "cdraw", "draw-gan", "cdraw-gan")

ADVERSARIAL = ("vae-gan", "cvae-gan", "semi-supervised-gan", "draw-gan", "cdraw-gan")

OF_THE_ADVERSARY = (
    "discriminator_learning_rate",
    "judged_canvases",
    "glimpses",
    "reconstruction",
    "feature_variance",
    "generator_first",
    "adversarial_weight",
)
"""Settings that mean nothing to a generator in a training of its own."""

SIMPLE = ("vae-2d", "cvae-simple", *(f"cvae-{part}" for part in completion.PARTS))
"""Models of the simple networks of section 4.4: with a code of two numbers, given a label, given a
part of the image."""

MODELS = ("vae", "cvae", "semi-supervised", "draw", "cdraw", *ADVERSARIAL, *SIMPLE)

TABLE_1 = {
    "Fully connected": ("semi-supervised", {"architecture": "fully_connected"}),
    "Convolutional": ("semi-supervised", {"architecture": "convolutional"}),
    "Convolutional with GAN": ("semi-supervised-gan", {"architecture": "convolutional"}),
}
"""The model of each row of table 1 and its networks."""

_DEAR = {"batch_size": 25, "labelled_batch": 50, "precision": "mixed_bfloat16"}
"""Where the sum over y is dear: fewer images without a label a step, hence more steps an epoch."""

TABLE_1_CHANGES = {
    "report": {
        "Convolutional": {"epochs": 3, **_DEAR},
        "Convolutional with GAN": {"epochs": 2, **_DEAR},
    },
    "quick": {
        "Convolutional": {"epochs": 1, **_DEAR},
        "Convolutional with GAN": {"epochs": 1, **_DEAR},
    },
}
"""What rows of table 1 change in a preset."""

_CVAE_GAN = {
    "architecture": "improved",
    "learning_rate": 5e-4,
    "momentum": 0.5,
    "learning_rate_decay": "cosine",
    "precision": "mixed_bfloat16",
}

_SEMI_SUPERVISED = {
    "architecture": "improved",
    "shift": 2,
    "learning_rate_decay": "cosine",
    "epochs": 3,
    **_DEAR,
}

IMPROVED = {
    "semi-supervised": _SEMI_SUPERVISED,
    "semi-supervised-gan": {
        "learning_rate": 1e-3,
        "discriminator_learning_rate": 3e-4,
        "reconstruction": "cross_entropy",
        **_SEMI_SUPERVISED,
    },
    "cvae-gan": {"epochs": 10, "kl_weight": 3.0, "feature_variance": 10.0, **_CVAE_GAN},
    "draw-gan": {
        "generator_first": True,
        "reconstruction": "cross_entropy",
        "kl_weight": 3.0,
        "epochs": 6,
        "learning_rate": 3e-4,
        "learning_rate_decay": "cosine",
    },
}
"""What the preset "improved" changes for MNIST, by model (docs/results.md)."""

IMPROVED_SVHN = {"cvae-gan": {"reconstruction": "cross_entropy", "kl_weight": 4.0, **_CVAE_GAN}}
"""What it changes for SVHN."""

SVHN_SMALL_EPOCHS = 31
"""When CVAE stopped (see `preset`); the other models of svhn_small take as many steps."""

PRESETS = ("report", "improved", "quick", "smoke")


def preset(name: str, model: str, dataset: str) -> Settings:
    """The settings of a preset.

    ``report``: as sections 4 to 4.4 say, 20 epochs for figures 6 and 7, 10 for VAE and VAE-GAN, and
    100 (SVHN 20) for the simple networks of figures 8 and 9; the weights of the adversarial
    losses, which the report does not give, are the originals' (KL 10, adversarial 100, sigma^2 50),
    for VAE-GAN on SVHN and the semi-supervised GAN those of the equations as printed (all 1).
    Semi-supervised models take 20 epochs and weigh the classification by 50. DRAW takes 20 epochs,
    the windows, the code and the LSTMs that it had in section 4.6, and DRAW-GAN the squared error
    on pixels, with all weights 1.
    ``improved``: of CVAE-GAN, a discriminator normalised by images, convolutions of size 4, a
    falling learning rate, for MNIST half the epochs and other weights, for SVHN the cross-entropy
    on pixels; of the semi-supervised model, other networks, labelled images that are moved, a
    falling learning rate, 3 epochs, and with GAN the classifier as the discriminator besides, with
    a learning rate of its own, and the cross-entropy on pixels; of DRAW-GAN, six epochs that begin
    with the DRAW of the preset report, the cross-entropy on pixels, a KL weight of 3, a falling
    learning rate (docs/results.md).
    ``quick``: recognisable digits in a few minutes, by 5 epochs at twice the learning rate.
    ``smoke``: seconds, to see that all works.
    """
    # 512 units are the originals' for SVHN; of svhn_small 200 tell as much (docs/results.md).
    units = 512 if dataset in ("svhn", "svhn_extra") else 200
    settings = Settings(model=model, dataset=dataset, preset=name, units=units)
    if model in ADVERSARIAL:
        settings = dataclasses.replace(settings, learning_rate=1e-4)
        # With these weights the code of a VAE-GAN tells nothing of an SVHN image, and the
        # semi-supervised model takes one class for all images (docs/results.md).
        if model == "cvae-gan" or (model == "vae-gan" and dataset == "mnist"):
            weights = {"kl_weight": 10.0, "adversarial_weight": 100.0, "feature_variance": 50.0}
            settings = dataclasses.replace(settings, **weights)
    if model in SIMPLE:
        settings = dataclasses.replace(
            settings,
            architecture="fully_connected",
            epochs=100 if dataset == "mnist" else 20,
            binarise_given=dataset == "mnist" and settings.part is not None,
            latent_size=2 if model == "vae-2d" else settings.latent_size,
        )
    if model in DRAW:
        settings = dataclasses.replace(
            settings,
            architecture="recurrent",
            units=256,
            latent_size=10,
            reconstruction="squared_error" if model in ADVERSARIAL else "feature",
        )
    if model in SEMI_SUPERVISED:
        # With alpha / N = 0.1 few classes are learned in so many epochs (docs/results.md).
        settings = dataclasses.replace(
            settings, labels=1000, units=1024, classification_weight=50.0
        )
    if name == "improved":
        if model not in IMPROVED:
            raise UserError(
                f"there is no preset improved of {model}, only of {', '.join(IMPROVED)}"
            )
        if dataset != "mnist" and model not in IMPROVED_SVHN:
            raise UserError(f"the preset improved of {model} is for mnist only, not for {dataset}")
        changes = IMPROVED if dataset == "mnist" else IMPROVED_SVHN
        settings = dataclasses.replace(settings, **changes[model])
        epochs = {"epochs": SVHN_SMALL_EPOCHS} if dataset == "svhn_small" else {}
        return dataclasses.replace(settings, **epochs)
    if name == "quick":
        return dataclasses.replace(settings, epochs=5, learning_rate=2 * settings.learning_rate)
    if name == "smoke":
        changes = {"epochs": 2, "batch_size": 20, "images": 100}
        if model in SEMI_SUPERVISED:  # enough images for the 1000 labels of table 1
            changes |= {"batch_size": 100, "labelled_batch": 20, "images": 1500, "units": 64}
        return dataclasses.replace(settings, **changes)
    if model in ("vae", "vae-gan"):
        settings = dataclasses.replace(settings, epochs=10)
    if dataset == "svhn_small":
        # CVAE and the simple networks stop when the bound on the validation images has not risen
        # for ten epochs.
        stops = model == "cvae" or model in SIMPLE
        changes = {"epochs": 100, "patience": 10} if stops else {"epochs": SVHN_SMALL_EPOCHS}
        settings = dataclasses.replace(settings, **changes)
    return settings


def resolve(preset_name: str, model: str, dataset: str, overrides: dict) -> Settings:
    """The settings of a preset with some fields overridden.

    Raises:
        UserError: labels to keep for a model that takes all, or none for one that needs some;
            networks that the model cannot have; a preset that it has not.
    """
    settings = dataclasses.replace(preset(preset_name, model, dataset), **overrides)
    if bool(settings.labels) != (model in SEMI_SUPERVISED):
        raise UserError(
            f"--labels={settings.labels} given for {model}; it is for the semi-supervised models, "
            "which need at least one label of each class"
        )
    if settings.architecture == "improved" and model not in (*SEMI_SUPERVISED, "cvae-gan"):
        raise UserError(
            f"--architecture=improved given for {model}; it is for cvae-gan and the "
            "semi-supervised models"
        )
    if settings.generator_first and model not in ADVERSARIAL:
        raise UserError(f"--generator_first given for {model}, which is no adversarial model")
    if settings.judged_canvases != 1 and model not in DRAW:
        raise UserError(f"--judged_canvases given for {model}, which draws no canvases")
    strided = settings.architecture == "convolutional" and model not in SEMI_SUPERVISED
    for name in ("batch_normalisation", "pools"):
        if not strided and getattr(settings, name) != FIELDS[name].default:
            raise UserError(
                f"--{name} given for {model} with {settings.architecture} networks; it is for the "
                "networks of section 4.3"
            )
    if (settings.architecture == "recurrent") != (model in DRAW):
        raise UserError(
            f"--architecture={settings.architecture} given for {model}; recurrent networks are "
            f"those of {', '.join(DRAW)}, and these have no others"
        )
    return settings


def table_1(preset_name: str) -> dict[str, tuple[str, dict]]:
    """The rows of table 1 in a preset: the model of each and the settings that it changes."""
    if preset_name == "improved":  # which has networks of its own, convolutional ones
        return {
            "Convolutional": ("semi-supervised", {}),
            "Convolutional with GAN": ("semi-supervised-gan", {}),
        }
    changes = TABLE_1_CHANGES.get(preset_name, {})
    return {
        row: (model, networks | changes.get(row, {})) for row, (model, networks) in TABLE_1.items()
    }
