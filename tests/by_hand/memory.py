"""Whether memory stands still: training, sampling and loading, again and again.

    python -m pytest tests/by_hand/memory.py -s

takes some minutes, on Linux. Prints the resident memory after a warm-up and at the end, in MB.
"""

from pathlib import Path

import keras
import numpy as np
import pytest
from support import data

from vae_gan_tf import pretrained
from vae_gan_tf.training import loop


def resident() -> float:
    """The resident memory of this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def flat(what: str, memory: list[float], warm: int) -> None:
    """Asserts that memory after the warm-up does not grow by more than a twentieth."""
    before, after = memory[warm], memory[-1]
    print(f"{what}: {before:.0f} MB after {warm} of {len(memory)}, {after:.0f} MB at the end")
    assert after < 1.05 * before


@pytest.mark.parametrize("name", ["vae-2d-mnist", "cvae-gan-mnist", "draw-mnist"])
def test_training(name, tmp_path):
    digits = data.few_digits(train=1000)
    memory = []
    model = pretrained.load_pretrained(name)
    model.compile(keras.optimizers.Adam(1e-4))

    def remember(model: keras.Model) -> dict[str, np.ndarray]:
        memory.append(resident())
        return {}

    loop.train(model, digits, tmp_path, batch_size=100, epochs=20, seed=0, pictures=remember)
    flat(f"20 epochs of {name}", memory, 5)


@pytest.mark.parametrize("name", ["vae-mnist", "cvae-gan-mnist", "draw-mnist"])
def test_sampling(name):
    model = pretrained.load_pretrained(name)
    memory = []
    for call in range(2000):
        size = 1 + call % 50
        model.sample(np.arange(size) % 10 if name.startswith("cvae") else size, seed=call)
        memory.append(resident())
    flat(f"2000 calls of sample, {name}", memory, 200)


def test_loading():
    memory = []
    for _ in range(50):
        pretrained.load_pretrained("cvae-gan-mnist")
        memory.append(resident())
    flat("50 loads", memory, 10)
