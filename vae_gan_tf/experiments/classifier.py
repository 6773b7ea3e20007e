"""Trains the classifier that scores pictures, and writes its weights.

    python reproduce/classifier.py
    python reproduce/classifier.py --dataset=svhn_small

train those that ship with the package anew, to runs/mnist-classifier.npz and
svhn_small-classifier.npz, and write figures/classifier.json and classifier-svhn_small.json. The
classifier of another data set is trained as that of MNIST, in colour as that of svhn_small, and
kept with its decoded images, where other scripts find it. The training images are shifted, turned
and scaled a little, those of SVHN recoloured as well; the test images are looked at once, at the
end, by the network as it ships (weights rounded to float16). With other --epochs or --images it
writes figures/classifier-custom.json.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
from absl import flags
from keras import layers

from vae_gan_tf import datasets, pretrained, schema
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges, scores
from vae_gan_tf.experiments import comparison
from vae_gan_tf.experiments.flags import Script, expanded, parse
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.run import load_data, whole
from vae_gan_tf.experiments.settings import entry, form_of
from vae_gan_tf.files import check_folder, check_writable
from vae_gan_tf.training import devices

BATCH, LEARNING_RATE = 100, 2e-3

FORM = ("image_size", "grey")
"""The settings that make other images of the same data set."""

VARIED = ("seed", "epochs", "images", *FORM)
"""The settings that make another classifier."""

TELLING = 0.5
"""The accuracy from which on a classifier says something of pictures."""


class Training(NamedTuple):
    """How the classifier of a data set is trained."""

    network: Callable[..., keras.Model]
    epochs: int
    weight_decay: float
    """The weight decay of AdamW; 0 is Adam."""
    precision: str
    """The precision of the training; what ships computes in float32."""
    fill_mode: str
    """What comes in at the edge of an image that is moved."""
    recolour: Callable[[int], list[layers.Layer]]
    """The layers that change the colours, made from a seed."""


TRAININGS = {
    "mnist": Training(judges.mnist_classifier, 10, 0.0, "float32", "constant", lambda seed: []),
    "svhn_small": Training(
        judges.svhn_classifier,
        30,
        0.05,
        "mixed_bfloat16",
        "nearest",
        lambda seed: [
            layers.RandomInvert(0.5, value_range=(0, 1), seed=seed),
            layers.RandomBrightness(0.2, value_range=(0, 1), seed=seed),
            layers.RandomContrast(0.4, value_range=(0, 1), seed=seed),
        ],
    ),
}


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flag."""
    text = "where the weights go (default: to --runs_dir, or beside the images of other data sets)"
    flags.DEFINE_string("classifier_file", None, text, flag_values=values)


def main(argv: Sequence[str]) -> None:
    """Trains, saves and tests the classifier of one data set."""
    script = Script(
        __doc__,
        settings=("seed", "epochs", "images", "image_size", "grey", "precision"),
        general=("dataset", "figures_dir", "runs_dir", "data_dir", "fresh"),
        define=define,
    )
    options = parse(script, argv)
    (name, *more) = options.datasets or (datasets.DEFAULT,)
    its = entry(name, form_of(options.overrides))
    if more or its not in TRAININGS or (its != name and name in datasets.SOURCES):
        raise UserError(
            f"one --dataset expected: {', '.join(TRAININGS)}, a folder, or another one of TFDS"
        )
    training, asked = TRAININGS[its], options.script_flags["classifier_file"]
    asked_file = None if asked is None else expanded(asked, "classifier_file")
    seed = options.overrides.get("seed", 0)
    epochs = options.overrides.get("epochs", training.epochs)
    count = options.overrides.get("images") or None
    precision = devices.precision(options.overrides.get("precision", training.precision))
    if asked_file and options.fresh:
        raise UserError("--classifier_file and --fresh given, which has a folder of its own")
    data = load_data(options, name)
    varied = {each: options.overrides[each] for each in VARIED if each in options.overrides}
    words = [f"seed{seed}"] * bool(seed) + ["custom"] * (not {"seed"} >= varied.keys())
    if asked_file is not None:
        file = asked_file
    elif data.judge_file and not options.fresh:
        file = data.judge_file
    else:
        called = "-".join([datasets.file_name(name), "classifier", *words])
        file = options.runs_dir / f"{called}.npz"
    check_folder(options.figures_dir)  # before the training, not after it
    check_writable(file)
    devices.warn_if_slow(precision)
    if file.exists():
        print(f"A classifier is in {file}; it will be replaced.")
    split = whole(data.train).at(slice(count))
    keras.utils.set_random_seed(seed)
    distort = keras.Sequential(
        [
            layers.RandomTranslation(0.08, 0.08, fill_mode=training.fill_mode, seed=seed),
            layers.RandomRotation(0.03, fill_mode=training.fill_mode, seed=seed),
            layers.RandomZoom(0.1, fill_mode=training.fill_mode, seed=seed),
            *training.recolour(seed),
        ]
    )
    batch_size = min(BATCH, len(split.images))
    steps = len(split.images) // batch_size * epochs
    sizes = {"image_shape": data.image_shape, "classes": data.num_classes}
    model = training.network(precision, **sizes)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps),
            weight_decay=training.weight_decay,
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    for epoch in range(epochs):
        batches = datasets.batches(split, batch_size, seed, epoch)
        batches = batches.map(lambda x, y: (distort(x, training=True), y))
        read = model.fit(batches, verbose=0, shuffle=False).history["accuracy"][0]
        print(f"Epoch {epoch + 1} of {epochs}: {100 * read:.1f} % of training images read rightly")
    finished = training.network(**sizes)
    finished.set_weights(model.get_weights())
    pretrained.save_pretrained(finished, file)
    shipped = pretrained.load_file(file)
    record = {
        "settings": {
            "dataset": name,
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": LEARNING_RATE,
            "weight_decay": training.weight_decay,
            "precision": precision,
            **{each: value for each, value in varied.items() if each in FORM},
        },
        "images": {
            "train": len(split.images),
            "validation": len(data.validation.images),
            "test": len(data.test.images),
        },
        "seed": seed,
        "parameters": shipped.count_params(),
        "source": data.source,
        "validation_accuracy": accuracy(shipped, data.validation),
        "test_accuracy": accuracy(shipped, data.test),
        "weights": {
            "name": data.judge if name in TRAININGS else file.stem,
            "sha256": pretrained.sha256(file),
        },
        "wall_seconds": round(time.perf_counter() - start, 1),
        "made_with": made_with(),
    }
    called = "-".join(["classifier", *[datasets.file_name(name)] * (name != "mnist"), *words])
    path = options.figures_dir / f"{called}.json"
    schema.write(path, record)
    print(f"Test accuracy {record['test_accuracy']:.2%}; the weights are in {file}")
    if record["test_accuracy"] < TELLING:
        print("It reads few images rightly, so scores by it tell little: more images or --epochs.")
    comparison.tell(1, 0, options.runs_dir, trained=1)
    if options.fresh:
        comparison.compare(path)


def accuracy(model: keras.Model, split: datasets.Split) -> float:
    """The share of a split's images that the model reads as their labels."""
    return scores.label_accuracy(scores.judged(*split.arrays(), model)).value
