"""Workers that TF_CONFIG names: two processes."""

import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
import tensorflow as tf
from support.cluster import addresses, config

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import figure1
from vae_gan_tf.training import devices, workers
from vae_gan_tf.training.meeting import Cluster

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("text", ["", config(["one:1"], 0)])
def test_one_process_is_alone(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    workers.join(10)
    assert workers.strategy() is None and workers.leads() and workers.highest(7) == 7
    with pytest.raises(UserError, match="as it was"), workers.together():
        raise UserError("as it was")


def start(its, place, *arguments):
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-m", "support.run_on_devices", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": paths, "TF_CONFIG": config(its, place)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, **pipes)


@pytest.mark.slow
def test_two_processes_train_one_model_and_go_on_where_one_was_killed(tmp_path, pytestconfig):
    folders = [tmp_path / "broken"]
    if pytestconfig.getoption("--every-kind"):  # by hand, that it is so to the bit
        folders.append(tmp_path / "whole")
    its = addresses()
    dying = start(its, 1, tmp_path, "dies", folders[0])
    left = start(its, 0, tmp_path, "lives", folders[0])
    dying.communicate(timeout=200)
    _, said = left.communicate(timeout=200)
    assert dying.returncode == -signal.SIGKILL and left.returncode == 1
    assert "another worker no longer answers" in said and "Traceback" not in said
    its = addresses()
    both = [start(its, place, tmp_path, "lives", *folders) for place in (0, 1)]
    (printed, errors), (silent, _) = (each.communicate(timeout=300) for each in both)
    assert [each.returncode for each in both] == [0, 0], errors
    assert "Going on from step 5" in printed and silent.count("\n") == 1
    sums = []
    for folder in folders:
        (run,) = folder.iterdir()
        record = json.loads((run / "record.json").read_text())
        sums.append(record["weights"]["sha256"])
        assert record["settings"]["devices"] == "2"
        assert 450 < -record["scores"]["test/elbo"] < 570  # as on two devices of one process
    assert len(set(sums)) == 1


@pytest.mark.slow
def test_a_signal_to_one_worker_ends_both_after_the_step(tmp_path, pytestconfig):
    if not pytestconfig.getoption("--every-kind"):
        pytest.skip("by hand, with --every-kind: starting two processes takes long")
    its = addresses()
    both = [
        start(its, place, tmp_path, "stops" if place else "lives", tmp_path) for place in (0, 1)
    ]
    printed = [each.communicate(timeout=200)[0] for each in both]
    assert [each.returncode for each in both] == [128 + signal.SIGTERM] * 2
    assert "the same command goes on" in printed[0]


@pytest.fixture
def two(monkeypatch):
    """Makes this process the leader of two, of which the other's texts are given."""

    def others(text):
        monkeypatch.setattr(workers, "_joined", object())
        monkeypatch.setattr(workers, "_texts", lambda own: [own, text])
        monkeypatch.setattr(workers, "wait_for_all", lambda: None)

    return others


def test_workers_of_other_settings_are_refused(two):
    two('{"epochs": "2", "seed": "0"}')
    workers.compare("settings", {"epochs": 2, "seed": 0})
    with pytest.raises(UserError, match="differ: epochs is 3 on worker 0 and 2 on worker 1"):
        workers.compare("settings", {"epochs": 3, "seed": 0})


def test_a_mistake_of_one_worker_is_one_of_all(two):
    two("")
    with workers.together():
        pass
    with pytest.raises(UserError, match=r"^of the leader$"), workers.together():
        raise UserError("of the leader")
    two("too few images")
    with pytest.raises(UserError, match=r"^worker 1: too few images$"), workers.together():
        pass


def test_a_folder_that_not_all_workers_see(two, tmp_path):
    two("nothing")
    with pytest.raises(UserError, match="worker 1 does not see the files of worker 0 in"):
        workers.check_folder(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_worker_that_is_gone_is_one_sentence(two):
    gone = tf.errors.UnavailableError(None, None, "{{node a_b}} connection lost\nand more")
    with pytest.raises(tf.errors.UnavailableError), workers.attended():  # alone it is a fault
        raise gone
    two("")
    with pytest.raises(UserError, match=r"no longer answers \(connection lost\)"):
        with workers.attended():
            raise gone


def test_devices_of_all_workers(two, monkeypatch):
    two("")
    monkeypatch.setattr(workers, "_joined", types.SimpleNamespace(num_replicas_in_sync=4))
    assert [devices.count(asked) for asked in ("1", "all", "4")] == [4, 4, 4]
    with pytest.raises(UserError, match=r"--devices=2 given, .* TF_CONFIG have 4 together"):
        devices.count("2")
    assert devices.strategy(4).num_replicas_in_sync == 4


@pytest.mark.parametrize("place", [0, 1])
def test_what_one_worker_can_do_is_left_to_the_leader(place, monkeypatch, tmp_path):
    monkeypatch.setenv("TF_CONFIG", config(["one:1", "two:2"], place))
    words = ["figure1.py", f"--figures_dir={tmp_path}"]
    if place:
        with pytest.raises(SystemExit) as end:
            figure1.main(words)
        assert end.value.code == 0
    else:
        figure1.main(words)
    assert any(tmp_path.iterdir()) == (place == 0)


@pytest.mark.parametrize("place", [0, 1])
def test_a_follower_writes_to_a_passing_folder(place, monkeypatch, tmp_path):
    monkeypatch.setattr(workers, "_cluster", Cluster(["a:1", "b:2"], place))
    with workers.own_folder(tmp_path) as own:
        assert (own == tmp_path) == (place == 0) and own.is_dir()
    assert own.exists() == (place == 0)


@pytest.mark.slow
def test_servers_that_do_not_meet_end_in_one_sentence():
    program = (
        "import time\n"
        "from vae_gan_tf.training import meeting, workers\n"
        "workers.MEETING_SECONDS = 0.2\n"
        "with workers._limited(meeting.Cluster(['one:1', 'two:2'], 1)):\n"
        "    time.sleep(60)"
    )
    found = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    assert found.returncode == -signal.SIGKILL
    assert found.stderr.splitlines()[-1].startswith("worker 1 (two:2): another worker went away")


def test_the_reason_is_what_tensorflow_says_and_not_where():
    message = "Graph execution error:\n\nDetected at node x\n  File 'a.py', line 1\n\nIt is gone: b"
    assert workers.reason(tf.errors.InternalError(None, None, message)) == "It is gone: b"
