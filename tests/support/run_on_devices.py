"""A program that trains on two devices: the data folder, when to die, run folders.

The devices are two logical processors, or where ``TF_CONFIG`` is set two workers. It is a process
of its own, for these must be set before TensorFlow starts.
"""

import os
import signal
import sys

import tensorflow as tf

from support import data
from vae_gan_tf import datasets
from vae_gan_tf.experiments import run, scripts
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.settings import MODELS

FLAGS = (
    "--preset=smoke",
    "--deterministic",
    "--devices=2",
    "--architecture=fully_connected",
    "--latent_size=4",
    "--units=16",
)


ENDS = {"dies": signal.SIGKILL, "stops": signal.SIGTERM}
"""The signals that the program may have in its second epoch."""


def main(data_dir, dies, *folders):
    if "TF_CONFIG" not in os.environ:
        processor = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(processor, logical)
    batches = datasets.batches

    def deadly(split, batch_size, seed, epoch, first_batch=0):
        if epoch == 1 and dies in ENDS:
            os.kill(os.getpid(), ENDS[dies])
        return batches(split, batch_size, seed, epoch, first_batch)

    datasets.batches = deadly
    for folder in folders:
        asked = ["script", *FLAGS, f"--runs_dir={folder}", f"--data_dir={data_dir}"]
        options = parse(Script("", tuple(MODELS)), asked)
        result = run.train(options, "vae", data.few_digits())
        if result.interrupted:
            scripts.stop(result.interrupted)
        print(result.record["weights"]["sha256"])


if __name__ == "__main__":
    with scripts.mistakes("run_on_devices.py"):
        main(*sys.argv[1:])
