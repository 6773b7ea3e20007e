"""What a machine with GPUs makes of this project; prints a table to send back.

    python -m pip install 'tensorflow[and-cuda]'
    python tests/by_hand/gpu.py

In some ten minutes: one training step of each kind of model on the GPU beside the same step on the
processor; the times of the models' steps in each precision, compiled by XLA and not; a run of
``figure7.py --preset=quick`` on all GPUs, with its hours and its scores.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import models  # noqa: E402

from vae_gan_tf import datasets  # noqa: E402
from vae_gan_tf.experiments.settings import Images, resolve  # noqa: E402
from vae_gan_tf.experiments.step_time import time_steps  # noqa: E402
from vae_gan_tf.experiments.zoo import build_model  # noqa: E402

STEPS = 50


def difference(kind):
    """The largest difference of a weight after a step on GPU and processor, over its movement."""
    after = []
    for device in ("CPU:0", "GPU:0"):
        with tf.device(device):
            keras.utils.set_random_seed(0)
            model = models.KINDS[kind]()
            before = [weight.numpy() for weight in model.trainable_variables]
            model.compile(keras.optimizers.SGD(0.01))
            model.fit(models.dataset(kind, 8, batch=8), verbose=0)
            after.append([weight.numpy() for weight in model.trainable_variables])
    moved = max(np.abs(a - b).max() for a, b in zip(after[0], before, strict=True))
    apart = max(np.abs(a - b).max() for a, b in zip(*after, strict=True))
    return apart / moved


def milliseconds(name, precision, jit):
    """The median time of a step of the report preset on MNIST."""
    settings = resolve("report", name, "mnist", {"precision": precision, "jit": jit})
    data = datasets.load("mnist")
    model = build_model(settings, Images(data.image_shape, 10))
    return time_steps(model, data, settings, STEPS)["milliseconds"]


def main():
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        sys.exit("TensorFlow sees no GPU here")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
        print(gpu.name, tf.config.experimental.get_device_details(gpu))
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}\n")
    print("| kind | difference of a weight after a step, of its movement |\n| --- | --- |")
    for kind in models.KINDS:
        print(f"| {kind} | {difference(kind):.1e} |", flush=True)
    print("\n| model | precision | ms a step | with XLA |\n| --- | --- | --- | --- |")
    for name in ("cvae", "cvae-gan", "draw"):
        for precision in ("float32", "mixed_bfloat16", "mixed_float16"):
            times = [f"{milliseconds(name, precision, jit):.1f}" for jit in (False, True)]
            print(f"| {name} | {precision} | {' | '.join(times)} |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--preset=quick", "--devices=all"]
        folders = [f"--runs_dir={folder}", f"--figures_dir={folder}"]
        start = time.perf_counter()
        script = ROOT / "reproduce" / "figure7.py"
        subprocess.run([sys.executable, script, *flags, *folders], check=True)
        (run,) = json.loads((Path(folder) / "figure7-quick.json").read_text())["runs"]
        print(f"\nfigure7.py --preset=quick: {time.perf_counter() - start:.0f} s, {run['scores']}")


if __name__ == "__main__":
    main()
