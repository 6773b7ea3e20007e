import dataclasses
import fcntl
import os

import pytest
from support import data

from vae_gan_tf import datasets


@pytest.fixture(scope="session")
def prepared_mnist(tmp_path_factory):
    """A folder of TFDS, and the MNIST that was prepared in it from the files of the package.

    It takes twenty seconds, once for all processes of pytest-xdist: for slow tests.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    with (root / "tfds.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return root / "tfds", datasets.load("mnist", root / "tfds")


@pytest.fixture(scope="session")
def data_dir(prepared_mnist):
    return prepared_mnist[0]


@pytest.fixture(scope="session")
def mnist(prepared_mnist):
    return prepared_mnist[1]


@pytest.fixture
def few_digits(monkeypatch):
    """A few hundred digits, which `datasets.load("mnist")` gives while the test runs."""
    digits = data.few_digits()
    entry = dataclasses.replace(datasets.SOURCES["mnist"], load=lambda data_dir, download: digits)
    monkeypatch.setitem(datasets.SOURCES, "mnist", entry)
    return datasets.load("mnist")
