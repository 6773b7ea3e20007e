import errno
import shutil
import socket
import time

import pytest

from vae_gan_tf import datasets
from vae_gan_tf.datasets import store
from vae_gan_tf.errors import UserError


@pytest.mark.parametrize("other_was_first", [True, False])
def test_two_processes_prepare_at_once(other_was_first, tmp_path):
    class Loser:
        data_path = tmp_path / "3.0.1"

        def download_and_prepare(self, **_):
            if other_was_first:
                self.data_path.mkdir()
            raise OSError(errno.ENOTEMPTY, "Directory not empty")

    if other_was_first:
        store.prepare(Loser())
    else:
        with pytest.raises(UserError, match="Directory not empty"):
            store.prepare(Loser())


def test_what_was_prepared_while_this_process_waited_is_taken(tmp_path):
    class Waiting:
        data_path = tmp_path / "3.0.1"

    Waiting.data_path.mkdir()
    (tmp_path / "incomplete.AB12CD_3.0.1").mkdir()  # of a process that died
    store.prepare(Waiting())
    assert {path.name for path in tmp_path.iterdir()} <= {"3.0.1", "lock"}


def test_silent_host_is_given_up(monkeypatch):
    monkeypatch.setattr(store, "NETWORK_TIMEOUT", 0.2)
    start = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError):
        store.reach(f"http://127.0.0.1:{server.getsockname()[1]}/file")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "file, damage",
    [
        ("*train.tfrecord*", lambda path: path.write_bytes(path.read_bytes()[:-1000])),
        ("*train.tfrecord*", lambda path: path.write_bytes(b"\0" * path.stat().st_size)),
        ("*train.tfrecord*", lambda path: path.write_bytes(b"")),
        ("*train.tfrecord*", lambda path: path.unlink()),
        ("dataset_info.json", lambda path: path.write_bytes(path.read_bytes()[:-100])),
        ("dataset_info.json", lambda path: path.unlink()),
    ],
    ids=["cut", "altered", "empty", "gone", "metadata cut", "metadata gone"],
)
def test_damaged_prepared_copy_is_named(file, damage, full_copy, tmp_path, small_svhn):
    shutil.copytree(full_copy, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "svhn_cropped" / "3.1.0"
    (path,) = folder.glob(file)
    damage(path)
    with pytest.raises(UserError, match=f"{folder} is cut off.*delete that folder"):
        datasets.load("svhn_small", tmp_path)
