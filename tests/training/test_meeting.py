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
        ("{}", "TF_CONFIG is '{}', and json such as"),
        ("[]", "and json such as"),
        (config(["one:1", "two"], 0), "and json such as"),
        (config(["one:1", "two:2"], 2), "says that this is worker 2, .* one:1, two:2"),
        (config(["one:1", "two:2"], -1), "says that this is worker -1"),
        (config(["one:1", "two:2"], 0, "ps"), "says that this is ps 0"),
        (config(["one:1", "two:99999"], 0), "and the workers that it names are one:1, two:99999"),
        (config(["one:1", "one:1"], 0), "and the workers that it names are one:1, one:1"),
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


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1", b'{"worker": 7, "versions": {}}', b"5"])
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
    monkeypatch.setattr(meeting, "_versions", lambda: next(found))
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


def test_a_port_that_is_taken_is_one_sentence():
    its = addresses()
    with socket.create_server(("", int(its[0].rpartition(":")[2]))):
        with pytest.raises(UserError, match=r"worker 0 .* cannot listen at its port: Address alr"):
            meeting.meet(meeting.Cluster(its, 0), 0.01)
