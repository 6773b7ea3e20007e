"""The scripts, run on a few hundred digits, which `datasets.load("mnist")` gives meanwhile."""

import concurrent.futures
import importlib

import pytest
from support import data
from tensorflow.python.framework import config

from vae_gan_tf import datasets


@pytest.fixture(scope="module")
def mnist():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(datasets.SOURCES, "mnist", data.source_of_few_digits())
        yield datasets.load("mnist")


@pytest.fixture(scope="module")
def data_dir(mnist, tmp_path_factory):
    """A folder of TFDS without any data."""
    return tmp_path_factory.mktemp("tfds")


@pytest.fixture
def deterministic():
    """Operations are deterministic; for the rest of the process they would be slow."""
    config.enable_op_determinism()
    yield
    config.disable_op_determinism()


@pytest.fixture
def run_script(tmp_path, data_dir, monkeypatch):
    """Runs the main function of a script with folders of its own; gives the folder of figures.

    Without a SavedModel, whose graphs take long to trace.
    """
    monkeypatch.setattr("vae_gan_tf.experiments.run.export", lambda model, folder: None)

    def run(name, *arguments):
        script = importlib.import_module(f"vae_gan_tf.experiments.{name}")
        folders = [f"--figures_dir={tmp_path / 'figures'}", f"--data_dir={data_dir}"]
        folders += [f"--runs_dir={tmp_path / 'runs'}"] * (name not in WITHOUT_RUNS)
        script.main([f"{name}.py", *folders, *arguments])
        return tmp_path / "figures"

    return run


@pytest.fixture
def in_this_process(monkeypatch):
    """Has what a script gives to other processes run in this one."""

    class Here:
        def __init__(self, *given, **options):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *raised):
            pass

        def submit(self, function, *arguments):
            done = concurrent.futures.Future()
            done.set_result(function(*arguments))
            return done

    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", Here)


WITHOUT_RUNS = ("side_by_side", "scores", "classifier", "step_time", "scale")
