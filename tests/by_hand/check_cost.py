"""How long it takes to look at a batch before its step, beside the step.

    python tests/by_hand/check_cost.py

prints milliseconds, medians over 30 batches of 100 images. On a machine that does nothing else.
"""

import statistics
import time

from vae_gan_tf import datasets
from vae_gan_tf.experiments.settings import Images, resolve
from vae_gan_tf.experiments.zoo import build_model

STEPS, WARM_UP = 40, 10


def main() -> None:
    """Times the models of the report preset."""
    data = datasets.load("mnist")
    for name in ("vae", "cvae", "cvae-gan", "draw", "semi-supervised"):
        model = build_model(resolve("report", name, "mnist"), Images((28, 28, 1), 10))
        model.compile(model.optimizer, jit_compile=False)
        model.make_train_function()
        few = name == "semi-supervised"
        split = datasets.few_labels(data.train, 1000, 0) if few else data.train
        looks, steps = [], []
        for batch, _ in zip(datasets.batches(split, 100, 0, 0), range(STEPS), strict=False):
            start = time.perf_counter()
            model.look(batch, training=True)
            seen = time.perf_counter()
            model.train_function(iter([batch]))
            looks.append(seen - start)
            steps.append(time.perf_counter() - seen)
        look, step = (1000 * statistics.median(times[WARM_UP:]) for times in (looks, steps))
        print(f"{name}: {look:.2f} ms of {step:.0f} ms, {look / step:.2%}")


if __name__ == "__main__":
    main()
