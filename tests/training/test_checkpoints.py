import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.errors import UserError
from vae_gan_tf.training.checkpoints import Checkpoints, lock


def small(units=(4, 2), seed=0):
    """A model with a moving mean and a built Adam, both filled from the seed."""
    layers = [keras.layers.Dense(n, name=f"dense{i}") for i, n in enumerate(units)]
    model = keras.Sequential([keras.Input((3,)), *layers, keras.layers.BatchNormalization()])
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    model.optimizer.build(model.trainable_variables)
    fill(model, seed)
    return model


def fill(model, seed):
    rng = np.random.default_rng(seed)
    for variable in model.variables + model.optimizer.variables:
        variable.assign(tf.cast(rng.uniform(0, 100, variable.shape), variable.dtype))


def values(model):
    variables = model.variables + model.optimizer.variables
    return [variable.value.numpy().copy() for variable in variables]


def assert_holds(model, seed):
    for value, expected in zip(values(model), values(small(seed=seed)), strict=True):
        np.testing.assert_array_equal(value, expected)


def checkpoints(folder, model):
    return Checkpoints(folder, model=model, optimizer=model.optimizer)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(tmp_path):
    """A run folder with checkpoints of steps 100 and 200, filled from seeds 100 and 200."""
    model = small()
    saved = checkpoints(tmp_path, model)
    for step in (100, 200):
        fill(model, step)
        saved.save(step)
    return tmp_path


def refused(folder, model, *words):
    """The refusal names these words, and neither the model nor the folder has changed."""
    before, held = contents(folder), values(model)
    with pytest.raises(UserError) as error:
        checkpoints(folder, model).restore()
    assert all(word in str(error.value) for word in words), str(error.value)
    assert contents(folder) == before
    for value, old in zip(values(model), held, strict=True):
        np.testing.assert_array_equal(value, old)


def test_restores_the_newest_to_the_bit(run):
    model = small(seed=1)
    assert checkpoints(run, model).restore()
    assert_holds(model, 200)


def test_without_a_checkpoint_nothing_is_restored_or_written(tmp_path):
    model = small(seed=1)
    assert not checkpoints(tmp_path, model).restore()
    assert_holds(model, 1)
    assert not contents(tmp_path)


def test_keeps_the_newest_three_also_over_a_restart(run):
    model = small()
    saved = checkpoints(run, model)
    saved.restore()
    for step in (300, 1000, 1100):
        saved.save(step)
    names = {path.name for path in (run / "checkpoints").iterdir()}
    steps = (300, 1000, 1100)
    assert names == {"checkpoint"} | {f"step-{step}.index" for step in steps} | {
        f"step-{step}.data-00000-of-00001" for step in steps
    }


def test_a_write_cut_off_harms_nothing_and_is_cleaned_up(run):
    folder = run / "checkpoints"
    (folder / "step-300_temp").mkdir()
    (folder / "step-300_temp/part-00000-of-00001.data-00000-of-00001.tempstate1").write_bytes(b"a")
    (folder / "step-300.data-00000-of-00001").write_bytes(b"half of it")
    (folder / "step-300.index").write_bytes(b"a quarter")
    (folder / "checkpoint.tmp123").write_bytes(b"half a list")
    model = small(seed=1)
    saved = checkpoints(run, model)
    assert saved.restore()
    assert_holds(model, 200)
    saved.save(250)
    assert not list(folder.glob("step-300*")) and not list(folder.glob("*.tmp*"))
    assert {path.stem for path in folder.glob("*.index")} == {"step-100", "step-200", "step-250"}


def cut(data):
    return data[: len(data) // 2]


def flip(data):
    return data[:40] + bytes([data[40] ^ 1]) + data[41:]


@pytest.mark.parametrize("file", ["step-200.index", "step-200.data-00000-of-00001"])
@pytest.mark.parametrize("damage", [cut, flip])
def test_a_damaged_file_is_named_and_without_it_the_one_before_is_found(run, file, damage):
    path = run / "checkpoints" / file
    path.write_bytes(damage(path.read_bytes()))
    model = small(seed=1)
    refused(run, model, str(path), "delete it")
    path.unlink()
    saved = checkpoints(run, model)
    assert saved.restore()
    assert_holds(model, 100)
    fill(model, 7)
    saved.save(200)
    assert checkpoints(run, model).restore()
    assert_holds(model, 7)


@pytest.mark.parametrize("damaged", [b"", b"model_checkpoint_pa", b"\xff\xfe"])
def test_a_damaged_list_is_named_and_without_it_the_newest_is_found(run, damaged):
    path = run / "checkpoints/checkpoint"
    path.write_bytes(damaged)
    model = small(seed=1)
    refused(run, model, str(path), "delete it")
    path.unlink()
    assert checkpoints(run, model).restore()
    assert_holds(model, 200)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ((5, 2), ("kernel", "(3, 4)", "(3, 5)")),
        ((4, 2, 2), ("it holds", "moving_mean of shape (2,)")),
        ((2,), ("it lacks", "moving_mean of shape (2,)")),
    ],
    ids=["wider", "deeper", "shallower"],
)
def test_another_architecture_is_refused(run, units, words):
    refused(run, small(units, seed=1), str(run / "checkpoints/step-200"), *words)


def test_what_only_the_checkpoint_has_is_refused(tmp_path):
    module = tf.Module()
    module.a, module.b = tf.Variable(1.0), tf.Variable([2.0])
    Checkpoints(tmp_path, module=module).save(1)
    module = tf.Module()
    module.a = tf.Variable(3.0)
    with pytest.raises(UserError, match=r"step-1 is .* it holds module/b of shape \(1,\)"):
        Checkpoints(tmp_path, module=module).restore()
    assert module.a.numpy() == 3.0


@pytest.mark.parametrize("named", ["step-5", "a", "/tmp/other/step-100"])
def test_a_list_of_others_is_left_aside_and_the_newest_is_found(run, named):
    """A list that is older than the files, as a copy of a run may have."""
    (run / "checkpoints" / "checkpoint").write_text(
        f'model_checkpoint_path: "{named}"\nall_model_checkpoint_paths: "{named}"\n'
    )
    model = small()
    found = checkpoints(run, model)
    assert found.restore()
    assert_holds(model, 200)
    found.save(300)
    model = small()
    assert checkpoints(run, model).restore()
    assert_holds(model, 200)


def test_a_list_of_another_runs_checkpoints_is_left_aside(run, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(run, other, dirs_exist_ok=True)
    for path in (other / "checkpoints").glob("step-200.*"):
        path.unlink()
    named = other / "checkpoints" / "step-100"
    (run / "checkpoints" / "checkpoint").write_text(
        f'model_checkpoint_path: "{named}"\nall_model_checkpoint_paths: "{named}"\n'
    )
    model = small()
    assert checkpoints(run, model).restore()
    assert_holds(model, 200)


@pytest.mark.parametrize("there", ["file", "dangling link"])
def test_checkpoints_that_are_no_folder_are_refused(tmp_path, there):
    path = tmp_path / "checkpoints"
    path.symlink_to("nowhere") if there == "dangling link" else path.write_text("mine")
    with pytest.raises(UserError, match="checkpoints cannot be written: it is no directory"):
        checkpoints(tmp_path, small())


def test_names_with_a_slash_or_a_dot_are_found_again(tmp_path):
    for value in (3.0, 0.0):
        module = tf.Module()
        module.parts = {"a/b": tf.Variable(value), "c.d": tf.Variable(value + 1)}
        saved = Checkpoints(tmp_path, module=module)
        if value:
            saved.save(1)
    assert saved.restore()
    assert module.parts["a/b"].numpy() == 3.0
    assert module.parts["c.d"].numpy() == 4.0


@pytest.mark.parametrize("name", ["a*", "a?", "[a]", "a\\b"])
def test_characters_of_a_pattern_are_letters_of_a_path(tmp_path, name):
    for step, folder in ((100, tmp_path / "ab"), (200, tmp_path / name)):
        model = small()
        fill(model, step)
        saved = checkpoints(folder, model)
        for each in range(step, step + 5):
            saved.save(each)
    for step, folder in ((100, tmp_path / "ab"), (200, tmp_path / name)):
        model = small(seed=1)
        assert checkpoints(folder, model).restore()
        assert_holds(model, step)
        assert len(list((folder / "checkpoints").iterdir())) == 2 * 3 + 1


def test_a_path_that_is_a_pattern_is_refused_where_it_has_no_other_name(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_dir", lambda path: False)
    with pytest.raises(UserError, match="another folder"):
        checkpoints(tmp_path / "a*", small())


def test_a_second_lock_is_refused_until_the_first_is_let_go(tmp_path):
    folder = tmp_path / "runs/a"
    with lock(folder):
        with pytest.raises(UserError, match=str(folder)), lock(folder):
            pass
    with lock(folder):
        (folder / "settings.json").touch()
    with lock(folder):
        pass


def test_a_folder_to_which_nothing_was_written_goes_with_its_lock(tmp_path):
    with lock(tmp_path / "a"):
        pass
    with pytest.raises(ValueError, match="refused"), lock(tmp_path / "b"):
        raise ValueError("refused")
    assert not any(tmp_path.iterdir())


def test_the_lock_holds_between_processes_and_ends_with_a_killed_one(tmp_path):
    holder = (
        "import filelock, sys, time; it = filelock.FileLock(sys.argv[1]); it.acquire(); "
        "print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, os.fspath(tmp_path / "lock")], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match=str(tmp_path)), lock(tmp_path):
            pass
    finally:
        process.kill()
        process.communicate()
    with lock(tmp_path):
        pass
