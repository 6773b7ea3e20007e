"""Trains the classifier that scores pictures of MNIST digits, and writes its weights.

    python reproduce/classifier.py

writes vae_gan_tf/pretrained/mnist-classifier.npz, which ships with the package, and
figures/classifier.json. The training images are shifted, turned and scaled a little; the test
images are looked at once, at the end, by the network as it ships (weights rounded to float16).
With other --epochs or --images it asks for another --classifier_file, and writes
figures/classifier-custom.json.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import keras
from absl import flags

from vae_gan_tf import datasets, experiment, metrics, pretrained
from vae_gan_tf.errors import UserError

_FILE = flags.DEFINE_string(
    "classifier_file",
    str(Path(pretrained.__file__).parent / f"{metrics.CLASSIFIER}.npz"),
    "where the weights go",
)
flags.adopt_module_key_flags(experiment)

EPOCHS, BATCH, LEARNING_RATE = 10, 100, 2e-3


def main(argv: Sequence[str]) -> None:
    """Trains, saves and tests the classifier; ``--seed``, ``--epochs`` and the folders apply."""
    options = experiment.parse_flags(argv)
    seed = options.overrides.get("seed", 0)
    epochs = options.overrides.get("epochs", EPOCHS)
    count = options.overrides.get("images") or None
    custom = bool({"epochs", "images"} & options.overrides.keys())
    if custom and not flags.FLAGS["classifier_file"].present:
        raise UserError(
            "with --epochs or --images the weights are not those that ship; name another "
            "--classifier_file for them"
        )
    data = datasets.load("mnist", options.data_dir)
    split = data.train.at(slice(count))
    keras.utils.set_random_seed(seed)
    distort = keras.Sequential(
        [
            keras.layers.RandomTranslation(0.08, 0.08, fill_mode="constant", seed=seed),
            keras.layers.RandomRotation(0.03, fill_mode="constant", seed=seed),
            keras.layers.RandomZoom(0.1, fill_mode="constant", seed=seed),
        ]
    )
    steps = len(split.images) // BATCH * epochs
    model = metrics.mnist_classifier()
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    for epoch in range(epochs):
        batches = datasets.batches(split, BATCH, seed, epoch)
        batches = batches.map(lambda x, y: (distort(x, training=True), y))
        model.fit(batches, initial_epoch=epoch, epochs=epoch + 1, verbose=2)
    pretrained.save_pretrained(model, Path(_FILE.value))
    shipped = pretrained.load_file(Path(_FILE.value))
    record = {
        "settings": {"epochs": epochs, "batch_size": BATCH, "learning_rate": LEARNING_RATE},
        "seed": seed,
        "parameters": shipped.count_params(),
        "source": data.source,
        "validation_accuracy": accuracy(shipped, data.validation),
        "test_accuracy": accuracy(shipped, data.test),
        "weights": {"name": metrics.CLASSIFIER, "sha256": pretrained.sha256(Path(_FILE.value))},
        "wall_seconds": round(time.perf_counter() - start, 1),
        "machine": experiment.machine(),
        "versions": experiment.versions(),
    }
    experiment.write_json(options.figures_dir / f"classifier{'-custom' * custom}.json", record)
    print(f"Test accuracy {record['test_accuracy']:.2%}")


def accuracy(model: keras.Model, split: datasets.Split) -> float:
    """The share of a split's images that the model reads as their labels."""
    return metrics.label_accuracy(*split.arrays(), model)


if __name__ == "__main__":
    experiment.run_script(main)
