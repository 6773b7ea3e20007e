"""Workers that TF_CONFIG names: two processes, or two threads where they only meet."""

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import sys
import types
from pathlib import Path

import pytest
import tensorflow as tf

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import devices, workers

TESTS = Path(__file__).parents[1]


def addresses():
    """Two addresses of this machine whose ports are free."""
    with socket.create_server(("localhost", 0)) as one, socket.create_server(("", 0)) as two:
        return [f"localhost:{each.getsockname()[1]}" for each in (one, two)]


def config(its, place, kind="worker"):
    return json.dumps({"cluster": {"worker": its}, "task": {"type": kind, "index": place}})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("two workers", "TF_CONFIG is 'two workers', and json such as"),
        ("{}", "TF_CONFIG is '{}', and json such as"),
        ("[]", "and json such as"),
        (config(["one:1", "two"], 0), "and json such as"),
        (config(["one:1", "two:2"], 2), "says that this is worker 2, .* one:1, two:2"),
        (config(["one:1", "two:2"], -1), "says that this is worker -1"),
        (config(["one:1", "two:2"], 0, "ps"), "says that this is ps 0"),
    ],
)
def test_a_variable_that_names_no_worker(text, sentence, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=sentence):
        workers.cluster()


def test_the_chief_leads(monkeypatch):
    jobs = {"chief": ["a:1"], "worker": ["b:2", "c:3"]}
    for kind, index, place in (("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)):
        task = {"type": kind, "index": index}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": jobs, "task": task}))
        assert workers.cluster() == workers.Cluster(["a:1", "b:2", "c:3"], place)


@pytest.mark.parametrize("text", ["", config(["one:1"], 0)])
def test_one_process_is_alone(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    workers.join(10)
    assert workers.strategy() is None and workers.leads() and workers.highest(7) == 7
    with pytest.raises(UserError, match="as it was"), workers.together():
        raise UserError("as it was")


def meet(its, minutes=0.1):
    """What becomes of the two, the leader first: None, or the sentence that one ends in."""

    def end(function, place):
        try:
            function(workers.Cluster(its, place), minutes)
        except UserError as error:
            return str(error)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        ends = [
            pool.submit(end, function, place)
            for place, function in enumerate((workers._lead, workers._follow))
        ]
        return [each.result() for each in ends]


def test_workers_wait_for_each_other():
    assert meet(addresses()) == [None, None]


def test_a_stranger_at_the_door_is_no_worker():
    its = addresses()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        leader = pool.submit(workers._lead, workers.Cluster(its, 0), 0.2)
        while True:
            try:
                host, port = its[0].split(":")
                with socket.create_connection((host, int(port))) as stranger:
                    stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
                break
            except ConnectionRefusedError:
                continue
        workers._follow(workers.Cluster(its, 1), 0.2)
        assert leader.result() is None


def test_workers_of_other_versions_are_refused_on_both(monkeypatch):
    found = iter([{"keras": "3.15.0"}, {"keras": "3.16.0"}])
    monkeypatch.setattr(workers, "_versions", lambda: next(found))
    first, second = meet(addresses())
    assert first == second
    assert "3.15.0" in first and "3.16.0" in first and "has keras" in first


@pytest.mark.parametrize("place", [0, 1])
def test_a_worker_does_not_wait_for_ever(place, monkeypatch, capsys):
    monkeypatch.setattr(workers, "SAID_EVERY", 0.2)
    them = workers.Cluster(addresses(), place)
    other = rf"waiting for worker {1 - place} \(localhost:\d+\)"
    with pytest.raises(UserError, match=f"{other}: not there after 0.01 minutes"):
        (workers._follow if place else workers._lead)(them, 0.01)
    assert "waiting for worker" in capsys.readouterr().err


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
    two("epochs=2")
    workers.compare("settings", "epochs=2")
    with pytest.raises(UserError, match="settings of the workers differ: epochs=3 on worker 0, ep"):
        workers.compare("settings", "epochs=3")


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
    gone = tf.errors.UnavailableError(None, None, "connection lost\nand more")
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
def test_a_follower_writes_to_a_passing_folder(place, monkeypatch, tmp_path):
    monkeypatch.setattr(workers, "_cluster", workers.Cluster(["a:1", "b:2"], place))
    with workers.own_folder(tmp_path) as own:
        assert (own == tmp_path) == (place == 0) and own.is_dir()
    assert own.exists() == (place == 0)
