import dataclasses
import fcntl
import os
import zlib

import pytest
from support import data, models

from vae_gan_tf import datasets


def pytest_addoption(parser):
    parser.addoption(
        "--every-kind",
        action="store_true",
        help="run tests of every kind of model with all kinds, not with two of them",
    )


def pytest_collection_modifyitems(config, items):
    """Of a test marked every_kind two kinds of model are left, other ones of each test."""
    if config.getoption("--every-kind"):
        return
    left = [item for item in items if not _other_kind(item)]
    config.hook.pytest_deselected(items=[item for item in items if _other_kind(item)])
    items[:] = left


def _other_kind(item):
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    kind = parameters.pop("kind", None)
    if kind not in models.KINDS or not item.get_closest_marker("every_kind"):
        return False
    first = zlib.crc32(f"{item.originalname}{parameters}".encode())
    kinds = list(models.KINDS)
    return kind not in (kinds[first % len(kinds)], kinds[(first + 5) % len(kinds)])


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
