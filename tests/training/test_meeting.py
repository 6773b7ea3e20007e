"""Workers that meet, each in a thread of its own."""

import concurrent.futures
import json
import socket

import pytest
from support.cluster import addresses, config

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import meeting


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("two workers", "TF_CONFIG is 'two workers', and json such as"),
        ("{}", "TF_CONFIG is '{}' without 'cluster', and json such as"),
        ("[]", "and json such as"),
        (config(["one:1", "two"], 0), "names the worker two, and host:port is expected"),
        (config(["one:1", "[::1]:2"], 0), r"names the worker \[::1\]:2, and host:port"),
        (config(["one:1", "grpc://two:2"], 0), "names the worker grpc://two:2, and host:port"),
        (config(["one:1", "two:2"], 1.7), "and json such as"),
        (config(["one:1", "two:2"], True), "and json such as"),
        (config(["one:1", "two:2"], 0).replace('"index": 0', '"index": 1e400'), "json such as"),
        ("[" * 100_000, "and json such as"),
        (config(["one:1", "two:2"], 2), "says that this is worker 2, .* one:1, two:2"),
        (config(["one:1", "two:2"], -1), "says that this is worker -1"),
        (config(["one:1", "two:2"], 0, "ps"), "says that this is ps 0"),
        (config(["one:1", "two:99999"], 0), "two:99999, .* with a port from 1 to 65535"),
        (config(["one:1", "one:1"], 0), "names one:1 twice, and each worker has its own"),
    ],
)
def test_a_variable_that_names_no_worker(text, sentence, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=sentence):
        meeting.cluster()


def test_the_chief_leads(monkeypatch):
    jobs = {"chief": ["a:1"], "worker": ["b:2", "c:3"]}
    for kind, index, place in (("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)):
        task = {"type": kind, "index": index}
        monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": jobs, "task": task}))
        assert meeting.cluster() == meeting.Cluster(["a:1", "b:2", "c:3"], place)


def meet(its, minutes=0.1):
    """What becomes of the two, the leader first: None, or the sentence that one ends in."""

    def end(place):
        try:
            meeting.meet(meeting.Cluster(its, place), minutes)
        except UserError as error:
            return str(error)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(end, (0, 1)))


def test_workers_wait_for_each_other():
    assert meet(addresses()) == [None, None]


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1",
        b'{"worker": 7, "versions": {}}',
        b"5",
        b'{"worker": Infinity, "versions": {}}',
        b"[" * 100_000,
        b'{"worker": 1, "versions": 5}',
    ],
    ids=str,
)
def test_a_stranger_at_the_door_is_no_worker(line):
    its = addresses()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        leader = pool.submit(meeting.meet, meeting.Cluster(its, 0), 0.2)
        while True:
            try:
                host, port = its[0].split(":")
                with socket.create_connection((host, int(port))) as stranger:
                    stranger.sendall(line + b"\r\n\r\n")
                break
            except ConnectionRefusedError:
                continue
        meeting.meet(meeting.Cluster(its, 1), 0.2)
        assert leader.result() is None


def test_workers_of_other_versions_are_refused_on_both(monkeypatch):
    found = iter([{"keras": "3.15.0"}, {"keras": "3.16.0"}])
    monkeypatch.setattr(meeting, "_versions", lambda them: next(found))
    first, second = meet(addresses())
    assert first == second
    assert "3.15.0" in first and "3.16.0" in first and "has keras" in first


@pytest.mark.parametrize("place", [0, 1])
def test_a_worker_does_not_wait_for_ever(place, monkeypatch, capsys):
    monkeypatch.setattr(meeting, "SAID_EVERY", 0.2)
    them = meeting.Cluster(addresses(), place)
    other = rf"waiting for worker {1 - place} \(localhost:\d+\)"
    with pytest.raises(UserError, match=f"{other}: not there after 0.01 minutes"):
        meeting.meet(them, 0.01)
    assert "waiting for worker" in capsys.readouterr().err


def test_workers_that_name_each_other_otherwise_are_refused():
    first, second = addresses()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        leader = pool.submit(meeting.meet, meeting.Cluster([first, second], 0), 0.2)
        with pytest.raises(UserError, match=r"has addresses .*; all workers must have the same"):
            meeting.meet(meeting.Cluster([first, *addresses()[:1]], 1), 0.2)
        assert isinstance(leader.exception(), UserError)


@pytest.mark.parametrize(
    ("answer", "sentence"), [(b"5\n", "not there after"), (b"[]\n", "not there after")]
)
def test_a_leader_that_is_none_is_waited_for(answer, sentence):
    its = addresses()
    with socket.create_server(("", int(its[0].rpartition(":")[2]))) as server:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            follower = pool.submit(meeting.meet, meeting.Cluster(its, 1), 0.01)
            other, _ = server.accept()
            with other:
                other.sendall(answer)
            assert sentence in str(follower.exception())


@pytest.mark.parametrize("place", [0, 1])
def test_a_port_that_is_taken_is_one_sentence(place):
    its = addresses()
    with socket.create_server(("", int(its[place].rpartition(":")[2]))):
        with pytest.raises(UserError, match=rf"worker {place} .* cannot listen at its port: Addre"):
            meeting.meet(meeting.Cluster(its, place), 0.01)


def test_a_host_that_is_not_known_is_named():
    with pytest.raises(UserError, match=r"nowhere\.invalid:1\), a host whose name is not known"):
        meeting.meet(meeting.Cluster(["nowhere.invalid:1", addresses()[0]], 1), 0.02)
