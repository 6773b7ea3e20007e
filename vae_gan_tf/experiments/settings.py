"""The settings of a run, and which of them mean something to which model."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vae_gan_tf import datasets, likelihoods
from vae_gan_tf.catalogue import Catalogue
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.presets import ANY, DATA_SETS, PRESETS, Presets
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.training import devices
from vae_gan_tf.training.devices import FASTEST

LIKELIHOODS = Catalogue(
    "likelihood",
    {
        "bernoulli": likelihoods.Bernoulli(),
        "gaussian": likelihoods.Gaussian(scale=0.1),
        "gaussian_learned": likelihoods.Gaussian(scale=None),
        "categorical": likelihoods.Categorical(levels=256),
    },
)


POSITIVE = "above 0"
"""Stands, in what a setting is only for, for any of these."""


def _setting(
    default: Any,
    help: str,
    section: str,
    *,
    of: Sequence[str] = (),
    only: Mapping[str, Any] | None = None,
    choices: Sequence[str] = (),
    positive: bool = False,
    least: float = 0,
    below: float = 10**6,
) -> Any:
    """A field of `Settings`.

    Args:
        default: its value where no preset says otherwise.
        help: what it is, for the flag.
        section: of the help that a script prints.
        of: the groups (`Kind.groups`) that a model must have, all of them, for this to mean
            something to it.
        only: values that other settings must have for it, or `POSITIVE`.
        choices: of a text.
        positive: whether numbers must be above 0.
        least: the smallest number, else.
        below: numbers must be smaller than this: what is larger is a slip of the keyboard.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "help": help,
            "section": section,
            "of": tuple(of),
            "only": dict(only or {}),
            "choices": tuple(choices),
            "positive": positive,
            "least": least,
            "below": below,
        },
    )


RUN, NETWORKS, TRAINING = "The run", "Networks", "Loss and optimizer"
FEW_LABELS, DRAWING, ADVERSARY = "Few labels", "DRAW", "Adversary"
SECTIONS = (RUN, NETWORKS, TRAINING, FEW_LABELS, DRAWING, ADVERSARY)
"""The sections of the help, in their order."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that a run's result depends on.

    Raises:
        UserError: there is no such model, data set or preset; a value is of another type than its
            default, is none of the choices, or is out of range.
    """

    model: str
    """A name of `MODELS`."""
    dataset: str
    """The name of a data set, `datasets.names` or that of its binarised form."""
    preset: str
    """The preset that the other fields come from."""
    architecture: str = _setting(
        "convolutional",
        "networks: convolutional ones (section 4.3; 4.5 for the semi-supervised models), "
        "fully_connected ones (4.4; 4.5), recurrent ones for DRAW (4.6); VAE-GAN, CVAE-GAN and the "
        "semi-supervised models can have improved ones",
        NETWORKS,
        choices=("convolutional", "fully_connected", "improved", "recurrent"),
    )
    batch_normalisation: bool = _setting(
        True,
        "whether layers are normalised; without, the networks of section 4.3 have biases",
        NETWORKS,
        of=["layers of section 4.3"],
    )
    pools: bool = _setting(
        False,
        "pools and upsampling in the networks of section 4.3, in the place of strides",
        NETWORKS,
        of=["layers of section 4.3"],
    )
    units: int = _setting(
        200,
        "units of a hidden layer of the simple networks, of DRAW's LSTMs",
        NETWORKS,
        of=["units"],
        positive=True,
        below=10**4,
    )
    likelihood: str = _setting(
        "bernoulli",
        "distribution of a pixel: Bernoulli, Gaussian of scale 0.1 or of a learned scale, or "
        "categorical over 256 levels",
        NETWORKS,
        choices=tuple(LIKELIHOODS),
    )
    binarise_given: bool = _setting(
        False,
        "image completion: draw the given pixels from {0, 1} by their grey values",
        RUN,
        of=["part of an image"],
    )
    latent_size: int = _setting(50, "length of the code z", NETWORKS, positive=True, below=10**4)
    batch_size: int = _setting(100, "images a step", RUN, positive=True)
    epochs: int = _setting(20, "passes over the training images, at most", RUN, positive=True)
    patience: int = _setting(
        0,
        "stop when the validation bound has not risen for this many epochs; 0 for never",
        RUN,
    )
    labels: int = _setting(
        0,
        "training images that keep their label, drawn evenly over the classes",
        FEW_LABELS,
        of=["few labels"],
        below=2**31,
    )
    labelled_batch: int = _setting(
        100, "labelled images a step", FEW_LABELS, of=["few labels"], positive=True
    )
    objective: str = _setting(
        "per_image",
        "weights of the semi-supervised terms: as they count in the sum over all training images, "
        "or those of the originals' programs (1, 1 and 5500)",
        FEW_LABELS,
        of=["few labels"],
        choices=("per_image", "originals"),
    )
    classification_weight: float = _setting(
        0.1,
        "weight alpha / N of -log q(y | x) of the labelled images in the objective per_image",
        FEW_LABELS,
        of=["few labels"],
        only={"objective": "per_image"},
    )
    shift: int = _setting(
        0,
        "the labelled images are moved by so many pixels at most, anew each time",
        FEW_LABELS,
        of=["few labels"],
        below=10**2,
    )
    consistency: float = _setting(
        0.0,
        "weight of the cross-entropy of q(y | x) for an unlabelled image and for the same image "
        "moved by --shift pixels at most",
        FEW_LABELS,
        of=["few labels"],
        only={"shift": POSITIVE},
    )
    learning_rate: float = _setting(1e-3, "learning rate of Adam", TRAINING, positive=True)
    discriminator_learning_rate: float = _setting(
        0.0,
        "learning rate of the discriminator, if it is to have another; 0 for the same",
        ADVERSARY,
        of=["adversary"],
    )
    momentum: float = _setting(0.9, "beta_1 of Adam, at least 0 and below 1", TRAINING, below=1)
    learning_rate_decay: str = _setting(
        "none",
        "whether the learning rate falls over the run, as half a cosine to 0",
        TRAINING,
        choices=("none", "cosine"),
    )
    gradient_norm: float = _setting(
        0.0, "shorten longer gradients to this norm; 0 for never", TRAINING
    )
    weights_average: float = _setting(
        0.0,
        "decay a step, such as 0.999, of an average of the generator's weights, which a run ends "
        "with; 0 for none. What is shown and validated on the way are the weights themselves",
        TRAINING,
        below=1,
    )
    kl_weight: float = _setting(1.0, "weight of the KL divergence in the loss", TRAINING)
    draw_steps: int = _setting(
        10, "steps T in which DRAW draws an image", DRAWING, of=["DRAW"], positive=True, below=1000
    )
    read_size: int = _setting(
        5, "DRAW reads windows of N x N; 0 for the whole image", DRAWING, of=["DRAW"]
    )
    write_size: int = _setting(
        5, "DRAW writes windows of N x N; 0 for the whole image", DRAWING, of=["DRAW"]
    )
    judged_canvases: int = _setting(
        1,
        "DRAW-GAN: how many of the last canvases the discriminator may be shown",
        ADVERSARY,
        of=["DRAW", "adversary"],
        positive=True,
    )
    glimpses: int = _setting(
        0,
        "windows through which the discriminator looks besides, by DRAW's attention",
        ADVERSARY,
        of=["discriminator of section 4.3"],
        below=100,
    )
    discriminator: str = _setting(
        "own",
        "layers of the discriminator: those that go with the networks, or improved ones, which are "
        "normalised image by image but for the first, with leaky ReLUs and convolutions of size 4",
        ADVERSARY,
        of=["discriminator of section 4.3", "reported layers"],
        choices=("own", "improved"),
    )
    augmentation: bool = _setting(
        False,
        "show the discriminator all images moved by up to an eighth of their size, and each with a "
        "tenth cut out; for few images",
        ADVERSARY,
        of=["discriminator of section 4.3"],
    )
    known_classes: bool = _setting(
        False,
        "the discriminator of a model without labels learns the classes of real images, by k + 1 "
        "logits; the generator is told none and pays for what looks generated",
        ADVERSARY,
        of=["adversary", "without labels"],
    )
    information: float = _setting(
        0.0,
        "weight, beside the adversarial terms, of log k less the mutual information of class and "
        "drawn image, by the discriminator; 0 where it is certain of each class and all are drawn "
        "as often",
        ADVERSARY,
        of=["adversary", "without labels"],
        only={"known_classes": True, "adversarial_weight": POSITIVE},
    )
    reconstruction: str = _setting(
        "feature",
        "reconstruction term of an adversarial model: the feature loss, or on pixels the negative "
        "log-likelihood or the squared error",
        ADVERSARY,
        of=["adversary"],
        choices=("feature", "cross_entropy", "squared_error"),
    )
    feature_variance: float = _setting(
        1.0,
        "sigma^2 of the feature loss (section 3.1)",
        ADVERSARY,
        of=["adversary"],
        only={"reconstruction": "feature"},
        positive=True,
    )
    generator_first: bool = _setting(
        False,
        "begin an adversarial model with its generator as it is after a training of its own, by "
        "the preset report, or by quick or smoke; settings that flags override are those of both "
        "trainings",
        ADVERSARY,
        of=["adversary"],
    )
    adversarial_weight: float = _setting(
        1.0, "weight of the generator's adversarial terms", ADVERSARY, of=["adversary"]
    )
    label_weight: float = _setting(
        1.0,
        'weight of "if it is real, it is of the class asked for" beside "it is real" in the '
        "generator's adversarial terms, where the discriminator is surer of the class of generated "
        "images than of that of real ones",
        ADVERSARY,
        of=["adversary", "of labels"],
        only={"adversarial_weight": POSITIVE},
    )
    reconstructed_weight: float = _setting(
        1.0,
        "weight of reconstructions beside drawn images in the adversarial terms and in the "
        "discriminator's loss",
        ADVERSARY,
        of=["adversary"],
    )
    gradient_penalty: float = _setting(
        0.0,
        "gamma of the penalty on the discriminator's gradient at real images (R1), 0 for none; in "
        "mixed_float16 the discriminator skips many steps then",
        ADVERSARY,
        of=["adversary"],
    )
    image_size: str = _setting(
        "own",
        "height,width that images of other data sets than MNIST and SVHN are resized to, or own "
        "for the size that they have",
        RUN,
    )
    grey: bool = _setting(
        False, "leave the colours of images of other data sets than MNIST and SVHN out", RUN
    )
    images: int = _setting(0, "use so many images of each split only; 0 for all", RUN, below=2**31)
    seed: int = _setting(0, "seed of weights, order of images and noise", RUN, below=2**31)
    precision: str = _setting(
        "float32",
        "precision of the networks; fastest is mixed_bfloat16 where all devices have its "
        "operations, else float32; mixed_float16, with a scaled loss, is for GPUs",
        RUN,
        choices=("float32", "mixed_bfloat16", "mixed_float16", FASTEST),
    )
    devices: str = _setting(
        "1",
        "devices that each step is spread over, GPUs for instance, or all",
        RUN,
    )
    jit: bool = _setting(
        False,
        "compile each training step by XLA, which draws other noise from the same seed",
        RUN,
    )
    deterministic: bool = _setting(
        False, "the same result from the same command, bit for bit, on the same machine", RUN
    )

    def __post_init__(self) -> None:
        _ = MODELS[self.model], PRESETS[self.preset]
        for name, field in FIELDS.items():
            _check_value(name, getattr(self, name), field)
        object.__setattr__(self, "precision", devices.precision(self.precision))
        if self.dataset not in datasets.BINARISED:
            datasets.source(self.dataset, self.form)

    @property
    def kind(self) -> "Kind":
        """The entry of the model."""
        return MODELS[self.model]

    def takes(self, name: str) -> bool:
        """Whether a setting means something to the model with these networks and settings."""
        return self.kind.has(name, self.architecture) and not self.lacks(name)

    def lacks(self, name: str) -> dict[str, Any]:
        """The values that other settings would have to have for a setting to mean something."""
        only = FIELDS[name].metadata["only"].items()
        return {other: value for other, value in only if not self._is(other, value)}

    def _is(self, name: str, value: Any) -> bool:
        own = getattr(self, name)
        return own > 0 if value is POSITIVE else own == value

    @property
    def name(self) -> str:
        """The name of the run and of its folder; it holds no time, so that a command resumes."""
        cell = f"-{self.architecture}-{self.labels}labels" if self.labels else ""
        return f"{self.model}{cell}-{self._data_name()}-{self.preset}-seed{self.seed}"

    @property
    def weights(self) -> str:
        """The name of the trained networks' file, without its ending."""
        improved = "-improved" * (self.preset == "improved")
        return f"{self.model}{improved}-{self._data_name()}"

    def _data_name(self) -> str:
        """The data set and the form of its images, in the names of files."""
        size = f"-{self.image_size.replace(',', 'x')}" * bool(self.form.size)
        return f"{datasets.file_name(self.dataset)}{size}{'-grey' * self.grey}"

    @property
    def form(self) -> datasets.Form:
        """What the images of the data set are made into."""
        return datasets.Form(datasets.parsed_size(self.image_size), self.grey)


def _check_value(name: str, value: object, field: dataclasses.Field) -> None:
    """Raises a UserError unless a field may have this value."""
    limits, kind = field.metadata, type(field.default)
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not fits or isinstance(value, bool) is not (kind is bool):
        raise UserError(f"--{name} must be of type {kind.__name__}, not {value!r}")
    if limits["choices"] and value not in limits["choices"]:
        raise UserError(f"--{name} must be one of {', '.join(limits['choices'])}, not {value!r}")
    if not isinstance(value, int | float) or kind is bool:
        return
    least = "positive" if limits["positive"] else f"at least {limits['least']}"
    if not (value > 0 if limits["positive"] else value >= limits["least"]):
        raise UserError(f"--{name} must be {least}, not {value}")
    if not value < limits["below"]:
        raise UserError(f"--{name} must be {least} and below {limits['below']}, not {value}")


FIELDS = Catalogue(
    "setting", {field.name: field for field in dataclasses.fields(Settings) if field.metadata}
)
"""The settings that flags override."""


@dataclasses.dataclass(frozen=True)
class Images:
    """The images that a model is built for."""

    shape: tuple[int, int, int]
    """Height, width and channels."""
    classes: int
    """The number of labels that an image may have."""
    count: int = 55_000
    """Training images in all: weights of a semi-supervised objective and the fall of a learning
    rate depend on it."""

    @property
    def widen(self) -> float:
        """The factor of section 4.3, by which all layers grow for colour images: 8/7."""
        return 1.0 if self.shape[-1] == 1 else 8 / 7


@dataclasses.dataclass(frozen=True)
class Kind:
    """A model by name: how it is made, and which settings mean something to it."""

    make: Callable[[Settings, Images], VAE]
    """The generator, not compiled."""
    architectures: Mapping[str, tuple[str, ...]]
    """The networks that it can have, and the groups of settings that each brings."""
    groups: tuple[str, ...] = ()
    """The groups of settings that mean something to it whatever its networks are."""
    presets: Presets = dataclasses.field(default_factory=dict)
    adversary: Callable[[Settings, Images, VAE], VAEGAN] | None = None
    """The adversarial model of the generator; None for the generator alone."""
    generator: str | None = None
    """The name of the model that the generator of an adversarial model is."""
    part: str | None = None
    """The part of an image that a model for image completion is given."""

    def groups_with(self, architecture: str) -> set[str]:
        """All groups of settings that mean something to the model with these networks."""
        return {*self.groups, *self.architectures.get(architecture, ())}

    def has(self, name: str, architecture: str | None = None) -> bool:
        """Whether a setting means something to the model, with these or with any networks."""
        those = self.architectures if architecture is None else [architecture]
        return any(set(FIELDS[name].metadata["of"]) <= self.groups_with(each) for each in those)


MODELS: Catalogue[Kind] = Catalogue("model")
"""The models by name; `zoo` has the report's, and ``MODELS[name] = Kind(...)`` adds another."""


def with_defaults(stored: dict) -> dict:
    """Stored settings; what is younger than they are has the value that it has by default."""
    return {name: field.default for name, field in FIELDS.items()} | stored


def has_preset(name: str, model: str, dataset: str = "") -> bool:
    """Whether there is a preset of a model for a data set; for any at all without one."""
    if not dataset:
        return any(has_preset(name, model, each) for each in datasets.SOURCES)
    general = PRESETS[name]
    return not general.only_some_models or bool(
        {ANY, entry(dataset)} & MODELS[model].presets.get(name, {}).keys()
    )


def entry(dataset: str, form: datasets.Form = datasets.AS_IT_IS) -> str:
    """The data set whose entry in the presets runs on a data set take: its own, or another's.

    Grey images take that of mnist, colour images that of svhn_small.

    Raises:
        UserError: there is no such data set.
    """
    if dataset in datasets.BINARISED:
        return dataset
    return datasets.source(dataset, form).settings_of or dataset


def images_like(dataset: str) -> str:
    """In words, the data sets that take the entry of one in the presets; see `entry`."""
    kinds = {"mnist": "grey", "svhn_small": "colour"}
    return f"{dataset} and other {kinds[dataset]} images" if dataset in kinds else dataset


def preset(
    name: str, model: str, dataset: str, form: datasets.Form = datasets.AS_IT_IS
) -> Settings:
    """The settings of a preset.

    The changes to the defaults come in this order, of which the later win: those of the data set,
    of the model always, of the preset for all models, of the preset for this model; of the last
    three those for any data set before those for this one. A data set without an entry takes that
    of another, see `entry`; ``form`` is what its images are made into.

    Raises:
        UserError: there is no such preset, model or data set, or the model has no such preset.
    """
    kind, general, its = MODELS[model], PRESETS[name], entry(dataset, form)
    own = kind.presets.get(name, {})
    if general.only_some_models and not {ANY, its} & own.keys():
        having = [each for each, other in MODELS.items() if name in other.presets]
        if model not in having:
            raise UserError(f"there is no preset {name} of {model}, only of {', '.join(having)}")
        raise UserError(
            f"the preset {name} of {model} is for {' and '.join(map(images_like, own))} only, not "
            f"for {dataset}"
        )
    always = kind.presets.get("always", {})
    changes: dict[str, Any] = {}
    for layer in (
        DATA_SETS.get(its),
        always.get(ANY),
        always.get(its),
        general.changes,
        own.get(ANY),
        own.get(its),
    ):
        changes |= layer or {}
    size = ",".join(map(str, form.size)) if form.size else "own"
    run = Settings(
        model=model, dataset=dataset, preset=name, image_size=size, grey=form.grey, **changes
    )
    scaled = {each: factor * getattr(run, each) for each, factor in general.factors.items()}
    return dataclasses.replace(run, **scaled)


def meaningful(model: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the overridden settings that mean something to a model."""
    return {name: value for name, value in overrides.items() if MODELS[model].has(name)}


def resolve(
    preset_name: str, model: str, dataset: str, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """The settings of a preset with some fields overridden.

    Raises:
        UserError: as `preset`; a setting is overridden that means nothing to this model, or does
            not with its networks and other settings; networks that the model cannot have, or not
            the generator that is to be trained first; no labels for a model that needs some.
    """
    overrides = dict(overrides or {})
    run = preset(preset_name, model, dataset, form_of(overrides))
    for name in overrides:
        check_meaningful(name, [model], overrides[name])
    run = dataclasses.replace(run, **overrides)
    kind = run.kind
    if run.architecture not in kind.architectures:
        raise UserError(
            f"--architecture={run.architecture} given for {model}, which has "
            f"{' or '.join(kind.architectures)} networks"
        )
    for name in overrides:
        if not kind.has(name, run.architecture):
            those = [each for each in kind.architectures if kind.has(name, each)]
            raise UserError(
                f"--{name} given for {model} with {run.architecture} networks; it is for its "
                f"{' or '.join(those)} ones"
            )
        check_not_lacking(run, name)
    if run.generator_first and kind.generator:
        those = [*MODELS[kind.generator].architectures]
        if run.architecture not in those:
            raise UserError(
                f"--generator_first given with {run.architecture} networks, and {kind.generator} "
                f"has {' or '.join(those)} ones alone"
            )
    if run.takes("information") and run.information and run.batch_size == 1:
        raise UserError(
            f"--batch_size=1 given with --information={run.information}, which compares the images "
            "of a batch; at least 2 are expected, or --information=0"
        )
    if run.takes("judged_canvases") and run.judged_canvases > run.draw_steps:
        raise UserError(
            f"--judged_canvases={run.judged_canvases} given with --draw_steps={run.draw_steps}; at "
            "most as many canvases as steps are expected"
        )
    if "few labels" in kind.groups and not run.labels:
        raise UserError(f"--labels=0 given for {model}, which needs at least one of each class")
    return run


def check_not_lacking(run: Settings, name: str) -> None:
    """Raises a UserError for a setting that means nothing beside another one of the run."""
    for other, value in run.lacks(name).items():
        wanted = f"--{other} {value}" if value is POSITIVE else f"--{other}={value}"
        raise UserError(f"--{name} given with --{other}={getattr(run, other)}; it is for {wanted}")


def form_of(overrides: Mapping[str, Any]) -> datasets.Form:
    """What overridden settings ask a data set's images to be made into."""
    size = datasets.parsed_size(overrides.get("image_size", "own"))
    return datasets.Form(size, overrides.get("grey", False))


def check_meaningful(name: str, models: Sequence[str], value: object) -> None:
    """Raises a UserError unless a setting means something to one of these models."""
    if not any(MODELS[model].has(name) for model in models):
        those = [model for model, kind in MODELS.items() if kind.has(name)]
        raise UserError(
            f"--{name}={value} given for {', '.join(models)}; it is for {', '.join(those)}"
        )
