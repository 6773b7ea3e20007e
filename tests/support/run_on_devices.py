"""A program that trains a run on two logical processors: folder, data folder, and when to die.

It is a process of its own, for logical processors must be set before TensorFlow starts.
"""

import os
import signal
import sys
from pathlib import Path

import tensorflow as tf

from support import data
from vae_gan_tf import datasets
from vae_gan_tf.experiments import run
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.settings import MODELS

FLAGS = ("--preset=smoke", "--deterministic", "--architecture=fully_connected", "--latent_size=4")


def main(folder, data_dir, model, devices, dies):
    processor = tf.config.list_physical_devices("CPU")[0]
    logical = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, logical)
    batches = datasets.batches

    def deadly(split, batch_size, seed, epoch, first_batch=0):
        if epoch == 1 and dies == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        return batches(split, batch_size, seed, epoch, first_batch)

    datasets.batches = deadly
    asked = ["script", *FLAGS, f"--runs_dir={folder}", f"--data_dir={data_dir}"]
    options = parse(Script("", tuple(MODELS)), [*asked, f"--devices={devices}", "--units=16"])
    print(run.train(options, model, data.few_digits()).record["weights"]["sha256"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
