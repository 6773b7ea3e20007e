"""Scripts in notebooks, threads and side by side, and what they show whatever data are there."""

import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from vae_gan_tf import datasets
from vae_gan_tf.errors import Diverged, UserError
from vae_gan_tf.training import loop

SCRIPTS = Path(__file__).parents[2] / "reproduce"


def fails(reason, raises=AssertionError):
    return pytest.mark.xfail(strict=True, raises=raises, reason=reason)


# Runs each script twice, as a notebook's %run does, and loads modules again, as its autoreload.
# Every script and module has a process of its own, which begins with what is imported here.
NOTEBOOK = """
    import contextlib, importlib, io, json, multiprocessing, pkgutil, sys, types
    from pathlib import Path
    from vae_gan_tf import experiments
    from vae_gan_tf.experiments import figure7

    def outcome(call, *args, **kwargs):
        errors = io.StringIO()
        try:
            with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(errors):
                call(*args, **kwargs)
        except SystemExit as error:
            return f"exit {error.code}: {errors.getvalue()}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "done"

    def run_twice(path):
        sys.argv = [path, "--no_such_flag"]
        code, found = compile(Path(path).read_text(), path, "exec"), []
        module = sys.modules["__main__"] = types.ModuleType("__main__")
        for turn in range(2):  # a notebook empties the module and runs the script in it
            module.__dict__.clear()
            module.__dict__.update(__name__="__main__", __file__=path)
            found.append(outcome(exec, code, module.__dict__))
        return found

    def load_twice(name):
        module = importlib.import_module(name)
        return outcome(importlib.reload, module)

    modules = [
        each.name for each in pkgutil.iter_modules(experiments.__path__, f"{experiments.__name__}.")
    ]
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        found = {
            "scripts": pool.map(run_twice, sys.argv[2:], chunksize=1),
            "modules": dict(zip(modules, pool.map(load_twice, modules, chunksize=1))),
        }
    with open(sys.argv[1], "w") as file:
        json.dump(found, file)
"""


@pytest.mark.slow
def test_scripts_run_again_and_their_modules_are_loaded_again_in_a_notebook(tmp_path):
    path, scripts = tmp_path / "found.json", sorted(SCRIPTS.glob("*.py"))
    program = [sys.executable, "-c", textwrap.dedent(NOTEBOOK), path, *scripts]
    subprocess.run(list(map(os.fspath, program)), check=True, cwd=SCRIPTS.parent)
    found = json.loads(path.read_text())
    assert len(found["scripts"]) == len(scripts)
    for script, (first, second) in zip(scripts, found["scripts"], strict=True):
        assert first.startswith("exit 1") and "no_such_flag" in first
        assert second == first, script.name
    assert set(found["modules"].values()) == {"done"}


@pytest.mark.slow
def test_a_script_works_in_a_thread(run_script):
    with ThreadPoolExecutor(1) as pool:
        figures = pool.submit(run_script, "figure9", "--preset=smoke").result()
    assert json.loads((figures / "figure9-smoke.json").read_text())["runs"][0]["epochs"] == 2


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        pytest.param("figure10", "--read_size=29", marks=pytest.mark.slow),
        ("figure11", "--judged_canvases=100"),
        ("figure9", "--batch_size=1000"),
    ],
)
def test_a_refused_run_leaves_nothing_that_the_right_one_would_meet(
    run_script, tmp_path, name, flag
):
    with pytest.raises(UserError):
        run_script(name, "--preset=smoke", flag)
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert set(left) <= {"lock"}


@pytest.mark.slow
def test_processes_that_fill_one_table_keep_the_runs_of_each_other(run_script, monkeypatch):
    cell = (
        "table1",
        "--preset=smoke",
        "--row=Fully connected",
        "--seeds=1",
        "--labelled_batch=20",
        "--batch_size=50",
    )

    def diverged(*args, **kwargs):  # in place of training; such a run is kept as any other
        raise Diverged("the loss is not finite")

    def another_process_meanwhile(*args, **kwargs):
        monkeypatch.setattr(loop, "train", diverged)
        run_script(*cell, "--column=60")
        diverged()

    monkeypatch.setattr(loop, "train", another_process_meanwhile)
    figures = run_script(*cell, "--column=100")
    runs = json.loads((figures / "table1-smoke-custom.json").read_text())["runs"]
    assert sorted(each["settings"]["labels"] for each in runs) == [60, 100]


def finished_at_once(model, data, folder, **options):
    """In place of training: a run that has ended."""
    validation = {"elbo/elbo": -1.0}
    return loop.Outcome(False, 2, 2, {"loss": 1.0}, [validation, validation], 1.0, 2)


class Draws(np.random.Generator):
    """A generator of random numbers that no resampling may ask for."""

    def multinomial(self, *args, **kwargs):
        raise AssertionError("standard errors are computed that nobody sees")


@pytest.mark.slow
@fails("scores while training come with standard errors, which TensorBoard does not show")
def test_scores_while_training_cost_no_standard_errors(run_script, monkeypatch):
    def scored(model, *args, scores, **options):
        scores(model)
        return finished_at_once(model, *args)

    monkeypatch.setattr(loop, "train", scored)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Draws(np.random.PCG64(seed)))
    run_script("figure9", "--preset=smoke", "--scores_every=2")


# Which SVHN is shown


SIDE_BY_SIDE = [
    f"{model}-{data}"
    for data in ("mnist", "svhn_small")
    for model in ("cvae", "cvae-gan", "cvae-gan-improved")
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "whole", "networks"),
    [
        (["figure7", "--pretrained"], False, ["cvae-gan-mnist", "cvae-gan-svhn_small"]),
        (["figure7", "--pretrained"], True, ["cvae-gan-mnist", "cvae-gan-svhn_small"]),
        (["side_by_side"], True, SIDE_BY_SIDE),
    ],
)
def test_every_network_that_ships_is_shown(run_script, monkeypatch, command, whole, networks):
    """Without any SVHN, and where the whole of it is prepared: samples need no data."""
    monkeypatch.setattr(datasets, "is_local", lambda name, data_dir=None: whole or name == "mnist")
    figures = run_script(*command)
    (path,) = figures.glob("*.json")
    shown = [each["weights"]["name"] for each in json.loads(path.read_text())["runs"]]
    assert shown == networks


@pytest.mark.slow
def test_the_panels_are_those_of_the_figures_with_the_whole_svhn_too(
    run_script, monkeypatch, mnist
):
    loaded = []

    def load(name, *args, **kwargs):
        loaded.append(name)
        if name != "mnist":
            raise UserError("the images are not looked at")
        return mnist

    monkeypatch.setattr(datasets, "is_local", lambda name, data_dir=None: True)
    monkeypatch.setattr(datasets, "load", load)
    monkeypatch.setattr(loop, "train", finished_at_once)
    with pytest.raises(UserError, match="not looked at"):
        run_script("figure9", "--images=100", "--epochs=1", "--batch_size=50")
    assert loaded == ["mnist", "svhn_small"]
