import gc
import os
import subprocess
import zlib

import filelock
import pytest
from support import data, models

from vae_gan_tf import datasets

# The graphs that tests leave behind are cycles of objects. To free them takes a part of the time of
# the tests; to keep them takes some GB of memory.
gc.disable()


def pytest_addoption(parser):
    parser.addoption(
        "--every-kind",
        action="store_true",
        help="run tests of every kind of model with all kinds, not with one of them",
    )


def pytest_configure(config):
    """Tells the programs that tests start, and their parameters, of --every-kind."""
    if config.getoption("--every-kind"):
        os.environ["EVERY_KIND"] = "1"


def pytest_collection_modifyitems(config, items):
    """Of a slow test marked every_kind one kind of model is left, not the same one of each."""
    if config.getoption("--every-kind"):
        return
    kinds = {}
    for item in items:
        if (test := _test_of_kinds(item)) is not None:
            kinds.setdefault(test, []).append(item)
    left_out = set()
    for test, those in kinds.items():
        left_out |= set(those) - {those[zlib.crc32(test.encode()) % len(those)]}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _test_of_kinds(item):
    """A test and its other parameters than the kind of model; None if it is not to be thinned."""
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    thinned = item.get_closest_marker("every_kind") and item.get_closest_marker("slow")
    if parameters.pop("kind", None) not in models.KINDS or not thinned:
        return None
    return f"{item.path.name}, {item.originalname}, {parameters}"


@pytest.fixture(scope="session")
def prepared_mnist(tmp_path_factory):
    """A folder of TFDS, and the MNIST that was prepared in it from the files of the package.

    It takes twenty seconds, once for all processes of pytest-xdist: for slow tests.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    with filelock.FileLock(root / "tfds.lock"):
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
    monkeypatch.setitem(datasets.SOURCES, "mnist", data.source_of_few_digits())
    return datasets.load("mnist")


@pytest.fixture
def disk(tmp_path):
    """A folder that is a disk of its own; gives a function that sets how it is mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        return subprocess.run(["mount", *options, folder], capture_output=True).returncode == 0

    if not mount("-t", "tmpfs", "-o", "size=10m", "tmpfs"):
        pytest.skip("only root may mount a disk")
    yield lambda options: mount("-o", f"remount,{options}")
    subprocess.run(["umount", folder], check=True)
